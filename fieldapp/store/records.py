"""Reading and writing the records that travel: THE one write path of this laptop.

``save_local`` writes the record and its outbox row together, inside the caller's transaction, so
no screen and no service can forget to send something. What comes from the server goes through
``fieldapp.store.inbox`` instead.

SQL text in the arguments ``where`` comes from the repositories of this package only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from fieldapp.domain.changes import Change
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.kinds import KINDS, Policy, kind_of, name_of, policy_of
from fieldapp.errors import Bug
from fieldapp.store.db import Connection, Database, Row
from fieldapp.store.outbox import add_row, dump, table_of

Body = dict[str, Any]
T = TypeVar("T")


class OutsideTransactionError(Bug):
    """A record was to be written outside a transaction (kind)."""

    code = "outside_transaction"


class ServerOwnedError(Bug):
    """A record that only the server may write was to be written here (kind)."""

    code = "server_owned"


def get(database: Database, kind_type: type[T], record_id: str) -> T | None:
    """The record, or None. Raises BodyError for a body that does not fit its kind."""
    found = select(database, kind_type, "id = ?", (record_id,))
    return found[0] if found else None


def select(
    database: Database, kind_type: type[T], where: str = "", parameters: Sequence[object] = ()
) -> list[T]:
    """The records of a kind; ``where`` may go on with ORDER BY and LIMIT."""
    sql = f"SELECT body, patient_id FROM {kind_of(kind_type)}"  # noqa: S608 (a name from KINDS)
    if where:
        sql = f"{sql} WHERE {where}"
    rows = database.connection.execute(sql, tuple(parameters))
    return [value_of(kind_type, str(row["body"]), row["patient_id"]) for row in rows]


def value_of(kind_type: type[T], text: str, patient_id: str | None) -> T:
    """The value of a stored body. The row says whose record it is: patients may be joined."""
    body = json.loads(text)
    if body.get("patient_id", patient_id) != patient_id:
        body["patient_id"] = patient_id
    return from_body(kind_type, body)


def body_of(database: Database, kind: str, record_id: str) -> Body | None:
    """The body word for word, also of a record that this version cannot read; or None."""
    row = database.connection.execute(
        f"SELECT body FROM {table_of(kind)} WHERE id = ?",  # noqa: S608 (a name from KINDS)
        (record_id,),
    ).fetchone()
    if row is None and kind in KINDS:
        row = database.connection.execute(
            "SELECT body FROM unknown_record WHERE kind = ? AND id = ?", (kind, record_id)
        ).fetchone()
    return None if row is None else json.loads(str(row["body"]))


def exists(database: Database, kind_type: type[Any], record_id: str) -> bool:
    """True when this laptop holds the record."""
    row = database.connection.execute(
        f"SELECT 1 FROM {kind_of(kind_type)} WHERE id = ?",  # noqa: S608 (a name from KINDS)
        (record_id,),
    ).fetchone()
    return row is not None


def save_local(database: Database, value: Any, *, now: datetime, change_id: str) -> Change:
    """Write a record made or edited here, and its outbox row, in the caller's transaction.

    Fields of the stored body that this version does not know are kept. An event is only ever
    inserted: a second one with the same id is refused by the schema (IntegrityError). The change of
    an event is named by the event's own id; `change_id` is for edits. Raises
    OutsideTransactionError and ServerOwnedError, which are bugs of the caller.
    """
    kind = name_of(value)
    connection = database.connection
    if not connection.in_transaction:
        raise OutsideTransactionError(kind)
    if policy_of(kind) is Policy.SERVER:
        raise ServerOwnedError(kind)
    change = Change(kind, value.id, patient_id_of(value))
    stored = None
    if policy_of(kind) is Policy.EDITED:
        stored = connection.execute(
            f"SELECT body FROM {kind} WHERE id = ?",  # noqa: S608 (a name from KINDS)
            (value.id,),
        ).fetchone()
    before = None if stored is None else str(stored["body"])
    body = dump({**json.loads(before or "{}"), **to_body(value)})
    if before is None:
        connection.execute(
            f"INSERT INTO {kind} (id, patient_id, body) VALUES (?, ?, ?)",  # noqa: S608
            (change.id, change.patient_id, body),
        )
    else:
        connection.execute(
            f"UPDATE {kind} SET patient_id = ?, body = ? WHERE id = ?",  # noqa: S608
            (change.patient_id, body, change.id),
        )
    if policy_of(kind) is Policy.EVENT:
        change_id = change.id  # it has one change for ever: a second id would say nothing more
    _queue(connection, change, body, before, change_id, now)
    return change


def patient_id_of(value: Any) -> str | None:
    """The patient a record belongs to; a patient belongs to itself, staff to nobody."""
    if name_of(value) == "patient":
        return str(value.id)
    found = getattr(value, "patient_id", None)
    return None if found is None else str(found)


def _queue(
    connection: Connection,
    change: Change,
    body: str,
    before: str | None,
    change_id: str,
    now: datetime,
) -> None:
    """Add the outbox row; an edit replaces its predecessor while that one was never sent."""
    newest = _newest_row(connection, change)
    if newest is not None and newest["state"] == "waiting" and newest["attempts"] == 0:
        # base_body stays: both edits together are one change of what stood before the first.
        connection.execute(
            "UPDATE outbox SET change_id = ?, body = ? WHERE sequence = ?",
            (change_id, body, newest["sequence"]),
        )
        return
    add_row(connection, change, change_id, body, before, now)


def _newest_row(connection: Connection, change: Change) -> Row | None:
    return connection.execute(
        "SELECT sequence, state, attempts FROM outbox WHERE kind = ? AND record_id = ?"
        " ORDER BY sequence DESC LIMIT 1",
        (change.kind, change.id),
    ).fetchone()
