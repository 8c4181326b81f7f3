"""A visit page on a real store: Monday 23 November 2026, 09:40."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import MARET, Ward
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.visit.page import VisitPage


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> VisitPage:
    """The planned visit to Máret, to whom one goes two together."""
    shown = VisitPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown, patient_id=MARET, appointment_id="ap-1")
    return shown
