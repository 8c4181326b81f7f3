"""Openings of patients outside one's list, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass

from sync.server.storage.base import Row, Statements

_OPENING = (
    "SELECT id, user_id, device_id, patient_id, reason, words, at, until, ended_at, verdict,"
    " reviewed_by, reviewed_at, review_words FROM access_opening"
)


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening. Times are ISO text in UTC; `ended_at` is None while it gives access."""

    id: str
    user_id: str
    device_id: str
    patient_id: str
    reason: str
    words: str
    at: str
    until: str
    ended_at: str | None = None
    verdict: str | None = None
    reviewed_by: str | None = None
    reviewed_at: str | None = None
    review_words: str = ""


class AccessRepository:
    """Reads and writes openings inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def add(self, opening: Opening) -> None:
        """Write a new opening down."""
        self._db.run(
            "INSERT INTO access_opening (id, user_id, device_id, patient_id, reason, words, at,"
            " until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                opening.id,
                opening.user_id,
                opening.device_id,
                opening.patient_id,
                opening.reason,
                opening.words,
                opening.at,
                opening.until,
            ),
        )

    def get(self, opening_id: str) -> Opening | None:
        """Return an opening."""
        return next(iter(self._where("id = ?", (opening_id,))), None)

    def running(self, user_id: str) -> list[Opening]:
        """Return what still gives a user access, or would have to be ended."""
        return self._where("user_id = ? AND ended_at IS NULL", (user_id,))

    def is_overdue(self, user_id: str, now: str) -> bool:
        """True when some access of a user has run out and is not ended yet. Cheap."""
        return bool(
            self._db.rows(
                "SELECT 1 FROM access_opening WHERE user_id = ? AND ended_at IS NULL"
                " AND until <= ? LIMIT 1",
                (user_id, now),
            )
        )

    def end(self, opening_id: str, at: str) -> None:
        """Note that it gives no access any more."""
        self._db.run("UPDATE access_opening SET ended_at = ? WHERE id = ?", (at, opening_id))

    def end_all(self, user_id: str, patient_id: str, at: str) -> None:
        """The office has decided whether the user follows the patient; no clock does it now."""
        self._db.run(
            "UPDATE access_opening SET ended_at = ?"
            " WHERE user_id = ? AND patient_id = ? AND ended_at IS NULL",
            (at, user_id, patient_id),
        )

    def review(self, opening_id: str, verdict: str, by: str, at: str, words: str) -> None:
        """Write a judgement down."""
        self._db.run(
            "UPDATE access_opening SET verdict = ?, reviewed_by = ?, reviewed_at = ?,"
            " review_words = ? WHERE id = ?",
            (verdict, by, at, words, opening_id),
        )

    def listed(self, limit: int) -> list[Opening]:
        """Return what waits, then what is followed up, then the rest; each newest first."""
        rows = self._db.rows(
            f"{_OPENING} ORDER BY CASE WHEN verdict IS NULL THEN 0"
            " WHEN verdict = 'follow_up' THEN 1 ELSE 2 END, at DESC, id LIMIT ?",
            (limit,),
        )
        return [Opening(*row) for row in rows]

    def _where(self, condition: str, parameters: Row) -> list[Opening]:
        rows = self._db.rows(f"{_OPENING} WHERE {condition} ORDER BY at", parameters)
        return [Opening(*row) for row in rows]
