"""What laptops could not deliver, as it came, and what the office made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sync.server.storage.base import Row, Statements

_COLUMNS = (
    "change_id, device_id, user_id, kind, id, patient_id, base_version, sequence, offset_ms, body,"
    " outcome, reason, at, settled_outcome, settled_version"
)

_HELP_WANTED = (
    "EXISTS (SELECT 1 FROM access_log l WHERE l.action = 'hand_over'"
    " AND l.device_id = p.device_id AND l.kind = p.kind AND l.record_id = p.id"
    " AND l.received_at >= p.at)"
)
"""A line of the laptop's log says so. One that came before the change was about an earlier one."""


@dataclass(frozen=True, slots=True)
class ParkedChange:
    """A change that was not stored. `body` is None where it was too large or no JSON.

    `settled_outcome` is None while it waits for a person.
    """

    change_id: str
    device_id: str
    user_id: str
    kind: str
    id: str
    patient_id: str | None
    base_version: int
    sequence: int
    offset_ms: int | None
    body: dict[str, Any] | None
    outcome: str
    reason: str
    at: str
    settled_outcome: str | None = None
    settled_version: int | None = None


class ParkedRepository:
    """Reads and writes parked changes inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def put(self, change: ParkedChange, text: str | None) -> None:
        """Keep a change with its body's JSON text, or its newest state when it was here already.

        What the office has settled stays as it is.
        """
        self._db.run(
            f"INSERT INTO parked_change ({_COLUMNS})"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)"
            " ON CONFLICT (change_id, device_id) DO UPDATE SET body = excluded.body,"
            " outcome = excluded.outcome, reason = excluded.reason,"
            " base_version = excluded.base_version"
            " WHERE parked_change.settled_outcome IS NULL",
            (
                change.change_id,
                change.device_id,
                change.user_id,
                change.kind,
                change.id,
                change.patient_id,
                change.base_version,
                change.sequence,
                change.offset_ms,
                text,
                change.outcome,
                change.reason,
                change.at,
            ),
        )

    def withdraw(
        self, device_id: str, kind: str, record_id: str, *, text: str | None = None
    ) -> None:
        """Forget what waits for a record that its own laptop has delivered meanwhile.

        `text` is the body of a delivered event: another text under its id, from a clone of the
        laptop, was not delivered by it and stays.
        """
        self._db.run(
            "DELETE FROM parked_change WHERE device_id = ? AND kind = ? AND id = ?"
            " AND settled_outcome IS NULL"
            " AND (outcome <> 'conflict' OR body = coalesce(CAST(? AS TEXT), body))",
            (device_id, kind, record_id, text),
        )

    def records_waiting(self, device_id: str) -> frozenset[tuple[str, str]]:
        """Return (kind, id) of the records of which a laptop has something open here."""
        rows = self._db.rows(
            "SELECT kind, id FROM parked_change WHERE device_id = ? AND settled_outcome IS NULL",
            (device_id,),
        )
        return frozenset((str(kind), str(record_id)) for kind, record_id in rows)

    def all_waiting(self, device_ids: Iterable[str]) -> set[tuple[str, str, str]]:
        """Return (device id, kind, id) of the records of which laptops have something open here."""
        rows = self._db.rows_for(
            "WITH wanted (device_id) AS ({keys}) SELECT p.device_id, p.kind, p.id"
            " FROM wanted JOIN parked_change p ON p.device_id = wanted.device_id"
            " AND p.settled_outcome IS NULL",
            ("text",),
            [(device_id,) for device_id in device_ids],
        )
        return {(row[0], row[1], row[2]) for row in rows}

    def count_open(self) -> int:
        """Return how many wait for a person."""
        ((number,),) = self._db.rows(
            "SELECT count(*) FROM parked_change WHERE settled_outcome IS NULL"
        )
        return int(number)

    def counts_open(self) -> dict[str, int]:
        """Return how many wait, by laptop."""
        rows = self._db.rows(
            "SELECT device_id, count(*) FROM parked_change WHERE settled_outcome IS NULL"
            " GROUP BY device_id"
        )
        return {str(device_id): int(number) for device_id, number in rows}

    def open(self, limit: int) -> list[ParkedChange]:
        """Return what waits for a person: first where help was asked for, then the oldest."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM parked_change p WHERE settled_outcome IS NULL"  # noqa: S608
            f" ORDER BY CASE WHEN {_HELP_WANTED} THEN 0 ELSE 1 END, at, change_id, device_id"
            " LIMIT ?",
            (limit,),
        )
        return [_parked(row) for row in rows]

    def help_wanted(self) -> frozenset[tuple[str, str]]:
        """Return (change id, device id) of what waits and was handed over to the office."""
        rows = self._db.rows(
            "SELECT change_id, device_id FROM parked_change p"  # noqa: S608
            f" WHERE settled_outcome IS NULL AND {_HELP_WANTED}"
        )
        return frozenset((str(change_id), str(device_id)) for change_id, device_id in rows)

    def named(self, change_id: str, device_id: str | None) -> list[ParkedChange]:
        """Return the parked changes of this id, settled ones too; of one laptop where given."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM parked_change"  # noqa: S608
            " WHERE change_id = ? AND device_id = coalesce(CAST(? AS TEXT), device_id)"
            " ORDER BY device_id",
            (change_id, device_id),
        )
        return [_parked(row) for row in rows]

    def settle(
        self, change: ParkedChange, outcome: str, version: int, *, by: str, at: str, reason: str
    ) -> None:
        """Write down what the office decided."""
        self._db.run(
            "UPDATE parked_change SET settled_outcome = ?, settled_version = ?, settled_by = ?,"
            " settled_at = ?, settled_reason = ? WHERE change_id = ? AND device_id = ?",
            (outcome, version, by, at, reason, change.change_id, change.device_id),
        )

    # --- telling the laptop

    def to_tell(self, device_id: str, limit: int) -> list[ParkedChange]:
        """Return what is settled and not yet known to have been heard, the oldest first."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM parked_change WHERE device_id = ?"  # noqa: S608
            " AND settled_outcome IS NOT NULL AND acknowledged_at IS NULL"
            " ORDER BY settled_at, change_id LIMIT ?",
            (device_id, limit),
        )
        return [_parked(row) for row in rows]

    def told(self, change: ParkedChange, at: str, newest_seq: int) -> None:
        """Note that a laptop is being told now; only the first time counts."""
        self._db.run(
            "UPDATE parked_change SET told_at = ?, told_seq = ?"
            " WHERE change_id = ? AND device_id = ? AND told_at IS NULL",
            (at, newest_seq, change.change_id, change.device_id),
        )

    def acknowledge(self, device_id: str, cursor_seq: int, at: str) -> None:
        """Note that the laptop, which has this cursor, has heard all that came before it."""
        self._db.run(
            "UPDATE parked_change SET acknowledged_at = ?"
            " WHERE device_id = ? AND told_seq < ? AND acknowledged_at IS NULL",
            (at, device_id, cursor_seq),
        )


def _parked(row: Row) -> ParkedChange:
    (
        change_id,
        device_id,
        user_id,
        kind,
        record_id,
        patient_id,
        base_version,
        sequence,
        offset_ms,
        body,
        outcome,
        reason,
        at,
        settled_outcome,
        settled_version,
    ) = row
    return ParkedChange(
        change_id=change_id,
        device_id=device_id,
        user_id=user_id,
        kind=kind,
        id=record_id,
        patient_id=patient_id,
        base_version=int(base_version),
        sequence=int(sequence),
        offset_ms=None if offset_ms is None else int(offset_ms),
        body=None if body is None else json.loads(body),
        outcome=outcome,
        reason=reason,
        at=at,
        settled_outcome=settled_outcome,
        settled_version=None if settled_version is None else int(settled_version),
    )
