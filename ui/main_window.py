"""The one window: the unlock page, or the workspace. One replaces the other, nothing is covered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from fieldapp.services.session import Session
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.unlock.page import UnlockPage
from ui.workspace import SMALLEST, SyncMaker, Workspace


class Door(Protocol):
    """The way into one user's store; made in ui.app from fieldapp.bootstrap."""

    @property
    def username(self) -> str:
        """Whose store it is; shown on the unlock page."""

    def unlock(self, passphrase: str) -> None:
        """Open the store. Slow: called off the GUI thread. Raises the errors of the vault."""

    def session(self) -> Session:
        """The session on the opened store; called on the GUI thread, which owns it from then on."""

    def lock(self) -> None:
        """Close the store and wipe the keys; harmless when it is locked."""


class MainWindow(QMainWindow):
    """Opens locked. On lock the workspace is taken down, so that nothing stays readable."""

    def __init__(
        self,
        door: Door | None,
        tasks: TaskRunner,
        theme: Theme,
        make_sync: SyncMaker,
        parent: QWidget | None = None,
        *,
        on_session: Callable[[Session], None] = lambda session: None,
    ) -> None:
        """Without a door the window waits for `use`, as on a first start.

        `on_session` puts the person's own settings in force before the workspace is built.
        """
        super().__init__(parent)
        self._door = door
        self._on_session = on_session
        self._tasks = tasks
        self._theme = theme
        self._make_sync = make_sync
        self._workspace: Workspace | None = None
        self.setWindowTitle(self.tr("Hjemmebesøk"))
        self.setMinimumSize(*SMALLEST)
        self.resize(1366, 768)
        if door is not None:
            self._show_unlock()

    @property
    def workspace(self) -> Workspace | None:
        """The workspace; None while the window is locked."""
        return self._workspace

    def use(self, door: Door) -> None:
        """Stand before this door: show its unlock page."""
        self._door = door
        self._show_unlock()

    def enter(self) -> None:
        """Show the workspace of a door that is unlocked already."""
        self._on_unlocked()

    @Slot()
    def lock(self) -> None:
        """Store what is being written, close the store and show the unlock page."""
        self._take_down()
        self._show_unlock()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._take_down()
        super().closeEvent(event)

    def _show_unlock(self) -> None:
        assert self._door is not None
        page = UnlockPage(self._door.username, self._door.unlock, self._tasks, self)
        page.unlocked.connect(self._on_unlocked)
        self.setCentralWidget(page)
        page.focus_field()

    @Slot()
    def _on_unlocked(self) -> None:
        assert self._door is not None
        session = self._door.session()
        self._on_session(session)
        workspace = Workspace(session, self._tasks, self._theme, self._make_sync, self)
        workspace.lock_requested.connect(self.lock)
        self._workspace = workspace
        self.setCentralWidget(workspace)
        workspace.navigate("today")
        workspace.context.sync.start()

    def _take_down(self) -> None:
        if self._workspace is None:
            return
        self._workspace.leave()
        self._workspace.context.sync.close()
        self._workspace = None
        if self._door is not None:
            self._door.lock()
