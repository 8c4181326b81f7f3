"""When a laptop tries the line and when it syncs, by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sync.client.schedule import (
    BACKOFF_LONGEST,
    PROBE_EVERY,
    REFRESH_EVERY,
    RETURN_SPREAD,
    SETTLE,
    ScheduleState,
    backoff,
    next_action,
)
from tests.helpers.stores import START

SECOND = timedelta(seconds=1)
QUIET = ScheduleState(online=True, online_since=START, last_attempt=START + SECOND)


def test_without_coverage_the_line_is_tried_at_intervals() -> None:
    state = ScheduleState(online=False)
    assert next_action(state, START).action == "probe"
    tried = replace(state, last_probe=START)
    assert next_action(tried, START + SECOND).after == PROBE_EVERY - SECOND
    assert next_action(tried, START + PROBE_EVERY).action == "probe"


def test_when_coverage_returns_laptops_start_at_different_moments() -> None:
    back = START + timedelta(hours=3)
    states = [replace(QUIET, online_since=back, jitter=jitter) for jitter in (0.0, 0.5, 1.0)]
    waits = [next_action(state, back).after for state in states]
    assert waits == [timedelta(0), RETURN_SPREAD / 2, RETURN_SPREAD]
    assert next_action(states[0], back).action == "sync"


def test_a_change_waits_a_moment_for_company_and_is_then_sent() -> None:
    written = START + timedelta(minutes=1)
    state = replace(QUIET, oldest_unsent=written)
    assert next_action(state, written).after == SETTLE
    assert next_action(state, written + SETTLE).action == "sync"


def test_what_a_sync_left_waiting_is_tried_again_only_after_a_pause() -> None:
    assert QUIET.last_attempt is not None
    state = replace(QUIET, oldest_unsent=QUIET.last_attempt - timedelta(hours=1))
    assert next_action(state, QUIET.last_attempt).after == SETTLE


def test_others_work_is_fetched_now_and_then() -> None:
    assert next_action(QUIET, START + 2 * SECOND).action == "wait"
    assert next_action(QUIET, START + SECOND + REFRESH_EVERY).action == "sync"


def test_a_server_in_trouble_is_left_alone_longer_and_longer() -> None:
    waits = [backoff(failures, 0.0) for failures in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_LONGEST
    assert backoff(3, 1.0) == backoff(3, 0.0) * 1.5
    failed = replace(QUIET, failures=2, oldest_unsent=START)
    assert next_action(failed, START + 2 * SECOND).action == "wait"


def test_nothing_is_started_while_a_sync_runs() -> None:
    running = replace(QUIET, running=True)
    assert next_action(running, START + timedelta(days=1)).action == "wait"


def test_without_a_log_in_nothing_is_sent_and_the_line_is_still_watched() -> None:
    assert next_action(replace(QUIET, needs_login=True), START).action == "probe"


def test_a_clock_set_back_by_a_day_costs_a_short_wait() -> None:
    action = next_action(QUIET, START - timedelta(days=1))
    assert action.after <= BACKOFF_LONGEST * 2
