"""One patient: the header that never scrolls away, and five tabs (Ctrl+1 to Ctrl+5)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.rights import Right
from fieldapp.services import notes, patients, rights, visits
from fieldapp.services.lease import LeaseEndedError
from fieldapp.services.patients import PatientPage as PatientFacts
from fieldapp.services.session import NotFoundError
from ui import events
from ui.access.state import reason_word, until_text
from ui.context import AppContext
from ui.errors import sentence_for
from ui.events.form import EventDialog
from ui.leaving.closed import ClosedPart
from ui.opened import opened
from ui.page import Page
from ui.patient.contacts_tab import ContactsTab
from ui.patient.critical_dialog import CriticalDialog
from ui.patient.header import HeaderArea, PatientHeader
from ui.patient.header_state import header
from ui.patient.medication_tab import MedicationTab
from ui.patient.notes_tab import NotesTab
from ui.patient.overview_tab import OverviewTab
from ui.patient.screening_tab import ScreeningTab
from ui.patient.tab import Tab
from ui.sync.notices import PatientNotices
from ui.widgets import Banner, EmptyState

log = logging.getLogger(__name__)

TABS: tuple[tuple[str, Callable[[AppContext, QWidget], Tab]], ...] = (
    ("overview", OverviewTab),
    ("medication", MedicationTab),
    ("screening", ScreeningTab),
    ("notes", NotesTab),
    ("contacts", ContactsTab),
)


BELOW_HEADER = 90
"""Height at 100 % text that the tabs and a part of the open one keep."""


class PatientPage(Page):
    """Attributes: `patient_id` of the patient shown, None before the first."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self.patient_id: str | None = None
        self._facts: PatientFacts | None = None
        self._built: dict[int, Tab] = {}
        self.header = PatientHeader(self)
        self.header.offer_acts(offered=rights.has(context.session, Right.RECORD_CARE))
        self.header.visit_asked.connect(self._open_visit)
        self.header.edit_asked.connect(self._edit_critical)
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Faner"))
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        for words in self._tab_words():
            self.tabs.addTab(words)
        self._stack = QStackedWidget(self)
        self._closed = ClosedPart(context, self._stack)
        self._closed.visit_asked.connect(self._open_visit)
        self._stack.addWidget(self._closed)
        self._gone = EmptyState(
            "user",
            self.tr("Pasienten er ikke på denne maskinen"),
            sentence_for(NotFoundError()),
            self,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(24, 16, 24, 0)
        top.setSpacing(4)
        self._header_area = HeaderArea(self.header, BELOW_HEADER, self)
        self.outside = Banner("", "warn", self)
        self.outside.setObjectName("outsideList")
        self._notices = PatientNotices(context, self)
        self._header_area.keep_room_for(self.outside)
        self._header_area.keep_room_for(self._notices)
        top.addWidget(self._header_area)
        top.addWidget(self.outside)
        top.addWidget(self._notices)
        top.addWidget(self.tabs)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        column.addWidget(self._gone)
        self.tabs.currentChanged.connect(self._show_tab)
        context.theme.changed.connect(self._show_again)
        for number in range(len(TABS)):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self)
            shortcut.activated.connect(lambda number=number: self.tabs.setCurrentIndex(number))

    def show_for(self, **args: object) -> None:
        patient_id = str(args["patient_id"])
        other = patient_id != self.patient_id
        self.patient_id = patient_id
        self._load()
        if self._facts is not None and other:
            opened(self.context, patient_id)
        self._resume(args.get("draft_id"))
        wanted = args.get("tab")
        names = [name for name, _ in TABS]
        if wanted in names:
            self.tabs.setCurrentIndex(names.index(str(wanted)))
        elif other:
            self.tabs.setCurrentIndex(0)
        self.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def here(self) -> dict[str, object]:
        here: dict[str, object] = {"tab": TABS[self.tabs.currentIndex()][0], "draft_id": None}
        for form in self.window().findChildren(EventDialog):
            if not form.isHidden() and (draft_id := form.stored_draft()):
                here["draft_id"] = draft_id  # it is opened again
        return here

    def _resume(self, draft_id: object) -> None:
        """Go on with the draft of a form that is a dialog on this page."""
        draft = notes.draft(self.context.session, str(draft_id)) if draft_id else None
        if draft is None or draft.patient_id != self.patient_id:
            return
        try:
            events.resume(self.context, self, draft)
        except NotFoundError as error:
            # What it was about has left this laptop, or was corrected; the text stays a draft.
            log.info("draft %s cannot be opened: %s", draft.id, error.code)

    def refresh(self, change_set: ChangeSet) -> None:
        if self.patient_id is not None and change_set.touches(patient_id=self.patient_id):
            self._load()

    def _tab_words(self) -> tuple[str, ...]:
        return (
            self.tr("Oversikt"),
            self.tr("Medisiner"),
            self.tr("Kartlegging"),
            self.tr("Notater"),
            self.tr("Kontakter"),
        )

    def _load(self) -> None:
        """Read the patient again; a purge may have taken the patient off this laptop."""
        assert self.patient_id is not None
        session = self.context.session
        try:
            facts = patients.page(session, self.patient_id)
        except NotFoundError:
            facts = None
        self._facts = facts
        for widget in (self._header_area, self.tabs, self._stack):
            widget.setVisible(facts is not None)
        self._gone.setVisible(facts is None)
        self.outside.say(self._outside_words() if facts is not None else "", "warn")
        if facts is None:
            self._notices.show_patient(None)
            return
        self._notices.show_patient(self.patient_id)
        open_visit = visits.open_encounter(session, self.patient_id)
        self.tabs.setVisible(not facts.closed)
        self._header_area.setVisible(not facts.closed)
        view = header(facts.patient, facts.flags_shown, session.today())
        planned = facts.next_appointment
        self.header.show_view(
            view,
            visit_open=open_visit is not None,
            planned_today=planned is not None and planned.day == session.today(),
        )
        self._show_tab(self.tabs.currentIndex())

    def _outside_words(self) -> str:
        """Of a patient opened outside the list: why, and until when."""
        found = patients.outside_list(self.context.session, self.patient_id or "")
        if found is None:
            return ""
        until = until_text(found.until) if found.until is not None else ""
        return self.tr(
            "Åpnet utenfor listen din: {reason}. Tas av maskinen {until}. Det du fører, blir på "
            "serveren."
        ).format(reason=reason_word(found.access).lower(), until=until)

    @Slot()
    def _show_again(self) -> None:
        """Rows measure their text when they are made; other text size, other rows."""
        if self.patient_id is not None and self.isVisible():
            self._load()

    @Slot(int)
    def _show_tab(self, number: int) -> None:
        if self._facts is None:
            return
        if self._facts.closed:
            self._closed.say_patient(self._facts.patient, self.context.session.today())
            self._stack.setCurrentWidget(self._closed)
            return
        tab = self._built.get(number)
        if tab is None:
            _, make = TABS[number]
            tab = make(self.context, self._stack)
            self._built[number] = tab
            self._stack.addWidget(tab)
        try:
            tab.show_patient(self._facts)
        except LeaseEndedError:
            self._closed.say_older()
            self._stack.setCurrentWidget(self._closed)
            return
        self._stack.setCurrentWidget(tab)

    @Slot()
    def _open_visit(self) -> None:
        if self._facts is None:
            return
        planned = self._facts.next_appointment
        today = self.context.session.today()
        appointment_id = planned.id if planned is not None and planned.day == today else None
        self.context.navigate("visit", patient_id=self.patient_id, appointment_id=appointment_id)

    @Slot()
    def _edit_critical(self) -> None:
        if self._facts is not None:
            CriticalDialog(self.context, self._facts, self).open()
