"""The one window: the unlock page, or the workspace. One replaces the other, nothing is covered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from ui.lock.curtain import close_all_but
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.unlock.page import UnlockPage
from ui.widgets import ConfirmDialog

if TYPE_CHECKING:
    # Loaded after the unlock page is painted: the store, its cipher and every page behind them.
    from fieldapp.services.session import Session
    from ui.context import SyncControl
    from ui.lock.leftovers import Question
    from ui.lock.stand import Stand
    from ui.workspace import SyncMaker, Workspace

log = logging.getLogger(__name__)

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

    @property
    def has_pin(self) -> bool:
        """True while a PIN of this process opens the store."""

    def set_pin(self, pin: str) -> None:
        """Let a PIN open the store after a lock. Slow. Raises PinWeakError."""

    def drop_pin(self) -> None:
        """Forget the PIN."""

    def unlock_with_pin(self, pin: str) -> None:
        """Open the store. Slow, as `unlock`. Raises WrongPinError, PinGoneError and the others."""

    def keep(self, data: bytes) -> None:
        """Seal what was half written; the store must be open."""

    def kept(self) -> bytes:
        """What was kept at the last lock; the store must be open."""

    def store_kept(self) -> bool:
        """True when nothing is kept in this process alone."""


class MainWindow(QMainWindow):
    """Opens locked. On lock the workspace is taken down, so that nothing stays readable.

    A lock never waits for anybody: what the store does not take is sealed and offered again after
    the next unlocking.

    Signals:
        unlocked(): the workspace is shown.
        page_shown(str): another page is on screen, by its name.
        end_wanted(): the process is to end and a fresh one to begin; the window is locked.
        locked(): the unlock page is shown again, or what stands in its place.
        refused(str): the store did not open; the code says why.
        help_wanted(str), other_user_wanted(): as the unlock page emits them.
    """

    unlocked = Signal()
    page_shown = Signal(str)
    end_wanted = Signal()
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
        self._closing_door: Door | None = None
        self._stand: tuple[str, Stand] | None = None
        """Whose the store was that was locked last, and where the person stood."""
        self._half_typed: tuple[Question, ...] = ()
        """What the person has been shown of a lock before and wants to keep."""
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
    def username(self) -> str:
        """Whose store the window stands before, open or not; "" on a first start."""
        return self._door.username if self._door is not None else ""

    @property
    def workspace(self) -> Workspace | None:
        """The workspace; None while the window is locked."""
        return self._workspace

    @property
    def door(self) -> Door | None:
        """The door that the window stands before."""
        return self._door

    @property
    def unlock_page(self) -> UnlockPage | None:
        """The unlock page; None while the window is unlocked."""
        page = self.centralWidget()
        return page if isinstance(page, UnlockPage) else None

    def use(self, door: Door) -> None:
        """Stand before this door: show its unlock page. The PIN of another door is forgotten."""
        if self._door is not None and self._door is not door:
            self._door.drop_pin()
        self._door = door
        self._show_unlock()

    def stand(self, page: QWidget) -> None:
        """Let `page` stand in the window while it is locked, in place of what stood there.

        The window owns the page and deletes it when something else takes its place; `show_unlock`
        is the way back. What was open is taken down first.
        """
        was_open = self._workspace is not None
        self._put_away()
        self._take_down()
        self.setCentralWidget(page)
        if was_open:
            self.locked.emit()

    def show_unlock(self) -> None:
        """Let the unlock page of the door in use stand in the window."""
        if self._workspace is not None:
            self.lock()
        else:
            self._show_unlock()

    def enter(self) -> None:
        """Show the workspace of a door that is unlocked already."""
        self._on_unlocked()

    @property
    def is_free(self) -> bool:
        """True while the store is closed and no sync holds it any more."""
        return self._workspace is None and self._store_free.is_set()

    @Slot()
    def lock(self) -> None:
        """Store what is being written, close the store and show the unlock page.

        Nothing keeps it from that: what cannot be stored is sealed, see `fieldapp.security.kept`.
        """
        if self._workspace is None:
            return
        self._put_away()
        self._take_down()
        self._show_unlock()
        self.locked.emit()

    @Slot()
    def end(self) -> None:
        """The long lock: lock, and ask for a fresh process, unless words would be lost with this
        one. Asked again later then."""
        self.lock()
        if self.is_free and (self._door is None or self._door.store_kept()):
            self.end_wanted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The program waits for a running sync after this, and then ends without the store.

        When something can neither be stored nor sealed on the disk, the window asks first.
        """
        if self._must_ask():
            event.ignore()
            if self._question is None:
                self._ask(self.tr("Lukk uten å lagre"), self.close)
            return
        self._take_down()
        self._store_free.set()
        super().closeEvent(event)

    def _must_ask(self) -> bool:
        """Store what is being written; True when what is typed here would be gone with us."""
        if self._may_lose or self._door is None:
            return False
        if self._workspace is None:
            return not self._door.store_kept()
        return not self._keep(self._door, self._workspace)

    def _put_away(self) -> None:
        """Remember the place, store what is being written, take everything else off the screen.

        Whatever goes wrong in a page, the window locks.
        """
        workspace, door = self._workspace, self._door
        if workspace is None or door is None:
            return
        self._stand = None
        try:
            stand = workspace.stand()
            self._stand = (door.username, stand) if stand is not None else None
            self._keep(door, workspace)
        except Exception as error:
            log.error("the window was not left in order: %s", type(error).__name__)
        if close_all_but(self):
            self.activateWindow()  # a dialog had the keys; now the field of the unlock page has
        self._question = None

    def _keep(self, door: Door, workspace: Workspace) -> bool:
        """Store what can be stored and seal the rest; True when all of it is on the disk."""
        workspace.leave()
        left = workspace.leftovers()
        everything = replace(left, questions=(*self._half_typed, *left.questions))
        door.keep(everything.to_bytes())
        return workspace.keeps_all(left) and door.store_kept()

    def holds_loose_text(self) -> bool:
        """Store what is being written; True when some of it is in no draft, so that nobody sends
        it: half a dialog, or what an earlier lock has sealed."""
        workspace = self._workspace
        if workspace is None:
            return False
        workspace.leave()
        left = workspace.leftovers()
        return bool(self._half_typed or left) or not workspace.keeps_all(left)

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
        door = self._door
        by_pin = self._unlock_with_pin if door.has_pin else None
        page = UnlockPage(door.username, self._unlock, self._tasks, self, unlock_with_pin=by_pin)
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

    def _unlock_with_pin(self, pin: str) -> None:
        """Runs on a worker."""
        assert self._door is not None
        self._store_free.wait()
        self._door.unlock_with_pin(pin)

    @Slot()
    def _on_unlocked(self) -> None:
        from ui.recovery.keys import keys_of
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
                locks=Locks(self._door, self.end, self._on_minutes),
                keys=keys_of(self._door),
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
        workspace.shown.connect(self.page_shown)
        try:
            self._come_back(workspace)
        finally:
            # Whatever fails in a page: what is open is watched, and locks when nobody is there.
            workspace.context.sync.start()
            self.unlocked.emit()

    def _come_back(self, workspace: Workspace) -> None:
        """Show the place that was left, and offer what was half written there."""
        from ui.lock import leftovers
        from ui.lock import settings as lock_settings
        from ui.lock.pin_dialog import PinDialog

        door = self._door
        assert door is not None
        left = leftovers.read(door.kept())
        self._half_typed = workspace.take_back(left)
        owner, stand = self._stand or ("", None)
        self._stand = None
        if stand is None or owner != door.username or not workspace.return_to(stand):
            workspace.navigate(workspace.first_page)
        if self._half_typed:
            self._show_half_typed(workspace)
        elif not door.has_pin and lock_settings.wants_pin(workspace.context.session):
            PinDialog(workspace.context, self).open()

    def _show_half_typed(self, workspace: Workspace) -> None:
        from ui.lock.half_typed import HalfTypedDialog

        dialog = HalfTypedDialog(workspace.context, self._half_typed, self)
        dialog.accepted.connect(self._on_half_typed_done)
        dialog.open()

    @Slot()
    def _on_half_typed_done(self) -> None:
        """It was thrown away; what pages hold is sealed anew at the next lock."""
        self._half_typed = ()
        workspace, door = self._workspace, self._door
        if workspace is not None and door is not None:
            door.keep(workspace.leftovers().to_bytes())

    def _on_minutes(self) -> None:
        if self._workspace is not None:
            self.page_shown.emit(self._workspace.place_name)

    def _take_down(self) -> None:
        """Take the pages away at once; the store is closed when no sync uses it any more."""
        workspace = self._workspace
        if workspace is None or self._door is None:
            return
        self._workspace = None
        self._half_typed = ()
        for timer in workspace.findChildren(QTimer):
            timer.stop()  # a window that was closed lives on for a while, without its store
        workspace.stop()
        sync = workspace.context.sync
        sync.close()
        if not sync.running:
            self._door.lock()
            return
        self._store_free.clear()
        self._ending, self._closing_door = sync, self._door
        sync.status_changed.connect(self._on_sync_ended)

    @Slot()
    def _on_sync_ended(self) -> None:
        if self._ending is None or self._ending.running or self._closing_door is None:
            return
        self._ending = None
        self._closing_door.lock()
        self._closing_door = None
        self._store_free.set()


class Locks:
    """What pages may do with the locks of the window; see `ui.context.LockControl`."""

    def __init__(
        self, door: Door, end: Callable[[], None], minutes_changed: Callable[[], None]
    ) -> None:
        self._door = door
        self.end = end
        self.minutes_changed = minutes_changed

    @property
    def has_pin(self) -> bool:
        return self._door.has_pin

    def set_pin(self, pin: str) -> None:
        self._door.set_pin(pin)

    def drop_pin(self) -> None:
        self._door.drop_pin()
