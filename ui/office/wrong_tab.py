"""Feilført: entries on the wrong patient. The record-responsible deletes them, or says why not."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from sync.client.control_messages import (
    DecideEntryRequest,
    WrongEntriesAnswer,
    WrongEntryRow,
)
from sync.client.office_messages import Done
from ui import theme
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.parts import Comparison, Facts
from ui.office.state import Fact
from ui.office.tab import OfficeTab
from ui.office.values import differences
from ui.sync.state import when
from ui.widgets import (
    Banner,
    Card,
    ConfirmDialog,
    DangerButton,
    EmptyState,
    FlowLayout,
    FormField,
    Row,
    RowList,
    RowTag,
    SecondaryButton,
)
from ui.words import kind_word

_DOSE = "medication_administration"


class WrongTab(OfficeTab):
    """What is deleted is gone everywhere and for good, so it is asked for twice."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Feilført"))
        self._rows: dict[str, WrongEntryRow] = {}
        self._shown: WrongEntryRow | None = None
        self.add_columns([self._list_card()], self._detail_card())

    def load(self) -> None:
        self.read(lambda service: service.wrong_entries(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Meldt feilført på feil pasient"), self)
        self.rows = RowList(self.tr("Meldt feilført på feil pasient"), card)
        self.rows.setObjectName("wrongList")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingenting venter"),
            self.tr("Oppføringer som noen melder feilført, kommer hit og er sperret så lenge."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self.facts = Facts(self.tr("Hva som er meldt"), card)
        card.body.addWidget(self.facts)
        self.warning = Banner("", "warn", card)
        card.body.addWidget(self.warning)
        self.entry = Comparison(self.tr("Oppføringen"), card)
        card.body.addWidget(self.entry)
        self.words = QPlainTextEdit(card)
        self.words.setObjectName("wrongWords")
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(theme.current().pixels(96))
        label = self.tr("Begrunnelse (står i loggen; skriv ikke hva oppføringen sier)")
        self.words_field = FormField(label, self.words, parent=card)
        card.body.addWidget(self.words_field)
        holder = QWidget(card)
        flow = FlowLayout(holder, 8)
        self.delete = DangerButton(self.tr("Slett overalt …"), holder, name="wrongDelete")
        self.delete.clicked.connect(self._confirm)
        self.refuse = SecondaryButton(
            self.tr("Ikke slett, åpne igjen"), holder, icon="rotate-ccw", name="wrongRefuse"
        )
        self.refuse.clicked.connect(lambda: self._decide(delete=False))
        flow.addWidget(self.refuse)
        flow.addWidget(self.delete)
        card.body.addWidget(holder)
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: WrongEntriesAnswer) -> None:
        self._rows = {_key(row): row for row in answer.entries}
        self.counted.emit("wrong", len(self._rows))
        now = self.context.session.clock.now()
        rows = [
            Row(
                id=key,
                title=f"{kind_word(row.target_kind)} · {row.patient_name or self.tr('uten navn')}",
                detail=self.tr("meldt av {name} {when}").format(
                    name=row.marks[0].author_name, when=when(row.marks[0].marked_at, now)
                ),
                icon="circle-slash",
                icon_tone="warn",
                tags=(RowTag(self.tr("Må avgjøres"), "warn", "clock"),),
            )
            for key, row in self._rows.items()
        ]
        self.rows.set_rows(rows, select_first=True)
        self.rows.setVisible(bool(rows))
        self.rows.fit_height(8)
        self._none.setVisible(not rows)
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        row = self._rows.get(self.rows.current_id or "")
        self._card.setVisible(row is not None)
        if row is None:
            self._shown = None
            return
        if self._shown is not None and self._shown == row:
            return  # what is being typed about it stays
        if self._shown is None or _key(self._shown) != _key(row):
            self.words.clear()
        self._shown = row
        self.words_field.say_problem("")
        self._card.heading.setText(row.patient_name or self.tr("Pasient uten navn"))
        self.facts.set_facts(self._facts_of(row))
        self.warning.say(self._warning_of(row), "warn")
        body = dict(row.body or {})
        self.entry.show_sides(self.tr("Oppføringen"), "", differences(body, None), two=False)
        self.entry.setVisible(bool(body))
        self.delete.setEnabled(not row.foreign)

    def _facts_of(self, row: WrongEntryRow) -> list[Fact]:
        now = self.context.session.clock.now()
        facts = [Fact(self.tr("Slag"), kind_word(row.target_kind))]
        if row.author_name:
            written = f" {when(row.written_at, now)}" if row.written_at else ""
            facts.append(Fact(self.tr("Skrevet av"), f"{row.author_name}{written}"))
        for mark in row.marks:
            facts.append(
                Fact(
                    self.tr("Meldt av"),
                    f"{mark.author_name} {when(mark.marked_at, now)}: {mark.reason}",
                )
            )
            if mark.right_patient_name:
                facts.append(Fact(self.tr("Skulle stått på"), mark.right_patient_name))
        if row.goes_along > len(row.marks):
            count = row.goes_along - len(row.marks)
            along = self.tr("{count} tillegg eller rettelser til den").format(count=count)
            facts.append(Fact(self.tr("Slettes sammen med"), along))
        return facts

    def _warning_of(self, row: WrongEntryRow) -> str:
        if row.foreign:
            return self.tr(
                "Oppføringen står ikke på den pasienten som meldingen nevner. Den kan ikke slettes "
                "ved denne meldingen."
            )
        if row.target_kind == _DOSE:
            return self.tr(
                "Dette er en dose. Slettes den, regnes den ikke lenger som gitt til denne "
                "pasienten. Sørg for at den er ført på den som fikk den, først."
            )
        if row.body is None:
            return self.tr(
                "Oppføringen har ikke kommet til serveren ennå. Slettes den, fjernes den fra "
                "laptopen den ligger på, når den synker."
            )
        return ""

    @Slot()
    def _go_into_card(self) -> None:
        self.words.setFocus()
        self.ensureWidgetVisible(self.words)

    # --- what the person does

    @Slot()
    def _confirm(self) -> None:
        if self._has_words():
            dialog = ConfirmDialog(
                self.tr("Slette oppføringen overalt?"),
                self.tr(
                    "Den fjernes fra serveren og fra alle laptoper når de synker. Det kan ikke "
                    "gjøres om. At den er slettet, av hvem og når, blir stående."
                ),
                self.tr("Slett overalt"),
                self.window(),
                dangerous=True,
            )
            dialog.accepted.connect(lambda: self._decide(delete=True))
            dialog.open()

    def _has_words(self) -> bool:
        missing = not self.words.toPlainText().strip()
        self.words_field.say_problem(self.tr("Skriv en begrunnelse.") if missing else "")
        if missing:
            self.words.setFocus()
        return not missing

    def _decide(self, *, delete: bool) -> None:
        row = self._shown
        if row is None or not self._has_words():
            return
        request = DecideEntryRequest(
            target_kind=row.target_kind,
            target_id=row.target_id,
            delete=delete,
            words=self.words.toPlainText().strip(),
        )

        def done(answer: Done) -> None:
            del answer
            self._shown = None
            self.words.clear()
            told = (
                self.tr("Slettet på serveren. Laptopene sletter den ved neste synk.")
                if delete
                else self.tr("Ikke slettet. Oppføringen åpnes igjen, og begrunnelsen følger med.")
            )
            self.say_done(told)
            self.rows.setFocus()
            self.load()

        self.act(lambda service: service.decide_entry(request), done)


def _key(row: WrongEntryRow) -> str:
    return f"{row.target_kind}/{row.target_id}"
