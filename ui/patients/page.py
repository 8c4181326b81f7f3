"""Pasienter: the list with search as you type, in Norwegian order."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.rights import Right
from fieldapp.services import patients, rights
from fieldapp.services.patients import PatientRow
from ui.access.dialog import OpenOthersDialog
from ui.context import AppContext
from ui.page import Page
from ui.patients.new_dialog import NewPatientDialog
from ui.patients.state import count_text, line
from ui.rights import offer
from ui.widgets import EmptyState, PageHeader, Row, RowList, SearchField, SecondaryButton

_KINDS = frozenset({"patient", "flag", "appointment", "assignment", "medication_request"})


class PatientsPage(Page):
    """Typing narrows the list; Enter opens what is marked, first of all the top."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._rows: list[PatientRow] = []
        self._lines: dict[str, Row] = {}
        self._header = PageHeader(self.tr("Pasienter"), "", self)
        import_button = SecondaryButton(
            self.tr("Hent fra fil"), self, icon="upload", name="importPatients"
        )
        import_button.clicked.connect(self._open_import)
        new_button = SecondaryButton(
            self.tr("Ny pasient · Ctrl+N"), self, icon="user-plus", name="newPatient"
        )
        new_button.clicked.connect(self._register)
        self.others = SecondaryButton(
            self.tr("Åpne utenfor listen …"), self, icon="search", name="openOthers"
        )
        self.others.setToolTip(self.tr("Åpne en pasient som ikke er tildelt deg. Krever dekning."))
        self.others.clicked.connect(self._open_others)
        for button in (import_button, new_button):
            self._header.buttons.addWidget(button)
        offer(import_button, context.session, Right.REGISTER_PATIENTS)
        offer(new_button, context.session, Right.REGISTER_PATIENTS)
        if rights.has(context.session, Right.REGISTER_PATIENTS):
            QShortcut(QKeySequence("Ctrl+N"), self).activated.connect(self._register)
        self._show_line()
        context.sync.status_changed.connect(self._show_line)
        self.search = SearchField(
            self.tr("Søk på navn, fødselsnummer, adresse eller telefon"), self
        )
        self.list = RowList(self.tr("Pasienter"), self)
        self._empty = EmptyState(
            "users",
            self.tr("Ingen pasienter ennå"),
            self.tr("Pasienter som er tildelt deg, hentes når du synker med serveren."),
            self,
        )
        to_sync = SecondaryButton(self.tr("Til synk"), self, icon="refresh-cw")
        to_sync.clicked.connect(self._open_sync)
        self._empty.add_button(to_sync)
        self._no_hits = EmptyState(
            "search",
            self.tr("Ingen treff"),
            self.tr("Søk på færre bokstaver, eller på en del av adressen."),
            self,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 20)
        column.setSpacing(12)
        column.addWidget(self._header)
        # Beside the search: who is not found here may be on somebody else's list.
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.search, 1)
        row.addWidget(self.others)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty)
        column.addWidget(self._no_hits)
        column.addStretch(0)
        self.search.searched.connect(self._filter)
        self.search.returnPressed.connect(self._open_current)
        self.search.down_pressed.connect(self._into_list)
        self.list.activated_id.connect(self._open)

    @property
    def header_text(self) -> str:
        """How many the search let through."""
        return self._header.subtitle.text()

    def show_for(self, **args: object) -> None:
        self._load()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.selectAll()

    def refresh(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=_KINDS):
            self._load()

    def _load(self) -> None:
        self._rows = patients.rows(self.context.session)
        # Made for all at once, so that a keystroke only picks among them.
        today = self.context.session.today()
        self._lines = {row.patient.id: line(row, today) for row in self._rows}
        self._filter(self.search.text())

    @Slot(str)
    def _filter(self, query: str) -> None:
        found = patients.filter_rows(self._rows, query)
        if not found:
            found = self._closed_row(query)
        self.list.set_rows([self._lines[row.patient.id] for row in found], select_first=True)
        self._header.say(self.tr("Pasienter"), count_text(len(found), len(self._rows)))
        self.list.setVisible(bool(found))
        self._empty.setVisible(not self._rows)
        self._no_hits.setVisible(bool(self._rows) and not found)
        self.search.setVisible(bool(self._rows))

    def _closed_row(self, query: str) -> list[PatientRow]:
        """Somebody whom the offline lease has closed, found by the whole name or number alone."""
        row = patients.closed_row(self.context.session, query)
        if row is None:
            return []
        self._lines[row.patient.id] = line(row, self.context.session.today())
        return [row]

    @Slot()
    def _open_current(self) -> None:
        current = self.list.current_id
        if current is not None:
            self._open(current)

    @Slot()
    def _into_list(self) -> None:
        self.list.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot(str)
    def _open(self, patient_id: str) -> None:
        self.context.navigate("patient", patient_id=patient_id)

    @Slot()
    def _show_line(self) -> None:
        """To open somebody else's patient takes the right to, and a line to the server."""
        may = rights.has(self.context.session, Right.ACCESS_OTHERS)
        self.others.setVisible(may)
        self.others.setEnabled(self.context.sync.online)

    @Slot()
    def _open_others(self) -> None:
        OpenOthersDialog(self.context, self.window()).open()

    @Slot()
    def _register(self) -> None:
        NewPatientDialog(self.context, self._open, self.window()).open()

    @Slot()
    def _open_import(self) -> None:
        self.context.navigate("imports")

    @Slot()
    def _open_sync(self) -> None:
        self.context.navigate("sync")
