"""The one window: the unlock page, or the workspace. One replaces the other, nothing is covered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.unlock.page import UnlockPage
from ui.widgets import ConfirmDialog

if TYPE_CHECKING:
    # Loaded after the unlock page is painted: the store, its cipher and every page behind them.
    from fieldapp.services.session import Session
    from ui.context import SyncControl
    from ui.workspace import SyncMaker, Workspace

SMALLEST = (960, 600)
"""Width and height in logical pixels below which the window does not go."""


class Door(Protocol):
    """The way into one user's store; see fieldapp.bootstrap.Door."""

    @property
    def username(self) -> str:
        """Whose store it is; shown on the unlock page."""

    def unlock(self, passphrase: str) -> None:
        """Open the store. Slow: called off the GUI thread. Raises the errors of the vault."""

    def verify(self, passphrase: str) -> None:
        """Prove that the passphrase opens the store, without a line. Slow, as `unlock`."""

    def session(self) -> Session:
        """The session on the opened store; called on the GUI thread, which owns it from then on."""

    def lock(self) -> None:
        """Close the store and wipe the keys; harmless when it is locked."""


class MainWindow(QMainWindow):
    """Opens locked. On lock the workspace is taken down, so that nothing stays readable.

    Signals:
        unlocked(): the workspace is shown.
        locked(): the unlock page is shown again.
        refused(str): the store did not open; the code says why.
        help_wanted(str), other_user_wanted(): as the unlock page emits them.
    """

    unlocked = Signal()
    locked = Signal()
    refused = Signal(str)
    help_wanted = Signal(str)
    other_user_wanted = Signal()

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
        self._ending: SyncControl | None = None
        self._ending_door: Door | None = None
        self._question: ConfirmDialog | None = None
        self._may_lose = False
        # Clear while a sync that was running at lock still holds the store.
        self._store_free = threading.Event()
        self._store_free.set()
        self.setWindowTitle(self.tr("Hjemmebesøk"))
        self.setMinimumSize(*SMALLEST)
        self.resize(1366, 768)
        if door is not None:
            self._show_unlock()

    @property
    def workspace(self) -> Workspace | None:
        """The workspace; None while the window is locked."""
        return self._workspace

    @property
    def unlock_page(self) -> UnlockPage | None:
        """The unlock page; None while the window is unlocked."""
        page = self.centralWidget()
        return page if isinstance(page, UnlockPage) else None

    def use(self, door: Door) -> None:
        """Stand before this door: show its unlock page."""
        self._door = door
        self._show_unlock()

    def stand(self, page: QWidget) -> None:
        """Let `page` stand in the window while it is locked, in place of what stood there.

        The window owns the page and deletes it when something else takes its place; `show_unlock`
        is the way back. What was open is taken down first.
        """
        self._take_down()
        self.setCentralWidget(page)

    def show_unlock(self) -> None:
        """Let the unlock page of the door in use stand in the window."""
        self._take_down()
        self._show_unlock()

    def enter(self) -> None:
        """Show the workspace of a door that is unlocked already."""
        self._on_unlocked()

    @Slot()
    def lock(self) -> None:
        """Store what is being written, close the store and show the unlock page.

        When something cannot be stored the window asks first: it would be gone.
        """
        if self._workspace is None:
            return
        if self._must_ask(self.tr("Lås uten å lagre"), self.lock):
            return
        self._take_down()
        self._show_unlock()
        self.locked.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The program waits for a running sync after this, and then ends without the store."""
        if self._must_ask(self.tr("Lukk uten å lagre"), self.close):
            event.ignore()
            return
        self._take_down()
        self._store_free.set()
        super().closeEvent(event)

    def _must_ask(self, confirm: str, go_on: Callable[[], object]) -> bool:
        """Store what is being written; True when that failed and the person is asked first."""
        workspace = self._workspace
        if workspace is None or self._may_lose:
            return False
        workspace.leave()
        if not workspace.holds_unsaved():
            return False
        if self._question is None:
            self._ask(confirm, go_on)
        return True

    def _ask(self, confirm: str, go_on: Callable[[], object]) -> None:
        def accepted() -> None:
            self._may_lose = True
            try:
                go_on()
            finally:
                self._may_lose = False

        def closed() -> None:
            self._question = None

        self._question = ConfirmDialog(
            self.tr("Det siste er ikke lagret"),
            self.tr(
                "Lageret tok ikke imot det du skrev, og det står bare på skjermen. "
                "Går du videre nå, blir det borte."
            ),
            confirm,
            self,
            dangerous=True,
        )
        self._question.finished.connect(closed)
        self._question.accepted.connect(accepted)
        self._question.open()

    def _show_unlock(self) -> None:
        assert self._door is not None
        page = UnlockPage(self._door.username, self._unlock, self._tasks, self)
        page.unlocked.connect(self._on_unlocked)
        page.refused.connect(self.refused)
        page.help_wanted.connect(self.help_wanted)
        page.other_user_wanted.connect(self.other_user_wanted)
        self.setCentralWidget(page)
        page.focus_field()

    def _verify(self, passphrase: str) -> None:
        assert self._door is not None
        self._door.verify(passphrase)

    def _unlock(self, passphrase: str) -> None:
        """Runs on a worker."""
        assert self._door is not None
        self._store_free.wait()
        self._door.unlock(passphrase)

    @Slot()
    def _on_unlocked(self) -> None:
        from ui.workspace import Workspace

        assert self._door is not None
        try:
            session = self._door.session()
            self._on_session(session)
            workspace = Workspace(
                session,
                self._tasks,
                self._theme,
                self._make_sync,
                self,
                verify_passphrase=self._verify,
            )
        except Exception as error:  # the store is open, but the day cannot be shown from it
            self._door.lock()
            if self.unlock_page is not None:
                self.unlock_page.refuse(error)
            return
        workspace.lock_requested.connect(self.lock)
        workspace.person_changed.connect(self._on_session)
        self._workspace = workspace
        self.setCentralWidget(workspace)
        workspace.navigate("today")
        workspace.context.sync.start()
        self.unlocked.emit()

    def _take_down(self) -> None:
        """Take the pages away at once; the store is closed when no sync uses it any more."""
        workspace = self._workspace
        if workspace is None or self._door is None:
            return
        workspace.leave()
        self._workspace = None
        sync = workspace.context.sync
        sync.close()
        if not sync.running:
            self._door.lock()
            return
        self._store_free.clear()
        self._ending = sync
        # Another person may stand before their own door when this one's sync ends.
        self._ending_door = self._door
        sync.status_changed.connect(self._on_sync_ended)

    @Slot()
    def _on_sync_ended(self) -> None:
        if self._ending is None or self._ending.running or self._ending_door is None:
            return
        self._ending = None
        self._ending_door.lock()
        self._ending_door = None
        self._store_free.set()
