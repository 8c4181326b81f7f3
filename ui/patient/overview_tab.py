"""Oversikt: what happened, newest first, beside what comes next."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.services import corrections, lease, patients
from fieldapp.services.patients import PatientPage
from ui.context import AppContext
from ui.leaving.closed import ClosedPart
from ui.patient.medication_state import doses_text, is_current
from ui.patient.tab import Tab
from ui.patient.timeline_state import items
from ui.patient.wrong_patient_dialog import EntryChoice, WrongPatientDialog
from ui.today.plan_dialog import PlanVisitDialog
from ui.widgets import (
    Card,
    Columns,
    EmptyState,
    QuietButton,
    SecondaryButton,
    Text,
    Timeline,
    clear,
)
from ui.words import near_day, word

PAGE_SIZE = 25

_TAB_OF_KIND = {
    "note": "notes",
    "medication_administration": "medication",
    "screening_response": "screening",
    "rapid_test": "screening",
}


class OverviewTab(Tab):
    """The timeline grows by a page at a time."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", context, parent)
        self.setAccessibleName(self.tr("Oversikt"))
        self._facts: PatientPage | None = None
        self._limit = PAGE_SIZE
        self._kind_of: dict[str, str] = {}
        self._markable: list[EntryChoice] = []
        columns = Columns(self)
        self.body.addWidget(columns)
        self.body.addStretch(1)

        story = Card(self.tr("Tidslinje"), self)
        self._timeline = Timeline(self)
        self._timeline.chosen.connect(self._open)
        self._nothing = EmptyState(
            "history",
            self.tr("Ingenting er skrevet ennå"),
            self.tr("Besøk, notater, utleveringer og kartlegging vises her."),
            self,
        )
        self._older = SecondaryButton(self.tr("Vis eldre"), self, icon="chevron-down")
        self._older.clicked.connect(self._show_older)
        self.wrong = QuietButton(
            self.tr("Feilført på feil pasient …"),
            self,
            icon="circle-slash",
            name="markWrongPatient",
        )
        self.wrong.clicked.connect(self._mark)
        story.head.addWidget(self.wrong)
        self._closed = ClosedPart(self.context, self)
        self._closed.visit.hide()
        self._closed.say_older()
        self._closed.hide()
        for part in (self._timeline, self._nothing, self._closed, self._older):
            story.body.addWidget(part)
        columns.left.addWidget(story)
        columns.left.addStretch(1)

        self._next = Card(self.tr("Neste besøk"), self)
        plan = QuietButton(self.tr("Planlegg"), self, icon="calendar-plus", name="planVisit")
        plan.setAccessibleName(self.tr("Planlegg besøk"))
        plan.clicked.connect(self._plan)
        self._next.head.addWidget(plan)
        self._next_words = QVBoxLayout()
        self._next.body.addLayout(self._next_words)
        self._medicine = Card(self.tr("Medisiner nå"), self)
        self._medicine_rows = QVBoxLayout()
        self._medicine_rows.setSpacing(8)
        self._medicine.body.addLayout(self._medicine_rows)
        self._team = Card(self.tr("Teamet rundt"), self)
        self._team_rows = QVBoxLayout()
        self._team_rows.setSpacing(6)
        self._team.body.addLayout(self._team_rows)
        for card in (self._next, self._medicine, self._team):
            columns.right.addWidget(card)
        columns.right.addStretch(1)

    def show_patient(self, found: PatientPage) -> None:
        if self._facts is None or self._facts.patient.id != found.patient.id:
            self._limit = PAGE_SIZE
            self.verticalScrollBar().setValue(0)
        self._facts = found
        self._show_story(found)
        self._show_next(found)
        self._show_medicine(found)
        self._show_team(found)

    def _show_story(self, found: PatientPage) -> None:
        session = self.context.session
        # One more than is shown tells whether there is anything older.
        read = lease.unless_closed(
            lambda: patients.timeline(session, found.patient.id, self._limit + 1)
        )
        entries = read or []
        self._closed.setVisible(read is None)
        shown = entries[: self._limit]
        self._kind_of = {entry.id: entry.kind for entry in shown}
        lines = items(shown, session.today())
        self._timeline.show_items(lines)
        self._markable = [
            EntryChoice(entry.kind, entry.id, f"{line.title} · {line.when}")
            for entry, line in zip(shown, lines, strict=True)
            if not (entry.blocked or entry.hidden) and corrections.can_mark(session, entry.kind)
        ]
        self.wrong.setVisible(bool(self._markable))
        self._timeline.setVisible(bool(shown))
        self._nothing.setVisible(not shown and read is not None)
        self._older.setVisible(len(entries) > self._limit)

    def _show_next(self, found: PatientPage) -> None:
        clear(self._next_words)
        planned = found.next_appointment
        if planned is None:
            self._next_words.addWidget(Text(self.tr("Ingen besøk er planlagt."), "muted", self))
            return
        day = near_day(planned.day, self.context.session.today())
        time = f" {self.tr('kl.')} {planned.time}" if planned.time else ""
        self._next_words.addWidget(Text(f"{day[:1].upper()}{day[1:]}{time}", "strong", self))
        purpose = " · ".join(part for part in (word(planned.kind), planned.purpose) if part)
        self._next_words.addWidget(Text(purpose, "muted", self))

    def _show_medicine(self, found: PatientPage) -> None:
        clear(self._medicine_rows)
        today = self.context.session.today()
        current = [request for request in found.requests if is_current(request, today)]
        if not current:
            self._medicine_rows.addWidget(Text(self.tr("Ingen medisiner i listen."), "muted", self))
        for request in current:
            self._medicine_rows.addWidget(Text(request.product, "strong", self))
            self._medicine_rows.addWidget(Text(doses_text(request), "muted", self))

    def _show_team(self, found: PatientPage) -> None:
        clear(self._team_rows)
        people = [
            (person.name, self.tr("ansvarlig") if person == found.primary else word(person.role))
            for person in found.staff
        ]
        if found.patient.gp_name:
            people.append((found.patient.gp_name, self.tr("fastlege")))
        for name, role in people:
            self._team_rows.addWidget(Text(f"{name} · {role}", "", self))
        self._team.setVisible(bool(people))

    @Slot(str)
    def _open(self, entry_id: str) -> None:
        """A note, a dose or a test is shown in its own tab; a visit has no more to show."""
        tab = _TAB_OF_KIND.get(self._kind_of.get(entry_id, ""))
        if tab is not None and self._facts is not None:
            self.context.navigate("patient", patient_id=self._facts.patient.id, tab=tab)

    @Slot()
    def _mark(self) -> None:
        if self._facts is not None:
            patient_id = self._facts.patient.id
            WrongPatientDialog(self.context, patient_id, self._markable, self.window()).open()

    @Slot()
    def _show_older(self) -> None:
        self._limit += PAGE_SIZE
        if self._facts is not None:
            self._show_story(self._facts)

    @Slot()
    def _plan(self) -> None:
        if self._facts is not None:
            PlanVisitDialog(self.context, self, patient_id=self._facts.patient.id).open()
