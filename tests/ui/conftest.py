"""What tests of the window need: the look, a task runner, a filled store, the window on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.ward import Ward, make_ward
from tests.helpers.windows import show_workspace
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.workspace import Workspace


@pytest.fixture(scope="session")
def _one_theme(qapp: QApplication) -> Theme:
    """Loading the fonts takes longer than most tests, so it happens once."""
    qapp.setCursorFlashTime(0)
    return Theme()


@pytest.fixture
def theme(qapp: QApplication, _one_theme: Theme) -> Iterator[Theme]:
    """The look in force: light, 100 %. A test may apply another; the next one starts anew."""
    _one_theme.apply(qapp, Scheme.LIGHT, 100)
    yield _one_theme
    _one_theme.apply(qapp, Scheme.LIGHT, 100)


@pytest.fixture
def tasks(qapp: QApplication) -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    runner.close()


@pytest.fixture(autouse=True)
def _norwegian() -> Iterator[None]:
    """Dates and figures as the program writes them."""
    before = QLocale()
    QLocale.setDefault(QLocale("nb_NO"))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """An unlocked store with a made-up team: Monday 23 November 2026, 09:40."""
    made = make_ward(tmp_path / "store")
    yield made
    made.vault.lock()


@pytest.fixture
def workspace(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> Workspace:
    """The window's inside on the day page."""
    shown = show_workspace(qtbot, ward, tasks, theme)
    shown.navigate("today")
    return shown
