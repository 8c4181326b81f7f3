"""The program's window on an enrolled laptop, watched as the program watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door
from fieldapp.clock import FixedClock
from tests.helpers.laptop import make_door, make_laptop
from tests.helpers.small_disk import mounted
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import NOW
from tests.helpers.windows import no_sync, show_active
from ui.app import Desk, Watches, watch
from ui.i18n import Languages
from ui.main_window import MainWindow
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Laptop:
    """Attributes: the window, its door, what watches it, and the clock that all of them read."""

    window: MainWindow
    door: Door
    watches: Watches
    clock: FixedClock
    qtbot: QtBot

    @property
    def workspace(self) -> Workspace:
        assert self.window.workspace is not None
        return self.window.workspace

    @property
    def field(self) -> QLineEdit:
        """The field of the unlock page."""
        assert self.window.unlock_page is not None
        found = self.window.unlock_page.findChild(QLineEdit)
        assert found is not None
        return found

    def submit(self, secret: str) -> None:
        """Type into the unlock page and press Enter."""
        self.field.clear()
        QTest.keyClicks(self.field, secret)
        QTest.keyClick(self.field, Qt.Key.Key_Return)

    def unlock(self, secret: str = PASSPHRASE) -> None:
        self.submit(secret)
        self.qtbot.waitUntil(lambda: self.window.workspace is not None)
        settle()

    def refused(self, secret: str) -> str:
        """Type a wrong secret; what the page says then."""
        page = self.window.unlock_page
        assert page is not None
        self.submit(secret)
        self.qtbot.waitUntil(lambda: page.state.code is not None and page.state.may_submit)
        return page.message_text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB, for a laptop that `laptop_in` makes there."""
    with mounted(tmp_path / "disk", 12_000_000) as place:
        yield place


MakeLaptop = Callable[[Path], Laptop]


@pytest.fixture
def laptop_in(
    qtbot: QtBot, qapp: QApplication, tasks: TaskRunner, theme: Theme
) -> Iterator[MakeLaptop]:
    """Makes a laptop in a folder and shows its window, locked."""
    made: list[Laptop] = []

    def make(folder: Path) -> Laptop:
        make_laptop(folder)
        clock = FixedClock(NOW)
        door = make_door(folder, clock)
        window = MainWindow(door, tasks, theme, no_sync)
        qtbot.addWidget(window)
        show_active(qtbot, window)
        desk = Desk(qapp, theme, Languages(qapp), tasks)
        laptop = Laptop(window, door, watch(desk, window, clock), clock, qtbot)
        made.append(laptop)
        return laptop

    yield make
    for laptop in made:
        for watcher in (laptop.watches.idle, laptop.watches.long_lock):
            qapp.removeEventFilter(watcher)
        laptop.door.lock()


@pytest.fixture
def laptop(laptop_in: MakeLaptop, tmp_path: Path) -> Laptop:
    """A laptop whose person has unlocked it and stands on the day page."""
    made = laptop_in(tmp_path)
    made.unlock()
    return made
