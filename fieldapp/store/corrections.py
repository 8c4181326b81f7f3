"""Marks of entries on the wrong patient, and what a decision to delete takes off this laptop."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fieldapp.domain.changes import Change
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.corrections import (
    DELETION_KIND,
    Deletion,
    EntryCorrection,
    Mark,
    Name,
    marks,
)
from fieldapp.domain.kinds import KINDS
from fieldapp.store import digests, records
from fieldapp.store.db import Connection, Database

log = logging.getLogger(__name__)

HANDOUT_KIND: Final = "medication_administration"

PURGING: Final = "purging"
"""Key of `store_state`: the schema lets events be deleted only of the patient who stands there."""


def marks_of(database: Database, patient_id: str | None = None) -> Mapping[Name, Mark]:
    """How the marked entries stand; of one patient where given."""
    where = "" if patient_id is None else "patient_id = ?"
    values = () if patient_id is None else (patient_id,)
    corrections = records.select(database, EntryCorrection, where, values)
    if not corrections:
        return {}
    return marks(corrections, records.select(database, Deletion, where, values))


def mark_of(database: Database, name: Name) -> Mark | None:
    """How one entry stands; None for one that was never marked."""
    kind, record_id = name
    corrections = records.select(
        database, EntryCorrection, "target_id = ? AND target_kind = ?", (record_id, kind)
    )
    if not corrections:
        return None
    return marks(corrections, records.select(database, Deletion, "target_id = ?", (record_id,)))[
        name
    ]


def marked_doses(
    database: Database, patient_ids: Iterable[str]
) -> dict[str, list[EntryCorrection]]:
    """The marks of doses that wait for a decision, by patient: the one under whom the dose stands,
    and the one whom the mark names.
    """
    wanted = set(patient_ids)
    found: dict[str, list[EntryCorrection]] = {}
    for (kind, _), mark in marks_of(database).items():
        if kind != HANDOUT_KIND:
            continue
        for one in mark.waiting:
            for patient_id in wanted & {one.patient_id, one.right_patient_id or ""}:
                found.setdefault(patient_id, []).append(one)
    return found


def decided(body: Mapping[str, Any]) -> Deletion | None:
    """The decision to delete that a body holds; None for any other body."""
    try:
        deletion = from_body(Deletion, body)
    except BodyError:
        return None  # from a newer program; it is kept, and read again by that one
    return deletion if deletion.deleted else None


def remove_named(
    connection: Connection, decisions: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[Change]:
    """Take off this laptop what the decisions among these (kind, body) name; return what was here.

    Inside an open transaction. What is unsent of such a record, or parked, goes as well: the server
    would not take it in, and its words are about somebody else.
    """
    names = [
        (one.kind, one.id)
        for kind, body in decisions
        if kind == DELETION_KIND and (deletion := decided(body)) is not None
        for one in deletion.removed
    ]
    return remove(connection, names)


def remove(connection: Connection, names: Iterable[Name]) -> list[Change]:
    """Delete records with everything that holds a copy of their words. The sums go along."""
    chosen = list(dict.fromkeys(names))
    if not chosen:
        return []
    with digests.counted(connection, chosen):
        gone = [change for name in chosen if (change := _remove_one(connection, name)) is not None]
    if gone:
        log.info("%d records were deleted by a decision", len(gone))
    return gone


def _remove_one(connection: Connection, name: Name) -> Change | None:
    kind, record_id = name
    patient_id = _owner(connection, name)
    found = connection.execute("DELETE FROM outbox WHERE kind = ? AND record_id = ?", name).rowcount
    found += connection.execute(
        "DELETE FROM unknown_record WHERE kind = ? AND id = ?", name
    ).rowcount
    # An entry keeps the id of the draft that it was.
    found += connection.execute("DELETE FROM draft WHERE id = ?", (record_id,)).rowcount
    found += connection.execute("DELETE FROM foreign_draft WHERE id = ?", (record_id,)).rowcount
    if kind in KINDS and patient_id is not None:
        # The guard is open for this patient alone, and only for the next statement.
        connection.execute(
            "INSERT INTO store_state (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (PURGING, patient_id),
        )
        found += connection.execute(
            f"DELETE FROM {kind} WHERE id = ?",  # noqa: S608 (a name from KINDS)
            (record_id,),
        ).rowcount
        connection.execute("DELETE FROM store_state WHERE key = ?", (PURGING,))
    return Change(kind, record_id, patient_id) if found else None


def _owner(connection: Connection, name: Name) -> str | None:
    kind, record_id = name
    if kind not in KINDS:
        return None
    row = connection.execute(
        f"SELECT patient_id FROM {kind} WHERE id = ?",  # noqa: S608 (a name from KINDS)
        (record_id,),
    ).fetchone()
    return None if row is None else row["patient_id"]
