"""Widgets that only cycles hold are taken away on the GUI thread, whoever makes objects."""

from __future__ import annotations

import gc
import threading
import weakref

from pytestqt.qtbot import QtBot

from ui.garbage import GarbageCollector


class _Held:
    """Holds itself, so that only the collector can take it away."""

    def __init__(self) -> None:
        self.itself = self


def _make_many() -> list[list[int]]:
    """Make so many objects that Python's own collector would run, in this thread."""
    return [[number] for number in range(50_000)]


def test_a_worker_that_makes_objects_collects_nothing(qtbot: QtBot) -> None:
    gc.enable()
    collector = GarbageCollector()
    try:
        threads: list[int] = []
        held = _Held()
        weakref.finalize(held, lambda: threads.append(threading.get_ident()))
        del held
        worker = threading.Thread(target=_make_many)
        worker.start()
        worker.join()
        assert threads == []
        kept = _make_many()
        collector.look()
        assert kept
        assert threads == [threading.get_ident()]
    finally:
        collector.close()
        gc.disable()  # as tests/conftest.py has it
