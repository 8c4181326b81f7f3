"""What comes from the server: pages of records, each stored together with its cursor.

A page never overwrites a record that has an unsent change, never touches a draft, and never takes
a patient away while something of that patient is unsent.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.changes import HERE_ALONE, Change, ChangeSet
from fieldapp.domain.codec import BodyError
from fieldapp.domain.kinds import KINDS, Kind, Policy, policy_of
from fieldapp.store import claims, corrections, digests, outbox
from fieldapp.store.db import Connection, Database, IntegrityError
from fieldapp.store.digests import TEAM, Held, Name, Sum
from fieldapp.store.migrate import forget_copies
from fieldapp.store.outbox import Origin, atomic, dump

log = logging.getLogger(__name__)

CURSOR = "pull_cursor"
COMPLETE = "pull_complete"
LAST_COMPLETE_SYNC = "last_complete_sync"
LATEST_SERVER_TIME = "latest_server_time"
PATIENTS_ENDED = claims.PATIENTS_ENDED
PURGING = corrections.PURGING
JOINING = "joining"
FOREIGN_DRAFTS_MARK = "foreign_drafts_mark"
FRESH = "fresh_pull"
TRAIL = "commits_seen"
CHECKED_LAST = "digest_checked_last"
CHECKED_AT = "digest_checked_at"
"""Keys of `store_state`. The schema lets events be deleted only for the patient under PURGING, and
lets them get another patient only under JOINING. FRESH stands there while a pull that began anew
has not reached its end."""

_UNKNOWN = "?"

_LONGEST_TRAIL = 48
"""Names of commits that are kept; the protocol takes 64."""


@dataclass(frozen=True, slots=True)
class IncomingRecord:
    """A record as the server holds it; `version` is its server sequence."""

    kind: str
    id: str
    patient_id: str | None
    version: int
    body: Mapping[str, Any]
    received_at: datetime | None = None
    clock_offset_ms: int | None = None
    author_id: str | None = None
    device_name: str | None = None

    @property
    def by(self) -> Origin:
        """Who wrote it, on which laptop, and when it came to the server."""
        return Origin(self.author_id, self.device_name, self.received_at)


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
    told: Iterable[str] = (),
) -> ChangeSet:
    """Store one page and its cursor in one transaction; return what changed on this laptop.

    `ended_patients` are patients that the user no longer follows; they are purged here, or later
    when something of theirs is still unsent. `now` is the server's time when it made the page.
    `told` are patients of whom this sync has heard otherwise: its own work does not come back in
    pages. Were they purged before the sync is over, a later page that gives them back would bring
    them without that work.
    After the last page of a pull that began anew (`begin_anew`) whatever did not arrive is treated
    as ended.
    """
    changes: list[Change] = []
    with atomic(database) as connection:
        page = list(records)
        anew = _read(connection, FRESH) is not None
        changes.extend(_store_page(connection, page, anew=anew))
        gone = corrections.remove_named(connection, ((one.kind, one.body) for one in page))
        changes.extend(gone)
        arrived = {record.patient_id for record in page if record.patient_id is not None}
        ended = set(ended_patients)
        # A patient who comes back arrives whole, in any order and over several pages. The first
        # record of theirs calls the purge off.
        ended |= _patients_ended(connection) - arrived
        if anew:
            _note_arrived(connection, page, arrived | set(told))
        if anew and complete:
            ended |= _patients_missing(connection)
            changes.extend(_drop_missing_team_records(connection))
            _end_anew(connection)
        _note_ended(connection, ended)
        purged = _purge_possible(connection, ended - set(told))
        _write(connection, CURSOR, cursor)
        if complete:
            note_seen(database, cursor)
            claims.note_complete_pull(connection)
        _write(connection, COMPLETE, "1" if complete else "0")
        _write(connection, LATEST_SERVER_TIME, to_iso(now))
    changes.extend(Change("patient", patient_id, patient_id) for patient_id in sorted(purged))
    _forget_log(database, purged or gone)
    return ChangeSet(tuple(changes))


def newest_seen(database: Database) -> str:
    """The name of the newest commit that this laptop has heard of; "" for none."""
    names = trail(database)
    return names[0] if names else ""


def trail(database: Database) -> list[str]:
    """Names of commits that this laptop has heard of, newest first; fewer of those long ago.

    A server that was set back to a backup knows only the older ones.
    """
    names: list[str] = json.loads(_read(database.connection, TRAIL) or "[]")
    return names


def note_seen(database: Database, name: str) -> None:
    """Remember the name of a commit."""
    with atomic(database) as connection:
        names = trail(database)
        if name not in names[:1]:
            _write(connection, TRAIL, json.dumps(_thinned([name, *names])))


def forget_trail(database: Database) -> None:
    """Forget every commit: they are of a time that the server has lost."""
    with atomic(database) as connection:
        connection.execute("DELETE FROM store_state WHERE key = ?", (TRAIL,))


def begin_anew(database: Database) -> None:
    """The next page is the first of all there is; what does not arrive by the last one has ended.

    What is unsent and what stands in drafts is not touched.
    """
    with atomic(database) as connection:
        connection.execute("DELETE FROM arrived")
        connection.execute("DELETE FROM store_state WHERE key = ?", (CURSOR,))
        _write(connection, FRESH, "1")
        _write(connection, COMPLETE, "0")


def replace_patient(
    database: Database, patient_id: str, records: Iterable[IncomingRecord]
) -> ChangeSet:
    """Put a patient's records in the place of those here, in one transaction.

    `records` are all that the server holds. What has unsent changes stays as it is, and so do
    drafts. What did not come and has nothing unsent is deleted, but never an event.
    """
    changes: list[Change] = []
    with atomic(database) as connection:
        came = {(record.kind, record.id): record for record in records}
        here = digests.names_of(connection, patient_id)
        changes.extend(
            Change(kind, record_id, patient_id)
            for kind, record_id in here
            if (kind, record_id) not in came and _drop(connection, kind, record_id, patient_id)
        )
        for record in came.values():
            if _put_in_place(connection, record):
                changes.append(Change(record.kind, record.id, record.patient_id))
        decisions = ((record.kind, record.body) for record in came.values())
        gone = corrections.remove_named(connection, decisions)
        changes.extend(gone)
        _note_ended(connection, _patients_ended(connection) - {patient_id})
        digests.recount(connection, patient_id)
    _forget_log(database, gone)
    log.info("replaced patient: %d records, %d changes", len(came), len(changes))
    return ChangeSet(tuple(changes))


def forget_team_records(database: Database, names: Iterable[tuple[str, str]]) -> None:
    """Forget records of the whole team that are not what the server holds; a pull brings them."""
    with atomic(database) as connection:
        for kind, record_id in names:
            _drop(connection, kind, record_id, None)
        digests.recount(connection, TEAM)


def end_patients(
    database: Database, patient_ids: Iterable[str], told: Iterable[str] = ()
) -> ChangeSet:
    """Treat patients as no longer followed: purged now, or once all of theirs has been sent.

    `told` as in `apply_page`.
    """
    with atomic(database) as connection:
        ended = _patients_ended(connection) | set(patient_ids)
        _note_ended(connection, ended)
        purged = _purge_possible(connection, ended - set(told))
    _forget_log(database, purged)
    return ChangeSet(tuple(Change("patient", name, name) for name in sorted(purged)))


def finish(database: Database, now: datetime) -> ChangeSet:
    """Note the end of a whole sync; purge patients whose last unsent change has now arrived.

    Called only after everything that waited was answered and the pull was complete.
    """
    with atomic(database) as connection:
        changes = _read_kept(connection)
        purged = _purge_possible(connection, _patients_ended(connection))
        claims.note_complete_sync(connection)
        _write(connection, LAST_COMPLETE_SYNC, to_iso(now))
    changes.extend(Change("patient", name, name) for name in sorted(purged))
    _forget_log(database, purged)
    return ChangeSet(tuple(changes))


def count_unreadable(database: Database) -> int:
    """Records of a newer program that are kept word for word until this one can read them."""
    row = database.connection.execute("SELECT count(*) AS n FROM unknown_record").fetchone()
    return 0 if row is None else int(row["n"])


# --- compared with the server


def scope_sum(database: Database) -> Sum:
    """Number and digest of all that the server should show this user, as carried forward.

    Patients who wait to be purged do not count.
    """
    sums = sums_by_patient(database)
    return digests.together(sums.values())


def sums_by_patient(database: Database) -> dict[str, Sum]:
    """The same, patient by patient; TEAM for the whole team's records."""
    digests.ensure(database)
    connection = database.connection
    ended = _patients_ended(connection)
    return {name: one for name, one in digests.all_sums(connection).items() if name not in ended}


def deep_digest(database: Database) -> Sum:
    """The same as `scope_sum`, worked out anew from every row, which is then kept."""
    with atomic(database) as connection:
        digests.recount_all(connection)
    return scope_sum(database)


def check_next(database: Database, patients: int, now: datetime, every: timedelta) -> None:
    """Work out anew the sums of the next few patients in turn, once in a while.

    The sums carried forward do not notice a row that was changed behind the program's back. One
    patient now and then finds it within days. Done with each sync it would cost as much as that
    patient's whole history.
    """
    digests.ensure(database)
    with atomic(database) as connection:
        last_at = _read(connection, CHECKED_AT)
        if last_at is not None and abs(now - from_iso(last_at)) < every:
            return
        _write(connection, CHECKED_AT, to_iso(now))
        last = _read(connection, CHECKED_LAST)
        rows = connection.execute(
            "SELECT patient_id FROM patient_digest ORDER BY patient_id <= ?, patient_id LIMIT ?",
            ("" if last is None else last, patients),
        ).fetchall()
        for row in rows:
            digests.recount(connection, str(row["patient_id"]))
            _write(connection, CHECKED_LAST, str(row["patient_id"]))


# --- a pull that began anew


def _note_arrived(
    connection: Connection, page: list[IncomingRecord], patients: Iterable[str]
) -> None:
    names = [("patient", patient_id) for patient_id in patients]
    names.extend((record.kind, record.id) for record in page if record.patient_id is None)
    connection.executemany("INSERT OR IGNORE INTO arrived (kind, id) VALUES (?, ?)", names)


def _patients_missing(connection: Connection) -> set[str]:
    """Patients whom the server once had and of whom nothing has arrived."""
    rows = connection.execute("SELECT id FROM arrived WHERE kind = 'patient'")
    arrived = {str(row["id"]) for row in rows}
    return set(digests.all_sums(connection)) - arrived - {TEAM}


def _drop_missing_team_records(connection: Connection) -> list[Change]:
    rows = connection.execute("SELECT kind, id FROM arrived")
    arrived = {(str(row["kind"]), str(row["id"])) for row in rows}
    missing = [name for name in digests.names_of(connection, TEAM) if name not in arrived]
    with digests.counted(connection, missing):
        dropped = [name for name in missing if _drop(connection, *name, None)]
    return [Change(kind, record_id, None) for kind, record_id in dropped]


def _end_anew(connection: Connection) -> None:
    connection.execute("DELETE FROM arrived")
    connection.execute("DELETE FROM store_state WHERE key = ?", (FRESH,))


# --- a patient's records replaced


def _drop(connection: Connection, kind: str, record_id: str, patient_id: str | None) -> bool:
    """Delete a record that the server does not hold, unless it is unsent or an event."""
    if _has_unsent(connection, kind, record_id):
        return False
    dropped = connection.execute(
        "DELETE FROM unknown_record WHERE kind = ? AND id = ?", (kind, record_id)
    ).rowcount
    if kind in KINDS and policy_of(kind) is not Policy.EVENT:
        dropped += connection.execute(
            f"DELETE FROM {kind} WHERE id = ? AND patient_id IS ?",  # noqa: S608 (from KINDS)
            (record_id, patient_id),
        ).rowcount
    return dropped > 0


def _put_in_place(connection: Connection, record: IncomingRecord) -> bool:
    """Store a record whatever stands here, unless that is unsent; return whether it differed."""
    kind = KINDS.get(record.kind)
    if kind is None or not _is_readable(kind, record):
        return _store_unreadable(connection, record)
    present = connection.execute(
        f"SELECT patient_id, version, body FROM {record.kind} WHERE id = ?",  # noqa: S608
        (record.id,),
    ).fetchone()
    text = dump(record.body)
    if present is not None:
        same_text = json.loads(str(present["body"])) == dict(record.body)
        same_place = present["patient_id"] == record.patient_id
        if same_text and same_place and present["version"] == record.version:
            return False
        if _has_unsent(connection, record.kind, record.id):
            _see(connection, record)
            return False
        # Delete and insert, for an event whose text was changed behind the program's back.
        _write(connection, PURGING, str(present["patient_id"]))
        connection.execute(
            f"DELETE FROM {record.kind} WHERE id = ?",  # noqa: S608 (a name from KINDS)
            (record.id,),
        )
        connection.execute("DELETE FROM store_state WHERE key = ?", (PURGING,))
    connection.execute(
        f"INSERT INTO {record.kind} (id, patient_id, version, received, body)"  # noqa: S608
        " VALUES (?, ?, ?, 1, ?)",
        (record.id, record.patient_id, record.version, text),
    )
    _note_times(connection, record)
    connection.execute(
        "DELETE FROM unknown_record WHERE kind = ? AND id = ?", (record.kind, record.id)
    )
    return True


# --- storing many new records


def _store_page(connection: Connection, page: list[IncomingRecord], *, anew: bool) -> list[Change]:
    new = _store_new(connection, page)
    digests.count_new(
        connection,
        (
            Held(
                record.patient_id or TEAM,
                record.version,
                digests.digest_of(record.kind, record.id, record.version, dump(record.body)),
            )
            for record in page
            if (record.kind, record.id) in new
        ),
    )
    others = [record for record in page if (record.kind, record.id) not in new]
    changed = set(new)
    with digests.counted(connection, [(record.kind, record.id) for record in others]):
        changed.update(
            (record.kind, record.id) for record in others if _store(connection, record, anew=anew)
        )
    return [
        Change(record.kind, record.id, record.patient_id)
        for record in page
        if (record.kind, record.id) in changed
    ]


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
        kind.check(record.id, record.patient_id, record.body, from_server=True)
    except BodyError:
        return False
    return True


def _insert_together(connection: Connection, kind: str, records: list[IncomingRecord]) -> bool:
    """Insert all or, where the schema refuses one of them, none; return which."""
    times = ", received_at, clock_offset_ms" if policy_of(kind) is Policy.EVENT else ""
    values = ", value ->> 4, value ->> 5" if times else ""
    rows = [
        (
            record.id,
            record.patient_id,
            record.version,
            dump(record.body),
            None if record.received_at is None else to_iso(record.received_at),
            record.clock_offset_ms,
        )
        for record in records
    ]
    try:
        connection.execute(
            f"INSERT INTO {kind} (id, patient_id, version, received, body{times})"  # noqa: S608
            f" SELECT value ->> 0, value ->> 1, value ->> 2, 1, value ->> 3{values}"
            " FROM json_each(?)",
            (json.dumps(rows),),
        )
    except IntegrityError:
        return False
    return True


# --- storing one record


def _store(connection: Connection, record: IncomingRecord, *, anew: bool = False) -> bool:
    """Put one record in its place; return True when the laptop shows something new.

    In a pull that began anew the number of a version may be lower than the one here: the server
    was set back to a backup.
    """
    kind = KINDS.get(record.kind)
    if kind is None:
        return _store_unreadable(connection, record)
    try:
        kind.check(record.id, record.patient_id, record.body, from_server=True)
        changed = _store_known(connection, record, anew=anew)
    except (BodyError, IntegrityError) as error:
        # Written by a newer program. It is kept word for word and must not hold up the others.
        problem = getattr(error, "field", type(error).__name__)
        log.warning("unreadable %s %s: %s", record.kind, record.id, problem)
        return _store_unreadable(connection, record)
    connection.execute(
        "DELETE FROM unknown_record WHERE kind = ? AND id = ?", (record.kind, record.id)
    )
    return changed


def _store_known(connection: Connection, record: IncomingRecord, *, anew: bool) -> bool:
    present = connection.execute(
        f"SELECT patient_id, version FROM {record.kind} WHERE id = ?",  # noqa: S608 (from KINDS)
        (record.id,),
    ).fetchone()
    if present is None:
        connection.execute(
            f"INSERT INTO {record.kind} (id, patient_id, version, received, body)"  # noqa: S608
            " VALUES (?, ?, ?, 1, ?)",
            (record.id, record.patient_id, record.version, dump(record.body)),
        )
        _note_times(connection, record)
        return True
    version = int(present["version"])
    if record.version == version or (record.version < version and not anew):
        return False
    if _withheld(connection, record):
        return False
    if policy_of(record.kind) is Policy.EVENT:
        return _renumber_event(connection, record, str(present["patient_id"]))
    connection.execute(
        f"UPDATE {record.kind} SET patient_id = ?, version = ?, received = 1, body = ?"  # noqa: S608
        " WHERE id = ?",
        (record.patient_id, record.version, dump(record.body), record.id),
    )
    return True


def _renumber_event(connection: Connection, record: IncomingRecord, owner: str) -> bool:
    """Take over the server's number for an event, and its patient: two may have been joined.

    The text of an event never changes.
    """
    moved = record.patient_id is not None and record.patient_id != owner
    if moved:
        _write(connection, JOINING, str(record.patient_id))
    connection.execute(
        f"UPDATE {record.kind} SET version = ?, patient_id = ? WHERE id = ?",  # noqa: S608
        (record.version, record.patient_id if moved else owner, record.id),
    )
    if moved:
        connection.execute("DELETE FROM store_state WHERE key = ?", (JOINING,))
    _note_times(connection, record)
    return moved


def _note_times(connection: Connection, record: IncomingRecord) -> None:
    """Note when the server received an event and what its author's clock was off by."""
    if policy_of(record.kind) is Policy.EVENT and record.received_at is not None:
        connection.execute(
            f"UPDATE {record.kind} SET received_at = ?, clock_offset_ms = ?"  # noqa: S608
            " WHERE id = ?",
            (to_iso(record.received_at), record.clock_offset_ms, record.id),
        )


def _has_unsent(connection: Connection, kind: str, record_id: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM outbox WHERE kind = ? AND record_id = ?", (kind, record_id)
    ).fetchone()
    return row is not None


def _withheld(connection: Connection, record: IncomingRecord) -> bool:
    """True when an unsent change protects the record; the change learns the other side's news."""
    if not _has_unsent(connection, record.kind, record.id):
        return False
    _see(connection, record)
    return True


def _see(connection: Connection, record: IncomingRecord) -> None:
    outbox.see(connection, record.kind, record.id, record.version, record.body, record.by)


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


def _note_ended(connection: Connection, ended: set[str]) -> None:
    if _patients_ended(connection) - ended:
        # Somebody came back, whose drafts from another laptop were not stored meanwhile. The server
        # has no such mark, so it tells them all; "" would say that none are here to take away.
        _write(connection, FOREIGN_DRAFTS_MARK, _UNKNOWN)
    _write(connection, PATIENTS_ENDED, json.dumps(sorted(ended)))


def _purge_possible(connection: Connection, ended: set[str]) -> set[str]:
    """Purge those of whom nothing is unsent; return those of whom something was here."""
    return {
        patient_id
        for patient_id in ended
        if not _is_needed(connection, patient_id) and _purge(connection, patient_id)
    }


def _is_needed(connection: Connection, patient_id: str) -> bool:
    """True while something of a patient is unsent, or is held by this store alone."""
    return _holds_unsent(connection, patient_id) or claims.holds_any(connection, patient_id)


def _holds_unsent(connection: Connection, patient_id: str) -> bool:
    """True while something of a patient is here alone.

    What the server has refused lies parked there, unless it could not keep it, and the office deals
    with it; so does a draft that the server holds just as it stands, unless it is on the screen.
    """
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE patient_id = :id"
        " AND (state <> 'parked' OR reason_code IN (SELECT value FROM json_each(:here_alone))))"
        " OR EXISTS (SELECT 1 FROM draft WHERE patient_id = :id"
        " AND (open = 1 OR sent_at IS NOT saved_at)) AS held",
        {"id": patient_id, "here_alone": json.dumps(sorted(HERE_ALONE))},
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
    connection.execute("DELETE FROM foreign_draft WHERE patient_id = ?", (patient_id,))
    connection.execute("DELETE FROM outbox WHERE patient_id = ?", (patient_id,))
    _purge_drafts(connection, patient_id)
    digests.forget(connection, patient_id)
    connection.execute("DELETE FROM store_state WHERE key = ?", (PURGING,))
    if deleted:
        log.info("purged patient %s: %d records", patient_id, deleted)
    return deleted > 0


def drop_deleted(database: Database, names: Iterable[Name]) -> list[Change]:
    """Take off this laptop what the server does not take in because it was deleted there."""
    with atomic(database) as connection:
        gone = corrections.remove(connection, names)
    _forget_log(database, gone)
    return gone


def _purge_drafts(connection: Connection, patient_id: str) -> None:
    """Delete drafts that the server holds; it keeps them for whoever may recover them."""
    rows = connection.execute("SELECT id FROM draft WHERE patient_id = ?", (patient_id,)).fetchall()
    connection.execute("DELETE FROM draft WHERE patient_id = ?", (patient_id,))
    # Nobody discarded them: the server is not to forget its own.
    connection.executemany(
        "DELETE FROM dropped_draft WHERE id = ?", [(str(row["id"]),) for row in rows]
    )


def _forget_log(database: Database, purged: Collection[object]) -> None:
    """Empty the write-ahead log, so that what was purged is in no file of the store any more: nor
    in the copies that were made before a migration, which the store has outlived.
    """
    if purged and not database.connection.in_transaction:
        database.checkpoint()
        forget_copies(database.path.parent)


def _thinned(names: list[str]) -> list[str]:
    """Drop every second one of the older half when there are too many."""
    if len(names) <= _LONGEST_TRAIL:
        return names
    half = _LONGEST_TRAIL // 2
    return names[:half] + names[half::2]


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
