"""Courier files that were received, and the keys of the laptops that sign them."""

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

    def device_key(self, device_id: str) -> str | None:
        """Return the public key of a laptop in hexadecimal, None when it has told none."""
        rows = self._db.rows("SELECT public_key FROM device WHERE id = ?", (device_id,))
        return rows[0][0] if rows else None

    def set_device_key(self, device_id: str, public_key: str) -> None:
        """Remember the public key of a laptop in place of an older one."""
        self._db.run("UPDATE device SET public_key = ? WHERE id = ?", (public_key, device_id))
