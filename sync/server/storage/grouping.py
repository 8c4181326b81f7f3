"""Several requests in one transaction, so that they share the wait for the disk.

Whoever comes while nobody is at work begins at once and leads; whoever comes meanwhile waits and
is taken along in the next transaction, which the first of them leads. When a shared transaction
fails, nothing of it is stored, and each job is done again in a transaction of its own: it must be
written so that it can be done twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from sync.server.storage.storage import Transaction

R = TypeVar("R")


class Job(Protocol[R]):
    """One request. All jobs of one storage are of one class."""

    def together(self, transaction: Transaction, takings: Sequence[Any]) -> list[R]:
        """Do several jobs, this one the first of them, in one transaction; a result for each."""
        ...


WriteOnce = Callable[[list[Job[Any]]], list[Any]]
"""Does all the jobs in one transaction and returns the results after the commit."""

_AT_ONCE = 16
"""Jobs in one transaction; the first one waits for the last."""


@dataclass(slots=True)
class _Place:
    """One request in the queue. `woken` is set when it is done, or when it is to lead."""

    job: Job[Any]
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Any = None
    error: BaseException | None = None


class Group:
    """The queue of one storage."""

    def __init__(self, write_once: WriteOnce) -> None:
        self._write_once = write_once
        self._guard = threading.Lock()
        self._queue: list[_Place] = []
        self._busy = False

    def run(self, job: Job[R]) -> R:
        """Do a job in a transaction, perhaps a shared one; return after its commit."""
        mine = _Place(job)
        with self._guard:
            waits = self._busy
            self._busy = True
            if waits:
                self._queue.append(mine)
        if waits:
            mine.woken.wait()
        if not mine.done:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        result: R = mine.result
        return result

    def _lead(self, mine: _Place) -> None:
        with self._guard:
            followers, self._queue = self._queue[: _AT_ONCE - 1], self._queue[_AT_ONCE - 1 :]
        try:
            self._do([mine, *followers])
        finally:
            with self._guard:
                following = self._queue.pop(0) if self._queue else None
                self._busy = following is not None
            if following is not None:
                following.woken.set()
            for place in followers:
                place.woken.set()

    def _do(self, places: list[_Place]) -> None:
        try:
            results = self._write_once([place.job for place in places])
        except BaseException as error:
            if len(places) > 1:
                for place in places:
                    self._do([place])
                return
            places[0].error = error
            results = [None]
        for place, result in zip(places, results, strict=True):
            place.result, place.done = result, True
