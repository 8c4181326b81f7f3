"""Courier files that were received."""

from __future__ import annotations

from dataclasses import dataclass

from sync.server.storage.base import Statements


@dataclass(frozen=True, slots=True)
class CourierRow:
    """One file that was received. `review`: its laptop was shut out, nothing of it is a record."""

    sha256: str
    device_id: str
    sequence: int
    received_at: str
    received_by: str | None
    changes: int
    review: bool


class CourierRepository:
    """Reads and writes what concerns courier files inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def add(self, row: CourierRow) -> None:
        """Note that a file was received; the first time counts."""
        self._db.run(
            "INSERT INTO courier_file"
            " (sha256, device_id, sequence, received_at, received_by, changes, review)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            (
                row.sha256,
                row.device_id,
                row.sequence,
                row.received_at,
                row.received_by,
                row.changes,
                int(row.review),
            ),
        )

    def get(self, sha256: str) -> CourierRow | None:
        """Return when a file was received, None when it never was."""
        rows = self._db.rows(
            "SELECT sha256, device_id, sequence, received_at, received_by, changes, review"
            " FROM courier_file WHERE sha256 = ?",
            (sha256,),
        )
        if not rows:
            return None
        name, device_id, sequence, received_at, received_by, changes, review = rows[0]
        return CourierRow(
            name, device_id, int(sequence), received_at, received_by, int(changes), bool(review)
        )
