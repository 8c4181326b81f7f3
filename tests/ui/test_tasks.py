from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from ui.tasks import TaskRunner


def test_work_runs_off_the_gui_thread_and_is_delivered_on_it(
    tasks: TaskRunner, qtbot: QtBot
) -> None:
    delivered: list[tuple[int, int]] = []

    tasks.run(
        threading.get_ident,
        lambda worker: delivered.append((worker, threading.get_ident())),
    )

    qtbot.waitUntil(lambda: len(delivered) == 1)
    worker, receiver = delivered[0]
    assert worker != threading.get_ident()
    assert receiver == threading.get_ident()


def test_a_failure_reaches_on_error_alone(tasks: TaskRunner, qtbot: QtBot) -> None:
    done: list[object] = []
    failed: list[BaseException] = []

    def work() -> None:
        raise ValueError("no")

    tasks.run(work, done.append, failed.append)

    qtbot.waitUntil(lambda: len(failed) == 1)
    assert isinstance(failed[0], ValueError)
    assert not done


def test_a_failure_that_nobody_waits_for_is_logged_by_its_kind_only(
    tasks: TaskRunner, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> None:
        raise ValueError("Ødegård, Åse")

    with caplog.at_level(logging.ERROR):
        future = tasks.run(work)
        assert future.exception(5) is not None
    assert "ValueError" in caplog.text
    assert "Ødegård" not in caplog.text


def test_progress_arrives_in_order_and_before_the_end(tasks: TaskRunner, qtbot: QtBot) -> None:
    heard: list[object] = []

    def work(report: Callable[[object], None]) -> str:
        for step in range(5):
            report(step)
        return "end"

    tasks.run(work, heard.append, on_progress=heard.append)

    qtbot.waitUntil(lambda: "end" in heard)
    assert heard == [0, 1, 2, 3, 4, "end"]


class _Receiver(QObject):
    heard = 0

    @Slot(object)
    def hear(self, value: object) -> None:
        del value
        type(self).heard += 1


def test_a_receiver_that_was_deleted_meanwhile_is_passed_over(
    tasks: TaskRunner, qapp: QApplication, qtbot: QtBot
) -> None:
    receiver = _Receiver()
    label = QLabel("before")
    survivor: list[object] = []
    hold = threading.Event()
    tasks.run(hold.wait, receiver.hear)
    tasks.run(hold.wait, lambda _: label.setText("after"))

    for dying in (receiver, label):
        with qtbot.waitSignal(dying.destroyed):
            dying.deleteLater()
    hold.set()
    tasks.run(hold.wait, survivor.append)

    qtbot.waitUntil(lambda: len(survivor) == 1)  # a slot that raised would fail the test
    assert _Receiver.heard == 0


def test_closing_waits_for_what_runs_and_delivers_nothing_more(
    qapp: QApplication, qtbot: QtBot
) -> None:
    runner = TaskRunner(workers=1)
    begun, hold = threading.Event(), threading.Event()
    finished: list[str] = []
    heard: list[object] = []

    def work() -> None:
        begun.set()
        hold.wait(5)
        finished.append("whole")

    runner.run(work, heard.append)
    waiting = runner.run(lambda: finished.append("never"), heard.append)
    assert begun.wait(5)
    threading.Timer(0.01, hold.set).start()
    runner.close()
    qapp.processEvents()

    assert finished == ["whole"]
    assert waiting.cancelled()
    assert not heard


def test_closing_leaves_no_thread_behind(qapp: QApplication) -> None:
    runner = TaskRunner(workers=2)
    runner.run(lambda: None)
    runner.close()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fieldapp")]
