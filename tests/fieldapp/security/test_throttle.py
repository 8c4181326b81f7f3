"""Guessing becomes slow, the owner is never shut out for good."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.security.errors import LockedOutError
from fieldapp.security.throttle import Throttle, wait_after
from tests.helpers.stores import START


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.hvkey.try"


def test_the_wait_doubles_from_five_seconds_to_fifteen_minutes() -> None:
    seconds = [int(wait_after(failures).total_seconds()) for failures in range(13)]
    assert seconds == [0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert wait_after(10**9) == timedelta(minutes=15)


def test_a_clock_set_back_costs_one_wait_and_not_a_year(path: Path, clock: FixedClock) -> None:
    throttle = Throttle(path, clock)
    for _ in range(3):
        throttle.count_failure()
    clock.advance(timedelta(days=-365))
    with pytest.raises(LockedOutError) as refusal:
        throttle.check()
    assert refusal.value.seconds == 5
    clock.advance(timedelta(seconds=5))
    throttle.check()


def test_an_unreadable_count_costs_one_wait(path: Path, clock: FixedClock) -> None:
    path.write_text("{", encoding="utf-8")
    with pytest.raises(LockedOutError):
        Throttle(path, clock).check()
    clock.advance(timedelta(seconds=5))
    Throttle(path, clock).check()


def test_the_count_goes_on_in_memory_when_it_cannot_be_stored(
    path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fieldapp.store.files.os.fsync", full)
    throttle = Throttle(path, clock)
    for _ in range(3):
        throttle.check()
        throttle.count_failure()
    with pytest.raises(LockedOutError):
        throttle.check()
    assert not path.exists()
