from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from tests.helpers.ward import Ward, make_ward
from tests.helpers.windows import show_workspace
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.workspace import Workspace


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "store")
    yield made
    made.vault.lock()


@pytest.fixture(autouse=True)
def _norwegian() -> Iterator[None]:
    """Dates and figures as the program writes them."""
    before = QLocale()
    QLocale.setDefault(QLocale("nb_NO"))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def workspace(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> Workspace:
    shown = show_workspace(qtbot, ward, tasks, theme)
    shown.navigate("today")
    return shown
