from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.clock import FixedClock
from tests.helpers.stores import START
from ui.idle import IdleWatch

SECOND = timedelta(seconds=1)


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


def _pass(watch: IdleWatch, clock: FixedClock, length: timedelta) -> None:
    """Let time go by on a machine that is awake: the watch glances every second."""
    for _ in range(int(length / SECOND)):
        clock.advance(SECOND)
        watch.glance.timeout.emit()


def test_the_usual_wait_is_three_minutes(qapp: QApplication) -> None:
    clock = FixedClock(START)
    watch = IdleWatch(qapp, clock=clock)
    assert watch.timer.interval() == 180_000
    watch.start()
    _pass(watch, clock, timedelta(seconds=179))
    assert watch.timer.isActive()
    _pass(watch, clock, SECOND)
    assert not watch.timer.isActive()
    watch.deleteLater()


def test_a_short_sleep_locks_too_before_anything_is_painted(qtbot: QtBot) -> None:
    clock = FixedClock(START)
    parent = QObject()
    watch = IdleWatch(parent, clock=clock)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.installEventFilter(watch)
    watch.start()
    _pass(watch, clock, timedelta(seconds=5))
    clock.advance(timedelta(seconds=30))

    painting = QEvent(QEvent.Type.UpdateRequest)
    with qtbot.waitSignal(watch.idle):
        assert watch.eventFilter(field, painting)
    assert not watch.timer.isActive()


def test_painting_is_no_sign_of_life(qtbot: QtBot) -> None:
    clock = FixedClock(START)
    parent = QObject()
    watch = IdleWatch(parent, clock=clock)
    field = QLineEdit()
    qtbot.addWidget(field)
    watch.start()
    for _ in range(179):
        clock.advance(SECOND)
        assert not watch.eventFilter(field, QEvent(QEvent.Type.UpdateRequest))
    clock.advance(SECOND)
    assert watch.eventFilter(field, QEvent(QEvent.Type.UpdateRequest))


def test_another_limit_holds_from_the_touch_on(qapp: QApplication) -> None:
    clock = FixedClock(START)
    watch = IdleWatch(qapp, clock=clock)
    watch.start()
    watch.set_limit(120_000)
    _pass(watch, clock, timedelta(seconds=119))
    assert watch.timer.isActive()
    _pass(watch, clock, SECOND)
    assert not watch.timer.isActive()
    watch.deleteLater()


def test_the_wait_goes_on_while_the_lid_is_closed(qtbot: QtBot, qapp: QApplication) -> None:
    clock = FixedClock(START)
    watch = IdleWatch(qapp, clock=clock)
    watch.start()
    _pass(watch, clock, timedelta(minutes=2))
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
