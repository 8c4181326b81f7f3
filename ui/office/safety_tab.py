"""Sikkerhetssaker: what must be looked at, across all patients, the oldest first; answered here."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from fieldapp.domain.safety import CODES
from sync.client.office_messages import Done
from sync.client.safety_messages import (
    AnswerIssueRequest,
    SafetyAnswer,
    SafetyRequest,
    SafetyRow,
)
from ui import theme
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.parts import Facts
from ui.office.safety_words import (
    answer_facts,
    evidence_rows,
    fits,
    force_facts,
    holder_facts,
    safety_row,
)
from ui.office.tab import OfficeTab
from ui.sync.issue_dialog import issue_advice, issue_title
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    FormField,
    PrimaryButton,
    RowList,
    Statements,
    Text,
)


class SafetyTab(OfficeTab):
    """Holds the last answer. What is being typed about an item stays while the list is renewed."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Sikkerhetssaker"))
        self._rows: dict[str, SafetyRow] = {}
        self._shown: SafetyRow | None = None
        self.add_columns([self._list_card()], self._detail_card())
        # The list is as tall as its rows, which grow with the text.
        context.theme.changed.connect(self._fill)

    def load(self) -> None:
        request = SafetyRequest(answered_too=self.answered.isChecked())
        self.read(lambda service: service.safety(request), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    def show_id(self, wanted: str) -> None:
        self.rows.select_id(wanted)

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Sikkerhetssaker"), self)
        self.search = QLineEdit(card)
        self.search.setObjectName("safetySearch")
        self.search.setPlaceholderText(self.tr("Navn på pasient eller ansatt"))
        self.search.textChanged.connect(self._fill)
        card.body.addWidget(FormField(self.tr("Søk"), self.search, parent=card))
        self.code = QComboBox(card)
        self.code.setObjectName("safetyCode")
        self.code.addItem(self.tr("Alle slag"), "")
        for code in CODES:
            self.code.addItem(issue_title(code), code)
        self.code.currentIndexChanged.connect(self._fill)
        card.body.addWidget(FormField(self.tr("Slag"), self.code, parent=card))
        self.answered = QCheckBox(self.tr("Vis også besvarte"), card)
        self.answered.setObjectName("safetyAnswered")
        self.answered.toggled.connect(lambda _on: self.load())
        card.body.addWidget(self.answered)
        self.rows = RowList(self.tr("Sikkerhetssaker"), card)
        self.rows.setObjectName("safetyList")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingen saker her"),
            self.tr("Nødutdelinger, doble doser og annet som må sees på, kommer hit."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        self._more = Text(self.tr("Det er flere. De kommer når disse er besvart."), "small", card)
        self._more.hide()
        card.body.addWidget(self._more)
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self._what = Text("", "strong", card)
        card.body.addWidget(self._what)
        self.evidence = Statements(self.tr("Det saken gjelder"), card)
        self.evidence.setObjectName("safetyEvidence")
        card.body.addWidget(self.evidence)
        self.facts = Facts(self.tr("Slik står det til"), card)
        card.body.addWidget(self.facts)
        self._advice = Text("", "", card)
        card.body.addWidget(self._advice)
        self._others = Banner("", "warn", card)
        card.body.addWidget(self._others)
        self.words = QPlainTextEdit(card)
        self.words.setObjectName("safetyWords")
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(theme.current().pixels(96))
        label = self.tr("Hva fant og gjorde du?")
        self.words_field = FormField(label, self.words, parent=card)
        card.body.addWidget(self.words_field)
        self.answer = PrimaryButton(
            self.tr("Lagre svaret"), card, icon="check", name="safetyAnswer"
        )
        self.answer.clicked.connect(self._answer)
        card.body.addWidget(self.answer)
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: SafetyAnswer) -> None:
        self._rows = {row.id: row for row in answer.rows}
        self._more.setVisible(answer.more)
        self.counted.emit("safety", answer.open_count)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        now = self.context.session.clock.now()
        code = str(self.code.currentData() or "")
        shown = [row for row in self._rows.values() if fits(row, self.search.text(), code)]
        self.rows.set_rows([safety_row(row, now) for row in shown], select_first=True)
        self.rows.setVisible(bool(shown))
        self.rows.fit_height(8)
        self._none.setVisible(not shown)
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
        if self._shown is None or self._shown.id != row.id:
            self.words.clear()
        self._shown = row
        self.words_field.say_problem("")
        self._card.heading.setText(row.patient_name or self.tr("Pasient uten navn"))
        self._what.setText(issue_title(row.code))
        self.evidence.set_rows(evidence_rows(row))
        facts = [*force_facts(row), *holder_facts(row), *answer_facts(row)]
        self.facts.set_facts(facts)
        self.facts.setVisible(bool(facts))
        self._advice.setText(issue_advice(row.code))
        self._advice.setVisible(row.open)
        waits = self.tr("Du var med på dette, så en annen må svare. Saken blir stående til da.")
        self._others.say(waits if row.open and not row.may_answer else "", "warn")
        for part in (self.words_field, self.answer):
            part.setVisible(row.may_answer)

    @Slot()
    def _go_into_card(self) -> None:
        if self.words.isVisible():
            self.words.setFocus()
            self.ensureWidgetVisible(self.words)

    # --- what the person does

    @Slot()
    def _answer(self) -> None:
        row = self._shown
        if row is None:
            return
        words = self.words.toPlainText().strip()
        if not words:
            self.words_field.say_problem(self.tr("Skriv hva du fant og gjorde."))
            self.words.setFocus()
            return
        self.words_field.say_problem("")
        request = AnswerIssueRequest(id=row.id, words=words)

        def done(answer: Done) -> None:
            del answer
            self._shown = None
            self.words.clear()
            told = self.tr("Saken er besvart. De som følger pasienten, får svaret ved neste synk.")
            self.say_done(told)
            self.rows.setFocus()
            self.load()

        self.act(lambda service: service.answer_issue(request), done)
