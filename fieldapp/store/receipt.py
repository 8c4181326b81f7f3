"""What one person recorded on one laptop in a span of time."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from fieldapp.clock import to_iso
from fieldapp.domain.visits import Encounter
from fieldapp.store import records
from fieldapp.store.db import Database

T = TypeVar("T")


def recorded(
    database: Database,
    kind_type: type[T],
    author_id: str,
    device_id: str,
    since: datetime,
    until: datetime,
) -> list[T]:
    """The events of a kind recorded from ``since`` up to ``until``.

    Asked by device and not by how the row came here: an event that returned from the server is
    still this laptop's.
    """
    return records.select(
        database,
        kind_type,
        "body ->> '$.author_id' = ? AND body ->> '$.device_id' = ?"
        " AND body ->> '$.recorded_at' >= ? AND body ->> '$.recorded_at' < ?",
        (author_id, device_id, to_iso(since), to_iso(until)),
    )


def visits_of(database: Database, author_id: str) -> list[Encounter]:
    """All visits that this person began."""
    return records.select(database, Encounter, "author_id = ?", (author_id,))
