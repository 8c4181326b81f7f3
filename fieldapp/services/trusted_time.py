"""The time that handing out goes by; see `fieldapp.store.trusted_time`."""

from __future__ import annotations

from datetime import datetime, timedelta

from fieldapp.clock import Elapsed
from fieldapp.services.session import Session
from fieldapp.store import trusted_time
from fieldapp.store.db import Database


def now(session: Session) -> datetime | None:
    """The true time in UTC, or None when nobody knows it before the next sync."""
    return trusted_time.now(session.database, session.clock)


def pull_age(session: Session) -> timedelta | None:
    """How long ago the last complete pull was; None before the first, or when nobody knows."""
    return trusted_time.pull_age(session.database, session.clock)


def note_server_time(
    database: Database, server_time: datetime, elapsed: Elapsed, wall: datetime
) -> None:
    """Take over the server's time; `elapsed` and `wall` are this machine's at that moment."""
    trusted_time.note_server_time(database, server_time, elapsed, wall)
