"""Mulige dubletter: two records that may be one person, beside each other, and joined by choice."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from sync.client.office_messages import DuplicatePair, DuplicatesAnswer, JoinAnswer, JoinRequest
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.parts import Comparison
from ui.office.reasons import duplicate_text
from ui.office.state import counted, duplicate_fields, duplicate_row, who_text
from ui.office.tab import OfficeTab
from ui.office.values import Difference
from ui.widgets import (
    Card,
    ChoiceRow,
    ConfirmDialog,
    EmptyState,
    FormField,
    PrimaryButton,
    RowList,
    Text,
    row_of,
)

FIRST, SECOND = "first", "second"


class DuplicatesTab(OfficeTab):
    """Nothing is chosen beforehand: which record stays is for a person to say."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Mulige dubletter"))
        self._pairs: dict[str, DuplicatePair] = {}
        self._shown: DuplicatePair | None = None
        self.add_columns([self._list_card()], self._detail_card())

    def load(self) -> None:
        self.read(lambda service: service.duplicates(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Mulige dubletter"), self)
        self.rows = RowList(self.tr("Mulige dubletter"), card)
        self.rows.setObjectName("duplicateList")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingen mulige dubletter"),
            self.tr("To med samme fødselsnummer, eller samme navn og fødselsdato, vises her."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card(self.tr("Er dette samme person?"), self)
        self._why = Text("", "muted", card)
        card.body.addWidget(self._why)
        self.sides = Comparison(self.tr("Det som er ulikt"), card)
        card.body.addWidget(self.sides)
        self.choice = ChoiceRow(
            self.tr("Hvem blir stående?"), (), card, name="stays", vertical=True, numbered=True
        )
        card.body.addWidget(Text(self.tr("Hvem blir stående?"), "label", card))
        card.body.addWidget(self.choice)
        self.reason = QLineEdit(card)
        self.reason.setObjectName("joinReason")
        self.reason.setPlaceholderText(self.tr("For eksempel: avklart med fastlegen"))
        self.reason_field = FormField(self.tr("Begrunnelse"), self.reason, parent=card)
        card.body.addWidget(self.reason_field)
        self.join = PrimaryButton(self.tr("Slå sammen …"), card, icon="users", name="joinPatients")
        self.join.clicked.connect(self._ask_join)
        card.body.addLayout(row_of(self.join, None))
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: DuplicatesAnswer) -> None:
        self._pairs = {str(number): pair for number, pair in enumerate(answer.pairs)}
        self.rows.set_rows(
            [duplicate_row(number, pair) for number, pair in enumerate(answer.pairs)],
            select_first=True,
        )
        self.rows.setVisible(bool(answer.pairs))
        self.rows.fit_height(9)
        self._none.setVisible(not answer.pairs)
        self.counted.emit("duplicates", len(answer.pairs))
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        pair = self._pairs.get(self.rows.current_id or "")
        self._card.setVisible(pair is not None)
        if pair is None:
            self._shown = None
            return
        if self._shown is not None and self._shown == pair:
            return  # what is being typed about them stays
        self._shown = pair
        self.reason.clear()
        self.reason_field.say_problem("")
        self._why.setText(duplicate_text(pair.reason))
        self.sides.show_sides(
            pair.first.name,
            pair.second.name,
            [
                Difference(label, label, first, second, None)
                for label, first, second in duplicate_fields(pair)
            ],
        )
        self.choice.set_options(
            [
                (which, " · ".join(part for part in (one.name, who_text(one)) if part))
                for which, one in ((FIRST, pair.first), (SECOND, pair.second))
            ]
        )

    @Slot()
    def _go_into_card(self) -> None:
        self.choice.buttons()[0].setFocus()
        self.ensureWidgetVisible(self.choice)

    # --- what the person does

    @Slot()
    def _ask_join(self) -> None:
        pair = self._shown
        if pair is None:
            return
        if self.choice.value is None:
            self.say_wrong(self.tr("Velg hvem som blir stående. Ingenting er endret."))
            self.choice.buttons()[0].setFocus()
            return
        reason = self.reason.text().strip()
        if not reason:
            self.reason_field.say_problem(self.tr("Skriv hvorfor de er samme person."))
            self.reason.setFocus()
            return
        self.reason_field.say_problem("")
        stays, goes = pair.first, pair.second
        if self.choice.value == SECOND:
            stays, goes = goes, stays
        request = JoinRequest(winner_id=stays.id, loser_id=goes.id, reason=reason)
        dialog = ConfirmDialog(
            self.tr("Slå sammen til {0}?").format(stays.name),
            self.tr(
                "Alt som er ført på {0} ({1}), flyttes til {2} ({3}). Det kan ikke gjøres om med "
                "en knapp."
            ).format(goes.name, who_text(goes), stays.name, who_text(stays)),
            self.tr("Slå sammen"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(lambda: self._join(request, stays.name))
        dialog.cancel_button.setFocus()
        dialog.open()

    def _join(self, request: JoinRequest, name: str) -> None:
        def done(answer: JoinAnswer) -> None:
            self._shown = None
            moved = counted(
                answer.moved, self.tr("opplysning flyttet"), self.tr("opplysninger flyttet")
            )
            self.say_done(self.tr("Slått sammen til {0}, {1}.").format(name, moved))
            self.rows.setFocus()
            self.load()

        self.act(lambda service: service.join(request), done)
