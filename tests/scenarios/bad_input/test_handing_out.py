"""Wrong figures and missing reasons at the medicine round, in the whole window of a real laptop:
each is a clear sentence, nothing is saved, and nothing that was typed is lost.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration
from fieldapp.services import sync_status
from fieldapp.services.session import Session
from fieldapp.store import records
from tests.helpers.ward import AASE, TODAY, grant_claims
from tests.scenarios.bad_input.conftest import OpenWindow
from tests.scenarios.bad_input.screen import button, said, unlock
from ui.handout.page import HandoutPage
from ui.shots import settle
from ui.workspace import Workspace

DAY = TODAY - timedelta(days=4)
RIGHT = {
    "pastClock": "0830",
    "pastDay": "19.11",
    "pastDose": "40",
    "reasonText": "Meldt av legevakten på telefon",
}


@pytest.fixture
def workspace(qtbot: QtBot, open_window: OpenWindow, door: Door) -> Workspace:
    """An unlocked laptop whose days are reserved."""
    made = unlock(qtbot, open_window(door))
    grant_claims(made.context.session)
    return made


def _round(workspace: Workspace) -> HandoutPage:
    workspace.navigate("handout", patient_id=AASE)
    page = workspace.page
    assert isinstance(page, HandoutPage)
    settle()
    return page


def _field(page: HandoutPage, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert isinstance(found, QLineEdit)
    return found


def _type(page: HandoutPage, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        editor = _field(page, name)
        editor.setFocus()
        editor.clear()
        QTest.keyClicks(editor, text)


def _figures(session: Session) -> tuple[int, int, int]:
    """Handouts, changes on their way, and lines of the log: they go together."""
    lines = session.database.connection.execute("SELECT count(*) AS n FROM audit").fetchone()
    assert lines is not None
    doses = records.select(session.database, MedicationAdministration)
    return len(doses), sync_status.read(session).waiting, int(lines["n"])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pastDose": "0"}, "Dosen må være mer enn 0 mg. Ingenting er skrevet."),
        ({"pastDose": "-40"}, "Dosen må være mer enn 0 mg. Ingenting er skrevet."),
        ({"pastDose": "20 mL"}, "Skriv dosen i milligram"),
        ({"pastDose": "to flasker"}, "Skriv dosen i milligram"),
        ({"pastClock": "2590"}, "Mangler: klokkeslett."),
        ({"reasonText": ""}, "Mangler: hvem som ga dosen, hvor, og hvorfor det føres nå."),
        ({"reasonText": "   "}, "Mangler: hvem som ga dosen, hvor, og hvorfor det føres nå."),
    ],
)
def test_a_dose_of_the_past_that_was_typed_wrong_is_a_sentence_and_saves_nothing(
    workspace: Workspace, wrong: dict[str, str], sentence: str
) -> None:
    page, session = _round(workspace), workspace.context.session
    before = _figures(session)
    button(page, "past").click()
    _type(page, {**RIGHT, **wrong})
    button(page, "confirmReason").click()
    assert sentence in said(page)
    assert _figures(session) == before
    for name, text in {**RIGHT, **wrong}.items():
        assert _field(page, name).text() == text, "nothing that was typed is lost"
    _type(page, {name: RIGHT[name] for name in wrong})
    button(page, "confirmReason").click()
    doses, waiting, lines = before
    assert _figures(session) == (doses + 1, waiting + 1, lines + 1)
    found = records.select(
        session.database, MedicationAdministration, "day = ?", (DAY.isoformat(),)
    )
    told = [one for one in found if one.retrospective]
    assert [one.reason_text for one in told] == [RIGHT["reasonText"]]
    assert [one.status for one in told] == [HandoutStatus.GIVEN]
