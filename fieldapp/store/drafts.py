"""Unsigned work in forms. Drafts stay on this laptop and are never touched by a sync."""

from __future__ import annotations

import json

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.notes import Draft
from fieldapp.store.db import Database, Row
from fieldapp.store.outbox import dump

_COLUMNS = "id, patient_id, encounter_id, form, body, saved_at, open"


def get(database: Database, draft_id: str) -> Draft | None:
    """The draft, or None."""
    found = _select(database, "id = ?", draft_id)
    return found[0] if found else None


def of_patient(database: Database, patient_id: str) -> list[Draft]:
    """The drafts about a patient, newest first."""
    return _select(database, "patient_id = ?", patient_id)


def everything(database: Database) -> list[Draft]:
    """All drafts, newest first."""
    return _select(database, "1")


def left_open(database: Database) -> list[Draft]:
    """Drafts whose form was never closed, newest first: at start these mean a crash."""
    return _select(database, "open = 1")


def count(database: Database) -> int:
    """How many drafts there are."""
    row = database.connection.execute("SELECT count(*) FROM draft").fetchone()
    assert row is not None
    return int(row[0])


def add(database: Database, draft: Draft) -> None:
    """Store a new draft in the caller's transaction."""
    database.connection.execute(
        f"INSERT INTO draft ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            draft.id,
            draft.patient_id,
            draft.encounter_id,
            draft.form,
            dump(draft.body),
            to_iso(draft.saved_at),
            int(draft.open),
        ),
    )


def save(database: Database, draft: Draft) -> bool:
    """Overwrite a draft in the caller's transaction; False when it is not there any more.

    A late autosave must not bring a signed or discarded draft back to life.
    """
    cursor = database.connection.execute(
        "UPDATE draft SET body = ?, saved_at = ?, open = ?, encounter_id = ? WHERE id = ?",
        (
            dump(draft.body),
            to_iso(draft.saved_at),
            int(draft.open),
            draft.encounter_id,
            draft.id,
        ),
    )
    return cursor.rowcount == 1


def close(database: Database, draft_id: str) -> None:
    """Note in the caller's transaction that the form was left in order."""
    database.connection.execute("UPDATE draft SET open = 0 WHERE id = ?", (draft_id,))


def delete(database: Database, draft_id: str) -> bool:
    """Delete a draft in the caller's transaction; False when it was not there."""
    cursor = database.connection.execute("DELETE FROM draft WHERE id = ?", (draft_id,))
    return cursor.rowcount == 1


def _select(database: Database, where: str, *parameters: str) -> list[Draft]:
    rows = database.connection.execute(
        f"SELECT {_COLUMNS} FROM draft WHERE {where}"  # noqa: S608 (texts of this module)
        " ORDER BY saved_at DESC, id DESC",
        parameters,
    )
    return [_draft(row) for row in rows]


def _draft(row: Row) -> Draft:
    return Draft(
        id=str(row["id"]),
        patient_id=str(row["patient_id"]),
        encounter_id=row["encounter_id"],
        form=str(row["form"]),
        body=json.loads(str(row["body"])),
        saved_at=from_iso(str(row["saved_at"])),
        open=bool(row["open"]),
    )
