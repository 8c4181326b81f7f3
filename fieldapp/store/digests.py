"""What the server should hold according to this laptop: a count and a sum of hashes per patient.

The sums are carried forward in the transaction that changes a record (`counted`), so that a
comparison costs as much as there are patients, not as there are records. `recount` works a patient
out anew from the rows, which also finds what was changed behind the program's back.

A record counts with the newest text of which this laptop knows that the server has it: for one with
unsent changes that is what stood before the first of them, or what a pull has brought since.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fieldapp.domain.digests import as_text, canonical, from_text, moved, record_digest, total
from fieldapp.domain.kinds import KINDS
from fieldapp.domain.merge import Policy, policy_of
from fieldapp.store.db import Connection, Database, Row

Name = tuple[str, str]
"""Kind and id of a record."""

TEAM = ""
"""Stands for the patient of records that belong to the whole team."""

KEPT = "digests_kept"
"""Key of `store_state`: the sums are there. A store of an older program has none yet."""


@dataclass(frozen=True, slots=True)
class Held:
    """One record as the server should hold it. `patient_id` is TEAM for the whole team's."""

    patient_id: str
    version: int
    digest: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Number and digest of some records."""

    count: int
    digest: int

    @property
    def text(self) -> str:
        """The digest as it travels."""
        return as_text(self.digest)


# --- carried forward


@contextlib.contextmanager
def counted(connection: Connection, names: Iterable[Name]) -> Iterator[None]:
    """Carry the sums forward over whatever the block does to these records.

    For blocks inside an open transaction.
    """
    chosen = list(dict.fromkeys(names))
    before = held(connection, chosen)
    yield
    after = held(connection, chosen)
    _move(connection, taken_out=before.values(), put_in=after.values())


def count_new(connection: Connection, new: Iterable[Held]) -> None:
    """Carry the sums forward over records that were not here before."""
    _move(connection, taken_out=(), put_in=new)


def forget(connection: Connection, patient_id: str) -> None:
    """Forget the sum of a patient of whom nothing is left."""
    connection.execute("DELETE FROM patient_digest WHERE patient_id = ?", (patient_id,))


def _move(connection: Connection, *, taken_out: Iterable[Held], put_in: Iterable[Held]) -> None:
    changes: dict[str, Sum] = {}
    for sign, records in ((-1, taken_out), (1, put_in)):
        for record in records:
            before = changes.get(record.patient_id, Sum(0, 0))
            changes[record.patient_id] = Sum(
                before.count + sign, moved(before.digest, added=sign * record.digest)
            )
    for patient_id, change in changes.items():
        if change != Sum(0, 0):
            old = sum_of(connection, patient_id)
            _write(
                connection,
                patient_id,
                Sum(old.count + change.count, moved(old.digest, added=change.digest)),
            )


def _write(connection: Connection, patient_id: str, value: Sum) -> None:
    connection.execute(
        "INSERT INTO patient_digest (patient_id, count, digest) VALUES (?, ?, ?)"
        " ON CONFLICT (patient_id) DO UPDATE SET count = excluded.count, digest = excluded.digest",
        (patient_id, value.count, value.text),
    )


# --- asked


def sum_of(connection: Connection, patient_id: str) -> Sum:
    """The sum of one patient (or TEAM) as it was carried forward."""
    row = connection.execute(
        "SELECT count, digest FROM patient_digest WHERE patient_id = ?", (patient_id,)
    ).fetchone()
    return Sum(0, 0) if row is None else Sum(int(row["count"]), from_text(str(row["digest"])))


def all_sums(connection: Connection) -> dict[str, Sum]:
    """The sums of everybody of whom the server should hold anything."""
    rows = connection.execute("SELECT * FROM patient_digest WHERE count <> 0 ORDER BY patient_id")
    return {
        str(row["patient_id"]): Sum(int(row["count"]), from_text(str(row["digest"])))
        for row in rows
    }


def together(sums: Iterable[Sum]) -> Sum:
    """The sum of many."""
    chosen = list(sums)
    return Sum(sum(one.count for one in chosen), total(one.digest for one in chosen))


# --- from the rows


def held(connection: Connection, names: Iterable[Name]) -> dict[Name, Held]:
    """What the server should hold of these records; those that it never had are left out."""
    by_kind: dict[str, list[str]] = {}
    for kind, record_id in names:
        by_kind.setdefault(kind, []).append(record_id)
    found: dict[Name, Held] = {}
    for kind, ids in by_kind.items():
        found.update(_held_of_kind(connection, kind, json.dumps(ids)))
    return found


def names_of(connection: Connection, patient_id: str) -> list[Name]:
    """All records of a patient (or TEAM), those that this version cannot read too."""
    wanted = patient_id or None
    names = [
        (kind, str(row["id"]))
        for kind in KINDS
        for row in connection.execute(
            f"SELECT id FROM {kind} WHERE patient_id IS ?",  # noqa: S608 (a name from KINDS)
            (wanted,),
        )
    ]
    kept = connection.execute(
        "SELECT kind, id FROM unknown_record WHERE patient_id IS ?", (wanted,)
    )
    return list(dict.fromkeys([*names, *((str(row["kind"]), str(row["id"])) for row in kept)]))


def recount(connection: Connection, patient_id: str) -> Sum:
    """Work out the sum of one patient (or TEAM) anew from the rows, and keep it."""
    records = held(connection, names_of(connection, patient_id)).values()
    own = [record.digest for record in records if record.patient_id == patient_id]
    result = Sum(len(own), total(own))
    _write(connection, patient_id, result)
    return result


def recount_all(connection: Connection) -> None:
    """Work out every sum anew."""
    connection.execute("DELETE FROM patient_digest")
    for patient_id in sorted({TEAM, *_patients(connection)}):
        recount(connection, patient_id)
    connection.execute(
        "INSERT INTO store_state (key, value) VALUES (?, '1')"
        " ON CONFLICT (key) DO UPDATE SET value = '1'",
        (KEPT,),
    )


def ensure(database: Database) -> None:
    """Work out every sum if none were ever kept: an older program wrote this store."""
    connection = database.connection
    if connection.execute("SELECT 1 FROM store_state WHERE key = ?", (KEPT,)).fetchone() is None:
        with database.transaction():
            recount_all(connection)


def _patients(connection: Connection) -> set[str]:
    tables = (*KINDS, "unknown_record")
    sql = " UNION ".join(f"SELECT patient_id FROM {table}" for table in tables)  # noqa: S608
    rows = connection.execute(f"SELECT patient_id FROM ({sql}) WHERE patient_id IS NOT NULL")  # noqa: S608
    return {str(row["patient_id"]) for row in rows}


def _held_of_kind(connection: Connection, kind: str, ids: str) -> dict[Name, Held]:
    rows: dict[str, Row] = {}
    if kind in KINDS:
        rows = _by_id(
            connection.execute(
                f"SELECT id, patient_id, version, body FROM {kind}"  # noqa: S608 (from KINDS)
                " WHERE id IN (SELECT value FROM json_each(?))",
                (ids,),
            )
        )
    kept = _by_id(
        connection.execute(
            "SELECT id, patient_id, version, body FROM unknown_record"
            " WHERE kind = ? AND id IN (SELECT value FROM json_each(?))",
            (kind, ids),
        )
    )
    # Beside min() SQLite gives the other columns of the row that holds the minimum.
    unsent = _by_id(
        connection.execute(
            "SELECT record_id AS id, base_body, seen_version, seen_body, min(sequence) FROM outbox"
            " WHERE kind = ? AND record_id IN (SELECT value FROM json_each(?)) GROUP BY record_id",
            (kind, ids),
        )
    )
    found: dict[Name, Held] = {}
    for record_id in {*rows, *kept}:
        row, older = rows.get(record_id), kept.get(record_id)
        newest = _newest(kind, row, unsent.get(record_id), older)
        owner = row if row is not None else older
        if newest is not None and owner is not None:
            version, body = newest
            found[kind, record_id] = Held(
                owner["patient_id"] or TEAM,
                version,
                digest_of(kind, record_id, version, body),
            )
    return found


def digest_of(kind: str, record_id: str, version: int, body: str) -> int:
    """The digest of a record whose body is stored as this text."""
    return record_digest(kind, record_id, version, canonical(json.loads(body)))


def _newest(
    kind: str, row: Row | None, unsent: Row | None, kept: Row | None
) -> tuple[int, str] | None:
    """The newest (version, body) of which this laptop knows that the server holds it."""
    known: list[tuple[int, str]] = []
    # What the server told stands first, for of two with one number the first is taken: after a
    # server was set back, what stood before the change may be the text of the time that was lost.
    if unsent is not None and unsent["seen_version"] is not None:
        known.append((int(unsent["seen_version"]), str(unsent["seen_body"])))
    if kept is not None and int(kept["version"]) > 0:
        known.append((int(kept["version"]), str(kept["body"])))
    if row is not None and int(row["version"]) > 0:
        body = row["body"]
        if unsent is not None and policy_of(kind) is Policy.EDITED:
            body = unsent["base_body"]
        if body is not None:
            known.append((int(row["version"]), str(body)))
    return max(known, default=None, key=lambda one: one[0])


def _by_id(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row["id"]): row for row in rows}
