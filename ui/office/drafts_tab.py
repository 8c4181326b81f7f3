"""Utkast: unsigned text of a lost laptop, for the recovery role and with a logged reason."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from sync.client.office_messages import DraftsAnswer, DraftsRequest, PeopleAnswer, RecoveredDraft
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.parts import Comparison
from ui.office.state import draft_row, person_text
from ui.office.tab import OfficeTab
from ui.office.values import differences
from ui.sync.state import when
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    FormField,
    PrimaryButton,
    RowList,
    Text,
    row_of,
)
from ui.words import kind_word


class DraftsTab(OfficeTab):
    """Nothing is fetched before a person is chosen and a reason is written. Nothing is kept: what
    was read is gone from the screen when the page is opened again."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Utkast"))
        self._drafts: dict[str, RecoveredDraft] = {}
        self.add_columns([self._ask_card(), self._list_card()], self._detail_card())

    def load(self) -> None:
        self._forget()
        self.read(lambda service: service.people(), self._show_people)

    def focus_first(self) -> None:
        self.person.setFocus()

    # --- the parts of the page

    def _ask_card(self) -> QWidget:
        card = Card(self.tr("Hent utkast fra en tapt laptop"), self)
        warning = Banner(
            self.tr("Dette er usignert tekst. At du leser den, og hvorfor, blir loggført."),
            "warn",
            card,
        )
        card.body.addWidget(warning)
        self.person = QComboBox(card)
        self.person.setObjectName("draftsPerson")
        self.person.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.person.setMinimumContentsLength(8)
        self.person.setPlaceholderText(self.tr("Velg ansatt"))
        self.person_field = FormField(self.tr("Hvem har skrevet?"), self.person, parent=card)
        card.body.addWidget(self.person_field)
        self.reason = QLineEdit(card)
        self.reason.setObjectName("draftsReason")
        self.reason.setPlaceholderText(self.tr("For eksempel: laptopen er stjålet"))
        self.reason_field = FormField(self.tr("Begrunnelse"), self.reason, parent=card)
        card.body.addWidget(self.reason_field)
        self.fetch = PrimaryButton(self.tr("Hent utkast"), card, icon="eye", name="draftsFetch")
        self.fetch.clicked.connect(self._fetch)
        card.body.addLayout(row_of(self.fetch, None))
        return card

    def _list_card(self) -> QWidget:
        self._list = card = Card(self.tr("Utkast"), self)
        self.rows = RowList(self.tr("Utkast"), card)
        self.rows.setObjectName("draftsList")
        self.rows.current_id_changed.connect(self._show_chosen)
        card.body.addWidget(self.rows)
        self._none = EmptyState("square-pen", self.tr("Ingen utkast hos serveren"), "", card)
        card.body.addWidget(self._none)
        self._left_off = Text("", "small", card)
        card.body.addWidget(self._left_off)
        card.hide()
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self._who = Text("", "muted", card)
        card.body.addWidget(self._who)
        self.text = Comparison(self.tr("Utkastet"), card)
        card.body.addWidget(self.text)
        card.hide()
        return card

    # --- what is shown

    def _forget(self) -> None:
        self._drafts = {}
        self.rows.set_rows([])
        self._list.hide()
        self._card.hide()

    def _show_people(self, answer: PeopleAnswer) -> None:
        kept = self.person.currentData()
        self.person.clear()
        for person in answer.people:
            self.person.addItem(person_text(person), person.user_id)
        self.person.setCurrentIndex(self.person.findData(kept))

    def _show(self, answer: DraftsAnswer) -> None:
        now = self.context.session.clock.now()
        self._drafts = {str(number): draft for number, draft in enumerate(answer.drafts)}
        self.rows.set_rows(
            [draft_row(number, draft, now) for number, draft in self._drafts.items()],
            select_first=True,
        )
        self.rows.setVisible(bool(answer.drafts))
        self.rows.fit_height(6)
        self._none.setVisible(not answer.drafts)
        self._left_off.setText(self.tr("{0} til fikk ikke plass i svaret.").format(answer.left_off))
        self._left_off.setVisible(answer.left_off > 0)
        self._list.show()
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        draft = self._drafts.get(self.rows.current_id or "")
        self._card.setVisible(draft is not None)
        if draft is None:
            return
        now = self.context.session.clock.now()
        self._card.heading.setText(f"{kind_word(draft.draft.form)} · {draft.patient_name}")
        self._who.setText(
            self.tr("Fra {0}, mottatt {1}").format(draft.device_name, when(draft.received_at, now))
        )
        self.text.show_sides(
            self.tr("Slik det sto"), "", differences(draft.draft.body, None), two=False
        )

    # --- what the person does

    @Slot()
    def _fetch(self) -> None:
        person_id, reason = self.person.currentData(), self.reason.text().strip()
        self.person_field.say_problem("" if person_id else self.tr("Velg hvem."))
        self.reason_field.say_problem("" if reason else self.tr("Skriv hvorfor."))
        if person_id is None or not reason:
            (self.reason if person_id else self.person).setFocus()
            return
        request = DraftsRequest(user_id=person_id, reason=reason)

        def done(answer: DraftsAnswer) -> None:
            self._show(answer)
            self.rows.setFocus()

        self._forget()
        self.act(lambda service: service.drafts_of(request), done)
