"""The laptops' access logs, line by line, under the hashes that the server worked out itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.server.storage.base import Statements


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of a laptop's access log, with the hash that the server worked out."""

    hash: str
    previous_hash: str
    device_id: str
    sequence: int
    at: str
    actor_id: str
    action: str
    kind: str | None
    record_id: str | None
    patient_id: str | None
    received_at: str
    reason: str | None = None
    """Why a patient was opened; None where no reason is asked for."""


class AccessLogRepository:
    """Reads and writes lines inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def head(self, device_id: str) -> tuple[int, str]:
        """Return sequence and hash of the newest line of a laptop's log; (0, "") for none."""
        rows = self._db.rows("SELECT log_sequence, log_hash FROM device WHERE id = ?", (device_id,))
        return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")

    def set_head(self, device_id: str, sequence: int, line_hash: str) -> None:
        """Note the newest line."""
        self._db.run(
            "UPDATE device SET log_sequence = ?, log_hash = ? WHERE id = ?",
            (sequence, line_hash, device_id),
        )

    def held(self, device_id: str, hashes: Sequence[str]) -> frozenset[str]:
        """Return those of these hashes under which a line of the laptop is here."""
        rows = self._db.rows_for(
            "WITH wanted (hash) AS ({keys}) SELECT l.hash FROM wanted JOIN access_log l"
            " ON l.hash = wanted.hash AND l.device_id = ?",
            ("text",),
            [(one,) for one in dict.fromkeys(hashes)],
            (device_id,),
        )
        return frozenset(str(row[0]) for row in rows)

    def add(self, lines: Sequence[LogRow]) -> None:
        """Add lines; those that are here already stay as they are."""
        self._db.run_for(
            "INSERT INTO access_log (hash, previous_hash, device_id, sequence, at, actor_id,"
            " action, kind, record_id, patient_id, received_at, reason) {rows}"
            " ON CONFLICT (hash) DO NOTHING",
            ("text", "text", "text", "bigint", *("text",) * 8),
            [
                (
                    line.hash,
                    line.previous_hash,
                    line.device_id,
                    line.sequence,
                    line.at,
                    line.actor_id,
                    line.action,
                    line.kind,
                    line.record_id,
                    line.patient_id,
                    line.received_at,
                    line.reason,
                )
                for line in lines
            ],
        )

    def of_device(self, device_id: str) -> list[LogRow]:
        """Return the lines of one laptop in its own order. For the auditor."""
        rows = self._db.rows(
            "SELECT hash, previous_hash, device_id, sequence, at, actor_id, action, kind,"
            " record_id, patient_id, received_at, reason FROM access_log WHERE device_id = ?"
            " ORDER BY sequence, received_at, hash",
            (device_id,),
        )
        return [LogRow(*row) for row in rows]
