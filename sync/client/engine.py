"""One whole sync, as named steps. Knows neither HTTP nor SQL.

    return in-flight work to the queue → exchange (and claims) → compare → reconcile → finish

An exchange carries what waits and, in its answer, what is new: push and pull are two parts of one
request, and what was sent is settled before the first page is stored. Every step can be repeated at
any time: a lost answer, a cut line or a killed process costs only time.

Claims are spoken of after everything that waits was sent, and before the pull: what is given up has
all its doses at the server by then, and what is granted arrives with the doses of former holders.
A store that has nothing to say of claims makes no call for them.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from fieldapp.clock import Clock, Elapsed
from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.errors import RetryError, UserError
from fieldapp.ids import IdMaker
from fieldapp.store import claims as store_claims
from fieldapp.store import commits, digests, drafts, inbox, outbox, state, trusted_time
from fieldapp.store.db import Database
from fieldapp.store.inbox import IncomingRecord
from sync.client import claims, outgoing, reconcile
from sync.client.batch import BatchSize
from sync.client.outgoing import Outgoing
from sync.client.reconcile import StillDifferentError
from sync.protocol.errors import (
    LineBrokenError,
    ProtocolError_,
    SyncError,
    TimeoutError_,
    TooLargeError,
)
from sync.protocol.messages import Page, PulledRecord, PullPart, Receipt, ScopeDigest
from sync.protocol.service import Exchange, SyncService
from sync.protocol.version import MAX_PAGE_RECORDS, MAX_RANGES, MAX_RECORDS

log = logging.getLogger(__name__)

ALREADY_RUNNING: Final = "already_running"
CANCELLED: Final = "cancelled"

HEALING_ROUNDS: Final = 3
"""So often the two sides are compared and mended in one sync before that is given up."""

CLAIM_CALLS: Final = 3
"""So often claims are spoken of in one sync: once, and again when the server was set back."""

CHECK_EVERY: Final = timedelta(minutes=30)
CHECKED_EACH_TIME: Final = 1
"""So often the sums of so many patients are worked out anew from their rows, in turn."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Records done of a step ("push" or "pull"). `total` is 0 while it is not known."""

    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How one sync ended.

    `complete` is true only when everything that waited was answered, the pull reached its end and
    the two stores were found equal. `error_code` is None then; otherwise the code of the error,
    "cancelled" or "already_running", and `error_family` the wider code of `sync.protocol.errors`.
    `parked` counts changes that the server did not take in this run, `conflicts` those of them
    with two sides to choose from; `changes` is what the screens should read again.

    `healed` are patients who were fetched anew because the stores differed. `restored` says that
    the server was set back to a backup and was offered `offered_again` records; `forked` that
    another laptop with this one's identity is about. `unreadable` counts records of a newer program
    that are kept here until this one is upgraded.
    """

    pushed: int
    parked: int
    pulled: int
    complete: bool
    error_code: str | None = None
    error_family: str | None = None
    changes: ChangeSet = ChangeSet(())
    conflicts: int = 0
    healed: tuple[str, ...] = ()
    restored: bool = False
    offered_again: int = 0
    forked: bool = False
    unreadable: int = 0


def _does_not_tell() -> bool | None:
    return None


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
        page_records: int = MAX_PAGE_RECORDS,
        checked_each_time: int = CHECKED_EACH_TIME,
        check_every: timedelta = CHECK_EVERY,
        disk_encrypted: Callable[[], bool | None] = _does_not_tell,
    ) -> None:
        """`database_factory` opens a connection of its own for the thread that runs the sync.

        `batch_records` (at most 200) and `page_records` (at most 1000) are the largest request and
        the largest page. The sums of `checked_each_time` patients are worked out anew from the
        rows, as often as `check_every` says. `disk_encrypted` is asked once in each run, in its
        thread: whether the
        system encrypts this laptop's disk, None where it does not tell.
        """
        self._service = service
        self._database_factory = database_factory
        self._clock = clock
        self._ids = ids
        self._batch_records = batch_records
        self._page_records = page_records
        self._checked = (checked_each_time, check_every)
        self._disk_encrypted = disk_encrypted

    def run(
        self, progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> SyncReport:
        """Sync once. Returns a report for every failure of the line or the server.

        `progress` is called in this thread; `should_stop` is asked before each request and between
        two pages.
        """
        with (
            contextlib.closing(self._database_factory()) as database,
            _alone(database.path) as alone,
        ):
            if not alone:
                return SyncReport(0, 0, 0, False, ALREADY_RUNNING, ALREADY_RUNNING)
            run = _Run(
                self._service,
                database,
                self._clock,
                self._ids,
                progress,
                should_stop,
                BatchSize(self._batch_records),
                BatchSize(self._page_records),
                self._checked,
                self._disk_encrypted(),
            )
            return run.report()


class _Stopped(Exception):
    """The person asked to stop."""


class _Restored(Exception):
    """The server does not know what this laptop has heard last; it took in nothing."""

    def __init__(self, epoch: int) -> None:
        super().__init__(epoch)
        self.epoch = epoch


@dataclass(slots=True)
class _Counts:
    """What this sync has done so far."""

    pushed: int = 0
    parked: int = 0
    conflicts: int = 0
    pulled: int = 0
    offered: int = 0


class _Run:
    """One sync under way."""

    def __init__(
        self,
        service: SyncService,
        database: Database,
        clock: Clock,
        new_id: IdMaker,
        progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        batch: BatchSize,
        page: BatchSize,
        checked: tuple[int, timedelta],
        disk_is_encrypted: bool | None,
    ) -> None:
        self._service = service
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._progress = progress
        self._should_stop = should_stop
        self._batch = batch
        self._page = page
        self._checked = checked
        self._disk_is_encrypted = disk_is_encrypted
        self._counts = _Counts()
        self._changes: list[Change] = []
        self._have: set[int] = set()
        """Versions that the results of this sync have named: their text is here already."""
        self._told: set[str] = set()
        """Patients of those."""
        self._extras = True
        """Drafts and log lines ride along, until they prove to be what is too large."""
        self._pull_alone = False
        """Records travel without a pull, to find out which of the two is too large."""
        self._scope: ScopeDigest | None = None
        self._whole: dict[str, dict[digests.Name, IncomingRecord]] = {}
        """Patients who are fetched anew, and what has come of them in this answer."""
        self._healed: list[str] = []
        self._restored = False
        self._forked = False
        self._push_total = 0
        self._claims_told: int | None = None
        """The epoch in which this sync has told the server of claims."""
        self._claim_calls = 0
        self._answered: tuple[datetime, Elapsed] | None = None
        """The server's time in its newest answer, and when that was asked for."""

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
        done = self._counts
        log.info("sync: %d pushed, %d parked, %d pulled", done.pushed, done.parked, done.pulled)
        return self._ended(None, None)

    def _steps(self) -> None:
        self._return_in_flight()
        self._exchange()
        self._compare_and_reconcile()
        self._finish()

    def _ended(self, code: str | None, family: str | None) -> SyncReport:
        return SyncReport(
            pushed=self._counts.pushed,
            parked=self._counts.parked,
            pulled=self._counts.pulled,
            complete=code is None,
            error_code=code,
            error_family=family,
            changes=ChangeSet(tuple(self._changes)),
            conflicts=self._counts.conflicts,
            healed=tuple(self._healed),
            restored=self._restored,
            offered_again=self._counts.offered,
            forked=self._forked,
            unreadable=inbox.count_unreadable(self._database),
        )

    # --- the steps

    def _return_in_flight(self) -> None:
        """What an interrupted sync left in the air waits again; the server knows a repetition."""
        returned = outbox.return_in_flight(self._database)
        if returned:
            log.info("%d changes return to the queue", returned)

    def _exchange(self) -> None:
        """Send until nothing waits; the last request asks for all that is new.

        A change made meanwhile is sent by one more.
        """
        self._push_total = outbox.counts(self._database).waiting
        while True:
            self._stop_if_asked()
            self._claims()
            sent = self._next_request()
            try:
                pulled = self._one_exchange(sent)
            except _Restored as restored:
                self._offer_to_a_restored_server(restored.epoch)
                continue
            except (TooLargeError, TimeoutError_) as error:
                self._make_smaller(sent, error)
                continue
            if pulled and not outbox.something_waits(self._database) and not self._claims_due():
                return

    def _compare_and_reconcile(self) -> None:
        """Find this store equal to the server's, or mend it, patient by patient."""
        patients, every = self._checked
        inbox.check_next(self._database, patients, self._clock.now(), every)
        for _ in range(HEALING_ROUNDS):
            if self._is_equal():
                return
            self._mend()
        if not self._is_equal():
            raise StillDifferentError(inbox.scope_sum(self._database).count)

    def _finish(self) -> None:
        """Only here "last complete sync" moves."""
        changed = inbox.finish(self._database, self._clock.now())
        if self._answered is not None:
            trusted_time.note_complete_pull(self._database, *self._answered)
        commits.raise_count(self._database)
        commits.note_outside(self._database)
        self._changes.extend(changed.changes)

    # --- one exchange

    def _next_request(self) -> Outgoing:
        now = self._clock.now()
        sent = outgoing.take(
            self._database, now, limit=self._batch.now, disk_encrypted=self._disk_is_encrypted
        )
        if outbox.something_waits(self._database):
            return sent
        if sent.changes and (self._pull_alone or self._claims_due()):
            return sent
        if self._extras:
            sent = outgoing.add_extras(self._database, sent, self._batch.now)
        pull = PullPart(
            cursor=inbox.cursor(self._database),
            page_records=self._page.now,
            # A patient who is fetched anew must come whole, what was just sent included.
            have=[] if self._whole else _ranges(self._have),
            whole=sorted(self._whole),
        )
        return sent.with_pull(pull)

    def _one_exchange(self, sent: Outgoing) -> bool:
        """Make one request; return True when it has brought the pull to its end."""
        before = self._clock.elapsed()
        exchange = self._service.exchange(sent.request)
        with contextlib.closing(_Pages(exchange)) as pages:
            self._note_clock(exchange.receipt, before)
            self._note_epoch(exchange.receipt)
            self._settle(sent, exchange.receipt)
            return sent.request.pull is not None and self._read(pages, exchange.receipt)

    def _note_clock(self, receipt: Receipt, asked: Elapsed) -> None:
        """Learn how far this laptop's clock is off; the answer is one to our own log-in."""
        now, elapsed = self._clock.now(), self._clock.elapsed()
        duration = elapsed.since_boot - asked.since_boot
        middle = now - duration / 2
        offset = (receipt.server_time - middle) // timedelta(milliseconds=1)
        if offset != state.clock_offset_ms(self._database):
            state.remember_clock_offset(self._database, offset)
        self._answered = receipt.server_time, asked
        if duration <= trusted_time.LONGEST_EXCHANGE:
            time = receipt.server_time + duration / 2
            trusted_time.note_server_time(self._database, time, elapsed, now)

    def _settle(self, sent: Outgoing, receipt: Receipt) -> None:
        """Acknowledge exactly what was sent and confirmed; park what was not taken."""
        applied = outgoing.apply_receipt(self._database, sent, receipt)
        counts = self._counts
        counts.pushed += applied.stored
        counts.parked += applied.parked
        counts.conflicts += applied.conflicts
        self._changes.extend(applied.changes)
        self._have.update(applied.versions)
        self._told |= applied.patients
        self._forked = self._forked or receipt.forked
        answered = {result.change_id for result in receipt.results}
        missing = [one for one in sent.changes if one.change_id not in answered]
        if missing:
            # What has no answer is still in the air and returns to the queue at the next sync.
            raise ProtocolError_("results", len(sent.changes), len(missing))
        if sent.changes:
            self._batch.grow()
            done = counts.pushed + counts.parked
            self._push_total = max(self._push_total, done)
            self._progress(Progress("push", done, self._push_total))

    def _note_epoch(self, receipt: Receipt) -> None:
        if receipt.diverged:
            self._restored = True
            raise _Restored(receipt.epoch)
        known = state.epoch(self._database)
        if known != receipt.epoch:
            if known is not None:
                # Nothing of the journal was lost to this laptop, but drafts are not in it.
                drafts.all_unsent_again(self._database)
            state.remember_epoch(self._database, receipt.epoch)

    def _make_smaller(self, sent: Outgoing, error: SyncError) -> None:
        """Ask for less and send less at a time; what is too large even alone stops nothing else."""
        outbox.return_in_flight(self._database)
        records = len(sent.changes)
        if not isinstance(error, TooLargeError) or records > 1:
            (self._batch if records else self._page).shrink(error, records or None)
            if records:
                self._page.shrink_quietly()
        elif sent.has_extras:
            self._extras = False
        elif records == 0:
            self._page.shrink(error)
        elif sent.request.pull is not None:
            self._pull_alone = True
        else:
            outbox.park(self._database, sent.changes[0].change_id, error.code)
            self._counts.parked += 1

    # --- claims

    def _claims_due(self) -> bool:
        """True while the server is to hear of claims before the pull. In another epoch it is told
        once more: it has forgotten.
        """
        epoch = state.epoch(self._database) or 0
        if self._claims_told == epoch or self._claim_calls == CLAIM_CALLS:
            return False
        return claims.is_something_to_tell(self._database, epoch)

    def _claims(self) -> None:
        """Give up what has served, tell what is held, and ask for what is wanted, once nothing
        waits to be sent.
        """
        if outbox.something_waits(self._database):
            return
        store_claims.drop_ended(self._database, trusted_time.now(self._database, self._clock))
        if not self._claims_due():
            return
        self._claim_calls += 1
        told = claims.tell(self._service, self._database, self._clock.now())
        self._changes.extend(told.changes)
        self._claims_told = told.epoch

    # --- the pages

    def _read(self, pages: _Pages, receipt: Receipt) -> bool:
        """Store the pages as they come; return True after the last one.

        A cut keeps what is stored: the next request goes on from there.
        """
        if receipt.fresh or inbox.cursor(self._database) is None:
            inbox.begin_anew(self._database)
        self._whole = {patient_id: {} for patient_id in self._whole}
        done, total, stored = self._counts.pulled, 0, 0
        try:
            for page in pages:
                if _stands_still(page, inbox.cursor(self._database)):
                    raise ProtocolError_("cursor")  # it would go on for ever
                self._store(page, receipt)
                stored += 1
                self._page.grow()
                total = max(total, done + (page.total or 0), self._counts.pulled)
                self._progress(Progress("pull", self._counts.pulled, total))
                if page.complete:
                    self._scope = page.scope
                    return True
                self._stop_if_asked()
        except LineBrokenError:
            if stored == 0:
                raise
            return False
        if stored == 0:
            raise ProtocolError_("pages")
        return False

    def _store(self, page: Page, receipt: Receipt) -> None:
        """One transaction: the records of the page and the cursor after them."""
        records = [_incoming(record) for record in page.records]
        changed = inbox.apply_page(
            self._database,
            records,
            cursor=page.cursor,
            complete=page.complete,
            now=receipt.server_time,
            ended_patients=page.ended_patients,
            told=self._told,
        )
        self._changes.extend(changed.changes)
        self._counts.pulled += len(records)
        for record in records:
            if record.patient_id in self._whole:
                self._whole[record.patient_id][record.kind, record.id] = record
        for patient_id in page.whole:
            self._replace(patient_id)

    def _replace(self, patient_id: str) -> None:
        came = self._whole.pop(patient_id, None)
        if came is not None:
            changed = inbox.replace_patient(self._database, patient_id, came.values())
            self._changes.extend(changed.changes)
            self._healed.append(patient_id)

    # --- when the two sides differ

    def _is_equal(self) -> bool:
        here, there = inbox.scope_sum(self._database), self._scope
        if there is None:
            return True  # a server that does not tell cannot be compared with
        return (here.count, here.text) == (there.count, there.digest)

    def _mend(self) -> None:
        """Offer again what the server lacks, then fetch anew whatever differs."""
        found = reconcile.find_differences(self._service, self._database)
        log.warning("stores differ: %d patients", len(found.patients) + len(found.unlisted))
        self._offer(found)
        ended = inbox.end_patients(self._database, found.unlisted, self._told)
        self._changes.extend(ended.changes)
        if digests.TEAM in found.patients:
            reconcile.forget_differing_team_records(self._service, self._database)
            inbox.begin_anew(self._database)
        self._exchange()
        patients = [name for name in found.patients if name != digests.TEAM]
        for start in range(0, len(patients), reconcile.PATIENTS_AT_A_TIME):
            some = patients[start : start + reconcile.PATIENTS_AT_A_TIME]
            self._whole = {patient_id: {} for patient_id in some}
            self._exchange()
            self._whole = {}

    def _offer_to_a_restored_server(self, epoch: int) -> None:
        """Offer again what the server has lost, before anything of it is stored here."""
        outbox.return_in_flight(self._database)
        found = reconcile.find_differences(self._service, self._database)
        self._offer(found, restored=True)
        drafts.all_unsent_again(self._database)
        state.remember_epoch(self._database, epoch)
        with outbox.atomic(self._database):
            inbox.begin_anew(self._database)
            inbox.forget_trail(self._database)
        self._have.clear()

    def _offer(self, found: reconcile.Differences, *, restored: bool = False) -> None:
        self._counts.offered += reconcile.offer_what_was_lost(
            self._service,
            self._database,
            found,
            self._clock.now(),
            self._new_id,
            restored=restored,
        )

    def _stop_if_asked(self) -> None:
        if self._should_stop():
            raise _Stopped


class _Pages:
    """The pages of one answer; closing lets go of the line when they are not read to the end."""

    def __init__(self, exchange: Exchange) -> None:
        self._pages = exchange.pages

    def __iter__(self) -> Iterator[Page]:
        return self._pages

    def close(self) -> None:
        """Let go of the line."""
        close = getattr(self._pages, "close", None)
        if close is not None:
            close()


def _stands_still(page: Page, cursor: str | None) -> bool:
    """True for a page that brings nothing and leads nowhere."""
    brings = page.records or page.ended_patients or page.whole
    return not (page.complete or brings) and page.cursor == cursor


def _incoming(record: PulledRecord) -> IncomingRecord:
    return IncomingRecord(
        record.kind,
        record.id,
        record.patient_id,
        record.version,
        record.body,
        record.received_at,
        record.offset_ms,
        record.author_id,
        record.device_name,
    )


def _ranges(versions: set[int]) -> list[tuple[int, int]]:
    """The versions as ranges (first, last), the newest ones if they are too many to name."""
    ranges: list[tuple[int, int]] = []
    for version in sorted(versions):
        if ranges and ranges[-1][1] == version - 1:
            ranges[-1] = (ranges[-1][0], version)
        else:
            ranges.append((version, version))
    return ranges[-MAX_RANGES:]


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
