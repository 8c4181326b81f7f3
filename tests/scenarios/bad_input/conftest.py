"""A locked laptop, the window before it, and a disk that can be filled."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door
from tests.helpers.laptop import make_door, make_laptop
from tests.helpers.small_disk import mounted
from tests.helpers.windows import no_sync, show_active
from ui.main_window import MainWindow
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.workspace import SyncMaker

ROOT = Path(__file__).resolve().parents[3]
SMALL_DISK_BYTES = 12_000_000
OpenWindow = Callable[..., MainWindow]


@pytest.fixture(scope="session")
def _one_theme(qapp: QApplication) -> Theme:
    qapp.setCursorFlashTime(0)
    return Theme()


@pytest.fixture
def theme(qapp: QApplication, _one_theme: Theme) -> Iterator[Theme]:
    """The look in force: light, 100 %."""
    _one_theme.apply(qapp, Scheme.LIGHT, 100)
    yield _one_theme
    _one_theme.apply(qapp, Scheme.LIGHT, 100)


@pytest.fixture
def tasks(qapp: QApplication) -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def _laptop_as_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laptop") / "data"
    make_laptop(folder)
    return folder


@pytest.fixture
def laptop(tmp_path: Path, _laptop_as_made: Path) -> Path:
    """The folder of an enrolled, filled and locked laptop."""
    shutil.copytree(_laptop_as_made, tmp_path / "laptop")
    return tmp_path / "laptop"


@pytest.fixture
def open_window(qtbot: QtBot, tasks: TaskRunner, theme: Theme) -> Iterator[OpenWindow]:
    """Shows the program's window before a door: `open_window(door, make_sync=no_sync)`."""
    opened: list[tuple[MainWindow, Door]] = []

    def show(door: Door, make_sync: SyncMaker = no_sync) -> MainWindow:
        window = MainWindow(door, tasks, theme, make_sync)
        qtbot.addWidget(window)
        show_active(qtbot, window)
        opened.append((window, door))
        return window

    yield show
    for window, door in opened:
        window.close()
        door.lock()


class SmallDisk:
    """A disk that can be filled to the last byte and freed again. Attributes: `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, room: int = 0) -> None:
        """Leave this many bytes and no more."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
            try:
                while True:
                    file.write(bytes(512))
            except OSError:
                pass
            file.truncate(max(0, file.tell() - room))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A file system of its own."""
    with mounted(tmp_path / "disk", SMALL_DISK_BYTES) as place:
        yield SmallDisk(place)


@pytest.fixture
def door(laptop: Path) -> Door:
    return make_door(laptop)
