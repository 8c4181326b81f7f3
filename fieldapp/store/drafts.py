"""Unsigned work in forms. A sync carries copies to the server and never touches a draft here.

What the server holds is a draft as a whole, from the laptop that it was written on. Drafts of the
same author from another laptop (`foreign`) are for reading: two texts are never joined unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.digests import mark_of
from fieldapp.domain.notes import Draft
from fieldapp.store.db import Database, Row
from fieldapp.store.inbox import FOREIGN_DRAFTS_MARK, PATIENTS_ENDED
from fieldapp.store.outbox import atomic, dump

_COLUMNS = "id, patient_id, encounter_id, form, body, saved_at, open"


@dataclass(frozen=True, slots=True)
class ForeignDraft:
    """A draft of the same author as it stands on another laptop of theirs."""

    draft: Draft
    device_id: str
    device_name: str


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
        "UPDATE draft SET body = :body, saved_at = :saved_at, open = :open,"
        " encounter_id = :encounter_id,"
        # Two states of one millisecond have one name: then only the text tells them apart.
        " sent_at = CASE WHEN body = :body AND encounter_id IS :encounter_id THEN sent_at END"
        " WHERE id = :id",
        {
            "body": dump(draft.body),
            "saved_at": to_iso(draft.saved_at),
            "open": int(draft.open),
            "encounter_id": draft.encounter_id,
            "id": draft.id,
        },
    )
    return cursor.rowcount == 1


def close(database: Database, draft_id: str) -> None:
    """Note in the caller's transaction that the form was left in order."""
    database.connection.execute("UPDATE draft SET open = 0 WHERE id = ?", (draft_id,))


def delete(database: Database, draft_id: str) -> bool:
    """Delete a draft in the caller's transaction; False when it was not there."""
    cursor = database.connection.execute("DELETE FROM draft WHERE id = ?", (draft_id,))
    return cursor.rowcount == 1


# --- what the server holds of them


def unsent(database: Database, limit: int = -1) -> list[Draft]:
    """Drafts that the server does not hold as they stand here, newest first."""
    return _select(database, "sent_at IS NOT saved_at", limit=limit)


def count_unsent(database: Database) -> int:
    """How many of them there are."""
    row = database.connection.execute(
        "SELECT count(*) FROM draft WHERE sent_at IS NOT saved_at"
    ).fetchone()
    assert row is not None
    return int(row[0])


def note_offered(database: Database, draft_ids: Iterable[str]) -> None:
    """Note that these may reach the server now, so that it will be told when they go."""
    with atomic(database) as connection:
        connection.executemany(
            "UPDATE draft SET offered = 1 WHERE id = ? AND offered = 0",
            [(draft_id,) for draft_id in draft_ids],
        )


def note_held(database: Database, held: Mapping[str, str], sent: Iterable[Draft]) -> None:
    """Note what the server holds: id to `saved_at`, as text, of those that were `sent`.

    A draft that was saved again meanwhile stays unsent.
    """
    with atomic(database) as connection:
        connection.executemany(
            "UPDATE draft SET sent_at = saved_at WHERE id = ? AND saved_at = ? AND body = ?",
            [
                (draft.id, to_iso(draft.saved_at), dump(draft.body))
                for draft in sent
                if held.get(draft.id) == to_iso(draft.saved_at)
            ],
        )


def mark(database: Database) -> str:
    """Fingerprint of what the server should hold of this laptop; "" while that is on the move."""
    if dropped(database, 1):
        return ""
    rows = database.connection.execute(
        "SELECT id, sent_at FROM draft WHERE sent_at IS NOT NULL ORDER BY id"
    )
    return mark_of((str(row["id"]), str(row["sent_at"])) for row in rows)


def keep_only(database: Database, kept: Iterable[tuple[str, str]]) -> None:
    """The server holds these (id, `saved_at`) and no others: the rest is unsent again."""
    with atomic(database) as connection:
        connection.execute(
            "UPDATE draft SET sent_at = NULL WHERE sent_at IS NOT NULL AND NOT EXISTS ("
            "SELECT 1 FROM json_each(?) WHERE value ->> 0 = draft.id"
            " AND value ->> 1 = draft.sent_at)",
            (json.dumps([list(name) for name in kept]),),
        )


def all_unsent_again(database: Database) -> None:
    """The server holds none of them any more: it was set back, or was told to keep none."""
    with atomic(database) as connection:
        connection.execute("UPDATE draft SET sent_at = NULL")


def dropped(database: Database, limit: int = -1) -> list[str]:
    """Ids of drafts that are gone here and that the server may still hold."""
    rows = database.connection.execute("SELECT id FROM dropped_draft ORDER BY id LIMIT ?", (limit,))
    return [str(row["id"]) for row in rows]


def forget_dropped(database: Database, draft_ids: Iterable[str]) -> None:
    """The server has heard that these are gone."""
    with atomic(database) as connection:
        connection.executemany(
            "DELETE FROM dropped_draft WHERE id = ?", [(draft_id,) for draft_id in draft_ids]
        )


# --- drafts of another laptop


def foreign(database: Database, patient_id: str | None = None) -> list[ForeignDraft]:
    """The author's drafts on other laptops, newest first; of one patient where given."""
    rows = database.connection.execute(
        "SELECT * FROM foreign_draft WHERE ?1 IS NULL OR patient_id = ?1"
        " ORDER BY saved_at DESC, id DESC",
        (patient_id,),
    )
    return [
        ForeignDraft(
            Draft(
                id=str(row["id"]),
                patient_id=str(row["patient_id"]),
                encounter_id=row["encounter_id"],
                form=str(row["form"]),
                body=json.loads(str(row["body"])),
                saved_at=from_iso(str(row["saved_at"])),
                open=False,
            ),
            str(row["device_id"]),
            str(row["device_name"]),
        )
        for row in rows
    ]


def foreign_mark(database: Database) -> str:
    """The server's fingerprint of the foreign drafts that are here; "" before any."""
    row = database.connection.execute(
        "SELECT value FROM store_state WHERE key = ?", (FOREIGN_DRAFTS_MARK,)
    ).fetchone()
    return "" if row is None else str(row["value"])


def replace_foreign(database: Database, present: Iterable[ForeignDraft], mark: str) -> None:
    """Store all of them in place of those that were here; not of patients who have left."""
    with atomic(database) as connection:
        ended = connection.execute(
            "SELECT value FROM store_state WHERE key = ?", (PATIENTS_ENDED,)
        ).fetchone()
        gone = set() if ended is None else set(json.loads(str(ended["value"])))
        connection.execute("DELETE FROM foreign_draft")
        connection.executemany(
            "INSERT OR REPLACE INTO foreign_draft (id, device_id, device_name, patient_id,"
            " encounter_id, form, body, saved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    one.draft.id,
                    one.device_id,
                    one.device_name,
                    one.draft.patient_id,
                    one.draft.encounter_id,
                    one.draft.form,
                    dump(one.draft.body),
                    to_iso(one.draft.saved_at),
                )
                for one in present
                if one.draft.patient_id not in gone
            ],
        )
        connection.execute(
            "INSERT INTO store_state (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (FOREIGN_DRAFTS_MARK, mark),
        )


def moment(saved_at: str) -> datetime:
    """The time in the name of a draft's state; an odd one from elsewhere counts as very old."""
    try:
        return from_iso(saved_at)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


# --- details


def _select(database: Database, where: str, *parameters: str, limit: int = -1) -> list[Draft]:
    rows = database.connection.execute(
        f"SELECT {_COLUMNS} FROM draft WHERE {where}"  # noqa: S608 (texts of this module)
        " ORDER BY saved_at DESC, id DESC LIMIT ?",
        (*parameters, limit),
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
