"""When to try the line and when to sync, by itself. A pure decision; the caller owns the timer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

PROBE_EVERY: Final = timedelta(seconds=15)
"""How often the line is tried while there is no coverage."""

SETTLE: Final = timedelta(seconds=4)
"""How long a change waits for company, so that a burst of work goes in one batch."""

REFRESH_EVERY: Final = timedelta(minutes=5)
"""How often others' work is fetched while there is coverage and nothing to send."""

BACKOFF_FIRST: Final = timedelta(seconds=15)
BACKOFF_LONGEST: Final = timedelta(minutes=10)

RETURN_SPREAD: Final = timedelta(seconds=10)
"""Laptops that get coverage at the same moment start their sync spread over this time."""

MINIMUM_WAIT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """What is known about the line and the work.

    `online` is the result of the last probe. `failures` counts failed syncs in a row, the last at
    `last_attempt`. `jitter` is a random number from 0 to 1 that the caller draws once per sync:
    it keeps a team's laptops from coming all at once.
    """

    online: bool
    running: bool = False
    needs_login: bool = False
    last_probe: datetime | None = None
    online_since: datetime | None = None
    last_attempt: datetime | None = None
    oldest_unsent: datetime | None = None
    failures: int = 0
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class NextAction:
    """What to do now; for "wait", ask again after `after`."""

    action: Literal["probe", "sync", "wait"]
    after: timedelta = timedelta(0)


def next_action(state: ScheduleState, now: datetime) -> NextAction:
    """Decide what to do at `now`; a clock that was set back costs no more than a short wait."""
    if state.running:
        return _wait(PROBE_EVERY)
    if not state.online or state.needs_login:
        return _when_due("probe", _after(state.last_probe, PROBE_EVERY), now)
    return _when_due("sync", _next_sync(state), now)


def backoff(failures: int, jitter: float) -> timedelta:
    """How long to leave a troubled server alone: doubling, at most ten minutes, spread by half."""
    doubled = BACKOFF_FIRST * (1 << min(max(failures, 1) - 1, 10))
    return min(doubled, BACKOFF_LONGEST) * (1 + jitter / 2)


def _next_sync(state: ScheduleState) -> datetime | None:
    """The moment of the next sync; None for at once."""
    if state.failures and state.last_attempt is not None:
        return state.last_attempt + backoff(state.failures, state.jitter)
    back = state.online_since
    if state.last_attempt is None or (back is not None and back > state.last_attempt):
        # Coverage has come (back): soon, whether or not anything waits.
        return _after(back, RETURN_SPREAD * state.jitter)
    refresh = state.last_attempt + REFRESH_EVERY * (1 + state.jitter / 2)
    if state.oldest_unsent is None:
        return refresh
    # What a sync could not send must not begin the next one at its end: that would never stop.
    return min(refresh, max(state.oldest_unsent, state.last_attempt) + SETTLE)


def _after(moment: datetime | None, step: timedelta) -> datetime | None:
    return None if moment is None else moment + step


def _when_due(
    action: Literal["probe", "sync"], moment: datetime | None, now: datetime
) -> NextAction:
    if moment is None or moment <= now:
        return NextAction(action)
    return _wait(moment - now)


def _wait(step: timedelta) -> NextAction:
    # A clock that was set back must not make the laptop sleep for a day.
    return NextAction("wait", max(MINIMUM_WAIT, min(step, BACKOFF_LONGEST * 2)))
