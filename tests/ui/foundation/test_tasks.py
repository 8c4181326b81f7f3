"""Work runs beside the window; what it brings is delivered in the window's thread."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from ui.shots import settle
from ui.tasks import TaskRunner


def test_the_result_and_the_progress_come_in_the_gui_thread(
    qtbot: QtBot, tasks: TaskRunner
) -> None:
    here = threading.current_thread()
    seen: list[tuple[str, object, bool]] = []

    def work(report: object) -> str:
        assert callable(report)
        report(1)
        return "off" if threading.current_thread() is not here else "on"

    def note(kind: str) -> object:
        return lambda value: seen.append((kind, value, threading.current_thread() is here))

    tasks.run(work, note("done"), on_progress=note("progress"))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [("progress", 1, True), ("done", "off", True)]


def test_an_error_is_delivered_and_nothing_else(qtbot: QtBot, tasks: TaskRunner) -> None:
    done: list[object] = []
    errors: list[BaseException] = []

    def work() -> None:
        raise ValueError("broken")

    future = tasks.run(work, done.append, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], ValueError)
    assert done == []
    with pytest.raises(ValueError, match="broken"):
        future.result()


def test_a_receiver_that_died_meanwhile_is_passed_over(qtbot: QtBot, tasks: TaskRunner) -> None:
    class Receiver(QObject):
        called = False

        @Slot(object)
        def take(self, value: object) -> None:
            del value
            Receiver.called = True

    gate = threading.Event()
    receiver = Receiver()
    future = tasks.run(lambda: gate.wait(5), receiver.take)
    receiver.deleteLater()
    settle()
    gate.set()
    future.result()
    settle()
    assert not Receiver.called


def test_closing_waits_for_what_runs_and_delivers_nothing_afterwards(qtbot: QtBot) -> None:
    tasks = TaskRunner()
    started, gate = threading.Event(), threading.Event()
    delivered: list[object] = []

    def work() -> str:
        started.set()
        gate.wait(5)
        return "late"

    tasks.run(work, delivered.append)
    started.wait(5)
    gate.set()
    tasks.close()
    settle()
    assert delivered == []
