"""A medicine round on a real store: Monday 23 November 2026, 09:40."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import AASE, Ward, make_ward
from ui.handout.page import HandoutPage
from ui.tasks import TaskRunner
from ui.theme import Theme


@pytest.fixture(autouse=True)
def norwegian() -> Iterator[None]:
    """Figures with a comma, as the application shows them."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.NorwegianBokmal, QLocale.Country.Norway))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "store")
    yield made
    made.session.database.close()


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> HandoutPage:
    """The round at Åse, who takes methadone in the morning and a tablet in the evening."""
    shown = HandoutPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown, patient_id=AASE)
    return shown
