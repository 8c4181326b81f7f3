"""The office's log and the lists that only the office asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sync.server.storage.base import Row, Statements


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """One act at the office. Ids, codes, a count and a person's reason; never a body."""

    at: str
    actor_id: str
    device_id: str
    act: str
    allowed: bool = True
    subject: str | None = None
    patient_id: str | None = None
    count: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A planned visit: its day (ISO date) and local time ("HH:MM"), where one was agreed."""

    id: str
    day: str
    time: str | None


class OfficeRepository:
    """Reads and writes what belongs to the office inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    # --- the log

    def add_line(self, line: OfficeLine) -> None:
        """Write an act down for good."""
        self._db.run(
            "INSERT INTO office_log (at, actor_id, device_id, act, allowed, subject, patient_id,"
            " count, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                line.at,
                line.actor_id,
                line.device_id,
                line.act,
                int(line.allowed),
                line.subject,
                line.patient_id,
                line.count,
                line.reason,
            ),
        )

    def lines(self, limit: int = 1000) -> list[OfficeLine]:
        """Return the newest acts, the newest first."""
        rows = self._db.rows(
            "SELECT at, actor_id, device_id, act, allowed, subject, patient_id, count, reason"
            " FROM office_log ORDER BY number DESC LIMIT ?",
            (limit,),
        )
        return [_line(row) for row in rows]

    def taken_over(
        self,
        seq: int,
        kind: str,
        record_id: str,
        change_id: str,
        *,
        by: str,
        at: str,
        corrected: bool,
    ) -> None:
        """Note that a version was stored by the office on behalf of a laptop."""
        self._db.run(
            "INSERT INTO taken_over (seq, kind, id, change_id, taken_over_by, at, corrected)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (seq, kind, record_id, change_id, by, at, int(corrected)),
        )

    def who_took_over(self, kind: str, record_id: str) -> list[tuple[str, bool]]:
        """Return (user id, corrected) of each time the office stored a version of a record."""
        rows = self._db.rows(
            "SELECT taken_over_by, corrected FROM taken_over WHERE kind = ? AND id = ?"
            " ORDER BY seq",
            (kind, record_id),
        )
        return [(str(by), bool(corrected)) for by, corrected in rows]

    # --- lists

    def served_complete(self, device_id: str, at: str) -> None:
        """Note that a laptop is being sent the last page of a pull."""
        self._db.run(
            "UPDATE device_report SET served_complete_at = ? WHERE device_id = ?", (at, device_id)
        )

    def served(self) -> dict[str, str]:
        """Return when each laptop was last sent the last page of a pull."""
        rows = self._db.rows(
            "SELECT device_id, served_complete_at FROM device_report"
            " WHERE served_complete_at IS NOT NULL"
        )
        return {str(device_id): str(at) for device_id, at in rows}

    def encounters_since(self, user_id: str, received_after: str) -> list[dict[str, Any]]:
        """Return the bodies of the visits of a person that came to the server after a moment."""
        rows = self._db.rows(
            "SELECT body FROM record WHERE kind = 'encounter' AND author_id = ?"
            " AND received_at > ?",
            (user_id, received_after),
        )
        return [json.loads(row[0]) for row in rows]

    def planned(self, user_id: str, first_day: str, last_day: str) -> list[PlannedVisit]:
        """Return the visits planned for a person on these days, both included."""
        rows = self._db.rows(
            "SELECT id, day, time FROM planned_visit"
            " WHERE practitioner_id = ? AND day BETWEEN ? AND ?",
            (user_id, first_day, last_day),
        )
        return [PlannedVisit(*row) for row in rows]

    def open_items(self, kind: str, limit: int) -> list[int]:
        """Return the sequences of the open safety items or proposals, the oldest first."""
        rows = self._db.rows(
            "SELECT seq FROM open_item WHERE kind = ? ORDER BY seq LIMIT ?", (kind, limit)
        )
        return [int(row[0]) for row in rows]

    def count_open_items(self, kind: str) -> int:
        """Return how many safety items or proposals are open."""
        ((number,),) = self._db.rows("SELECT count(*) FROM open_item WHERE kind = ?", (kind,))
        return int(number)

    def only_follower(self, user_id: str) -> list[str]:
        """Return the patients whom this person follows and no other open account does."""
        rows = self._db.rows(
            "SELECT g.patient_id FROM scope_grant g WHERE g.user_id = ? AND g.ended_seq IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM scope_grant o JOIN app_user u ON u.id = o.user_id"
            " WHERE o.patient_id = g.patient_id AND o.ended_seq IS NULL AND u.active = 1"
            " AND o.user_id <> g.user_id) ORDER BY g.patient_id",
            (user_id,),
        )
        return [str(row[0]) for row in rows]

    def patient_counts(self) -> dict[str, int]:
        """Return how many patients each person follows."""
        rows = self._db.rows(
            "SELECT user_id, count(*) FROM scope_grant WHERE ended_seq IS NULL GROUP BY user_id"
        )
        return {str(user_id): int(number) for user_id, number in rows}

    def followers(self, patient_ids: list[str]) -> list[tuple[str, str]]:
        """Return (patient, user) of everybody who follows one of these patients."""
        rows = self._db.rows_for(
            "SELECT g.patient_id, g.user_id FROM scope_grant g WHERE g.ended_seq IS NULL"
            " AND g.patient_id IN ({keys})",
            ("text",),
            [(patient_id,) for patient_id in patient_ids],
        )
        return [(str(patient_id), str(user_id)) for patient_id, user_id in rows]


def _line(row: Row) -> OfficeLine:
    at, actor_id, device_id, act, allowed, subject, patient_id, count, reason = row
    number = None if count is None else int(count)
    return OfficeLine(
        at, actor_id, device_id, act, bool(allowed), subject, patient_id, number, reason
    )
