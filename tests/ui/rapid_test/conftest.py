"""A rapid test page on a real store: Monday 23 November 2026, 09:40."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import AASE, Ward
from ui.rapid_test.page import RapidTestPage
from ui.tasks import TaskRunner
from ui.theme import Theme


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> RapidTestPage:
    """An empty form for Åse, who takes methadone."""
    shown = RapidTestPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown, patient_id=AASE)
    return shown
