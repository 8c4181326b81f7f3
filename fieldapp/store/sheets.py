"""Paper sheets as they stand in the store."""

from __future__ import annotations

from fieldapp.domain.handout_events import PaperSheet, SheetStatus
from fieldapp.store import records
from fieldapp.store.db import Database


def printed(database: Database) -> list[PaperSheet]:
    """Return the sheets that were printed and neither entered nor declared void, oldest first."""
    found = records.select(database, PaperSheet, "status = ?", (SheetStatus.PRINTED.value,))
    return sorted(found, key=lambda sheet: (sheet.printed_at, sheet.id))
