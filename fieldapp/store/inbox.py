"""What comes from the server: pages of records, each stored together with its cursor.

A page never overwrites a record that has an unsent change, never touches a draft, and never takes
a patient away while something of that patient is unsent.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.codec import BodyError
from fieldapp.domain.kinds import KINDS, Kind, Policy, policy_of
from fieldapp.store.db import Connection, Database, IntegrityError
from fieldapp.store.outbox import atomic, dump

log = logging.getLogger(__name__)

CURSOR = "pull_cursor"
COMPLETE = "pull_complete"
LAST_COMPLETE_SYNC = "last_complete_sync"
LATEST_SERVER_TIME = "latest_server_time"
PATIENTS_ENDED = "patients_ended"
PURGING = "purging"
"""Keys of `store_state`. The schema lets events be deleted only for the patient under PURGING."""


@dataclass(frozen=True, slots=True)
class IncomingRecord:
    """A record as the server holds it; `version` is its server sequence."""

    kind: str
    id: str
    patient_id: str | None
    version: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PullState:
    """How far this laptop has read. `last_complete` is the end of the last whole sync."""

    cursor: str | None
    complete: bool
    last_complete: datetime | None


def cursor(database: Database) -> str | None:
    """The place up to which everything is stored here; None before the first page."""
    return _read(database.connection, CURSOR)


def state(database: Database) -> PullState:
    """Read how far the pull has come."""
    connection = database.connection
    last = _read(connection, LAST_COMPLETE_SYNC)
    return PullState(
        cursor=_read(connection, CURSOR),
        complete=_read(connection, COMPLETE) == "1",
        last_complete=None if last is None else from_iso(last),
    )


def apply_page(
    database: Database,
    records: Iterable[IncomingRecord],
    *,
    cursor: str,
    complete: bool,
    now: datetime,
    ended_patients: Iterable[str] = (),
) -> ChangeSet:
    """Store one page and its cursor in one transaction; return what changed on this laptop.

    `ended_patients` are patients that the user no longer follows; they are purged here, or later
    when something of theirs is still unsent. `now` is the server's time when it made the page.
    """
    changes: list[Change] = []
    with atomic(database) as connection:
        arrived: set[str] = set()
        page = list(records)
        new = _store_new(connection, page)
        for record in page:
            if (record.kind, record.id) in new or _store(connection, record):
                changes.append(Change(record.kind, record.id, record.patient_id))
            if record.patient_id is not None:
                arrived.add(record.patient_id)
        ended = set(ended_patients)
        # A patient who comes back arrives whole, in any order and over several pages. The first
        # record of theirs calls the purge off.
        ended |= _patients_ended(connection) - arrived
        _write(connection, PATIENTS_ENDED, json.dumps(sorted(ended)))
        purged = _purge_possible(connection, ended)
        _write(connection, CURSOR, cursor)
        _write(connection, COMPLETE, "1" if complete else "0")
        _write(connection, LATEST_SERVER_TIME, to_iso(now))
    changes.extend(Change("patient", patient_id, patient_id) for patient_id in sorted(purged))
    _forget_log(database, purged)
    return ChangeSet(tuple(changes))


def finish(database: Database, now: datetime) -> ChangeSet:
    """Note the end of a whole sync; purge patients whose last unsent change has now arrived.

    Called only after everything that waited was answered and the pull was complete.
    """
    with atomic(database) as connection:
        changes = _read_kept(connection)
        purged = _purge_possible(connection, _patients_ended(connection))
        _write(connection, LAST_COMPLETE_SYNC, to_iso(now))
    changes.extend(Change("patient", name, name) for name in sorted(purged))
    _forget_log(database, purged)
    return ChangeSet(tuple(changes))


# --- storing many new records


def _store_new(connection: Connection, page: list[IncomingRecord]) -> set[tuple[str, str]]:
    """Insert what is readable and not here yet, one statement per kind; return what was stored.

    A statement per record costs an encrypted copy of every page that it touches. Records that
    stand twice in the page, and kinds of which one record is refused, are left to `_store`.
    """
    times = Counter((record.kind, record.id) for record in page)
    stored: set[tuple[str, str]] = set()
    for kind in KINDS.values():
        single = [
            record
            for record in page
            if record.kind == kind.name and times[kind.name, record.id] == 1
        ]
        here = _ids_here(connection, kind.name, single)
        new = [record for record in single if record.id not in here and _is_readable(kind, record)]
        if new and _insert_together(connection, kind.name, new):
            stored.update((kind.name, record.id) for record in new)
    return stored


def _ids_here(connection: Connection, kind: str, records: list[IncomingRecord]) -> set[str]:
    rows = connection.execute(
        f"SELECT id FROM {kind} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
        " UNION ALL SELECT id FROM unknown_record WHERE kind = ?",
        (json.dumps([record.id for record in records]), kind),
    )
    return {str(row["id"]) for row in rows}


def _is_readable(kind: Kind, record: IncomingRecord) -> bool:
    try:
        kind.check(record.id, record.patient_id, record.body)
    except BodyError:
        return False
    return True


def _insert_together(connection: Connection, kind: str, records: list[IncomingRecord]) -> bool:
    """Insert all or, where the schema refuses one of them, none; return which."""
    rows = [(record.id, record.patient_id, record.version, dump(record.body)) for record in records]
    try:
        connection.execute(
            f"INSERT INTO {kind} (id, patient_id, version, received, body)"  # noqa: S608
            " SELECT value ->> 0, value ->> 1, value ->> 2, 1, value ->> 3 FROM json_each(?)",
            (json.dumps(rows),),
        )
    except IntegrityError:
        return False
    return True


# --- storing one record


def _store(connection: Connection, record: IncomingRecord) -> bool:
    """Put one record in its place; return True when the laptop shows something new."""
    kind = KINDS.get(record.kind)
    if kind is None:
        return _store_unreadable(connection, record)
    try:
        kind.check(record.id, record.patient_id, record.body)
        changed = _store_known(connection, record)
    except (BodyError, IntegrityError) as error:
        # Written by a newer program. It is kept word for word and must not hold up the others.
        problem = getattr(error, "field", type(error).__name__)
        log.warning("unreadable %s %s: %s", record.kind, record.id, problem)
        return _store_unreadable(connection, record)
    connection.execute(
        "DELETE FROM unknown_record WHERE kind = ? AND id = ?", (record.kind, record.id)
    )
    return changed


def _store_known(connection: Connection, record: IncomingRecord) -> bool:
    present = connection.execute(
        f"SELECT version FROM {record.kind} WHERE id = ?",  # noqa: S608 (a name from KINDS)
        (record.id,),
    ).fetchone()
    if present is None:
        connection.execute(
            f"INSERT INTO {record.kind} (id, patient_id, version, received, body)"  # noqa: S608
            " VALUES (?, ?, ?, 1, ?)",
            (record.id, record.patient_id, record.version, dump(record.body)),
        )
        return True
    if record.version <= int(present["version"]) or _has_unsent(connection, record):
        return False
    if policy_of(record.kind) is Policy.EVENT:
        # The text of an event never changes; only the server's number for it can be news.
        connection.execute(
            f"UPDATE {record.kind} SET version = ? WHERE id = ?",  # noqa: S608 (a name from KINDS)
            (record.version, record.id),
        )
        return False
    connection.execute(
        f"UPDATE {record.kind} SET patient_id = ?, version = ?, received = 1, body = ?"  # noqa: S608
        " WHERE id = ?",
        (record.patient_id, record.version, dump(record.body), record.id),
    )
    return True


def _has_unsent(connection: Connection, record: IncomingRecord) -> bool:
    """True when an unsent change protects the record; a parked one learns the other side's news."""
    unsent = connection.execute(
        "SELECT 1 FROM outbox WHERE kind = ? AND record_id = ?", (record.kind, record.id)
    ).fetchone()
    if unsent is None:
        return False
    connection.execute(
        "UPDATE outbox SET server_body = ?, server_version = ? WHERE kind = ? AND record_id = ?"
        " AND state = 'parked' AND coalesce(server_version, 0) < ?",
        (dump(record.body), record.version, record.kind, record.id, record.version),
    )
    return True


def _store_unreadable(connection: Connection, record: IncomingRecord) -> bool:
    connection.execute(
        "INSERT INTO unknown_record (kind, id, patient_id, version, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (kind, id) DO UPDATE SET patient_id = excluded.patient_id,"
        " version = excluded.version, body = excluded.body WHERE excluded.version > version",
        (record.kind, record.id, record.patient_id, record.version, dump(record.body)),
    )
    return True


def _read_kept(connection: Connection) -> list[Change]:
    """Put in its place what an older program kept and this one can read; return those records."""
    rows = connection.execute("SELECT * FROM unknown_record").fetchall()
    changes: list[Change] = []
    for row in rows:
        record = IncomingRecord(
            str(row["kind"]),
            str(row["id"]),
            row["patient_id"],
            int(row["version"]),
            json.loads(str(row["body"])),
        )
        kind = KINDS.get(record.kind)
        if kind is not None and _is_readable(kind, record) and _store(connection, record):
            changes.append(Change(record.kind, record.id, record.patient_id))
    return changes


# --- patients that are no longer ours


def _patients_ended(connection: Connection) -> set[str]:
    """Patients who left and did not come back: a form that was open may still write of them."""
    return set(json.loads(_read(connection, PATIENTS_ENDED) or "[]"))


def _purge_possible(connection: Connection, ended: set[str]) -> set[str]:
    """Purge those of whom nothing is unsent; return those of whom something was here."""
    return {
        patient_id
        for patient_id in ended
        if not _holds_unsent(connection, patient_id) and _purge(connection, patient_id)
    }


def _holds_unsent(connection: Connection, patient_id: str) -> bool:
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE patient_id = :id)"
        " OR EXISTS (SELECT 1 FROM draft WHERE patient_id = :id) AS held",
        {"id": patient_id},
    ).fetchone()
    return bool(row and row["held"])


def _purge(connection: Connection, patient_id: str) -> bool:
    """Delete every record of a patient; return whether there was any."""
    _write(connection, PURGING, patient_id)
    deleted = sum(
        connection.execute(
            f"DELETE FROM {table} WHERE patient_id = ?",  # noqa: S608 (names from KINDS)
            (patient_id,),
        ).rowcount
        for table in (*KINDS, "unknown_record")
    )
    connection.execute("DELETE FROM store_state WHERE key = ?", (PURGING,))
    if deleted:
        log.info("purged patient %s: %d records", patient_id, deleted)
    return deleted > 0


def _forget_log(database: Database, purged: set[str]) -> None:
    """Empty the write-ahead log, so that what was purged is in no file of the store any more."""
    if purged and not database.connection.in_transaction:
        database.checkpoint()


# --- store_state


def _read(connection: Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM store_state WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def _write(connection: Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT INTO store_state (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )
