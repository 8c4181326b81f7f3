"""The card of the patient page from which events around the handouts are written down."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.rights import Right
from fieldapp.services import adverse_events, lease, pharmacy, rights
from fieldapp.services.adverse_events import AdverseEventView
from ui import events
from ui.context import AppContext
from ui.rights import offer
from ui.widgets import Card, FlowLayout, QuietButton, SecondaryButton, Text, clear
from ui.words import day_text, near_day

translate = QCoreApplication.translate


class EventsCard(Card):
    """One button for each form; under them what is still to be followed up."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(translate("events", "Hendelser og kontakt"), parent)
        self._context = context
        self._patient_id = ""
        self.incident = self._button(self.tr("Hendelse med dose"), "circle-alert", "openIncident")
        self.pharmacy = self._button(self.tr("Melding fra apotek"), "pill", "openPharmacyReport")
        self.contact = self._button(self.tr("Kontakt med rekvirent"), "phone", "openContact")
        self.naloxone = self._button(self.tr("Nalokson delt ut"), "package", "openNaloxone")
        self.overdose = self._button(self.tr("Overdose"), "siren", "openOverdose")
        self.deviation = self._button(self.tr("Avviksmelding"), "file-text", "openDeviation")
        acts = FlowLayout(None, 8)
        for button in (
            self.incident,
            self.pharmacy,
            self.contact,
            self.naloxone,
            self.overdose,
            self.deviation,
        ):
            acts.addWidget(button)
        self.body.addLayout(acts)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.body.addLayout(self._rows)
        for button in (
            self.incident,
            self.contact,
            self.naloxone,
            self.overdose,
            self.deviation,
        ):
            offer(button, context.session, Right.RECORD_CARE)
        self.incident.clicked.connect(
            lambda: events.open_patient_incident(context, self, self._patient_id)
        )
        self.pharmacy.clicked.connect(
            lambda: events.open_pharmacy_report(context, self, self._patient_id)
        )
        self.contact.clicked.connect(
            lambda: events.open_prescriber_contact(context, self, self._patient_id)
        )
        self.naloxone.clicked.connect(lambda: events.open_naloxone(context, self, self._patient_id))
        self.overdose.clicked.connect(lambda: events.open_overdose(context, self, self._patient_id))
        self.deviation.clicked.connect(
            lambda: events.open_deviation(context, self, self._patient_id)
        )

    def show_patient(self, patient_id: str) -> None:
        """Show what waits for somebody about this patient."""
        self._patient_id = patient_id
        clear(self._rows)
        session = self._context.session
        for view in (
            lease.unless_closed(lambda: adverse_events.for_patient(session, patient_id)) or []
        ):
            if not view.event.closed:
                left = Qt.AlignmentFlag.AlignLeft
                self._rows.addWidget(self._follow_up(view), 0, left)
        silent = [one for one in pharmacy.days(session, patient_id) if one.report is None]
        may_record = rights.has(session, Right.RECORD_CARE)
        self.pharmacy.setVisible(may_record and bool(pharmacy.days(session, patient_id)))
        if silent:
            days = ", ".join(near_day(one.day, session.today()) for one in silent[:4])
            words = self.tr("Ingen melding fra apoteket for: {days}").format(days=days)
            self._rows.addWidget(Text(words, "warn", self))

    def _follow_up(self, view: AdverseEventView) -> QWidget:
        event = view.event
        day = near_day(event.happened_at.date(), self._context.session.today())
        words = self.tr("Følg opp overdosen {day}").format(day=day)
        if event.due_on is not None:
            words = self.tr("{what}, innen {due}").format(what=words, due=day_text(event.due_on))
        if event.responsible:
            words = self.tr("{what} · {who}").format(what=words, who=event.responsible)
        button = QuietButton(words, self, icon="siren", name="followUp")
        button.setEnabled(rights.has(self._context.session, Right.RECORD_CARE))
        button.clicked.connect(
            lambda: events.open_overdose(self._context, self, self._patient_id, event.id)
        )
        return button

    def _button(self, words: str, icon: str, name: str) -> SecondaryButton:
        button = SecondaryButton(words, self, icon=icon, name=name)
        button.setMinimumHeight(44)
        return button
