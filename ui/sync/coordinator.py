"""Runs the sync engine off the GUI thread, when `sync.client.schedule` says so or the user does."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ParamSpec, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldapp.domain.changes import ChangeSet
from fieldapp.errors import FieldAppError
from fieldapp.services import sync_status
from fieldapp.services.session import Session
from sync.client.engine import ALREADY_RUNNING, CANCELLED, Progress, SyncReport
from sync.client.schedule import PROBE_EVERY, ScheduleState, next_action
from ui.changes import ChangeBus
from ui.sync.state import LINE_DOWN, NEEDS_LOGIN, NO_COVERAGE, SyncState
from ui.tasks import TaskRunner

log = logging.getLogger(__name__)

DRAFTS_EVERY_MILLISECONDS = 1_000

P = ParamSpec("P")
T = TypeVar("T")


class Connection(Protocol):
    """What the coordinator needs of the world outside; built in ui.sync.connection.

    All of it blocks and is called off the GUI thread.
    """

    def probe(self) -> bool:
        """Return True when our server answers. May raise SyncError, which says what came."""

    def run(
        self, progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> SyncReport:
        """Run one whole sync."""

    def login(self, password: str) -> None:
        """Get a new token for the stored account. Raises SyncError."""

    def confirmed(self, names: list[tuple[str, str]]) -> int:
        """Return how many of these (kind, id) the server holds. Raises SyncError."""

    def close(self) -> None:
        """Let go of the line, when nothing is on it any more; harmless a second time."""


class SyncCoordinator(QObject):
    """Never two at once; automatic when coverage returns; by hand at any time.

    Attributes:
        state: the last known SyncState.
    Signals:
        status_changed(SyncState): coverage, counts, progress or the last error changed.
        progress(Progress): records done of the running step.
        finished(SyncReport): one sync ended, well or not; `error_code` tells.
    """

    status_changed = Signal(object)
    progress = Signal(object)
    finished = Signal(object)

    def __init__(
        self,
        session: Session,
        connection: Connection,
        tasks: TaskRunner,
        changes: ChangeBus,
        parent: QObject | None = None,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._connection = connection
        self._tasks = tasks
        self._changes = changes
        self._jitter = jitter
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._calls = 0
        """What is on the line just now; counted by workers too."""
        self._probing = False
        self._again = False
        self._closed = False
        self._begun_at = datetime.min.replace(tzinfo=UTC)
        self._offered_until = self._begun_at
        self._schedule = ScheduleState(online=False, jitter=jitter())
        self.state = SyncState(sync_status.read(session))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.take_next_step)
        # A draft is stored at every pause in the writing, and announced to nobody.
        self.glance = QTimer(self)
        self.glance.setInterval(DRAFTS_EVERY_MILLISECONDS)
        self.glance.timeout.connect(self._look_at_drafts)
        changes.changed.connect(self._on_changed)

    @property
    def online(self) -> bool:
        return self.state.online

    @property
    def running(self) -> bool:
        return self.state.running

    def start(self) -> None:
        """Begin to watch the line. Nothing is sent before the first answer."""
        self.glance.start()
        self.take_next_step()

    def close(self) -> None:
        """Stop the timer, ask a running sync to end at its next step, and let go of the line after
        the last call on it. Nothing is lost."""
        self._timer.stop()
        self.glance.stop()
        self._stop.set()
        with self._guard:
            self._closed = True
            unused = self._calls == 0
        if unused:
            self._connection.close()

    def _on_line(self, work: Callable[P, T]) -> Callable[P, T]:
        """`work` for a worker, counted from now on as a call on the line."""
        with self._guard:
            self._calls += 1

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return work(*args, **kwargs)
            finally:
                with self._guard:
                    self._calls -= 1
                    last = self._closed and self._calls == 0
                if last:
                    self._connection.close()

        return call

    @Slot()
    def take_next_step(self) -> None:
        """Do what the schedule says is due, or come back when something will be."""
        if self._closed or self._probing or self.running:
            return
        step = next_action(self._schedule, self._now())
        if step.action == "probe":
            self.probe()
        elif step.action == "sync" and self.state.paused:
            self._watch_line()
        elif step.action == "sync":
            self._begin()
        else:
            self._timer.start(int(step.after.total_seconds() * 1000))

    @Slot()
    def probe(self) -> None:
        """Try the line once, unless a sync or another try is already finding out."""
        if self._probing or self.running or self._closed:
            return
        self._probing = True
        probe = self._on_line(self._connection.probe)
        self._tasks.run(probe, self._on_probed, self._on_probe_failed)

    def _watch_line(self) -> None:
        """Whether there is coverage is worth knowing also while nothing is sent or fetched."""
        last = self._schedule.last_probe
        if last is None or self._now() - last >= PROBE_EVERY:
            self.probe()
        else:
            self._timer.start(int(PROBE_EVERY.total_seconds() * 1000))

    @Slot()
    def sync_now(self) -> None:
        """Start a sync by hand, or note that one more is wanted after the running one.

        A person who syncs by hand wants syncing, so this ends a pause.
        """
        if self._closed:
            return
        self._update(paused=False)
        if self.running:
            self._again = True
            return
        self._begin()

    def _begin(self) -> None:
        self._timer.stop()
        self._again = False
        self._begun_at = self._now()
        self._stop.clear()
        self._update(running=True, step="push", done=0, total=0)
        self._tasks.run(
            self._on_line(self._run_engine),
            self._on_finished,
            self._on_crashed,
            on_progress=self._on_progress,
        )

    @Slot()
    def cancel(self) -> None:
        """Stop syncing until a person syncs by hand.

        A running sync ends between two batches; what was confirmed stays confirmed.
        """
        self._again = False
        self._stop.set()
        self._update(paused=True)

    def login(self, password: str, on_done: Callable[[str | None], None]) -> None:
        """Log in again and then sync. `on_done` gets None, or the error code."""

        def log_in() -> None:
            self._connection.login(password)

        def succeeded(_: None) -> None:
            self._schedule = replace(self._schedule, needs_login=False, failures=0)
            self._update(error_code=None, online=True)
            on_done(None)
            self.sync_now()

        def failed(error: BaseException) -> None:
            on_done(str(getattr(error, "code", "unexpected")))

        self._tasks.run(self._on_line(log_in), succeeded, failed)

    def confirm(
        self,
        names: Sequence[tuple[str, str]],
        on_done: Callable[[int | None, str | None], None],
    ) -> None:
        """Ask the server how many of these (kind, id) it holds. `on_done` gets the number, or
        None and the error code."""
        wanted = list(names)

        def ask() -> int:
            return self._connection.confirmed(wanted)

        def succeeded(held: int) -> None:
            on_done(held, None)

        def failed(error: BaseException) -> None:
            on_done(None, str(getattr(error, "code", "unexpected")))

        self._tasks.run(self._on_line(ask), succeeded, failed)

    def _run_engine(self, report: Callable[[object], None]) -> SyncReport:
        return self._connection.run(report, self._stop.is_set)

    def _on_probed(self, answered: bool, code: str | None = None) -> None:
        self._probing = False
        if self._closed:
            return
        now = self._now()
        since = self._schedule.online_since if self._schedule.online else now
        self._schedule = replace(
            self._schedule,
            online=answered,
            online_since=since if answered else None,
            last_probe=now,
        )
        if self.state.error_code not in NEEDS_LOGIN and (not answered or not self.state.online):
            self._update(error_code=code)
        self._update(online=answered)
        self.take_next_step()

    def _on_probe_failed(self, error: BaseException) -> None:
        """A try that fails in any way is "no line"; why is said where it is more than that."""
        self._on_probed(False, _more_than_no_line(str(getattr(error, "code", "unexpected"))))

    def _on_progress(self, report: Progress) -> None:
        self._update(step=report.step, done=report.done, total=report.total)
        self.progress.emit(report)

    def _on_finished(self, report: SyncReport) -> None:
        if self._closed:
            # Locked meanwhile; what was sent is sent. The window waits for this to close the store.
            self._update(running=False)
            return
        code = None if report.error_code in (CANCELLED, ALREADY_RUNNING) else report.error_code
        if report.complete:
            self._offered_until = self._begun_at
        self._ended(code, report.error_family or code)
        self._changes.announce(report.changes)
        self.finished.emit(report)
        if self._again:
            self.sync_now()

    def _on_crashed(self, error: BaseException) -> None:
        if self._closed:
            self._update(running=False)
            return
        code = str(getattr(error, "code", "unexpected"))
        self._ended(code, code)

    def _ended(self, code: str | None, family: str | None) -> None:
        now = self._now()
        down = family in LINE_DOWN
        was_online = self._schedule.online
        self._schedule = replace(
            self._schedule,
            online=not down,
            online_since=(self._schedule.online_since if was_online else now) if not down else None,
            last_probe=now,
            last_attempt=now,
            failures=0 if code is None else self._schedule.failures + 1,
            needs_login=family in NEEDS_LOGIN,
            jitter=self._jitter(),
            oldest_unsent=self._oldest_unsent(),
        )
        self._update(
            running=False,
            online=not down,
            error_code=_more_than_no_line(code),
            status=sync_status.read(self._session),
        )
        self.take_next_step()

    @Slot(object)
    def _on_changed(self, change_set: ChangeSet) -> None:
        del change_set
        self._update(status=sync_status.read(self._session))
        self._schedule = replace(self._schedule, oldest_unsent=self._oldest_unsent())
        self.take_next_step()

    @Slot()
    def _look_at_drafts(self) -> None:
        """Never say that all is sent beside a draft that the server has not got as it stands."""
        if self._closed or self.running:
            return
        try:
            unsent = sync_status.drafts_unsent(self._session)
            if unsent == self.state.status.drafts_unsent:
                return
            self._update(status=sync_status.read(self._session))
            self._schedule = replace(self._schedule, oldest_unsent=self._oldest_unsent())
        except FieldAppError as error:
            log.warning("drafts were not counted: %s", error.code)
            return
        self.take_next_step()

    def _oldest_unsent(self) -> datetime | None:
        """When what another sync could send began to wait.

        Not what is parked or waits for that, and no draft that a whole sync left here: the server
        has no room for it, or it is too large.
        """
        for item in sync_status.unsent(self._session):
            left_here = item.kind == "draft" and item.created_at <= self._offered_until
            if item.state == "waiting" and item.waits_for is None and not left_here:
                return item.created_at
        return None

    def _now(self) -> datetime:
        return self._session.clock.now()

    def _update(self, **changes: Any) -> None:
        new = replace(self.state, **changes)
        if new != self.state:
            self.state = new
            self.status_changed.emit(new)


def _more_than_no_line(code: str | None) -> str | None:
    """The code, unless it says no more than "no coverage", which the screens say anyway."""
    return None if code == NO_COVERAGE else code
