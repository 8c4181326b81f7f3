from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.clock import FixedClock
from tests.helpers.stores import START
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


def test_the_wait_goes_on_while_the_lid_is_closed(qtbot: QtBot, qapp: QApplication) -> None:
    clock = FixedClock(START)
    watch = IdleWatch(qapp, clock=clock)
    watch.start()
    clock.advance(timedelta(minutes=4))
    watch.glance.timeout.emit()
    assert watch.timer.isActive()

    clock.advance(timedelta(hours=8))  # the window's own timer stood still

    with qtbot.waitSignal(watch.idle):
        watch.glance.timeout.emit()
    assert not watch.timer.isActive()
    watch.deleteLater()


def test_the_first_key_after_the_lid_was_opened_is_not_typed_into_the_window(
    qtbot: QtBot,
) -> None:
    clock = FixedClock(START)
    parent = QObject()
    watch = IdleWatch(parent, clock=clock)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.installEventFilter(watch)
    watch.start()
    clock.advance(timedelta(minutes=5))

    with qtbot.waitSignal(watch.idle):
        qtbot.keyClick(field, Qt.Key.Key_A)

    assert field.text() == ""


def test_a_clock_that_is_set_does_not_lock_or_keep_open(qtbot: QtBot, qapp: QApplication) -> None:
    clock = FixedClock(START)
    watch = IdleWatch(qapp, clock=clock)
    watch.start()
    clock.jump(timedelta(hours=1))
    watch.glance.timeout.emit()
    assert watch.timer.isActive()

    clock.jump(-timedelta(hours=2))
    clock.advance(timedelta(minutes=5))

    with qtbot.waitSignal(watch.idle):
        watch.glance.timeout.emit()
    watch.deleteLater()
