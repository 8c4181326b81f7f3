"""What waits to be sent: a table, written in the same transaction as the data.

A row is *waiting* until a sync takes it, *in flight* while it is in the air, and gone once the
server has confirmed exactly this change. A row that the server does not take is *parked* with its
reason until a person decides; nothing here ever drops a clinical event.

Every function joins the caller's transaction, or runs in one of its own when there is none.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.changes import Change
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.corrections import DELETION_KIND
from fieldapp.domain.kinds import KINDS, Policy, policy_of
from fieldapp.domain.merge import Merged, Urgency, merge, rule_of
from fieldapp.errors import Bug
from fieldapp.ids import IdMaker
from fieldapp.store.db import Connection, Database, Row
from fieldapp.store.digests import counted

Body = dict[str, Any]

CLOCK_OFFSET = "clock_offset_ms"
"""Key of `store_state`: by how much this laptop's clock was behind the server's when last told."""

POINTERS = ("addendum_to", "reverses", "encounter_id", "appointment_id", "request_id")
"""Fields of a body that hold the id of another record which the server should know first."""


class NotParkedError(Bug):
    """Only a parked change can be decided on (change id)."""

    code = "not_parked"


class NotDecidableError(Bug):
    """This parked change cannot be given up or forced (change id): it is an event or new."""

    code = "not_decidable"


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How much is not on the server yet. `waiting` includes what is in the air just now."""

    waiting: int
    parked: int
    conflicts: int = 0
    """Those of the parked of which a person has to choose between two sides."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wrote what the server holds, on which laptop and when it came, as far as it was told."""

    author_id: str | None = None
    device_name: str | None = None
    received_at: datetime | None = None


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One row for the list of what is unsent. `state` is waiting, in_flight or parked.

    `server_body` is the other side of what is parked, and `server_by` who wrote it. `seen_body` is
    what a pull brought of the record while this change was unsent, and `seen_by` who wrote that.
    `handed_over` says that the office is asked to deal with the change.
    """

    sequence: int
    change_id: str
    kind: str
    record_id: str
    patient_id: str | None
    body: Body
    state: str
    attempts: int
    created_at: datetime
    reason_code: str | None
    reason_detail: str | None
    server_body: Body | None
    server_version: int | None
    server_by: Origin = UNKNOWN
    seen_body: Body | None = None
    seen_version: int | None = None
    seen_by: Origin = UNKNOWN
    handed_over: bool = False


@dataclass(frozen=True, slots=True)
class PendingChange:
    """One change as it is sent."""

    sequence: int
    change_id: str
    kind: str
    record_id: str
    patient_id: str | None
    base_version: int
    body: Body
    clock_offset_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The server has stored a change.

    `version` is the version that holds it. `server_body` is given when the server's record is not
    what was sent (it was joined with another's edit); `server_version` is then that record's
    and `server_by` who wrote the other's part. `received_at` is when the server got an event, where
    that is known.
    """

    change_id: str
    version: int
    server_body: Mapping[str, Any] | None = None
    server_version: int | None = None
    received_at: datetime | None = None
    server_by: Origin = UNKNOWN


# --- reading


def counts(database: Database) -> OutboxCounts:
    """Count what waits (in the air or not) and what is parked."""
    row = database.connection.execute(
        "SELECT count(*) FILTER (WHERE state <> 'parked') AS waiting,"
        " count(*) FILTER (WHERE state = 'parked') AS parked,"
        " count(*) FILTER (WHERE state = 'parked' AND server_body IS NOT NULL"
        " AND kind IN (SELECT value FROM json_each(?))) AS conflicts"
        " FROM outbox",
        (json.dumps([kind for kind in KINDS if policy_of(kind) is Policy.EDITED]),),
    ).fetchone()
    assert row is not None
    return OutboxCounts(int(row["waiting"]), int(row["parked"]), int(row["conflicts"]))


def items(database: Database, kind: str | None = None) -> list[OutboxItem]:
    """Everything that is not on the server yet, oldest first; of one kind where given."""
    rows = database.connection.execute(
        "SELECT * FROM outbox WHERE kind = coalesce(?, kind) ORDER BY sequence", (kind,)
    )
    return [_item(row) for row in rows]


def patients_of(database: Database, change_ids: Iterable[str]) -> dict[str, str | None]:
    """Of those of the changes that are unsent the patient each is about, by change id."""
    rows = database.connection.execute(
        "SELECT change_id, patient_id FROM outbox"
        " WHERE change_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(change_ids)),),
    )
    return {str(row["change_id"]): row["patient_id"] for row in rows}


def names_of(database: Database, change_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Kind and id of the records that these unsent changes are about."""
    return _names(database.connection, list(change_ids))


# --- one sync


def return_in_flight(database: Database) -> int:
    """Let what an interrupted sync left in the air wait again; return how many rows."""
    with atomic(database) as connection:
        return connection.execute(
            "UPDATE outbox SET state = 'waiting' WHERE state = 'in_flight'"
        ).rowcount


def take_batch(database: Database, limit: int, max_bytes: int) -> list[PendingChange]:
    """Take the most urgent waiting changes, at most `limit` and about `max_bytes` of bodies.

    Marks them as in flight. Takes one change per record (the next one needs the version that the
    first will get), none of a record that has a parked change, and none that points to a record
    which is parked and not on the server. At least one change is taken however large it is.
    """
    with atomic(database) as connection:
        taken: list[PendingChange] = []
        size = 0
        for row in _takeable(connection):
            size += len(str(row["body"]).encode())
            if taken and size > max_bytes:
                break
            taken.append(_pending(connection, row))
            if len(taken) == limit:
                break
        connection.executemany(
            "UPDATE outbox SET state = 'in_flight', attempts = attempts + 1 WHERE change_id = ?",
            [(change.change_id,) for change in taken],
        )
        return taken


def something_waits(database: Database) -> bool:
    """True while there is a change that could be sent, now or once its predecessor is answered."""
    connection = database.connection
    busy, missing = _held_back(connection, "parked")
    return next(_waiting_rows(connection, busy, missing), None) is not None


def unsent(database: Database, leaving_out: Collection[str] = ()) -> list[PendingChange]:
    """Everything that is not on the server, parked or not, one change per record; marks nothing.

    For a courier file: what is in it stays unsent until its receipt has come back. Of a record the
    first change counts that is not one of those left out.
    """
    connection = database.connection
    rows = connection.execute("SELECT * FROM outbox ORDER BY urgency, sequence").fetchall()
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        if str(row["change_id"]) not in leaving_out:
            first.setdefault((str(row["kind"]), str(row["record_id"])), row)
    return [_pending(connection, row) for row in first.values()]


def note_offered(database: Database, change_ids: Iterable[str]) -> None:
    """Note that these changes may have left this laptop: an edit must not replace them any more."""
    with atomic(database) as connection:
        connection.executemany(
            "UPDATE outbox SET attempts = attempts + 1 WHERE change_id = ?",
            [(change_id,) for change_id in change_ids],
        )


def acknowledge(database: Database, settled: Iterable[Settled]) -> list[Change]:
    """Forget exactly these changes; return the records whose body on this laptop became another.

    An edit that was made meanwhile stays, moved on top of what the server now holds. Where both
    changed the same field, it is parked as a conflict.
    """
    changed: list[Change] = []
    results = list(settled)
    with (
        atomic(database) as connection,
        counted(connection, _names(connection, [result.change_id for result in results])),
    ):
        for result in results:
            change = _acknowledge_one(connection, result)
            if change is not None:
                changed.append(change)
    return changed


def park(
    database: Database,
    change_id: str,
    code: str,
    detail: str | None = None,
    server_body: Mapping[str, Any] | None = None,
    server_version: int | None = None,
    server_by: Origin = UNKNOWN,
) -> None:
    """Set a change aside with its reason; it is counted and shown until a person decides."""
    with atomic(database) as connection, counted(connection, _names(connection, [change_id])):
        row = _row(connection, change_id)
        if row is not None and server_body is not None and server_version:
            kind, record_id = str(row["kind"]), str(row["record_id"])
            see(connection, kind, record_id, server_version, server_body, server_by)
        if row is None or server_body is None or not _is_readable(row, server_body):
            # What this version cannot read is no side that a person could choose.
            server_body, server_version, server_by = None, None, UNKNOWN
        connection.execute(
            "UPDATE outbox SET state = 'parked', reason_code = ?, reason_detail = ?,"
            " server_body = ?, server_version = ?, server_by = ? WHERE change_id = ?",
            (
                code,
                detail,
                _dump_optional(server_body),
                server_version,
                _origin_text(server_by),
                change_id,
            ),
        )


def forget_decisions(database: Database, change_ids: Iterable[str]) -> None:
    """Forget those of these changes that only gave the server its own decision back (a deletion).

    A server that does not know it as its own will not take it at a second try; no person's work is
    in it, and the next comparison finds out what stands.
    """
    with (
        atomic(database) as connection,
        counted(connection, _names(connection, list(change_ids))),
    ):
        connection.execute(
            "DELETE FROM outbox WHERE kind = ? AND change_id IN (SELECT value FROM json_each(?))",
            (DELETION_KIND, json.dumps(list(change_ids))),
        )


# --- a person decides


def hand_over(database: Database, change_id: str, now: datetime) -> None:
    """Note that the office is asked to deal with a parked change; forgotten when it is settled."""
    with atomic(database) as connection:
        connection.execute(
            "UPDATE outbox SET handed_over_at = ? WHERE change_id = ? AND state = 'parked'",
            (to_iso(now), change_id),
        )


def retry(database: Database, change_id: str) -> None:
    """Let a parked change wait again, with the record's newest text if it was corrected."""
    with atomic(database) as connection:
        row = _parked_row(connection, change_id)
        newest = row
        if policy_of(str(row["kind"])) is Policy.EDITED:
            newest = _fold_newer(connection, row)
        # With its own id: under the parked one the server may know another text already.
        _wait_again(connection, row, change_id=str(newest["change_id"]), body=str(newest["body"]))
        if policy_of(str(row["kind"])) is Policy.EVENT:
            _note_left(connection, str(newest["change_id"]))


def keep_mine(database: Database, change_id: str, new_id: IdMaker) -> Change:
    """Settle a conflict with this laptop's values where they differ; the rest is the server's.

    The decision is a new change, so it gets an id of its own from `new_id`.
    """
    with atomic(database) as connection, counted(connection, _names(connection, [change_id])):
        row = _decidable_row(connection, change_id)
        server = json.loads(str(row["server_body"] or row["base_body"]))
        base = json.loads(str(row["base_body"] or "{}"))
        mine = json.loads(str(_fold_newer(connection, row)["body"]))
        body = dict(server)
        body.update({name: value for name, value in mine.items() if value != base.get(name)})
        text = dump(body)
        _wait_again(connection, row, change_id=new_id(), body=text, base_body=dump(server))
        return _replace_record(connection, row, text, _server_version(connection, row))


def discard_in_favour_of_server(database: Database, change_id: str) -> Change:
    """Give up a parked edit and show the server's record; edits made after it are kept."""
    with atomic(database) as connection, counted(connection, _names(connection, [change_id])):
        row = _decidable_row(connection, change_id)
        server = str(row["server_body"] or row["base_body"])
        version = _server_version(connection, row)
        connection.execute("DELETE FROM outbox WHERE change_id = ?", (change_id,))
        newer = _newer_row(connection, row)
        if newer is None:
            return _replace_record(connection, row, server, version)
        by = _origin(row["server_by"])
        return _rebase(connection, newer, str(row["body"]), server, version, by)


def clashes(database: Database, change_id: str) -> tuple[str, ...]:
    """The fields of a parked edit between whose two values a person has to choose, sorted.

    Of critical records these are all fields that differ; of others those that both sides changed.
    Raises NotParkedError and NotDecidableError.
    """
    row = _decidable_row(database.connection, change_id)
    mine, servers, base = _sides(_newest_text(database.connection, row), row)
    return _clashing(str(row["kind"]), mine, servers, base)


def settle_fields(
    database: Database, change_id: str, mine: frozenset[str], new_id: IdMaker
) -> Change:
    """Settle a conflict: the clashing fields in `mine` keep this laptop's value, all others take
    the server's. What only one side changed is kept from that side.

    The decision is a new change with an id from `new_id`; nothing is sent when it is the server's
    record word for word. Raises NotParkedError and NotDecidableError.
    """
    with atomic(database) as connection, counted(connection, _names(connection, [change_id])):
        row = _decidable_row(connection, change_id)
        here, servers, base = _sides(str(_fold_newer(connection, row)["body"]), row)
        clashing = set(_clashing(str(row["kind"]), here, servers, base))
        body = dict(servers)
        for name, value in here.items():
            changed_here = value != base.get(name)
            if (name in mine) if name in clashing else changed_here:
                body[name] = value
        text, version = dump(body), _server_version(connection, row)
        if body == servers:
            connection.execute("DELETE FROM outbox WHERE change_id = ?", (change_id,))
        else:
            _wait_again(connection, row, change_id=new_id(), body=text, base_body=dump(servers))
        return _replace_record(connection, row, text, version)


# --- offered again


def offer_again(
    database: Database,
    lost: Iterable[tuple[str, str, int]],
    now: datetime,
    new_id: IdMaker,
) -> int:
    """Queue records (kind, id, base version) that the server has lost; return how many.

    The base is the version that the server holds instead; 0 when it has none, or another's text.
    What is unsent of an edited record becomes one change of it all on that base: what stood before
    it, and the other side of a conflict, are of the time that the server has lost.
    """
    offered = 0
    names = list(lost)
    with (
        atomic(database) as connection,
        counted(connection, [(kind, record_id) for kind, record_id, _ in names]),
    ):
        for kind, record_id, base in names:
            table = table_of(kind)
            row = connection.execute(
                f"SELECT patient_id, body FROM {table} WHERE id = ?",  # noqa: S608 (from KINDS)
                (record_id,),
            ).fetchone()
            if row is None:
                continue
            connection.execute(
                f"UPDATE {table} SET version = ? WHERE id = ?",  # noqa: S608 (from KINDS)
                (base, record_id),
            )
            event = policy_of(kind) is Policy.EVENT
            unsent = _oldest_row(connection, kind, record_id)
            if unsent is None:
                change = Change(kind, record_id, row["patient_id"])
                change_id = record_id if event else new_id()
                add_row(connection, change, change_id, str(row["body"]), None, now)
                if event:
                    _note_left(connection, change_id)
                offered += 1
            elif event:
                connection.execute(
                    "UPDATE outbox SET seen_body = NULL, seen_version = NULL, seen_by = NULL"
                    " WHERE sequence = ?",
                    (unsent["sequence"],),
                )
            else:
                body = str(_fold_newer(connection, unsent)["body"])
                _wait_again(connection, unsent, change_id=new_id(), body=body)
                connection.execute(
                    "UPDATE outbox SET base_body = NULL, seen_body = NULL, seen_version = NULL,"
                    " seen_by = NULL WHERE sequence = ?",
                    (unsent["sequence"],),
                )
    return offered


# --- for this package


@contextlib.contextmanager
def atomic(database: Database) -> Iterator[Connection]:
    """Join the transaction that is open, or run in one of its own."""
    connection = database.connection
    if connection.in_transaction:
        yield connection
    else:
        with database.transaction() as connection:
            yield connection


def table_of(kind: str) -> str:
    """The table of a kind; one table holds every kind that this version does not know."""
    return kind if kind in KINDS else "unknown_record"


def version_of(connection: Connection, kind: str, record_id: str) -> int:
    """The server version that a record is based on; 0 when the server never had it."""
    row = connection.execute(
        f"SELECT version FROM {table_of(kind)} WHERE id = ?",  # noqa: S608 (a name from KINDS)
        (record_id,),
    ).fetchone()
    return 0 if row is None else int(row["version"])


def urgency_of(kind: str, *, new: bool) -> Urgency:
    """How soon a change is sent; what belongs to a new patient needs the patient first."""
    return Urgency.SAFETY if kind == "patient" and new else rule_of(kind).urgency


def add_row(
    connection: Connection,
    change: Change,
    change_id: str,
    body: str,
    base_body: str | None,
    now: datetime,
) -> None:
    """Let a change wait to be sent, with what this laptop knows of its own clock."""
    connection.execute(
        "INSERT INTO outbox (change_id, kind, record_id, patient_id, body, base_body, created_at,"
        " urgency, clock_offset_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT value FROM store_state WHERE key = ?))",
        (
            change_id,
            change.kind,
            change.id,
            change.patient_id,
            body,
            base_body,
            to_iso(now),
            int(urgency_of(change.kind, new=base_body is None)),
            CLOCK_OFFSET,
        ),
    )


def see(
    connection: Connection,
    kind: str,
    record_id: str,
    version: int,
    body: Mapping[str, Any],
    by: Origin = UNKNOWN,
) -> bool:
    """Note beside the unsent changes of a record what the server holds; False without any.

    A parked change learns it too, so that a person chooses against the newest.
    """
    text, by_text = dump(body), _origin_text(by)
    noted = connection.execute(
        "UPDATE outbox SET seen_body = ?, seen_version = ?, seen_by = ?"
        " WHERE kind = ? AND record_id = ?",
        (text, version, by_text, kind, record_id),
    ).rowcount
    connection.execute(
        "UPDATE outbox SET server_body = ?, server_version = ?, server_by = ?"
        " WHERE kind = ? AND record_id = ? AND state = 'parked'"
        " AND coalesce(server_version, 0) < ?",
        (text, version, by_text, kind, record_id, version),
    )
    return noted > 0


def dump(body: Mapping[str, Any]) -> str:
    """The text in which a body is stored."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


# --- details


def _origin_text(by: Origin) -> str | None:
    return None if by == UNKNOWN else dump(to_body(by))


def _origin(text: str | None) -> Origin:
    return UNKNOWN if text is None else from_body(Origin, json.loads(text))


def _item(row: Row) -> OutboxItem:
    return OutboxItem(
        sequence=int(row["sequence"]),
        change_id=str(row["change_id"]),
        kind=str(row["kind"]),
        record_id=str(row["record_id"]),
        patient_id=row["patient_id"],
        body=json.loads(str(row["body"])),
        state=str(row["state"]),
        attempts=int(row["attempts"]),
        created_at=from_iso(str(row["created_at"])),
        reason_code=row["reason_code"],
        reason_detail=row["reason_detail"],
        server_body=None if row["server_body"] is None else json.loads(str(row["server_body"])),
        server_version=row["server_version"],
        server_by=_origin(row["server_by"]),
        seen_body=None if row["seen_body"] is None else json.loads(str(row["seen_body"])),
        seen_version=row["seen_version"],
        seen_by=_origin(row["seen_by"]),
        handed_over=row["state"] == "parked" and row["handed_over_at"] is not None,
    )


def _pending(connection: Connection, row: Row) -> PendingChange:
    kind, record_id = str(row["kind"]), str(row["record_id"])
    return PendingChange(
        sequence=int(row["sequence"]),
        change_id=str(row["change_id"]),
        kind=kind,
        record_id=record_id,
        patient_id=row["patient_id"],
        base_version=version_of(connection, kind, record_id),
        body=json.loads(str(row["body"])),
        clock_offset_ms=row["clock_offset_ms"],
    )


def _takeable(connection: Connection) -> Iterator[Row]:
    """The waiting changes that may be sent now, the most urgent first, one per record."""
    busy, missing = _held_back(connection, "in_flight", "parked")
    for row in _waiting_rows(connection, busy, missing):
        busy.add((str(row["kind"]), str(row["record_id"])))
        yield row


def _waiting_rows(
    connection: Connection, busy: set[tuple[str, str]], missing: set[str]
) -> Iterator[Row]:
    """Waiting changes of records that are not `busy` and do not point to one that is `missing`.

    Adds to both sets what has to wait for that reason.
    """
    rows = connection.execute(
        "SELECT * FROM outbox WHERE state = 'waiting' ORDER BY urgency, sequence"
    )
    for row in rows:
        record = (str(row["kind"]), str(row["record_id"]))
        if record in busy:
            continue
        if missing and not missing.isdisjoint(_points_to(row)):
            # What points to this one has to wait as well, unless the server knows it.
            busy.add(record)
            if version_of(connection, *record) == 0:
                missing.add(record[1])
            continue
        yield row


def _held_back(connection: Connection, *states: str) -> tuple[set[tuple[str, str]], set[str]]:
    """Records with a change in these states, and ids of parked records not on the server."""
    busy: set[tuple[str, str]] = set()
    missing: set[str] = set()
    rows = connection.execute(
        "SELECT kind, record_id, state, server_version FROM outbox"
        " WHERE state IN (SELECT value FROM json_each(?))",
        (json.dumps(states),),
    )
    for row in rows.fetchall():
        kind, record_id = str(row["kind"]), str(row["record_id"])
        busy.add((kind, record_id))
        # One offered again after a restore may clash with a text that the server does hold.
        lacks = row["server_version"] is None and version_of(connection, kind, record_id) == 0
        if row["state"] == "parked" and lacks:
            missing.add(record_id)
    return busy, missing


def _points_to(row: Row) -> Iterator[str]:
    if row["patient_id"] is not None and row["patient_id"] != row["record_id"]:
        yield str(row["patient_id"])
    values = json.loads(str(row["body"]))
    for name in POINTERS:
        if values.get(name) is not None:
            yield str(values[name])


def _names(connection: Connection, change_ids: list[str]) -> list[tuple[str, str]]:
    """Kind and id of the records that these changes are about."""
    rows = connection.execute(
        "SELECT kind, record_id FROM outbox WHERE change_id IN (SELECT value FROM json_each(?))",
        (json.dumps(change_ids),),
    )
    return [(str(row["kind"]), str(row["record_id"])) for row in rows]


def _acknowledge_one(connection: Connection, result: Settled) -> Change | None:
    row = _row(connection, result.change_id)
    if row is None:
        return None
    connection.execute("DELETE FROM outbox WHERE change_id = ?", (result.change_id,))
    if policy_of(str(row["kind"])) is Policy.EVENT:
        _set_version(connection, row, result.version)
        _note_received(connection, row, result.received_at)
        return None
    version, by = result.server_version or result.version, result.server_by
    if row["seen_version"] is not None and int(row["seen_version"]) > version:
        # A pull has brought something still newer, which had to wait behind this change.
        result = Settled(result.change_id, version, json.loads(str(row["seen_body"])))
        version, by = int(row["seen_version"]), _origin(row["seen_by"])
    if result.server_body is None:
        _set_version(connection, row, result.version)
        return None
    if not _is_readable(row, result.server_body):
        # Written by a newer program. The record stays on its old base, as after a pull of it.
        return None
    sent, server = str(row["body"]), dump(result.server_body)
    newer = _newer_row(connection, row)
    if newer is not None:
        return _rebase(connection, newer, sent, server, version, by)
    return _replace_record(connection, row, server, version)


def _note_received(connection: Connection, row: Row, received_at: datetime | None) -> None:
    """Note beside an event when the server got it, and what its author's clock was off by."""
    if received_at is not None and str(row["kind"]) in KINDS:
        connection.execute(
            f"UPDATE {row['kind']} SET received_at = coalesce(received_at, ?),"  # noqa: S608
            " clock_offset_ms = coalesce(clock_offset_ms, ?) WHERE id = ?",
            (to_iso(received_at), row["clock_offset_ms"], row["record_id"]),
        )


def _set_version(connection: Connection, row: Row, version: int) -> None:
    connection.execute(
        f"UPDATE {table_of(str(row['kind']))}"  # noqa: S608 (a name from KINDS)
        " SET version = max(version, ?) WHERE id = ?",
        (version, row["record_id"]),
    )


def _replace_record(connection: Connection, row: Row, body: str, version: int) -> Change:
    connection.execute(
        f"UPDATE {table_of(str(row['kind']))}"  # noqa: S608 (a name from KINDS)
        " SET body = ?, version = ? WHERE id = ?",
        (body, version, row["record_id"]),
    )
    return Change(str(row["kind"]), str(row["record_id"]), row["patient_id"])


def _rebase(
    connection: Connection, newer: Row, sent: str, server: str, version: int, by: Origin
) -> Change:
    """Move an edit that was made on top of `sent` onto what the server holds instead.

    Critical records are joined as little here as at the server: a person chooses.
    """
    critical = rule_of(str(newer["kind"])).critical
    mine = json.loads(str(newer["body"]))
    result = merge(json.loads(sent), json.loads(server), mine, critical=critical)
    if isinstance(result, Merged):
        body = dump(result.body)
        connection.execute(
            "UPDATE outbox SET body = ?, base_body = ? WHERE change_id = ?",
            (body, server, newer["change_id"]),
        )
        return _replace_record(connection, newer, body, version)
    # What stood before the edit stays `sent`, for the choice; what the server has is noted beside.
    see(connection, str(newer["kind"]), str(newer["record_id"]), version, json.loads(server), by)
    connection.execute(
        "UPDATE outbox SET state = 'parked', reason_code = 'conflict', reason_detail = ?,"
        " server_body = ?, server_version = ?, server_by = ? WHERE change_id = ?",
        (",".join(result.fields), server, version, _origin_text(by), newer["change_id"]),
    )
    return _replace_record(connection, newer, str(newer["body"]), version)


def _newer_row(connection: Connection, row: Row) -> Row | None:
    """The first change of the same record that was made after this one."""
    return connection.execute(
        "SELECT * FROM outbox WHERE kind = ? AND record_id = ? AND sequence > ?"
        " ORDER BY sequence LIMIT 1",
        (row["kind"], row["record_id"], row["sequence"]),
    ).fetchone()


def _oldest_row(connection: Connection, kind: str, record_id: str) -> Row | None:
    return connection.execute(
        "SELECT * FROM outbox WHERE kind = ? AND record_id = ? ORDER BY sequence LIMIT 1",
        (kind, record_id),
    ).fetchone()


def _row(connection: Connection, change_id: str) -> Row | None:
    return connection.execute("SELECT * FROM outbox WHERE change_id = ?", (change_id,)).fetchone()


def _is_readable(row: Row, body: Mapping[str, Any]) -> bool:
    """True when `body` is a later version of this row's record and this program can read it."""
    known = KINDS.get(str(row["kind"]))
    try:
        if known is not None:
            known.check(str(row["record_id"]), row["patient_id"], body, from_server=True)
    except BodyError:
        return False
    return True


def _fold_newer(connection: Connection, row: Row) -> Row:
    """Drop the rows of later edits, which were never sent; return the last one, or `row`."""
    later = connection.execute(
        "SELECT change_id, body FROM outbox WHERE kind = ? AND record_id = ? AND sequence > ?"
        " ORDER BY sequence",
        (row["kind"], row["record_id"], row["sequence"]),
    ).fetchall()
    connection.executemany(
        "DELETE FROM outbox WHERE change_id = ?", [(entry["change_id"],) for entry in later]
    )
    return later[-1] if later else row


def _wait_again(
    connection: Connection, row: Row, *, change_id: str, body: str, base_body: str | None = None
) -> None:
    connection.execute(
        "UPDATE outbox SET state = 'waiting', change_id = ?, body = ?, attempts = 0,"
        " base_body = coalesce(?, base_body), reason_code = NULL, reason_detail = NULL,"
        " server_body = NULL, server_version = NULL, server_by = NULL,"
        # The office was asked about the very change that may come to a stop again; another is new.
        " handed_over_at = CASE WHEN change_id = ? THEN handed_over_at END WHERE sequence = ?",
        (change_id, body, base_body, change_id, row["sequence"]),
    )


def _note_left(connection: Connection, change_id: str) -> None:
    """This event has been outside before: others may know of it, and it is not undone any more."""
    connection.execute(
        "UPDATE outbox SET attempts = max(attempts, 1) WHERE change_id = ?", (change_id,)
    )


def _parked_row(connection: Connection, change_id: str) -> Row:
    row = connection.execute(
        "SELECT * FROM outbox WHERE change_id = ? AND state = 'parked'", (change_id,)
    ).fetchone()
    if row is None:
        raise NotParkedError(change_id)
    return row


def _decidable_row(connection: Connection, change_id: str) -> Row:
    """A parked edit that has another side to choose from."""
    row = _parked_row(connection, change_id)
    other_side: Sequence[object] = (row["server_body"], row["base_body"])
    if policy_of(str(row["kind"])) is not Policy.EDITED or other_side == (None, None):
        raise NotDecidableError(change_id)
    return row


def _server_version(connection: Connection, row: Row) -> int:
    if row["server_version"] is not None:
        return int(row["server_version"])
    return version_of(connection, str(row["kind"]), str(row["record_id"]))


def _dump_optional(body: Mapping[str, Any] | None) -> str | None:
    return None if body is None else dump(body)


def _sides(newest: str, row: Row) -> tuple[Body, Body, Body]:
    """What this laptop says now, what the server holds, and what both began from."""
    servers = json.loads(str(row["server_body"] or row["base_body"]))
    return json.loads(newest), servers, json.loads(str(row["base_body"] or "{}"))


def _newest_text(connection: Connection, row: Row) -> str:
    newest = connection.execute(
        "SELECT body FROM outbox WHERE kind = ? AND record_id = ? ORDER BY sequence DESC LIMIT 1",
        (row["kind"], row["record_id"]),
    ).fetchone()
    return str(row["body"] if newest is None else newest["body"])


def _clashing(kind: str, mine: Body, servers: Body, base: Body) -> tuple[str, ...]:
    critical = rule_of(kind).critical
    result = merge(base, servers, mine, critical=critical)
    if isinstance(result, Merged):
        return ()
    differing = (name for name in mine if mine[name] != servers.get(name))
    return tuple(sorted(name for name in differing if critical or name in result.fields))
