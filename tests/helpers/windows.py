"""The whole window on the small team's real store, out of coverage."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.services.session import Session
from sync.client.engine import Progress, SyncReport
from sync.protocol.errors import OfflineError
from tests.helpers.a11y import audit, clipped
from tests.helpers.ward import Ward
from ui.changes import ChangeBus
from ui.context import SyncControl
from ui.shots import settle
from ui.sync.coordinator import SyncCoordinator
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.workspace import Workspace

WINDOW_SIZE = QSize(1366, 768)
LOOKS = [(Scheme.LIGHT, 100), (Scheme.DARK, 100), (Scheme.LIGHT, 200), (Scheme.DARK, 200)]


class NoLine:
    """A line without coverage."""

    def probe(self) -> bool:
        return False

    def run(
        self, progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> SyncReport:
        raise OfflineError

    def login(self, password: str) -> None:
        raise OfflineError

    def confirmed(self, names: list[tuple[str, str]]) -> int:
        raise OfflineError

    def close(self) -> None:
        """There is nothing to let go of."""


def no_sync(session: Session, tasks: TaskRunner, changes: ChangeBus) -> SyncControl:
    """The real coordinator on a line without coverage."""
    return SyncCoordinator(session, NoLine(), tasks, changes)


def show_workspace(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> Workspace:
    """The workspace of a ward, on screen and active."""
    workspace = Workspace(ward.session, tasks, theme, no_sync)
    qtbot.addWidget(workspace)
    show_active(qtbot, workspace)
    return workspace


def show_active(qtbot: QtBot, window: QWidget) -> None:
    """Show a window at the size of a small laptop and make it take the keys."""
    window.resize(WINDOW_SIZE)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()


def problems_in(window: QWidget, theme: Theme, scheme: Scheme, scale: int) -> list[str]:
    """What the accessibility audit and the search for cut-off text find in a look."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, scheme, scale)
    window.resize(WINDOW_SIZE)
    settle()
    return [*audit(window), *clipped(window)]
