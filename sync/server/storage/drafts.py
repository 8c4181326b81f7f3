"""Unsigned text of the laptops, beside the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.server.storage.base import Row, Statements

_COLUMNS = "id, device_id, user_id, patient_id, form, encounter_id, body, saved_at, received_at"
_FOREIGN = (
    "user_id = ? AND device_id <> ? AND EXISTS (SELECT 1 FROM scope_grant g"
    " WHERE g.user_id = draft.user_id AND g.patient_id = draft.patient_id"
    " AND g.ended_seq IS NULL)"
)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as it stood on one laptop. Times are ISO text."""

    id: str
    device_id: str
    user_id: str
    patient_id: str
    form: str
    encounter_id: str | None
    body: dict[str, Any]
    saved_at: str
    received_at: str


class DraftRepository:
    """Reads and writes drafts inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def put(self, draft: DraftRow, text: str) -> None:
        """Replace a laptop's own state of a draft, with its body's JSON text."""
        self._db.run(
            f"INSERT INTO draft ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            " ON CONFLICT (id, device_id) DO UPDATE SET user_id = excluded.user_id,"
            " patient_id = excluded.patient_id, form = excluded.form,"
            " encounter_id = excluded.encounter_id, body = excluded.body,"
            " saved_at = excluded.saved_at, received_at = excluded.received_at",
            (
                draft.id,
                draft.device_id,
                draft.user_id,
                draft.patient_id,
                draft.form,
                draft.encounter_id,
                text,
                draft.saved_at,
                draft.received_at,
            ),
        )

    def drop(self, device_id: str, user_id: str, draft_ids: Sequence[str]) -> None:
        """Forget drafts that a laptop has thrown away: its own state of them alone."""
        for draft_id in draft_ids:
            self._db.run(
                "DELETE FROM draft WHERE id = ? AND device_id = ? AND user_id = ?",
                (draft_id, device_id, user_id),
            )

    def signed(self, user_id: str, record_ids: Sequence[str]) -> None:
        """Forget the author's drafts that have become records, on whichever laptop they stood."""
        self._db.run_for(
            "DELETE FROM draft WHERE (id, user_id) IN ({rows})",
            ("text", "text"),
            [(record_id, user_id) for record_id in record_ids],
        )

    def forget_all(self) -> int:
        """Forget every draft: the organisation no longer lets them travel. Returns how many."""
        return self._db.run("DELETE FROM draft")

    def saved_at(self, draft_id: str, device_id: str) -> tuple[str, str] | None:
        """Return (user id, moment of saving) of a laptop's state of a draft, or None."""
        rows = self._db.rows(
            "SELECT user_id, saved_at FROM draft WHERE id = ? AND device_id = ?",
            (draft_id, device_id),
        )
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    def of_user(self, user_id: str) -> list[DraftRow]:
        """Return all of a person's drafts, the newest first. For the recovery role."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM draft WHERE user_id = ?"  # noqa: S608
            " ORDER BY saved_at DESC, id, device_id",
            (user_id,),
        )
        return [_draft(row) for row in rows]

    def foreign(self, user_id: str, device_id: str) -> list[DraftRow]:
        """Return a person's drafts from other laptops, of patients they follow, newest first."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM draft WHERE {_FOREIGN}"  # noqa: S608
            " ORDER BY saved_at DESC, id, device_id",
            (user_id, device_id),
        )
        return [_draft(row) for row in rows]

    def foreign_names(self, user_id: str, device_id: str) -> list[tuple[str, str, str]]:
        """Return (id, device id, moment of saving) of what `foreign` gives, without contents."""
        rows = self._db.rows(
            f"SELECT id, device_id, saved_at FROM draft WHERE {_FOREIGN}"  # noqa: S608
            " ORDER BY id, device_id",
            (user_id, device_id),
        )
        return [(str(one), str(device), str(saved)) for one, device, saved in rows]

    def own_names(self, user_id: str, device_id: str) -> list[tuple[str, str]]:
        """Return (id, moment of saving) of the drafts that are kept of one laptop."""
        rows = self._db.rows(
            "SELECT id, saved_at FROM draft WHERE user_id = ? AND device_id = ? ORDER BY id",
            (user_id, device_id),
        )
        return [(str(one), str(saved)) for one, saved in rows]

    def counts(self) -> dict[str, int]:
        """Return how many drafts are kept, by laptop."""
        rows = self._db.rows("SELECT device_id, count(*) FROM draft GROUP BY device_id")
        return {str(device_id): int(number) for device_id, number in rows}

    def count_of_device(self, device_id: str) -> int:
        """Return how many drafts are kept of one laptop."""
        ((number,),) = self._db.rows("SELECT count(*) FROM draft WHERE device_id = ?", (device_id,))
        return int(number)


def _draft(row: Row) -> DraftRow:
    draft_id, device_id, user_id, patient_id, form, encounter_id, body, saved_at, received_at = row
    return DraftRow(
        draft_id,
        device_id,
        user_id,
        patient_id,
        form,
        encounter_id,
        json.loads(body),
        saved_at,
        received_at,
    )
