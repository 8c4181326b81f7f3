from __future__ import annotations

from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from ui.app import FirstPaint


def test_what_waits_for_the_first_paint_comes_after_it_and_only_once(qtbot: QtBot) -> None:
    order: list[str] = []

    class Label(QLabel):
        def paintEvent(self, event: QPaintEvent) -> None:
            order.append("paint")
            super().paintEvent(event)

    label = Label("Lås opp")
    qtbot.addWidget(label)
    FirstPaint(label, lambda: order.append("then"))
    label.show()
    qtbot.waitUntil(lambda: "then" in order)
    assert order[0] == "paint"
    label.repaint()
    QApplication.processEvents()
    assert order.count("then") == 1
