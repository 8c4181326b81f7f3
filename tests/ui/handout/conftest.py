"""A medicine round on a real store: Monday 23 November 2026, 09:40."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.pages import make_context, show_page
from tests.helpers.stores import USERNAME
from tests.helpers.ward import AASE, Ward
from ui.handout.page import HandoutPage
from ui.tasks import TaskRunner
from ui.theme import Theme


class OpenPage(Protocol):
    """Opens the round at a patient, on the store of the test or another view of it."""

    def __call__(self, patient_id: str, ward: Ward | None = None, /) -> HandoutPage: ...


@pytest.fixture
def open_page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> OpenPage:
    """Open the round at a patient, as the store stands when it is called."""

    def opened(patient_id: str, other: Ward | None = None, /) -> HandoutPage:
        context = replace(
            make_context((other or ward).session, tasks, theme),
            verify_passphrase=lambda text: ward.vault.verify_passphrase(USERNAME, text),
        )
        shown = HandoutPage(context)
        show_page(qtbot, shown, patient_id=patient_id)
        return shown

    return opened


@pytest.fixture
def page(open_page: OpenPage) -> HandoutPage:
    """The round at Åse, who takes methadone in the morning and a tablet in the evening."""
    return open_page(AASE)
