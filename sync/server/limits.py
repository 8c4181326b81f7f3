"""How often strangers, and people who guess, may try; counted in the database for all processes.

A try is counted before it is looked at, so that a thousand at once are a thousand. What is counted
stands there as a fingerprint: no user name and no address.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fieldapp.clock import from_iso, to_iso
from sync.protocol.errors import TooManyTriesError
from sync.server.world import World

_QUARTER: Final = timedelta(minutes=15)
_KEPT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries of one kind within a time."""

    name: str
    tries: int
    within: timedelta = _QUARTER


LOGIN: Final = Limit("login", 10)
"""Passwords at one laptop. Only whoever has the laptop's key gets as far as here: a stranger locks
nobody out, and whoever has found a laptop does not lock its user out of another one."""

ENROL: Final = Limit("enrol", 10)
"""Enrolments under one user name; the code itself is dead after five."""

DELIVER: Final = Limit("deliver", 10)
"""Passwords of one recovery officer at one colleague's laptop, which must have signed the part."""

STRANGERS: Final = Limit("strangers", 300)
"""Refusals of whoever shows no laptop, from one address. A whole office, or a whole mobile network,
may share one: a laptop that shows its own key is not kept out by what its neighbours do."""

TOKEN: Final = Limit("token", 120)
"""Renewals by one laptop."""

STANDING: Final = Limit("standing", 1200)
"""Questions from one address whether a laptop is still wanted; they need no log-in."""

OPEN: Final = Limit("open", 60, timedelta(hours=1))
"""Patients whom one person opens in an hour; far more than any emergency."""

FIND: Final = Limit("find", 60, timedelta(hours=1))
"""Searches by one person for patients whom they do not follow."""


def take(world: World, limit: Limit, whom: str) -> None:
    """Count one more try. Raises TooManyTriesError, which says after how many seconds."""
    now = world.clock.now()
    with world.storage.noting() as transaction:
        since, tries = transaction.tries.take(
            what(limit, whom), to_iso(now), to_iso(now - limit.within)
        )
    if tries == 1:
        with world.storage.noting() as transaction:
            transaction.tries.forget_before(to_iso(now - _KEPT))
    if tries > limit.tries:
        raise _wait(limit, since, now)


def count(world: World, limit: Limit, whom: str) -> None:
    """Count one more try, and let it be."""
    with contextlib.suppress(TooManyTriesError):
        take(world, limit, whom)


def check(world: World, limit: Limit, whom: str) -> None:
    """Count nothing. Raises TooManyTriesError when there were too many already."""
    now = world.clock.now()
    with world.storage.glance() as transaction:
        since, tries = transaction.tries.count(what(limit, whom), to_iso(now - limit.within))
    if tries >= limit.tries:
        raise _wait(limit, since, now)


def give_back(world: World, limit: Limit, whom: str) -> None:
    """The try was a right one: those before it count no more."""
    with world.storage.noting() as transaction:
        transaction.tries.forget(what(limit, whom))


def address(text: str) -> str:
    """Return what counts as one address: of IPv6 the network, which one household has whole."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def what(limit: Limit, whom: str) -> str:
    """Return the fingerprint under which tries are counted."""
    return hashlib.sha256(f"{limit.name}\0{whom}".encode(errors="replace")).hexdigest()[:32]


def _wait(limit: Limit, since: str, now: datetime) -> TooManyTriesError:
    seconds = int((from_iso(since) + limit.within - now).total_seconds())
    return TooManyTriesError(str(max(1, seconds)))
