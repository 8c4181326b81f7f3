"""Records and their versions: the one place that gives out sequence numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sync.server.bodies import canonical, hash_of_text
from sync.server.storage.base import Row, Statements
from sync.server.storage.values import NewVersion, StoredRecord

_COLUMNS = (
    "kind, id, patient_id, seq, body, body_hash, author_id, device_id, received_at, out_of_scope"
)


class RecordRepository:
    """Reads and writes records inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def take_turn(self) -> None:
        """Wait until no other transaction is giving out numbers; ours may from now on.

        Whoever decides something by what is stored takes its turn first, so that what it read is
        still so when it writes.
        """
        self._reserve(0)

    def newest_seq(self) -> int:
        """Return the number of the newest version."""
        ((value,),) = self._db.rows("SELECT value FROM counter WHERE name = 'seq'")
        return int(value)

    def get(self, kind: str, record_id: str) -> StoredRecord | None:
        """Return the newest version of a record, or None."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE kind = ? AND id = ?",  # noqa: S608
            (kind, record_id),
        )
        return stored_record(rows[0]) if rows else None

    def by_seq(self, sequences: Sequence[int]) -> dict[int, StoredRecord]:
        """Return the newest versions that have these sequence numbers."""
        if not sequences:
            return {}
        marks = ", ".join("?" * len(sequences))
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE seq IN ({marks})",  # noqa: S608
            sequences,
        )
        return {record.seq: record for record in map(stored_record, rows)}

    def body_at(self, kind: str, record_id: str, seq: int) -> dict[str, Any] | None:
        """Return the body of an older version, or None when the server never held it."""
        rows = self._db.rows(
            "SELECT body FROM record_history WHERE seq = ? AND kind = ? AND id = ?",
            (seq, kind, record_id),
        )
        return json.loads(rows[0][0]) if rows else None

    def put(self, version: NewVersion) -> int:
        """Store a version and return its sequence; the one it replaces goes to the history."""
        seq = self._reserve(1)
        body = canonical(version.body)
        self._db.run(
            "INSERT INTO record_history (seq, kind, id, body, author_id, device_id, received_at)"
            " SELECT seq, kind, id, body, author_id, device_id, received_at"
            " FROM record WHERE kind = ? AND id = ?",
            (version.kind, version.id),
        )
        self._db.run(
            "INSERT INTO record (kind, id, patient_id, seq, body, body_hash, immutable,"
            " out_of_scope, author_id, device_id, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq, body = excluded.body,"
            " body_hash = excluded.body_hash, out_of_scope = excluded.out_of_scope,"
            " author_id = excluded.author_id, device_id = excluded.device_id,"
            " received_at = excluded.received_at",
            _row(version, seq, body),
        )
        return seq

    def insert_new(self, versions: Sequence[NewVersion]) -> int:
        """Store many records that are not here yet, in order; return the first one's sequence."""
        first = self._reserve(len(versions)) - len(versions) + 1
        self._db.insert_many(
            "record",
            (
                "kind",
                "id",
                "patient_id",
                "seq",
                "body",
                "body_hash",
                "immutable",
                "out_of_scope",
                "author_id",
                "device_id",
                "received_at",
            ),
            (
                _row(version, seq, canonical(version.body))
                for seq, version in enumerate(versions, start=first)
            ),
        )
        return first

    def applied(self, change_id: str) -> tuple[str, str, int] | None:
        """Return (kind, id, version) of a change that was stored before, or None."""
        rows = self._db.rows(
            "SELECT kind, id, seq FROM applied_change WHERE change_id = ?", (change_id,)
        )
        return (rows[0][0], rows[0][1], int(rows[0][2])) if rows else None

    def remember_change(self, change_id: str, kind: str, record_id: str, seq: int) -> None:
        """Note that a change is stored in version `seq` of its record."""
        self._db.run(
            "INSERT INTO applied_change (change_id, kind, id, seq) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (change_id) DO NOTHING",
            (change_id, kind, record_id, seq),
        )

    def count(self, kind: str) -> int:
        """Return how many records of a kind there are."""
        ((number,),) = self._db.rows("SELECT count(*) FROM record WHERE kind = ?", (kind,))
        return int(number)

    def of_kind(self, kind: str) -> list[StoredRecord]:
        """Return every record of a kind, oldest version first. For the administrator's lists."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE kind = ? ORDER BY seq",  # noqa: S608
            (kind,),
        )
        return [stored_record(row) for row in rows]

    def of_patient(self, patient_id: str, kind: str) -> list[StoredRecord]:
        """Return a patient's records of one kind, oldest version first."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE patient_id = ? AND kind = ? ORDER BY seq",  # noqa: S608
            (patient_id, kind),
        )
        return [stored_record(row) for row in rows]

    def _reserve(self, how_many: int) -> int:
        """Take numbers and return the last one. Locks the counter until the transaction ends."""
        ((value,),) = self._db.rows(
            "UPDATE counter SET value = value + ? WHERE name = 'seq' RETURNING value", (how_many,)
        )
        return int(value)


def stored_record(row: Row) -> StoredRecord:
    """Build the value of a row with the columns of `record`."""
    kind, record_id, patient_id, seq, body, body_hash, author, device, received_at, out = row
    return StoredRecord(
        kind=kind,
        id=record_id,
        patient_id=patient_id,
        seq=int(seq),
        body=json.loads(body),
        body_hash=body_hash,
        author_id=author,
        device_id=device,
        received_at=received_at,
        out_of_scope=bool(out),
    )


def _row(version: NewVersion, seq: int, body: str) -> Row:
    return (
        version.kind,
        version.id,
        version.patient_id,
        seq,
        body,
        hash_of_text(body),
        int(version.immutable),
        int(version.out_of_scope),
        version.author_id,
        version.device_id,
        version.received_at,
    )
