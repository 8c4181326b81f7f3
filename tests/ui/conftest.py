"""What every test of the window needs: the look, and a task runner that is closed afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme


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
