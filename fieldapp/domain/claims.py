"""Claims: which laptop alone may hand out a patient's medicine on a day.

A claim covers one *unit* of one substance group of one patient: a service day with all its parts,
or a depot's numbered injection. Its holder is a *store*: one user on one laptop. The server gives
claims out, one holder at a time; a claim moves only when its holder has released it. Time never
frees one.

A service day begins at `SERVICE_DAY_BEGINS` and ends when the next one begins, so that no moment
belongs to two of them. A claim serves only its own day.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from fieldapp.clock import OSLO

SERVICE_DAY_BEGINS: Final = time(6)
"""Local time; what holds unless the organisation has decided otherwise."""

LONGEST_TRIP: Final = 7
"""Days that can be claimed ahead, today included."""

_CLAIMS: Final = uuid.UUID("3b0a0f0e-2f3c-4c0f-9a38-7c6d0b4a9e55")
_OCCURRENCE = re.compile(r"#([1-9][0-9]{0,5})")


class ClaimState(StrEnum):
    """`ENDED`: released after its day was over; there is nothing more to give under it.

    `UNKNOWN`: its holder's store was set back. What that store had given is lost with it, so that
    nobody may give the day without force, not even the same store.
    """

    HELD = "held"
    FREE = "free"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Store:
    """One user on one laptop."""

    device_id: str
    practitioner_id: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Who may hand out what, as the server last said. The server owns it; its id follows from
    `patient_id`, `group` and `unit` (`claim_id`).

    `grant` numbers what was given out, by the server's one counter; an older number is of the past.
    `held_since` is the first grant of the present holding: it stays when the holder renews.
    `orders` are the orders (id: revision) that the holder was to give by.
    """

    id: str
    patient_id: str
    group: str
    unit: str
    state: ClaimState
    grant: int
    held_since: int
    holder_device_id: str | None = None
    holder_id: str | None = None
    """Practitioner id."""
    granted_at: datetime | None = None
    orders: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    """The server's epoch at the grant."""

    @property
    def day(self) -> date | None:
        """The service day, None for a depot's injection."""
        return None if self.unit.startswith("#") else date.fromisoformat(self.unit)

    @property
    def occurrence(self) -> int | None:
        """The number of a depot's injection, None for a day."""
        return occurrence_of(self.unit)

    def held_by(self, store: Store) -> bool:
        return self.state is ClaimState.HELD and (self.holder_device_id, self.holder_id) == (
            store.device_id,
            store.practitioner_id,
        )


@lru_cache(maxsize=4096)
def claim_id(patient_id: str, group: str, unit: str) -> str:
    """Return the id of the one claim of a patient's unit, the same on every machine."""
    return str(uuid.uuid5(_CLAIMS, f"{patient_id}|{group}|{unit}"))


def day_unit(day: date) -> str:
    return day.isoformat()


def occurrence_unit(number: int) -> str:
    """Return the unit of a depot's injection, counted from 1."""
    return f"#{number}"


def occurrence_of(unit: str) -> int | None:
    """Return the number in a depot's unit, None for a day's."""
    match = _OCCURRENCE.fullmatch(unit)
    return None if match is None else int(match[1])


def is_unit(text: str) -> bool:
    """True for a day or a depot's number; everything from a line is asked first."""
    if occurrence_of(text) is not None:
        return True
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def begins(day: date, service_day_begins: time = SERVICE_DAY_BEGINS) -> datetime:
    """Return the instant (UTC) at which a service day begins in Oslo, whatever the clocks do."""
    # Two moments in one local zone are compared by their faces; in UTC they are compared truly.
    return datetime.combine(day, service_day_begins, tzinfo=OSLO).astimezone(UTC)


def ends(day: date, service_day_begins: time = SERVICE_DAY_BEGINS) -> datetime:
    """Return the instant at which a service day is over: the next one begins."""
    return begins(day + timedelta(days=1), service_day_begins)


def moment_on(
    day: date, clock: time, now: datetime, service_day_begins: time = SERVICE_DAY_BEGINS
) -> datetime:
    """Return when a local clock time on a service day was, as somebody tells it afterwards.

    A time before the day begins was after midnight, at its end. Where that still lies ahead of
    `now`, it was before the day began: somebody was met early.
    """
    face = datetime.combine(day, clock, tzinfo=OSLO)
    if clock >= service_day_begins:
        return face.astimezone(UTC)
    after_midnight = datetime.combine(day + timedelta(days=1), clock, tzinfo=OSLO).astimezone(UTC)
    return after_midnight if after_midnight <= now else face.astimezone(UTC)


def service_day(moment: datetime, service_day_begins: time = SERVICE_DAY_BEGINS) -> date:
    """Return the service day that a moment belongs to."""
    day = moment.astimezone(OSLO).date()
    return day if moment >= begins(day, service_day_begins) else day - timedelta(days=1)
