"""The demo's window: the real one, with a strip that tells what it is and a coverage switch."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from fieldapp.services.session import Session
from ui.app import Desk, wear
from ui.changes import ChangeBus
from ui.demo.stage import PASSPHRASE, Stage
from ui.main_window import MainWindow
from ui.sync.connection import HttpConnection
from ui.sync.coordinator import SyncCoordinator
from ui.tasks import TaskRunner
from ui.widgets import Text


class DemoWindow(MainWindow):
    """The program's own window on the demo's stage.

    Attributes:
        coordinator: the sync of the open session; None while locked.
        connection: its line to the server; None while locked.
    """

    def __init__(self, stage: Stage, desk: Desk) -> None:
        self.coordinator: SyncCoordinator | None = None
        self.connection: HttpConnection | None = None
        self._stage = stage
        super().__init__(
            stage.door,
            desk.tasks,
            desk.theme,
            self._make_coordinator,
            on_session=lambda session: wear(desk, session),
        )
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(self._strip(), 1)

    @Slot(bool)
    def set_coverage(self, on: bool) -> None:
        """Turn coverage on or off; the program finds out by itself, at once."""
        self._stage.line.on = on
        self._switch.setChecked(on)
        self._switch.setText(self.tr("Dekning: på") if on else self.tr("Dekning: av"))
        if self.coordinator is not None:
            self.coordinator.probe()

    def _make_coordinator(
        self, session: Session, tasks: TaskRunner, changes: ChangeBus
    ) -> SyncCoordinator:
        self.connection = HttpConnection(session, self._stage.line)
        self.coordinator = SyncCoordinator(
            session, self.connection, tasks, changes, self, jitter=lambda: 0.0
        )
        return self.coordinator

    def _strip(self) -> QWidget:
        strip = QWidget(self)
        row = QHBoxLayout(strip)
        row.setContentsMargins(14, 0, 14, 0)
        words = self.tr("Demo · alle personer er oppdiktet · passfrase: {0}").format(PASSPHRASE)
        row.addWidget(Text(words, "small", strip), 1)
        self._switch = QPushButton(self.tr("Dekning: på"), strip)
        self._switch.setObjectName("demoCoverage")
        self._switch.setCheckable(True)
        self._switch.setChecked(True)
        self._switch.setProperty("tone", "choice")
        self._switch.setStyleSheet("min-height: 26px;")
        self._switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._switch.clicked.connect(self.set_coverage)
        row.addWidget(self._switch)
        return strip
