"""Start-up: the application, its look and language, and the first page.

The first page is painted before the cipher driver, the keyring and the network library are
loaded; they come in while the person types.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from fieldapp import paths
from fieldapp.clock import Clock, SystemClock
from fieldapp.errors import FieldAppError
from ui.clipboard import ClipboardWatch
from ui.errors import sentence, sentence_for
from ui.garbage import GarbageCollector
from ui.i18n import Languages, available
from ui.idle import IdleWatch
from ui.leaving.watch import OrderWatch
from ui.lock import fresh
from ui.lock.long_lock import LongLock
from ui.main_window import Door, MainWindow
from ui.people.people import CHOOSE, People
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.unlock.state import Phase

if TYPE_CHECKING:
    from fieldapp.bootstrap import Door as RealDoor
    from fieldapp.services.session import Session
    from ui.changes import ChangeBus
    from ui.context import SyncControl
    from ui.lock.sleep import SleepWatch

log = logging.getLogger(__name__)

UNFINISHED = "store_unfinished"
"""The code of a store whose making was interrupted; there is nothing in it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What lives as long as the program. Close it last: it waits for what still runs."""

    app: QApplication
    theme: Theme
    languages: Languages
    tasks: TaskRunner
    garbage: GarbageCollector | None = None

    def close(self) -> None:
        self.tasks.close()
        if self.garbage is not None:
            self.garbage.close()


def set_up(scheme: Scheme = Scheme.LIGHT, scale: int = 100) -> Desk:
    """Make the application with our look, in bokmål until somebody has chosen otherwise."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("fieldapp")
    app.setApplicationDisplayName(QApplication.translate("app", "Hjemmebesøk"))
    theme = Theme(app)
    theme.apply(app, scheme, scale)
    languages = Languages(app)
    languages.use("nb")
    return Desk(app, theme, languages, TaskRunner(parent=app), GarbageCollector(app))


class LazyDoor:
    """The door of one user; loads the vault's libraries when it is first knocked at."""

    def __init__(self, username: str, make: Callable[[str], Door]) -> None:
        self._username = username
        self._make = make
        self._door: Door | None = None

    @property
    def username(self) -> str:
        return self._username

    def unlock(self, passphrase: str) -> None:
        self._real().unlock(passphrase)

    def verify(self, passphrase: str) -> None:
        self._real().verify(passphrase)

    def session(self) -> Session:
        return self._real().session()

    def lock(self) -> None:
        if self._door is not None:
            self._door.lock()

    @property
    def has_pin(self) -> bool:
        return self._door is not None and self._door.has_pin

    def set_pin(self, pin: str) -> None:
        self._real().set_pin(pin)

    def drop_pin(self) -> None:
        if self._door is not None:
            self._door.drop_pin()

    def unlock_with_pin(self, pin: str) -> None:
        self._real().unlock_with_pin(pin)

    def keep(self, data: bytes) -> None:
        self._real().keep(data)

    def kept(self) -> bytes:
        return self._real().kept()

    def store_kept(self) -> bool:
        return self._door is None or self._door.store_kept()

    @property
    def real(self) -> Door:
        """The door itself; loads the vault's libraries."""
        return self._real()

    def _real(self) -> Door:
        if self._door is None:
            self._door = self._make(self._username)
        return self._door


def maker_of_doors(folder: Path, *, trial: bool = False) -> Callable[[str], RealDoor]:
    """What makes the door of a user name to the stores in `folder`.

    A trial's stores take synthetic national numbers and keep the machine's secret in a file: they
    need no keyring and protect nothing. They carry that mark, and neither kind opens as the other.
    """

    def make(username: str) -> RealDoor:
        from fieldapp.bootstrap import ORIGIN_DEMO, door_for

        if trial:
            return door_for(username, folder, origin=ORIGIN_DEMO)
        return door_for(username, folder)

    return make


class FirstPaint(QObject):
    """Calls `then` once, when `window` and all that stands in it have been painted.

    A timer of no length would come before the paint, and what it starts would hold the paint up.
    """

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._then = then
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # The children are painted after their window, before the loop goes on.
            QTimer.singleShot(0, self._then)
        return False


def make_sync(session: Session, tasks: TaskRunner, changes: ChangeBus) -> SyncControl:
    """The coordinator on the real line of a session."""
    from ui.sync.connection import HttpConnection
    from ui.sync.coordinator import SyncCoordinator

    return SyncCoordinator(session, HttpConnection(session), tasks, changes)


def main(
    data_dir: Path | None = None,
    on_painted: Callable[[], None] | None = None,
    *,
    trial: bool = False,
) -> int:
    """Run the program until its window is closed; return the exit code."""
    from fieldapp import logs

    folder = data_dir or (paths.data_dir() / "trial" if trial else paths.data_dir())
    make_door = maker_of_doors(folder, trial=trial)
    desk = set_up()
    users = paths.usernames(folder)
    door = LazyDoor(users[0], make_door) if users else None
    chooses = os.environ.pop(CHOOSE, "") != ""
    window = MainWindow(
        door, desk.tasks, desk.theme, make_sync, on_session=lambda session: wear(desk, session)
    )
    if trial:
        _say_that_it_is_a_trial(window)
    begin_anew_when_unfinished(desk, window, make_door, folder)
    people = People(
        window,
        folder,
        make_door,
        lambda username: LazyDoor(username, make_door),
        lambda: _show_first_start(desk, window, make_door, folder),
        desk.tasks,
        SystemClock(),
    )
    window.help_wanted.connect(lambda code: _help(window, desk.tasks, code))
    if door is None:
        _show_first_start(desk, window, make_door, folder)
    elif len(users) > 1 or chooses:
        people.choose()
    report_errors(window)
    watch(desk, window)
    window.end_wanted.connect(lambda: desk.app.exit(fresh.EXIT_CODE))

    orders = OrderWatch(window, folder, make_door, desk.tasks)

    def go_on() -> None:
        desk.tasks.run(_load_libraries)
        desk.tasks.run(lambda: _finish_destroying(folder, trial=trial))
        orders.start()
        lock_before_sleep(window)
        if on_painted is not None:
            on_painted()

    FirstPaint(window, go_on)
    window.show()
    try:
        logs.set_up(folder)
    except OSError as error:
        # No reason not to open; what cannot be stored is said where it is stored.
        log.warning("no log file: %s", error.strerror)
    code = 1
    try:
        code = desk.app.exec()
    finally:
        window.close()
        desk.close()
    if code == fresh.EXIT_CODE:
        logging.shutdown()
        fresh.begin_anew()
        return 0
    return code


@dataclass(frozen=True, slots=True)
class Watches:
    """What locks the window without a word: nobody there, the machine's sleep, a long absence."""

    idle: IdleWatch
    long_lock: LongLock
    clipboard: ClipboardWatch


def watch(desk: Desk, window: MainWindow, clock: Clock | None = None) -> Watches:
    """Lock the window when nobody has touched it for a while, and what belongs to that.

    `clock` is the machine's own unless given.
    """
    idle = IdleWatch(window, clock=clock)
    long_lock = LongLock(window, clock=clock)
    clipboard = ClipboardWatch(window)
    for watcher in (idle, long_lock):
        desk.app.installEventFilter(watcher)

    def on_page(name: str) -> None:
        if window.workspace is not None:
            idle.set_limit(limit_on(window.workspace.context.session, name))

    def on_due() -> None:
        page = window.unlock_page
        long_lock.counts_touches = page is None
        if page is not None and page.state.phase is Phase.WORKING:
            return  # somebody is coming in
        if not long_lock.is_due():
            return
        window.end()

    window.page_shown.connect(on_page)
    window.unlocked.connect(idle.start)
    window.unlocked.connect(long_lock.stop)
    window.locked.connect(idle.stop)
    window.locked.connect(clipboard.clear)
    desk.app.aboutToQuit.connect(clipboard.clear)
    window.locked.connect(long_lock.start)
    idle.idle.connect(window.lock)
    long_lock.due.connect(on_due)
    return Watches(idle, long_lock, clipboard)


def limit_on(session: Session, page: str) -> int:
    """The milliseconds without a touch after which the window locks on this page."""
    from ui.lock.settings import minutes_on

    return minutes_on(session, page) * 60_000


def lock_before_sleep(window: MainWindow) -> SleepWatch:
    """Lock when the machine is about to sleep. Asks the system, so after the first paint."""
    from ui.lock.sleep import SleepWatch

    sleep = SleepWatch(window)
    sleep.about_to_sleep.connect(window.lock)
    return sleep


def report_errors(window: MainWindow) -> None:
    """Say an error that nobody caught in words, log its type and place, and go on."""

    def on_error(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        # Where it happened, never what it said: an exception may quote what a person typed.
        places = [
            f"{Path(frame.f_code.co_filename).name}:{line}"
            for frame, line in traceback.walk_tb(trace)
        ]
        log.error("unforeseen %s at %s", kind.__name__, " > ".join(places))
        words = sentence_for(error)
        QMessageBox(QMessageBox.Icon.Warning, window.windowTitle(), words, parent=window).open()

    sys.excepthook = on_error


def wear(desk: Desk, session: Session) -> None:
    """Put the person's own colours, text size and language in force."""
    from fieldapp.services import settings

    language = settings.language(session)
    # One that is not translated yet is said in bokmål, dates and figures as well.
    desk.languages.use(language if language in available() else "nb")
    scheme = Scheme(settings.get(session, settings.SCHEME, desk.theme.scheme.value))
    scale = int(settings.get(session, settings.TEXT_SCALE, str(desk.theme.scale)))
    if (scheme, scale) != (desk.theme.scheme, desk.theme.scale):
        desk.theme.apply(desk.app, scheme, scale)


def _say_that_it_is_a_trial(window: MainWindow) -> None:
    from ui.widgets import Text

    words = QApplication.translate(
        "app", "Prøve · bare oppdiktede personer · journalen er ikke beskyttet"
    )
    window.statusBar().setSizeGripEnabled(False)
    window.statusBar().setContentsMargins(14, 0, 14, 0)
    window.statusBar().addPermanentWidget(Text(words, "small", window), 1)


def begin_anew_when_unfinished(
    desk: Desk, window: MainWindow, make_door: Callable[[str], RealDoor], folder: Path
) -> None:
    """Lead to the first start when a store turns out never to have been finished."""

    def on_refused(code: str) -> None:
        if code == UNFINISHED:
            _show_first_start(desk, window, make_door, folder, sentence(code))

    window.refused.connect(on_refused, Qt.ConnectionType.QueuedConnection)


def _show_first_start(
    desk: Desk,
    window: MainWindow,
    make_door: Callable[[str], RealDoor],
    folder: Path,
    why: str = "",
) -> None:
    from ui.setup.page import SetupPage

    # A store that was never finished is made anew here, so its name is free.
    others = [name for name in paths.usernames(folder) if make_door(name).exists()]
    page = SetupPage(
        make_door,
        desk.tasks,
        window,
        others=others,
        machine_id=lambda: paths.machine_id(folder),
    )
    page.back_wanted.connect(window.other_user_wanted)
    page.ready.connect(lambda username: window.use(LazyDoor(username, make_door)))
    page.say(why)
    window.setCentralWidget(page)
    page.focus_field()


def _help(window: MainWindow, tasks: TaskRunner, code: str) -> None:
    """Say what stands in the way of opening the store, and what can be done about it."""
    from ui.recovery import open_help

    door = window.door
    open_help(window, door.real if isinstance(door, LazyDoor) else door, tasks, code)


def _finish_destroying(folder: Path, *, trial: bool) -> None:
    """What an order has begun to destroy and a crash has left. Runs beside the screen."""
    from fieldapp.bootstrap import finish_destroying
    from sync.client import standing

    for known, order_id in finish_destroying(folder, trial=trial):
        try:
            standing.tell_obeyed(known, order_id)
        except FieldAppError as error:
            log.info("the server was not told: %s", error.code)


def _load_libraries() -> None:
    """Bring in what unlocking needs while the person types. Runs beside the screen.

    No key is in memory yet; from here on the system keeps this memory to itself.
    """
    import sync.client.engine  # noqa: F401
    from fieldapp.bootstrap import harden_process

    harden_process()
