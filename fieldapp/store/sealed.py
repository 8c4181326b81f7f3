"""What is unsent, as numbers alone: for whoever may send it and not read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldapp.clock import from_iso
from fieldapp.store.db import Database

DRAFT = "draft"

BY_RECOVERY_KEY = "recovery_key"
BY_ESCROW = "escrow"
"""Who the access log names as the opener: which officer it is, the server finds out when something
is sent."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many unsent changes of one kind there are and since when. No ids, no contents.

    `stopped` of them were refused once and wait for a person; they are not sent again.
    """

    kind: str
    count: int
    oldest: datetime
    stopped: int = 0


def tally(database: Database) -> list[Tally]:
    """Count what is unsent by kind, the largest number first; drafts last, as the kind "draft"."""
    rows = database.connection.execute(
        "SELECT kind, count(*) AS number, min(created_at) AS oldest,"
        " count(*) FILTER (WHERE state = 'parked') AS stopped"
        " FROM outbox GROUP BY kind ORDER BY number DESC, kind"
    ).fetchall()
    found = [
        Tally(str(row["kind"]), int(row["number"]), from_iso(row["oldest"]), int(row["stopped"]))
        for row in rows
    ]
    draft = database.connection.execute(
        "SELECT count(*) AS number, min(saved_at) AS oldest FROM draft"
        " WHERE sent_at IS NOT saved_at"
    ).fetchone()
    if draft is not None and draft["number"]:
        found.append(Tally(DRAFT, int(draft["number"]), from_iso(draft["oldest"])))
    return found
