"""The only file that starts threads.

Work runs on a small pool; its outcome is delivered in the GUI thread. A receiver that died
meanwhile is passed over; closing waits for what runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import CellType
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

T = TypeVar("T")
log = logging.getLogger(__name__)


class TaskRunner(QObject):
    """Runs functions off the GUI thread.

    `run(work, on_done, on_error)` calls `work()` on a worker; with `on_progress`, it calls
    `work(report)`, and what `report` is given reaches `on_progress` in the GUI thread.
    """

    _deliver = Signal(object)

    def __init__(self, workers: int = 3, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(workers, "fieldapp")
        self._closed = False
        # Queued on purpose: emitted by workers, delivered where this object lives.
        self._deliver.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[..., T],
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
        *,
        on_progress: Callable[[Any], None] | None = None,
    ) -> Future[T]:
        """Start `work`; exactly one of `on_done` and `on_error` follows, unless closed first."""

        def report(value: object) -> None:
            if on_progress is not None:
                self._post(on_progress, value)

        def job() -> T:
            try:
                result = work(report) if on_progress is not None else work()
            except BaseException as error:
                self._failed(on_error, error)
                raise
            if on_done is not None:
                self._post(on_done, result)
            return result

        return self._pool.submit(job)

    def close(self) -> None:
        """Wait for what runs, drop what has not begun, deliver nothing any more."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _failed(
        self, on_error: Callable[[BaseException], None] | None, error: BaseException
    ) -> None:
        if on_error is not None:
            self._post(on_error, error)
        else:
            log.error("task failed: %s", type(error).__name__)

    def _post(self, receiver: Callable[[Any], None], value: object) -> None:
        if not self._closed:
            self._deliver.emit((receiver, value))

    @Slot(object)
    def _call(self, delivery: tuple[Callable[[Any], None], object]) -> None:
        receiver, value = delivery
        if self._closed or _is_dead(receiver):
            return
        receiver(value)


def _is_dead(receiver: Callable[[Any], None]) -> bool:
    """True when the widget that a method belongs to, or that a lambda holds, was deleted."""
    cells = getattr(receiver, "__closure__", None) or ()
    held = [getattr(receiver, "__self__", None), *(_content(cell) for cell in cells)]
    return any(isinstance(one, QObject) and not shiboken6.isValid(one) for one in held)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # a name that was never bound
        return None
