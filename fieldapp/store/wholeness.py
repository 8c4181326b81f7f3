"""What no cipher can see: a page or a whole file that was put back from an older copy.

Every page of it is genuine, so SQLCipher takes it. But what a person does is written in several
places at once: the record, its row in the outbox, the number of rows that there should be, and a
line of the log that holds the hash of the one before. A page put back takes one of them back, and
then they no longer agree. How far the store has come and the newest line of the log are noted
outside it as well (`fieldapp.security.anchor`).
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from datetime import datetime

from fieldapp.domain.access_log import START
from fieldapp.domain.changes import Change
from fieldapp.domain.kinds import KINDS
from fieldapp.domain.merge import Policy, policy_of
from fieldapp.store import audit, state
from fieldapp.store.db import Connection, Database, IntegrityError, named_errors
from fieldapp.store.digests import counted
from fieldapp.store.errors import DatabaseDamagedError
from fieldapp.store.outbox import add_row

log = logging.getLogger(__name__)

_OUTBOX_ROWS = "outbox_rows"

EVENTS = tuple(kind for kind in KINDS if policy_of(kind) is Policy.EVENT)
"""The kinds that are only ever added: what a person signed, gave or saw."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What does not agree: signed records that only the outbox holds (kind, id), kinds of which an
    index knows rows that are gone, rows that the outbox should have and has not, and a log in which
    a line does not follow the one before."""

    lost_records: tuple[tuple[str, str], ...] = ()
    stale_indexes: tuple[str, ...] = ()
    outbox_short: bool = False
    log_broken: bool = False

    def __bool__(self) -> bool:
        return bool(self.lost_records or self.stale_indexes or self.outbox_short or self.log_broken)


def newest_line(database: Database) -> str:
    """The hash of the newest line of the log, to be noted outside; "" where there is no log."""
    if not _is_journal(database):
        return START
    row = database.connection.execute(
        "SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return START if row is None else str(row["hash"])


def knows_line(database: Database, line_hash: str) -> bool:
    """True unless the log has lost the line with that hash."""
    return not line_hash or not _is_journal(database) or audit.knows(database, line_hash)


def gaps(database: Database) -> Gaps:
    """Compare what must agree. Reads the outbox and the log, not the records: a few milliseconds.

    What lies on the same page is put back together and agrees; the notes outside catch that.
    """
    if not _is_journal(database):
        return Gaps()
    lost: list[tuple[str, str]] = []
    stale: list[str] = []
    for kind in EVENTS:
        try:
            lost += _lost_records(database, kind, "")
        except DatabaseDamagedError:
            stale.append(kind)
            lost += _lost_records(database, kind, "NOT INDEXED")
    return Gaps(tuple(lost), tuple(stale), _outbox_is_short(database), _log_is_broken(database))


def mend(database: Database, found: Gaps, now: datetime) -> int:
    """Put back what can be put back, from the place that has it; return how many.

    A signed record from its row in the outbox; a row of the outbox from a record that the server
    never had. Joins the caller's transaction.
    """
    connection = database.connection
    mended = 0
    for kind in found.stale_indexes:
        connection.execute(f"REINDEX {kind}")
    if found.outbox_short:
        connection.execute("REINDEX outbox")
    with counted(connection, found.lost_records):
        for kind, record_id in found.lost_records:
            # A row that the schema does not take stays in the outbox, and is sent from there.
            with contextlib.suppress(IntegrityError):
                connection.execute(
                    f"INSERT INTO {kind} (id, patient_id, body)"  # noqa: S608 (a name from KINDS)
                    " SELECT record_id, patient_id, body FROM outbox"
                    " WHERE kind = ? AND record_id = ?",
                    (kind, record_id),
                )
                mended += 1
    if found.outbox_short:
        mended += _queue_what_the_server_never_had(connection, now)
        (rows,) = connection.execute("SELECT count(*) FROM outbox NOT INDEXED").fetchone() or (0,)
        state.write(database, _OUTBOX_ROWS, str(rows))
    log.warning(
        "store does not agree with itself: %d records, outbox %s, log %s; mended %d",
        len(found.lost_records), found.outbox_short, found.log_broken, mended,
    )  # fmt: skip
    return mended


def _is_journal(database: Database) -> bool:
    """False for the small databases of the vault's own tests."""
    row = database.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone()
    return row is not None


def _lost_records(database: Database, kind: str, how: str) -> list[tuple[str, str]]:
    """Of what waits to be sent, that which is no record. Raises DatabaseDamagedError for an index
    that names a row which is not there; asked for its text, or the index alone would answer.
    """
    with named_errors():
        rows = database.connection.execute(
            "SELECT record_id FROM outbox WHERE kind = ? AND NOT EXISTS"  # noqa: S608 (from KINDS)
            f" (SELECT 1 FROM {kind} {how} WHERE id = outbox.record_id AND body <> '')",
            (kind,),
        ).fetchall()
    return [(kind, str(row["record_id"])) for row in rows]


def _outbox_is_short(database: Database) -> bool:
    """A trigger counts the rows where the number of acts is kept, on another page."""
    noted = state.read(database, _OUTBOX_ROWS)
    row = database.connection.execute("SELECT count(*) AS n FROM outbox NOT INDEXED").fetchone()
    return noted is not None and row is not None and int(noted) != int(row["n"])


def _log_is_broken(database: Database) -> bool:
    """Does each line name the one before? What the lines say is proven by `audit.first_broken`."""
    row = database.connection.execute(
        "SELECT 1 FROM (SELECT previous_hash, lag(hash, 1, ?) OVER (ORDER BY sequence) AS before"
        " FROM audit) WHERE previous_hash <> before LIMIT 1",
        (START,),
    ).fetchone()
    return row is not None


def _queue_what_the_server_never_had(connection: Connection, now: datetime) -> int:
    queued = 0
    for kind in EVENTS:
        rows = connection.execute(
            f"SELECT id, patient_id, body FROM {kind}"  # noqa: S608 (a name from KINDS)
            " WHERE version = 0 AND NOT EXISTS"
            f" (SELECT 1 FROM outbox WHERE kind = '{kind}' AND record_id = {kind}.id)"
        ).fetchall()
        for row in rows:
            change = Change(kind, str(row["id"]), row["patient_id"])
            # An event has one change for ever, named by its own id: sent twice it is stored once.
            add_row(connection, change, change.id, str(row["body"]), None, now)
            queued += 1
    return queued
