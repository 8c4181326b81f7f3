from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from ui.idle import IdleWatch


def test_an_untouched_window_is_reported_idle_while_it_is_watched(
    qtbot: QtBot, qapp: QApplication
) -> None:
    watch = IdleWatch(qapp)
    assert not watch.timer.isActive()
    watch.start()
    with qtbot.waitSignal(watch.idle):
        watch.timer.timeout.emit()
    watch.stop()
    assert not watch.timer.isActive()
    watch.deleteLater()


def test_a_key_begins_the_wait_anew(qtbot: QtBot) -> None:
    parent = QObject()
    watch = IdleWatch(parent)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.installEventFilter(watch)
    watch.start()
    before = watch.timer.timerId()
    qtbot.keyClick(field, Qt.Key.Key_A)
    assert watch.timer.timerId() != before
    watch.stop()
