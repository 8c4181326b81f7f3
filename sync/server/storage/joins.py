"""Patients that were joined: the aliases, and the move of records from one to the other."""

from __future__ import annotations

from sync.server.storage.base import Statements
from sync.server.storage.records import RecordRepository

_STAYS = ("patient", "assignment")
"""What stays with the loser: its own record, which points to the winner, and who followed it."""

_BESIDE = ("draft", "parked_change", "order_entry")
"""Tables of what is no record yet."""


class JoinRepository:
    """Reads and writes joins inside one open transaction."""

    def __init__(self, statements: Statements, records: RecordRepository) -> None:
        self._db = statements
        self._records = records

    def owner_of(self, patient_id: str) -> str:
        """Return the patient whom this id stands for now: itself, or the one it was joined with."""
        rows = self._db.rows(
            "SELECT winner_id FROM patient_alias WHERE loser_id = ?", (patient_id,)
        )
        return str(rows[0][0]) if rows else patient_id

    def add_alias(self, loser_id: str, winner_id: str, by: str | None, at: str) -> None:
        """Let an id stand for another for ever; ids that stood for the loser move along."""
        self._db.run(
            "UPDATE patient_alias SET winner_id = ? WHERE winner_id = ?", (winner_id, loser_id)
        )
        self._db.run(
            "INSERT INTO patient_alias (loser_id, winner_id, joined_by, joined_at)"
            " VALUES (?, ?, ?, ?)",
            (loser_id, winner_id, by, at),
        )

    def move_records(self, loser_id: str, winner_id: str) -> int:
        """Give a patient's records to another, each with a new sequence; return how many.

        The bodies stay word for word. Laptops hear of each as of a new version. What is kept beside
        the records goes along.
        """
        moving = [
            record for record in self._records.of_patient(loser_id) if record.kind not in _STAYS
        ]
        self._records.move(moving, winner_id)
        for table in _BESIDE:
            self._db.run(
                f"UPDATE {table} SET patient_id = ? WHERE patient_id = ?",  # noqa: S608
                (winner_id, loser_id),
            )
        return len(moving)

    def followers(self, patient_id: str) -> list[str]:
        """Return the users who follow a patient now."""
        rows = self._db.rows(
            "SELECT user_id FROM scope_grant WHERE patient_id = ? AND ended_seq IS NULL"
            " ORDER BY user_id",
            (patient_id,),
        )
        return [str(row[0]) for row in rows]
