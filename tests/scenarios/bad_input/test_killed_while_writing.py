"""kill -9 of the window while somebody writes: what the screen called saved is there afterwards."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fieldapp.clock import SystemClock
from fieldapp.services import notes, sync_status
from tests.helpers.laptop import make_door
from tests.helpers.ward import ODD
from tests.scenarios.bad_input.conftest import ROOT, OpenWindow
from tests.scenarios.bad_input.screen import button, said, unlock
from ui.visit.page import VisitPage

KILLS = 3


@pytest.mark.parametrize(
    ("dice", "milliseconds_between_saves"),
    [(1, 850), (2, 20)],  # as the program does it; and so often that kills hit the write itself
)
def test_a_window_killed_while_writing_loses_nothing_that_it_called_saved(
    qtbot: QtBot, open_window: OpenWindow, laptop: Path, dice: int, milliseconds_between_saves: int
) -> None:
    chance = random.Random(dice)
    signed: list[str] = []
    promised = 0
    for number in range(KILLS):
        said_saved, locked, last_promise = _write_and_kill(
            laptop, dice * 100 + number, milliseconds_between_saves, chance.uniform(0.9, 2.2)
        )
        promised += said_saved
        signed += locked
        window = open_window(make_door(laptop, SystemClock()))
        workspace = unlock(qtbot, window)
        session = workspace.context.session
        stored = [view.note.text for view in notes.for_patient(session, ODD)]
        # One more may have been locked in the moment before it could be said.
        assert set(signed) <= set(stored)
        assert len(stored) - len(set(signed)) <= 1
        signed = stored
        assert sync_status.read(session).waiting == len(stored)  # each is on its way, once
        assert session.database.damage_report() == []
        workspace.navigate("visit", patient_id=ODD)
        page = workspace.page
        assert isinstance(page, VisitPage)
        if page.presenter.note.interrupted:
            assert "Programmet stanset mens dette ble skrevet" in said(page)
            button(page, "draftDiscard")
            button(page, "draftRecover").click()
            assert page.note_card.editor.toPlainText().startswith(last_promise)
            _sign(page)
            signed.append(notes.for_patient(session, ODD)[0].note.text)
        else:
            assert last_promise == "" or any(text.startswith(last_promise) for text in stored)
        window.close()
    assert promised > KILLS


def _write_and_kill(
    laptop: Path, dice: int, milliseconds: int, seconds: float
) -> tuple[int, list[str], str]:
    """How often it said "saved", the notes it called locked, and the last draft it called saved."""
    command = [sys.executable, "-m", "tests.helpers.typing_child", str(laptop)]
    with subprocess.Popen(
        [*command, str(dice), str(milliseconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline()) == {"ready": True}
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        said_so = [line for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -9
    promises = [json.loads(line) for line in said_so]
    locked = [str(promise["signed"]) for promise in promises if "signed" in promise]
    last = str(promises[-1].get("saved", "")) if promises else ""
    return len(promises), locked, last


def _sign(page: VisitPage) -> None:
    button(page, "noteSign").click()
    button(page, "noteSignConfirm").click()
