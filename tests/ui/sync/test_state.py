"""The pill says what is so: nothing is "sent" while something waits, is parked or not fetched."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fieldapp.services.sync_status import SyncStatus
from ui.sync.state import Standing, SyncState, age, headline, offline_text, pill, standing, when

NOW = datetime(2026, 11, 23, 8, 40, tzinfo=UTC)
LAST = datetime(2026, 11, 23, 7, 12, tzinfo=UTC)
WELL = SyncState(SyncStatus(0, 0, LAST, True, 0), online=True)


def with_status(state: SyncState = WELL, **changes: object) -> SyncState:
    return replace(state, status=replace(state.status, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "text", "tone"),
    [
        (WELL, "Alt er sendt · 08:12", "ok"),
        (replace(WELL, online=False), "Uten dekning · ingenting venter", "warn"),
        (
            with_status(replace(WELL, online=False), waiting=3, parked=1),
            "Uten dekning · 3 usendt · 1 stoppet",
            "warn",
        ),
        (
            with_status(replace(WELL, error_code="login_expired"), waiting=5, parked=2),
            "Logg inn for å sende (5 venter)",
            "warn",
        ),
        (with_status(waiting=1, parked=1), "1 kunne ikke sendes", "danger"),
        (
            replace(WELL, running=True, step="push", done=2, total=7),
            "Sender 2 av 7",
            "accent",
        ),
        (replace(WELL, running=True, step="pull"), "Henter …", "accent"),
        (replace(WELL, error_code="server_trouble"), "Sist synk feilet · se hvorfor", "danger"),
        (with_status(pull_complete=False), "Henting ikke fullført", "warn"),
        (with_status(waiting=1), "1 usendt", "warn"),
        (with_status(drafts_unsent=2, waiting=1), "3 usendt", "warn"),
        (with_status(issues=1, parked=1), "1 sikkerhetssak", "danger"),
        (
            with_status(replace(WELL, online=False), issues=2),
            "2 sikkerhetssaker · uten dekning",
            "danger",
        ),
        (with_status(parked=3, conflicts=2), "2 konflikter · velg hva som gjelder", "danger"),
        (
            with_status(replace(WELL, online=False), waiting=1, parked=3, conflicts=2),
            "Uten dekning · 1 usendt · 2 i konflikt · 1 stoppet",
            "warn",
        ),
        (with_status(replace(WELL, paused=True), waiting=2), "Synk er stoppet · 2 usendt", "warn"),
    ],
)
def test_the_first_state_that_holds_is_shown(state: SyncState, text: str, tone: str) -> None:
    view = pill(state, NOW)
    assert (view.text, view.tone) == (text, tone)


@pytest.mark.parametrize(
    "state",
    [
        with_status(waiting=1),
        with_status(parked=1),
        with_status(pull_complete=False),
        replace(WELL, online=False),
        replace(WELL, error_code="server_trouble"),
        replace(WELL, running=True),
    ],
)
def test_sent_is_never_said_when_it_is_not_so(state: SyncState) -> None:
    assert "Alt er sendt" not in pill(state, NOW).text
    assert "Alt er sendt" not in headline(state, NOW).title


def test_without_coverage_the_page_says_that_work_is_safe_and_when_it_was_last_sent() -> None:
    lines = headline(replace(WELL, online=False), NOW)
    assert "trygt lagret" in lines.detail
    assert "08:12" in lines.detail


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (LAST, "08:12"),
        (LAST - timedelta(days=1), "i går 08:12"),
        (LAST - timedelta(days=9), "14.11. 08:12"),
        (None, "aldri"),
    ],
)
def test_a_past_moment_is_said_the_short_way(moment: datetime | None, words: str) -> None:
    assert when(moment, NOW) == words


@pytest.mark.parametrize(
    ("waited", "words"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47), "47 t"),
        (timedelta(days=4), "4 døgn"),
    ],
)
def test_waiting_is_said_in_the_largest_whole_unit(waited: timedelta, words: str) -> None:
    assert age(NOW - waited, NOW) == words


def _every_state() -> list[SyncState]:
    """Every combination of what may be so at once: 1,536 states."""
    found = []
    for (
        issues,
        online,
        error,
        conflicts,
        stopped,
        running,
        whole,
        paused,
        waiting,
        drafts,
    ) in itertools.product(
        (0, 2),
        (True, False),
        (None, "login_expired", "server_trouble"),
        (0, 1),
        (0, 1),
        (True, False),
        (True, False),
        (True, False),
        (0, 1),
        (0, 3),
    ):
        status = SyncStatus(
            waiting=waiting,
            parked=stopped + conflicts,
            last_complete=LAST,
            pull_complete=whole,
            drafts=drafts,
            conflicts=conflicts,
            issues=issues,
            drafts_unsent=drafts,
        )
        found.append(
            SyncState(status, online=online, running=running, error_code=error, paused=paused)
        )
    return found


def _rank_by_hand(state: SyncState) -> Standing:
    """The order of the specification, written down once more as plain questions."""
    status = state.status
    if status.issues:
        return Standing.SAFETY
    if not state.online:
        return Standing.OFFLINE
    if state.error_code == "login_expired":
        return Standing.LOGIN
    if status.conflicts:
        return Standing.CONFLICT
    if status.parked:
        return Standing.PARKED
    if state.running:
        return Standing.SYNCING
    if state.error_code:
        return Standing.FAILED
    if not status.pull_complete:
        return Standing.INCOMPLETE
    if state.paused:
        return Standing.PAUSED
    return Standing.WAITING if status.waiting or status.drafts_unsent else Standing.OK


def test_in_every_combination_the_gravest_state_is_shown() -> None:
    for state in _every_state():
        assert standing(state) is _rank_by_hand(state), state


def test_in_every_combination_sent_is_said_only_when_all_is_sent_and_a_sync_was_whole() -> None:
    for state in _every_state():
        said = "Alt er sendt" in pill(state, NOW).text
        quiet = state.online and not state.running and state.error_code is None
        nothing_left = state.status.all_sent and not state.status.issues and not state.paused
        assert said == (quiet and nothing_left), state
        assert ("Alt er sendt" in headline(state, NOW).title) == said


def test_in_every_combination_the_offline_text_counts_what_is_not_settled() -> None:
    for state in _every_state():
        text, status = offline_text(state.status), state.status
        assert ("sikkerhetssak" in text) == (status.issues > 0)
        assert ("usendt" in text) == (status.waiting + status.drafts_unsent > 0)
        assert ("konflikt" in text) == (status.conflicts > 0)
        assert ("stoppet" in text) == (status.parked > status.conflicts)


def test_the_time_shown_is_the_last_complete_success_whatever_happened_since() -> None:
    for state in _every_state():
        assert "08:12" in headline(state, NOW).detail
