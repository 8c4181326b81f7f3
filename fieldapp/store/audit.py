"""The log of who did what, when: a chain in which every line holds the hash of the one before.

The schema refuses to change or delete a line and to slip one in. ``first_broken`` proves that
nobody did so behind the schema's back. Lines hold ids and codes, never contents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldapp.clock import to_iso
from fieldapp.domain.access_log import START, AccessReason, chain_hash
from fieldapp.store.db import Database


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. ``kind`` and ``record_id`` name what was acted on, where there is such a thing."""

    sequence: int
    at: str
    actor_id: str
    action: str
    kind: str | None
    record_id: str | None
    patient_id: str | None
    reason: str | None = None


def append(
    database: Database,
    *,
    now: datetime,
    actor_id: str,
    action: str,
    kind: str | None = None,
    record_id: str | None = None,
    patient_id: str | None = None,
    reason: AccessReason | None = None,
) -> None:
    """Add a line in the caller's transaction."""
    connection = database.connection
    last = connection.execute("SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
    previous = START if last is None else str(last["hash"])
    fields = (to_iso(now), actor_id, action, kind, record_id, patient_id)
    connection.execute(
        "INSERT INTO audit (at, actor_id, action, kind, record_id, patient_id, reason,"
        " previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*fields, reason, previous, chain_hash(previous, fields, reason)),
    )


def lines(database: Database, patient_id: str | None = None, limit: int = 500) -> list[AuditLine]:
    """The newest lines first; of one patient where given."""
    rows = database.connection.execute(
        "SELECT sequence, at, actor_id, action, kind, record_id, patient_id, reason FROM audit"
        " WHERE ?1 IS NULL OR patient_id = ?1 ORDER BY sequence DESC LIMIT ?2",
        (patient_id, limit),
    )
    return [AuditLine(*row) for row in rows]


def knows(database: Database, line_hash: str) -> bool:
    """True when a line of this log has that hash; "" stands before the first line."""
    if line_hash == START:
        return True
    row = database.connection.execute("SELECT 1 FROM audit WHERE hash = ?", (line_hash,)).fetchone()
    return row is not None


def last_sequence(database: Database) -> int:
    """The number of the newest line; 0 before the first."""
    row = database.connection.execute("SELECT max(sequence) AS last FROM audit").fetchone()
    return 0 if row is None or row["last"] is None else int(row["last"])


def following(database: Database, line_hash: str, limit: int) -> tuple[list[AuditLine], str]:
    """The oldest lines after the one with that hash, and the hash of the last of them.

    All lines from the first when no line has that hash.
    """
    rows = database.connection.execute(
        "SELECT sequence, at, actor_id, action, kind, record_id, patient_id, reason, hash"
        " FROM audit"
        " WHERE sequence > coalesce((SELECT sequence FROM audit WHERE hash = ?), 0)"
        " ORDER BY sequence LIMIT ?",
        (line_hash, limit),
    ).fetchall()
    if not rows:
        return [], line_hash
    return [AuditLine(*tuple(row)[:8]) for row in rows], str(rows[-1]["hash"])


def first_broken(database: Database) -> int | None:
    """The sequence of the first line that does not fit the chain; None when all is well."""
    previous = START
    rows = database.connection.execute(
        "SELECT sequence, at, actor_id, action, kind, record_id, patient_id, reason, previous_hash,"
        " hash FROM audit ORDER BY sequence"
    )
    for row in rows:
        sequence, *fields, reason, stored_previous, stored_hash = row
        expected = chain_hash(previous, tuple(fields), reason)
        if stored_previous != previous or stored_hash != expected:
            return int(sequence)
        previous = str(stored_hash)
    return None
