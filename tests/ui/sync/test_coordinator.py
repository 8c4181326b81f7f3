"""The coordinator syncs when coverage returns and by hand, never twice at once, never silently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from fieldapp.services import notes, patients, sync_status
from fieldapp.store import outbox
from sync.client.engine import Progress, SyncReport
from sync.protocol.errors import WrongPasswordError
from tests.helpers.ward import AASE, Ward
from ui.changes import ChangeBus
from ui.sync.coordinator import SyncCoordinator
from ui.tasks import TaskRunner

WELL = SyncReport(pushed=1, parked=0, pulled=0, complete=True)


class FakeLine:
    """A line fault double: `answers` is coverage; a sync waits at `gate` and then reports."""

    def __init__(self) -> None:
        self.answers = False
        self.report = WELL
        self.gate = threading.Event()
        self.gate.set()
        self.syncs = 0
        self.together = 0
        self.most_together = 0
        self.stopped = False
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def probe(self) -> bool:
        return self.answers

    def run(
        self, progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> SyncReport:
        self.syncs += 1
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        progress(Progress("push", 1, 2))
        self.gate.wait(5)
        self.stopped = should_stop()
        self.together -= 1
        return self.report

    def confirmed(self, names: list[tuple[str, str]]) -> int:
        return len(names)

    def login(self, password: str) -> None:
        if password != "riktig":
            raise WrongPasswordError


@pytest.fixture
def line() -> FakeLine:
    return FakeLine()


@pytest.fixture
def coordinator(ward: Ward, line: FakeLine, tasks: TaskRunner) -> Iterator[SyncCoordinator]:
    made = SyncCoordinator(ward.session, line, tasks, ChangeBus(), jitter=lambda: 0.0)
    yield made
    line.gate.set()
    made.close()


def test_it_syncs_by_itself_when_coverage_returns(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    with qtbot.waitSignal(coordinator.status_changed, raising=False, timeout=300):
        coordinator.start()
    assert (coordinator.online, line.syncs) == (False, 0)
    line.answers = True
    with qtbot.waitSignal(coordinator.finished):
        coordinator.probe()
    assert coordinator.online
    assert line.syncs == 1


def test_what_waits_for_a_parked_change_calls_for_no_sync(
    qtbot: QtBot, ward: Ward, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.answers = True
    with qtbot.waitSignal(coordinator.finished):
        coordinator.probe()
    kari = patients.rows(ward.session)[0].patient
    patients.update(ward.session, replace(kari, phone="1"))
    (change,) = outbox.take_batch(ward.session.database, 10, 10_000)
    outbox.park(ward.session.database, change.change_id, "bad_body:phone")
    changes = patients.update(ward.session, replace(kari, phone="2"))
    (_, held_back) = sync_status.unsent(ward.session)
    assert held_back.waits_for == change.change_id
    ward.clock.advance(timedelta(minutes=1))
    coordinator._changes.announce(changes)
    assert not coordinator.running
    assert line.syncs == 1


def test_two_syncs_never_run_at_once_but_a_wish_is_not_forgotten(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.answers = True
    line.gate.clear()
    coordinator.sync_now()
    coordinator.sync_now()
    coordinator.sync_now()
    qtbot.waitUntil(lambda: line.syncs == 1)
    with qtbot.waitSignals([coordinator.finished, coordinator.finished]):
        line.gate.set()
    assert line.syncs == 2
    assert line.most_together == 1


def test_a_running_sync_can_be_stopped(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.gate.clear()
    line.report = SyncReport(0, 0, 0, False, "cancelled", "cancelled")
    coordinator.sync_now()
    qtbot.waitUntil(lambda: line.syncs == 1)
    coordinator.cancel()
    with qtbot.waitSignal(coordinator.finished):
        line.gate.set()
    assert line.stopped
    assert coordinator.state.error_code is None


def test_progress_is_shown_in_records(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    with qtbot.waitSignal(coordinator.progress) as caught:
        coordinator.sync_now()
    assert caught.args == [Progress("push", 1, 2)]
    qtbot.waitUntil(lambda: not coordinator.running)


def test_a_lost_line_is_no_coverage_and_other_trouble_is_named(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.report = SyncReport(0, 0, 0, False, "line_broken", "offline")
    with qtbot.waitSignal(coordinator.finished):
        coordinator.sync_now()
    assert (coordinator.online, coordinator.state.error_code) == (False, "line_broken")
    line.report = SyncReport(0, 0, 0, False, "offline", "offline")
    with qtbot.waitSignal(coordinator.finished):
        coordinator.sync_now()
    assert (coordinator.online, coordinator.state.error_code) == (False, None)
    line.report = SyncReport(0, 0, 0, False, "captive_portal", "not_our_server")
    with qtbot.waitSignal(coordinator.finished):
        coordinator.sync_now()
    assert (coordinator.online, coordinator.state.error_code) == (True, "captive_portal")


def test_work_done_with_coverage_is_counted_at_once_and_sent_soon(
    qtbot: QtBot, ward: Ward, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.answers = True
    with qtbot.waitSignal(coordinator.finished):
        coordinator.probe()
    changes = notes.addendum(ward.session, "n-new", "Ny opplysning")
    with qtbot.waitSignal(coordinator.status_changed):
        coordinator._changes.announce(changes)
    assert coordinator.state.status.waiting == 1
    # The settling time has passed.
    ward.clock.advance(timedelta(seconds=10))
    with qtbot.waitSignal(coordinator.finished):
        coordinator.take_next_step()


def test_a_login_that_is_refused_says_so_and_a_good_one_sends(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    answers: list[str | None] = []
    coordinator.login("feil", answers.append)
    qtbot.waitUntil(lambda: answers == ["wrong_password"])
    with qtbot.waitSignal(coordinator.finished):
        coordinator.login("riktig", answers.append)
    assert answers == ["wrong_password", None]


def test_nothing_starts_after_closing(coordinator: SyncCoordinator, line: FakeLine) -> None:
    coordinator.close()
    coordinator.sync_now()
    coordinator.probe()
    coordinator.take_next_step()
    assert line.syncs == 0


def test_a_sync_that_ends_after_the_lock_touches_the_closed_store_no_more(
    coordinator: SyncCoordinator, ward: Ward
) -> None:
    told: list[object] = []
    coordinator.finished.connect(told.append)
    coordinator.close()
    ward.session.database.close()
    coordinator._on_finished(WELL)
    coordinator._on_crashed(WrongPasswordError())
    coordinator.status_changed.connect(told.append)
    coordinator._on_probed(True)
    assert told == []


def test_a_login_that_ran_out_is_still_asked_for_after_the_line_was_lost(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.report = SyncReport(0, 0, 0, False, "login_expired", "login_expired")
    with qtbot.waitSignal(coordinator.finished):
        coordinator.sync_now()
    coordinator.probe()
    qtbot.waitUntil(lambda: not coordinator.online)
    line.answers = True
    coordinator.probe()
    qtbot.waitUntil(lambda: coordinator.online)
    assert coordinator.state.error_code == "login_expired"


def test_what_was_said_of_a_bad_line_is_forgotten_when_the_server_answers(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.report = SyncReport(0, 0, 0, False, "timeout", "timeout")
    with qtbot.waitSignal(coordinator.finished):
        coordinator.sync_now()
    assert coordinator.state.error_code == "timeout"
    line.answers, line.report = True, WELL
    with qtbot.waitSignal(coordinator.status_changed, check_params_cb=lambda state: state.online):
        coordinator.probe()
    assert coordinator.state.error_code is None


def test_a_sync_that_a_person_stopped_begins_again_only_when_a_person_says_so(
    qtbot: QtBot, ward: Ward, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.answers = True
    with qtbot.waitSignal(coordinator.finished):
        coordinator.probe()
    coordinator.cancel()
    assert coordinator.state.paused
    notes.addendum(ward.session, "n-new", "Ny opplysning")
    ward.clock.advance(timedelta(minutes=30))
    coordinator.take_next_step()
    qtbot.waitUntil(lambda: not coordinator._probing)
    assert (line.syncs, coordinator.online, coordinator.state.paused) == (1, True, True)
    with qtbot.waitSignal(coordinator.finished):
        coordinator.sync_now()
    assert (line.syncs, coordinator.state.paused) == (2, False)


def test_the_line_is_let_go_of_at_the_lock_and_never_under_a_running_sync(
    qtbot: QtBot, coordinator: SyncCoordinator, line: FakeLine
) -> None:
    line.gate.clear()
    coordinator.sync_now()
    qtbot.waitUntil(lambda: line.syncs == 1)
    coordinator.close()
    assert not line.closed
    line.gate.set()
    qtbot.waitUntil(lambda: line.closed)
    assert line.stopped


def test_a_line_that_nobody_uses_is_let_go_of_at_once(
    coordinator: SyncCoordinator, line: FakeLine
) -> None:
    coordinator.close()
    assert line.closed


def test_a_draft_that_was_written_on_is_unsent_at_the_next_glance(
    coordinator: SyncCoordinator, ward: Ward
) -> None:
    coordinator.glance.timeout.emit()
    before = coordinator.state.status.drafts_unsent
    body = {"template": "", "text": "Mer uten nett.", "addendum_to": None}
    notes.new_draft(ward.session, AASE, "note", None, body)
    coordinator.glance.timeout.emit()
    assert coordinator.state.status.drafts_unsent == before + 1
