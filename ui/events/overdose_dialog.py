"""Write down an overdose, and follow it up until it is closed."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.handout_events import AdverseEvent, FollowUp
from fieldapp.services import adverse_events
from fieldapp.services.adverse_events import OverdoseEntry
from ui.context import AppContext
from ui.events.form import Checks, EventDialog, When, long_text
from ui.events.words import follow_up_word, problem_text
from ui.sync.newer import NewerLine
from ui.typed import parse_day
from ui.widgets import FormField
from ui.words import day_text


class OverdoseDialog(EventDialog):
    """`event` is None for a new one."""

    FORM = "adverse_event"

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        parent: QWidget | None = None,
        *,
        event: AdverseEvent | None = None,
    ) -> None:
        super().__init__(
            context, patient_id, "", "", parent, subject=event.id if event is not None else ""
        )
        title = self.tr("Overdose") if event is None else self.tr("Oppfølging etter overdose")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Lagre · Ctrl+Enter"))
        self._event = event
        self.newer = NewerLine(context, ("adverse_event",), self)
        self._outer.insertWidget(1, self.newer)
        if event is not None:
            self.newer.watch(patient_id, [event.id])
        moment = event.happened_at if event is not None else context.session.clock.now()
        self.when = When(moment, "when", self)
        today = context.session.today()
        self.when.day.setMaximumDate(QDate(today.year, today.month, today.day))
        self.when_field = FormField(self.tr("Når skjedde det?"), self.when, parent=self)
        self.keep("day", self.when.day)
        self.keep("clock", self.when.clock)
        self.body.addWidget(self.when_field)
        self.words = long_text(self)
        self.add("description", self.tr("Hva skjedde?"), self.words)
        self.substances = QLineEdit(self)
        self.add("substances", self.tr("Hva var tatt, så langt dere vet?"), self.substances)
        label = self.tr("Hva er gjort?")
        self.steps = Checks(label, [(step.value, follow_up_word(step)) for step in FollowUp], self)
        for step, box in self.steps.boxes.items():
            self.keep(f"done:{step}", box)
        self.body.addWidget(FormField(label, self.steps, parent=self))
        self.responsible = QLineEdit(self)
        self.add("responsible", self.tr("Hvem følger opp?"), self.responsible)
        self.due = QLineEdit(self)
        self.due.setPlaceholderText(self.tr("DD.MM.ÅÅÅÅ"))
        self.add("due", self.tr("Innen når?"), self.due)
        self.closed = QCheckBox(self.tr("Oppfølgingen er avsluttet"), self)
        self.closed.setObjectName("event_closed")
        self.closed.setMinimumHeight(44)
        self.keep("closed", self.closed)
        self.body.addWidget(self.closed)
        if event is not None:
            self._show(event)
        self.open_for_work()
        (self.words if event is None else next(iter(self.steps.boxes.values()))).setFocus()

    def _show(self, event: AdverseEvent) -> None:
        self.words.setPlainText(event.description)
        self.substances.setText(event.substances)
        for step in event.done:
            self.steps.boxes[step.value].setChecked(True)
        self.responsible.setText(event.responsible)
        self.due.setText(day_text(event.due_on) if event.due_on is not None else "")
        self.closed.setChecked(event.closed)

    def missing(self) -> str:
        if self.when.moment() is None:
            self.when_field.say_problem(self.tr("Skriv tiden som TT:MM."))
            self.when.clock.setFocus()
            return self.tr("Skriv tiden som TT:MM.")
        self.when_field.say_problem("")
        if not self.words.toPlainText().strip():
            return self.wrong("description", problem_text("description_missing"))
        if self.due.text().strip() and self._due() is None:
            return self.wrong("due", self.tr("Skriv dagen som DD.MM.ÅÅÅÅ."))
        return ""

    def write(self) -> ChangeSet:
        return adverse_events.save(
            self.context.session,
            OverdoseEntry(
                id=self._event.id if self._event is not None else self.event_id,
                patient_id=self.patient_id,
                description=self.words.toPlainText(),
                substances=self.substances.text(),
                happened_at=self.when.moment(),
                done=tuple(FollowUp(step) for step in self.steps.chosen()),
                responsible=self.responsible.text(),
                due_on=self._due(),
                closed=self.closed.isChecked(),
            ),
        )

    def _due(self) -> date | None:
        return parse_day(self.due.text())
