"""How long a laptop may be read without a log-in at the server: the offline lease.

The lease closes reading, never recording, and deletes nothing. It is kept by the program, not by
the cipher: it limits the honest laptop in the wrong place, not a thief with the passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Final

DEFAULT_DAYS: Final = 7
WARN_BEFORE: Final = timedelta(days=2)


class LeaseState(StrEnum):
    """OPEN; WARNING during the last two days; ENDED until the next log-in."""

    OPEN = auto()
    WARNING = auto()
    ENDED = auto()


class Area(StrEnum):
    """What can be read of a patient, as far as the lease tells the parts apart."""

    CRITICAL = auto()
    """Who it is, critical information, contacts."""
    ORDERS = auto()
    CLAIMS = auto()
    HANDOUTS = auto()
    OLDER_NOTES = auto()
    """Everything else that was written: notes, visits, screenings, samples."""
    SEARCH = auto()


READABLE_AFTER: Final = frozenset({Area.CRITICAL, Area.ORDERS, Area.CLAIMS, Area.HANDOUTS})
"""What stays open, of the trip's patients alone, when the lease has ended."""


@dataclass(frozen=True, slots=True)
class Lease:
    """`until` is the end, by the latest time ever seen on this laptop (`latest`)."""

    until: datetime
    latest: datetime

    @property
    def state(self) -> LeaseState:
        if self.latest >= self.until:
            return LeaseState.ENDED
        if self.latest >= self.until - WARN_BEFORE:
            return LeaseState.WARNING
        return LeaseState.OPEN

    def allows(self, area: Area, *, on_trip: bool) -> bool:
        """True when this part of a patient may be read; `on_trip`: the patient is of the trip."""
        if self.state is not LeaseState.ENDED:
            return True
        return on_trip and area in READABLE_AFTER


def lease(last_login: datetime, latest: datetime, days: int = DEFAULT_DAYS) -> Lease:
    """Return the lease that a log-in at the server gave.

    `latest` is the latest time ever seen here: a clock that is put back prolongs nothing.
    """
    return Lease(last_login + timedelta(days=days), max(latest, last_login))
