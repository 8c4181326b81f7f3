"""One whole sync, as named steps. Knows neither HTTP nor SQL.

    return in-flight work to the queue → push → pull → finish

Push comes before pull, so that what was done here is safe before anything else changes. Every step
can be repeated at any time: a lost answer, a cut line or a killed process costs only time.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldapp.clock import Clock
from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.errors import RetryError, UserError
from fieldapp.ids import IdMaker
from fieldapp.store import inbox, outbox
from fieldapp.store.db import Database
from sync.client.batch import BatchSize
from sync.protocol.errors import ProtocolError_, SyncError, TimeoutError_, TooLargeError
from sync.protocol.messages import (
    Outcome,
    PullAnswer,
    PullRequest,
    PushRecord,
    PushRequest,
    PushResult,
)
from sync.protocol.service import SyncService
from sync.protocol.version import MAX_RECORDS

log = logging.getLogger(__name__)

MAX_PUSH_BYTES: Final = 512 * 1024
"""Bodies of one push; about half a minute on a bad line."""

ALREADY_RUNNING: Final = "already_running"
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """Records done of a step ("push" or "pull"). `total` is 0 while it is not known."""

    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How one sync ended.

    `complete` is true only when everything that waited was answered and the pull reached its end.
    `error_code` is None then; otherwise the code of the error, "cancelled" or "already_running",
    and `error_family` the wider code of `sync.protocol.errors`. `parked` counts changes that the
    server did not take in this run; `changes` is what the screens should read again.
    """

    pushed: int
    parked: int
    pulled: int
    complete: bool
    error_code: str | None = None
    error_family: str | None = None
    changes: ChangeSet = ChangeSet(())


class Engine:
    """Runs syncs of one store with one server; never two at once in this process.

    The lock lives in memory, so one that a dead process held cannot be left behind; two programs
    on one store are kept apart by the store's own lock.
    """

    def __init__(
        self,
        service: SyncService,
        database_factory: Callable[[], Database],
        clock: Clock,
        ids: IdMaker,
        *,
        batch_records: int = MAX_RECORDS,
    ) -> None:
        """`database_factory` opens a connection of its own for the thread that runs the sync.

        `batch_records` is the largest push and the largest page of a pull, at most 200.
        """
        self._service = service
        self._database_factory = database_factory
        self._clock = clock
        self._ids = ids
        self._batch_records = batch_records

    def run(
        self, progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> SyncReport:
        """Sync once. Returns a report for every failure of the line or the server.

        `progress` is called in this thread; `should_stop` is asked between two batches.
        """
        with (
            contextlib.closing(self._database_factory()) as database,
            _alone(database.path) as alone,
        ):
            if not alone:
                return SyncReport(0, 0, 0, False, ALREADY_RUNNING, ALREADY_RUNNING)
            run = _Run(
                self._service, database, self._clock, progress, should_stop, self._batch_records
            )
            return run.report()


class _Stopped(Exception):
    """The person asked to stop."""


class _Run:
    """One sync under way: what has been counted so far."""

    def __init__(
        self,
        service: SyncService,
        database: Database,
        clock: Clock,
        progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        batch_records: int,
    ) -> None:
        self._service = service
        self._database = database
        self._clock = clock
        self._progress = progress
        self._should_stop = should_stop
        self._batch_records = batch_records
        self._pushed = 0
        self._parked = 0
        self._pulled = 0
        self._changes: list[Change] = []

    def report(self) -> SyncReport:
        try:
            self._steps()
        except _Stopped:
            return self._ended(CANCELLED, CANCELLED)
        except SyncError as error:
            log.info("sync ended early: %s", error)
            return self._ended(error.code, error.family)
        except (UserError, RetryError) as error:
            # The laptop's own trouble, such as a full disk; what was stored stays as it was.
            log.warning("sync ended early: %s", error)
            return self._ended(error.code, error.code)
        log.info("sync: %d pushed, %d parked, %d pulled", self._pushed, self._parked, self._pulled)
        return self._ended(None, None)

    def _steps(self) -> None:
        self._return_in_flight()
        self._push()
        self._pull()
        self._finish()

    def _ended(self, code: str | None, family: str | None) -> SyncReport:
        return SyncReport(
            pushed=self._pushed,
            parked=self._parked,
            pulled=self._pulled,
            complete=code is None,
            error_code=code,
            error_family=family,
            changes=ChangeSet(tuple(self._changes)),
        )

    # --- the steps

    def _return_in_flight(self) -> None:
        """What an interrupted sync left in the air waits again; the server knows a repetition."""
        returned = outbox.return_in_flight(self._database)
        if returned:
            log.info("%d changes return to the queue", returned)

    def _push(self) -> None:
        """Send batches until nothing waits. A change made meanwhile is sent too."""
        size = BatchSize(self._batch_records)
        total = outbox.counts(self._database).waiting
        answered = 0
        while True:
            self._stop_if_asked()
            batch = outbox.take_batch(self._database, size.now, MAX_PUSH_BYTES)
            if not batch:
                return
            try:
                answer = self._service.push(PushRequest(records=[_sent(item) for item in batch]))
            except (TooLargeError, TimeoutError_) as error:
                self._make_smaller(size, batch, error)
                continue
            self._settle(batch, answer.results)
            size.grow()
            answered += len(batch)
            self._progress(Progress("push", answered, max(total, answered)))

    def _pull(self) -> None:
        """Read pages until the server says that there are no more."""
        size = BatchSize(self._batch_records)
        done, total = 0, 0
        while True:
            self._stop_if_asked()
            place = inbox.cursor(self._database)
            try:
                page = self._service.pull(PullRequest(cursor=place, limit=size.now))
            except (TooLargeError, TimeoutError_) as error:
                size.shrink(error)
                continue
            if not page.complete and page.cursor == place:
                raise ProtocolError_("cursor")  # it would go on for ever
            self._store(page)
            size.grow()
            total = max(total, done + (page.total or 0))
            done += len(page.records)
            self._progress(Progress("pull", done, total))
            if page.complete:
                return

    def _finish(self) -> None:
        """Only here "last complete sync" moves."""
        changed = inbox.finish(self._database, self._clock.now())
        self._changes.extend(changed.changes)

    # --- details of push

    def _make_smaller(
        self, size: BatchSize, batch: list[outbox.PendingChange], error: SyncError
    ) -> None:
        """Send less at a time; one change that is too large even alone does not stop the others."""
        if isinstance(error, TooLargeError) and len(batch) == 1:
            outbox.park(self._database, batch[0].change_id, error.code)
            self._parked += 1
        else:
            size.shrink(error, len(batch))
        outbox.return_in_flight(self._database)

    def _settle(self, batch: list[outbox.PendingChange], results: list[PushResult]) -> None:
        """Acknowledge exactly what was sent and confirmed; park what was not taken."""
        sent = {change.change_id for change in batch}
        answers = {result.change_id: result for result in results if result.change_id in sent}
        settled = [_settled(result) for result in answers.values() if result.outcome.stored]
        self._changes.extend(outbox.acknowledge(self._database, settled))
        self._pushed += len(settled)
        for result in answers.values():
            if not result.outcome.stored:
                self._park(result)
        if len(answers) != len(sent):
            # What has no answer is still in the air and returns to the queue at the next sync.
            raise ProtocolError_("results", len(sent), len(answers))

    def _park(self, result: PushResult) -> None:
        outbox.park(
            self._database,
            result.change_id,
            "conflict" if result.outcome is Outcome.CONFLICT else result.reason or "refused",
            result.reason,
            result.server_body,
            result.server_version,
        )
        self._parked += 1

    # --- details of pull

    def _store(self, page: PullAnswer) -> None:
        """One transaction: the records of the page and the cursor after them."""
        records = [
            inbox.IncomingRecord(item.kind, item.id, item.patient_id, item.version, item.body)
            for item in page.records
        ]
        changed = inbox.apply_page(
            self._database,
            records,
            cursor=page.cursor,
            complete=page.complete,
            now=page.server_time,
            ended_patients=page.ended_patients,
        )
        self._changes.extend(changed.changes)
        self._pulled += len(page.records)

    def _stop_if_asked(self) -> None:
        if self._should_stop():
            raise _Stopped


def _sent(change: outbox.PendingChange) -> PushRecord:
    return PushRecord(
        change_id=change.change_id,
        kind=change.kind,
        id=change.record_id,
        patient_id=change.patient_id,
        base_version=change.base_version,
        sequence=change.sequence,
        body=change.body,
    )


def _settled(result: PushResult) -> outbox.Settled:
    return outbox.Settled(
        result.change_id, result.version, result.server_body, result.server_version
    )


# --- never two at once

_running: set[Path] = set()
_running_guard = threading.Lock()


@contextlib.contextmanager
def _alone(store: Path) -> Iterator[bool]:
    """Yield True for the only sync of this store, False while another one runs."""
    with _running_guard:
        free = store not in _running
        if free:
            _running.add(store)
    try:
        yield free
    finally:
        if free:
            with _running_guard:
                _running.discard(store)
