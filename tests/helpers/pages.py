"""A page of the window on a real store, with coverage that a test turns on and off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QSize, Signal
from pytestqt.qtbot import QtBot

from fieldapp.services import sync_status
from fieldapp.services.session import Session
from ui.changes import ChangeBus
from ui.context import AppContext
from ui.page import Page
from ui.sync.state import SyncState
from ui.tasks import TaskRunner
from ui.theme import Theme

PAGE_SIZE = QSize(1278, 710)
"""What rail and top bar leave of a window of 1366 by 768."""


class Coverage(QObject):
    """Stands for the line: never syncs by itself. Attributes: `online`."""

    status_changed = Signal(object)
    progress = Signal(object)
    finished = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.online = True
        self.running = False
        self.state = SyncState(sync_status.read(session))

    def turn(self, online: bool) -> None:
        self.online = online
        self.status_changed.emit(self.state)

    def start(self) -> None: ...

    def sync_now(self) -> None: ...

    def cancel(self) -> None: ...

    def confirm(
        self,
        names: Sequence[tuple[str, str]],
        on_done: Callable[[int | None, str | None], None],
    ) -> None:
        """The server holds all of it while there is coverage."""
        on_done(len(names), None) if self.online else on_done(None, "offline")

    def login(self, password: str, on_done: Callable[[str | None], None]) -> None: ...

    def close(self) -> None: ...


class Visited:
    """Remembers where a page wanted to go."""

    def __init__(self) -> None:
        self.places: list[tuple[str, dict[str, object]]] = []

    def __call__(self, page: str, /, **args: object) -> None:
        self.places.append((page, args))


def make_context(session: Session, tasks: TaskRunner, theme: Theme) -> AppContext:
    """A context on a real session; `sync` is a Coverage and `navigate` a Visited."""
    return AppContext(session, tasks, Coverage(session), theme, Visited(), ChangeBus())


def show_page(qtbot: QtBot, page: Page, **args: object) -> None:
    """Put a page on screen as the workspace does, and connect it to what others change."""
    qtbot.addWidget(page)
    page.context.changes.changed.connect(page.refresh)
    page.resize(PAGE_SIZE)
    page.show()
    with qtbot.waitActive(page):
        page.activateWindow()
    page.show_for(**args)
