"""The day is shown anew each minute and after each sync; nobody may lose their place by it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QScrollArea

from ui import shots
from ui.today.page import TodayPage
from ui.today.rows import VisitLine
from ui.workspace import Workspace


def test_a_new_minute_moves_neither_the_focus_nor_the_page(workspace: Workspace) -> None:
    workspace.window().resize(1100, 420)
    shots.settle()
    page = workspace.page
    assert isinstance(page, TodayPage)
    area = page.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    bar = area.verticalScrollBar()
    assert bar.maximum() > 0
    assert isinstance(QApplication.focusWidget(), VisitLine)

    page.context.theme.changed.emit()  # shows the day again, as the minute's timer does
    shots.settle()

    assert bar.value() == 0
    assert isinstance(QApplication.focusWidget(), VisitLine)
