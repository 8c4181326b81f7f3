from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from ui import shots
from ui.theme import Scheme, Theme
from ui.widgets import ListModel, Row, RowList, RowTag

PEOPLE = [
    Row("1", "Ødegård, Åse", "41 år", "user", tags=(RowTag("LAR", "accent"),)),
    Row("2", "Aasen, Per", "29 år", lead="10:30"),
    Row("3", "Berg, Kari"),
]


@pytest.fixture
def people(theme: Theme, qtbot: QtBot) -> RowList:
    rows = RowList("Pasienter")
    qtbot.addWidget(rows)
    rows.set_rows(PEOPLE)
    rows.resize(400, 300)
    rows.show()
    return rows


def test_the_model_keeps_qts_contract(qtmodeltester: ModelTester) -> None:
    model = ListModel()
    model.set_rows(PEOPLE)

    qtmodeltester.check(model)  # type: ignore[no-untyped-call]


def test_the_current_row_stays_current_when_other_rows_are_shown(people: RowList) -> None:
    people.select_id("2")

    people.set_rows([PEOPLE[2], PEOPLE[1]])

    assert people.current_id == "2"


def test_a_current_row_that_is_gone_leaves_none_current(people: RowList) -> None:
    people.select_id("1")

    people.set_rows(PEOPLE[1:])

    assert people.current_id is None


def test_enter_opens_the_current_row_and_else_the_first(people: RowList, qtbot: QtBot) -> None:
    with qtbot.waitSignal(people.activated_id) as opened:
        QTest.keyClick(people, Qt.Key.Key_Return)
    assert opened.args == ["1"]

    people.select_id("3")
    with qtbot.waitSignal(people.activated_id) as opened:
        QTest.keyClick(people, Qt.Key.Key_Return)
    assert opened.args == ["3"]


def test_arrows_move_and_announce(people: RowList, qtbot: QtBot) -> None:
    people.select_id("1")

    with qtbot.waitSignal(people.current_id_changed) as moved:
        QTest.keyClick(people, Qt.Key.Key_Down)

    assert moved.args == ["2"]


def test_a_row_is_spoken_whole() -> None:
    model = ListModel()
    model.set_rows(PEOPLE)

    spoken = model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)

    assert spoken == "Ødegård, Åse, 41 år, LAR"


def test_rows_grow_with_the_text(theme: Theme, qapp: QApplication, people: RowList) -> None:
    before = people.sizeHintForRow(0)

    theme.apply(qapp, Scheme.LIGHT, 200)

    assert people.sizeHintForRow(0) > before * 1.4


def test_tags_that_do_not_fit_are_counted(people: RowList) -> None:
    tags = tuple(RowTag(f"Merknad {number}", "danger") for number in range(6))
    people.set_rows([Row("1", "Ødegård, Åse", tags=tags)])
    narrow = people.itemDelegate()

    fitting = narrow._fitting(tags, 260)  # type: ignore[attr-defined]

    assert len(fitting) < len(tags)
    assert fitting[-1].text == f"+{len(tags) - len(fitting) + 1}"
    shots.picture(people)


def test_an_empty_list_is_harmless(people: RowList, qtbot: QtBot) -> None:
    people.set_rows([])

    QTest.keyClick(people, Qt.Key.Key_Return)

    assert people.current_id is None
