"""The pill says what is so: nothing is "sent" while something waits, is parked or not fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fieldapp.services.sync_status import SyncStatus
from ui.sync.state import SyncState, age, headline, pill, when

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
