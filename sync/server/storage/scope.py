"""Who follows whom, and the pages that a user may therefore see."""

from __future__ import annotations

from collections.abc import Sequence

from sync.server.storage.base import Statements
from sync.server.storage.records import RecordRepository
from sync.server.storage.values import Cursor, Page

# What a user has not seen after a cursor, as (effective, seq, ended_patient). Four parts:
# records that were here when the patient was assigned, records stored since, records of the
# whole team, and ends of assignments. Only an end that still holds is told: a patient who was
# given back meanwhile arrives whole again through the new grant.
_DUE = """
WITH due AS (
    SELECT g.seq AS effective, r.seq AS seq, CAST(NULL AS TEXT) AS ended_patient
    FROM scope_grant g JOIN record r ON r.patient_id = g.patient_id AND r.seq <= g.seq
    WHERE g.user_id = ? AND g.ended_seq IS NULL AND g.seq >= ? AND (g.seq > ? OR r.seq > ?)
    UNION ALL
    SELECT r.seq, r.seq, NULL
    FROM scope_grant g JOIN record r ON r.patient_id = g.patient_id
        AND r.seq > CASE WHEN g.seq > ? THEN g.seq ELSE ? END
    WHERE g.user_id = ? AND g.ended_seq IS NULL
    UNION ALL
    SELECT r.seq, r.seq, NULL FROM record r WHERE r.patient_id IS NULL AND r.seq > ?
    UNION ALL
    SELECT g.ended_seq, g.ended_seq, g.patient_id FROM scope_grant g
    WHERE g.user_id = ? AND g.ended_seq > ? AND NOT EXISTS (
        SELECT 1 FROM scope_grant s
        WHERE s.user_id = g.user_id AND s.patient_id = g.patient_id AND s.ended_seq IS NULL)
)
"""
_PAGE = _DUE + "SELECT effective, seq, ended_patient FROM due ORDER BY effective, seq LIMIT ?"  # noqa: S608
_COUNT = _DUE + "SELECT count(*) FROM due WHERE ended_patient IS NULL"  # noqa: S608


class ScopeRepository:
    """Reads and writes grants inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def page(self, user_id: str, after: Cursor, limit: int) -> Page:
        """Return at most `limit` records and ends that follow `after`, in order."""
        rows = self._db.rows(
            _PAGE,
            (*_due_parameters(user_id, after), limit + 1),
        )
        kept = rows[:limit]
        found = RecordRepository(self._db).by_seq([row[1] for row in kept if row[2] is None])
        return Page(
            records=tuple(found[row[1]] for row in kept if row[2] is None),
            ended_patients=tuple(row[2] for row in kept if row[2] is not None),
            cursor=Cursor(int(kept[-1][0]), int(kept[-1][1])) if kept else after,
            complete=len(rows) <= limit,
        )

    def count_due(self, user_id: str, after: Cursor) -> int:
        """Return how many records follow `after`."""
        ((number,),) = self._db.rows(
            _COUNT,
            _due_parameters(user_id, after),
        )
        return int(number)

    def grant(self, user_id: str, patient_id: str, seq: int) -> None:
        """Let a user see a patient from `seq` on: the version of the assignment that says so."""
        self._db.run(
            "INSERT INTO scope_grant (seq, patient_id, user_id) VALUES (?, ?, ?)",
            (seq, patient_id, user_id),
        )

    def grant_many(self, grants: Sequence[tuple[int, str, str]]) -> None:
        """Write many grants, each (seq, patient_id, user_id)."""
        self._db.insert_many("scope_grant", ("seq", "patient_id", "user_id"), grants)

    def end(self, user_id: str, patient_id: str, seq: int) -> None:
        """End a standing grant at `seq`: the version of the assignment that says so."""
        self._db.run(
            "UPDATE scope_grant SET ended_seq = ?"
            " WHERE user_id = ? AND patient_id = ? AND ended_seq IS NULL",
            (seq, user_id, patient_id),
        )

    def standing(self, user_id: str) -> frozenset[str]:
        """Return the patients whom a user follows now."""
        rows = self._db.rows(
            "SELECT patient_id FROM scope_grant WHERE user_id = ? AND ended_seq IS NULL", (user_id,)
        )
        return frozenset(row[0] for row in rows)

    def ever(self, user_id: str) -> frozenset[str]:
        """Return the patients whom a user follows or once followed."""
        rows = self._db.rows(
            "SELECT DISTINCT patient_id FROM scope_grant WHERE user_id = ?", (user_id,)
        )
        return frozenset(row[0] for row in rows)


def _due_parameters(user_id: str, after: Cursor) -> tuple[object, ...]:
    effective, seq = after
    return (
        *(user_id, effective, effective, seq),
        *(effective, effective, user_id),
        effective,
        *(user_id, effective),
    )
