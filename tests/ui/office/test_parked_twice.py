"""Two laptops with one identity can have stopped the same change: each is settled by itself."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QAbstractItemModel
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.sync.server.desk import exchange
from tests.sync.server.team import change, note
from tests.ui.office.conftest import Office, Scene
from ui.office.parked_tab import ParkedTab


def _has(rows: QAbstractItemModel, number: int) -> bool:
    return rows.rowCount() == number


def test_the_same_change_of_two_laptops_is_two_rows_and_each_can_be_settled(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    exchange(scene.team, scene.nils, change(note("n1", text="Den første"), change_id="c-n1"))
    for laptop in (scene.nils, scene.team.laptop("nils2")):
        stopped = change(note("n1", text="Den andre"), change_id="c-n2")
        exchange(scene.team, laptop, stopped.model_copy(update={"sequence": 3}))
    assert scene.open_parked() == 2
    page, _ = office(tab="parked")
    tab = page.tab
    assert isinstance(tab, ParkedTab)
    rows = tab.rows.rows
    qtbot.waitUntil(lambda: rows.rowCount() == 2)
    for left in (1, 0):
        tab.reason.setFocus()
        QTest.keyClicks(tab.reason, "Avklart")
        tab.store.click()
        qtbot.waitUntil(partial(_has, rows, left))
        assert scene.open_parked() == left
