"""Time, passed in as an argument: the only module that reads the machine's clock.

Instants are aware ``datetime`` values in UTC. They are stored as text with millisecond precision
(``2026-11-22T08:15:00.000Z``), which sorts in time order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


class Clock(Protocol):
    """Anything that knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: stands still until it is told to advance."""

    def __init__(self, start: datetime) -> None:
        self._now = _as_utc(start)

    def now(self) -> datetime:
        """The instant at which the clock stands, aware, in UTC."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move the clock by ``step`` (a negative step turns it back)."""
        self._now += step


def to_iso(moment: datetime) -> str:
    """Text of an aware instant in UTC, cut to whole milliseconds.

    Raises ValueError for a naive value: its time zone would be a guess.
    """
    return _as_utc(moment).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_iso(text: str) -> datetime:
    """The aware UTC instant written by ``to_iso`` (any UTC offset is understood).

    Raises ValueError for text without an offset or that is no instant at all.
    """
    try:
        return _as_utc(datetime.fromisoformat(text))
    except OverflowError:
        # In UTC it would lie before the year 1 or after 9999.
        raise ValueError("outside the calendar") from None


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC)
