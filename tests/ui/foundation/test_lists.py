"""Lists keep their place, answer the keys, and speak to screen readers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from ui.theme import Theme
from ui.widgets import Row, RowList, RowTag

ROWS = [Row("a", "Anne", "Lia 1"), Row("b", "Bo", "Lia 2"), Row("c", "Cecilie", lead="10:30")]


def shown(qtbot: QtBot, rows: list[Row]) -> RowList:
    listed = RowList("Pasienter")
    qtbot.addWidget(listed)
    listed.set_rows(rows)
    listed.resize(500, 300)
    listed.show()
    return listed


def test_the_model_keeps_qts_own_rules(qtbot: QtBot, theme: Theme) -> None:
    listed = shown(qtbot, ROWS)
    tester = QAbstractItemModelTester(
        listed.rows, QAbstractItemModelTester.FailureReportingMode.Warning, listed
    )
    listed.set_rows(ROWS[:1])
    listed.set_rows([])
    assert tester.model() is listed.rows


def test_the_chosen_row_stays_chosen_when_rows_come_and_go(qtbot: QtBot, theme: Theme) -> None:
    listed = shown(qtbot, ROWS)
    listed.select_id("b")
    listed.set_rows([ROWS[2], ROWS[1]])
    assert listed.current_id == "b"
    listed.set_rows([ROWS[2]])
    assert listed.current_id is None


def test_enter_opens_the_chosen_row_or_the_first(qtbot: QtBot, theme: Theme) -> None:
    listed = shown(qtbot, ROWS)
    opened: list[str] = []
    listed.activated_id.connect(opened.append)
    qtbot.keyClick(listed, Qt.Key.Key_Return)
    listed.select_id("a")
    qtbot.keyClick(listed, Qt.Key.Key_Down)
    qtbot.keyClick(listed, Qt.Key.Key_Return)
    assert opened == ["a", "b"]


def test_a_row_is_read_out_with_its_time_and_its_tags(qtbot: QtBot, theme: Theme) -> None:
    listed = shown(qtbot, [Row("a", "Anne", "Lia 1", tags=(RowTag("LAR"),), lead="10:30")])
    index = listed.rows.index(0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "10:30, Anne, Lia 1, LAR"
