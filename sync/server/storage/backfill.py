"""Fills what a migration has added from what was stored before it, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sync.protocol.digests import as_text, moved
from sync.server.storage.base import Statements
from sync.server.storage.records import (
    HANDOUT_KIND,
    TEAM,
    digest_of,
    handout_row,
    next_mark,
    stored_record,
)
from sync.server.storage.values import StoredRecord

_AT_ONCE = 2000
_FIRST_COLUMNS = ("event_id", "slot", "author_id", "given", "reverses")
"""Those that the table of doses began with."""


def fill_exchange(statements: Statements) -> None:
    """Work out digests, doses by slot and the first commit mark of the records that are here."""
    ((newest,),) = statements.rows("SELECT value FROM counter WHERE name = 'commit'")
    stored: list[tuple[int, str]] = []
    handouts = []
    for record in _records(statements):
        stored.append((record.seq, record.body_hash))
        if record.kind == HANDOUT_KIND:
            row = handout_row(record.id, record.patient_id, record.body)
            # The columns that a later migration adds are filled by it.
            handouts += [row[: len(_FIRST_COLUMNS)]] if row is not None else []
    statements.insert_many("patient_digest", ("patient_id", "count", "digest"), sums_of(statements))
    statements.insert_many("handout", _FIRST_COLUMNS, handouts)
    if not newest:
        return
    mark = next_mark("", stored)
    statements.run("INSERT INTO commit_mark (seq, mark) VALUES (?, ?)", (newest, mark))
    statements.run("UPDATE counter SET mark = ? WHERE name = 'commit'", (mark,))


def sums_of(statements: Statements) -> list[tuple[str, int, str]]:
    """Work out (patient id, count, digest) of every patient anew from what is stored."""
    sums: dict[str, tuple[int, int]] = {}
    for record in _records(statements):
        key = record.patient_id or TEAM
        count, digest = sums.get(key, (0, 0))
        sums[key] = (count + 1, moved(digest, digest_of(record)))
    return [(key, count, as_text(digest)) for key, (count, digest) in sums.items()]


FILL: Final[dict[int, Callable[[Statements], None]]] = {3: fill_exchange}
"""By the number of the migration after whose text it runs."""


def _records(statements: Statements) -> Iterator[StoredRecord]:
    after = 0
    while True:
        rows = statements.rows(
            "SELECT kind, id, patient_id, seq, body, body_hash, author_id, device_id,"
            " received_at, out_of_scope, offset_ms FROM record WHERE seq > ?"
            " ORDER BY seq LIMIT ?",
            (after, _AT_ONCE),
        )
        if not rows:
            return
        for row in rows:
            yield stored_record(row)
        after = int(rows[-1][3])
