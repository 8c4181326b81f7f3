"""Asks whether the organisation still wants this laptop, and does what it orders.

Asked at the start, every minute while the window is locked, and at once when the server says that
this laptop is shut out. Everything slow is done beside the screen.

    lost    the screen is emptied first, then the keys are destroyed, then the files
    ended   everything is sent; when the server's receipts cover all of it, the same follows
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldapp import paths
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind
from fieldapp.errors import FieldAppError
from ui.leaving.gone_page import GonePage
from ui.leaving.leaving_dialog import LeavingDialog
from ui.main_window import MainWindow
from ui.tasks import TaskRunner

if TYPE_CHECKING:
    from fieldapp.bootstrap import Door, OrdersFile

log = logging.getLogger(__name__)

ASK_EVERY_MS: Final = 60_000
_LOOK_AGAIN_MS: Final = 200
"""How often it is tried whether a sync has let go of the store."""

REVOKED: Final = "revoked"


@dataclass(frozen=True, slots=True)
class Heard:
    """An order to one of the stores on this machine."""

    username: str
    known: OrdersFile
    order: DeviceOrder


Ask = Callable[["OrdersFile"], DeviceOrder | None]


class OrderWatch(QObject):
    """Stands beside the window as long as the program.

    Signals:
        asked(): the server was asked, or could not be reached.
        destroyed(str): a user's store is gone.
    """

    asked = Signal()
    destroyed = Signal(str)

    def __init__(
        self,
        window: MainWindow,
        folder: Path,
        make_door: Callable[[str], Door],
        tasks: TaskRunner,
        *,
        ask: Ask | None = None,
        tell_obeyed: Callable[[OrdersFile, str], None] | None = None,
    ) -> None:
        """`ask` and `tell_obeyed` are the line, unless a test takes its place."""
        super().__init__(window)
        self._window = window
        self._folder = folder
        self._make_door = make_door
        self._tasks = tasks
        self._ask = ask
        self._tell = tell_obeyed
        self._asking = False
        self._ask_again = False
        self._obeying: set[str] = set()
        self._leaving: LeavingDialog | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(ASK_EVERY_MS)
        self._timer.timeout.connect(self._on_time)
        window.unlocked.connect(self._on_unlocked)

    def start(self) -> None:
        """Ask for the first time, and go on."""
        self._timer.start()
        self.ask_now()

    @Slot()
    def ask_now(self) -> None:
        """Ask for every store on this machine; once more where that is under way, since the order
        may have been given after the server answered."""
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        told = self._told_by_the_open_store()
        self._tasks.run(lambda: self._ask_for_all(told), self._on_heard, self._on_failed)

    @Slot()
    def _on_time(self) -> None:
        if self._window.workspace is None:
            self.ask_now()

    @Slot()
    def _on_unlocked(self) -> None:
        workspace = self._window.workspace
        if workspace is not None:
            workspace.context.sync.status_changed.connect(self._on_sync)
        self.ask_now()

    @Slot()
    def _on_sync(self) -> None:
        workspace = self._window.workspace
        if workspace is not None and workspace.context.sync.state.error_code == REVOKED:
            self.ask_now()

    def _told_by_the_open_store(self) -> dict[str, OrdersFile | None]:
        """What the open store knows of whose orders count; nothing while the window is locked.

        The file beside the key file can be written by others. While the store is open it says
        nothing: work that was never sent must not hang on it.
        """
        workspace = self._window.workspace
        if workspace is None:
            return {}
        from fieldapp.services import setup

        enrolment = setup.load_enrolment(workspace.context.session.database)
        known = None if enrolment is None else setup.orders_of(enrolment)
        return {self._window.username: known}

    def _ask_for_all(self, told: Mapping[str, OrdersFile | None]) -> list[Heard]:
        """Runs on a worker. `told`: what an open store knows, by user name."""
        from fieldapp.bootstrap import is_genuine
        from sync.client import standing

        heard = []
        for username in paths.usernames(self._folder):
            known = told[username] if username in told else self._make_door(username).orders()
            if known is None:
                continue
            try:
                order = (self._ask or standing.ask)(known)
            except FieldAppError as error:
                log.info("not heard whether this laptop is wanted: %s", error.code)
                continue
            if order is None:
                continue
            if is_genuine(order, known.device_id, known.public_key):
                heard.append(Heard(username, known, order))
            else:
                # Whoever answers in the server's place orders nothing.
                log.warning("an order that the organisation has not signed was passed over")
        return heard

    def _on_failed(self, error: BaseException) -> None:
        log.warning("not asked for orders: %s", type(error).__name__)
        self._on_asked()

    def _on_asked(self) -> None:
        self._asking = False
        self.asked.emit()
        if self._ask_again:
            self._ask_again = False
            self.ask_now()

    def _on_heard(self, heard: Iterable[Heard]) -> None:
        told = self._told_by_the_open_store()
        for one in heard:
            if told.get(one.username, one.known) != one.known:
                log.warning("the orders file does not say what the store says")
            elif one.order.kind is DeviceOrderKind.LOST:
                self._destroy(one)
            elif one.username == self._window.username:
                self._end(one)
        self._on_asked()

    # --- ended

    def _end(self, heard: Heard) -> None:
        """Send first. The store must be open for that: only it knows the key to sign with."""
        workspace, page = self._window.workspace, self._window.unlock_page
        if page is not None:
            page.say(
                self.tr(
                    "Kontoret har avsluttet bruken av denne laptopen. Lås opp, så sendes det som "
                    "ikke er sendt. Ingenting slettes før serveren har kvittert for alt."
                )
            )
        if workspace is None or self._leaving is not None:
            return
        workspace.leave()
        dialog = LeavingDialog(
            workspace.context,
            heard.known,
            self._window,
            holds_loose_text=self._window.holds_loose_text,
        )
        self._leaving = dialog
        dialog.finished.connect(self._on_dialog_closed)
        dialog.handed_over.connect(lambda: self._destroy(heard))
        dialog.open()
        dialog.begin()

    @Slot()
    def _on_dialog_closed(self) -> None:
        self._leaving = None

    # --- destroy

    def _destroy(self, heard: Heard) -> None:
        if heard.order.id in self._obeying:
            return
        self._obeying.add(heard.order.id)
        if heard.username == self._window.username:
            # Before anything slow: what is on the screen is gone at once.
            page = GonePage(heard.order.kind, self._window)
            page.close_asked.connect(self._window.close)
            self._window.stand(page)
            if self._window.door is not None:
                self._window.door.drop_pin()  # with it the key would still be in this memory
        door = self._make_door(heard.username)
        self._tasks.run(
            lambda: door.destroy_keys(heard.order, heard.known),
            lambda _: self._destroy_files(door, heard),
            lambda error: self._on_not_destroyed(heard, error),
        )

    def _on_not_destroyed(self, heard: Heard, error: BaseException) -> None:
        log.error("an order was not obeyed: %s", getattr(error, "code", type(error).__name__))
        self._obeying.discard(heard.order.id)
        if heard.username == self._window.username:
            self._window.show_unlock()

    def _destroy_files(self, door: Door, heard: Heard) -> None:
        """The files follow when nothing holds the store any more; the keys are gone already."""
        if heard.username == self._window.username and not self._window.is_free:
            QTimer.singleShot(_LOOK_AGAIN_MS, self, lambda: self._destroy_files(door, heard))
            return
        self._tasks.run(
            lambda: self._finish(door, heard),
            lambda gone: self._on_gone(heard, gone=gone),
            lambda _: self._on_gone(heard, gone=False),
        )

    def _finish(self, door: Door, heard: Heard) -> bool:
        """Runs on a worker. False: a file is in use, and goes at the next start. The order is
        obeyed all the same, since nothing opens it any more."""
        from sync.client import standing

        gone = door.destroy_files()
        try:
            (self._tell or standing.tell_obeyed)(heard.known, heard.order.id)
        except FieldAppError as error:
            log.info("the server was not told: %s", error.code)
        return gone

    def _on_gone(self, heard: Heard, *, gone: bool) -> None:
        page = self._window.centralWidget()
        if isinstance(page, GonePage):
            page.say_done(all_gone=gone)
        self.destroyed.emit(heard.username)
