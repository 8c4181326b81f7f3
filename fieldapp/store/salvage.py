"""What can still be read of a damaged store, copied into a new encrypted one.

The damaged files are never written to: they are read from a working copy, and kept beside the new
store in the folder ``damaged``. What exists nowhere else comes first: unsent changes, then drafts,
then the store's own memory, then all that the server has as well.

A damaged page is empty in the working copy (`fieldapp.security.pages`), and SQLite refuses the
query that meets it. It held rows that follow one another: the reader leaps over it and goes on
behind it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.clock import Clock
from fieldapp.ids import new_id
from fieldapp.paths import make_private_folder
from fieldapp.store import claims, digests, inbox, state
from fieldapp.store.db import (
    Connection,
    Database,
    DatabaseError,
    IntegrityError,
    KeySource,
    check_header,
    named_error,
    open_damaged,
)
from fieldapp.store.errors import (
    DatabaseDamagedError,
    DatabaseMissingError,
    DatabasePlaintextError,
    StoreTooNewError,
)
from fieldapp.store.files import flush_file, flush_folder, named_disk_errors
from fieldapp.store.migrate import COPIES_NAME, MIGRATIONS, migrate, read_migrations

log = logging.getLogger(__name__)

DAMAGED_NAME = "damaged"
_WORK_NAME = "salvage-work"
_UNFINISHED_NAME = "journal.db.salvage"
_WHOLE_NAME = "journal.db.salvaged"
"""The new store once it is whole, for the moments in which the old log is taken away."""
_FILES = ("", "-wal")
_BATCH = 500
_FURTHEST = 1 << 40
_CLOSE_LOOK = 128
_SQLITE_ERROR = 1

_FIRST = ("outbox", "draft", "dropped_draft", "store_state", "setting", "claim_drop", "claim_wish")
"""What exists nowhere else; every other table can be fetched again, or is the log."""

_OWN = frozenset({"store_identity", "sqlite_sequence", "patient_digest"})
"""Made anew in the new store, not copied row by row."""

_ENROLMENT = "enrolment"

EmptyPages = Callable[[Path, bytearray, int], int]
"""Replaces the broken pages of a copy; see `fieldapp.security.pages`."""


@dataclass(frozen=True, slots=True)
class _Keyed:
    """How a copy is opened."""

    key_source: KeySource
    page_size: int
    empty_pages: EmptyPages


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of one table: how many were copied, and how many are known to be lost.

    `lost` is None when something is damaged and nobody can say how much.
    """

    copied: int
    lost: int | None


@dataclass(frozen=True, slots=True)
class SalvageReport:
    """What came of it. `tables` by name; `kept` is the folder with the damaged files.

    `from_copy`: not a page of the damaged file could be read, and an older copy was used.
    `enrolled`: the new store still knows its server.
    """

    tables: dict[str, Counted]
    kept: Path
    from_copy: bool
    enrolled: bool

    @property
    def unsent(self) -> Counted:
        """Changes that the server does not have."""
        return self.tables.get("outbox", Counted(0, None))

    @property
    def drafts(self) -> Counted:
        """Unsigned work."""
        return self.tables.get("draft", Counted(0, None))

    @property
    def others(self) -> Counted:
        """All other rows; most of them can be fetched from the server again."""
        rest = [c for name, c in self.tables.items() if name not in ("outbox", "draft")]
        lost = [c.lost for c in rest]
        known = [number for number in lost if number is not None]
        return Counted(sum(c.copied for c in rest), sum(known) if len(known) == len(lost) else None)


def salvage(
    path: Path,
    key_source: KeySource,
    store_id: str,
    page_size: int,
    clock: Clock,
    empty_pages: EmptyPages,
    migrations: Path = MIGRATIONS,
) -> SalvageReport:
    """Put a new store with all that reads in the place of ``path``; the store's lock must be held.

    Raises DatabaseMissingError (there is not even an older copy), DatabasePlaintextError,
    DatabaseDamagedError when nothing at all reads, StoreTooNewError, DiskFullError. After a
    refusal the damaged files lie where they lay.
    """
    folder = path.parent
    work = folder / _WORK_NAME
    unfinished = folder / _UNFINISHED_NAME
    _clear(work, unfinished)
    try:
        with named_disk_errors():
            finish_interrupted(path)
            keyed = _Keyed(key_source, page_size, empty_pages)
            source, from_copy = _open_source(path, work, keyed)
            with contextlib.closing(source):
                target = Database.create(unfinished, key_source, store_id, page_size)
                try:
                    tables = _fill(source, target, clock, migrations)
                    enrolled = _has_enrolment(target) or _enrolment_from_copies(
                        target, folder, work, keyed
                    )
                    _finish(target)
                finally:
                    target.close()
            _remove_log(unfinished)
            kept = _keep_damaged(path, clock)
            _put_in_place(path, unfinished)
    finally:
        _clear(work, unfinished)
    report = SalvageReport(tables, kept, from_copy, enrolled)
    log.warning(
        "salvaged: %d unsent, %d drafts, %d others",
        report.unsent.copied,
        report.drafts.copied,
        report.others.copied,
    )
    return report


def finish_interrupted(path: Path) -> bool:
    """Put in place the new store of a salvage that was cut off once it was whole; True if it was.

    The store's lock must be held. To be called before a database is opened: with its log gone, the
    old file would open without the newest work, or be salvaged without it.
    """
    whole = path.parent / _WHOLE_NAME
    if not whole.exists():
        return False
    for suffix in ("-wal", "-shm", ""):
        _make_way(path.with_name(path.name + suffix))
    flush_folder(path.parent)
    whole.replace(path)
    flush_folder(path.parent)
    return True


def free_name(path: Path, word: str) -> Path:
    """A name beside ``path`` that nothing has yet."""
    return path.with_name(f"{path.name}.{word}-{new_id()}")


# --- reading what is damaged -------------------------------------------------------------------


class _Source:
    """The working copy of a damaged database, with empty pages for the broken ones."""

    def __init__(self, path: Path, keyed: _Keyed) -> None:
        key = keyed.key_source()
        try:
            self.broken_pages = keyed.empty_pages(path, key, keyed.page_size)
        finally:
            key[:] = bytes(len(key))
        self._connection: Any = open_damaged(path, keyed.key_source, keyed.page_size)

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """The rows of a query. Raises DatabaseDamagedError; the next query may go well."""
        try:
            return list(self._connection.execute(sql, tuple(parameters)).fetchall())
        except DatabaseError as error:
            # Where the schema is broken too, SQLite knows nothing of some tables.
            unknown_table = bool(self.broken_pages) and _number_of(error) == _SQLITE_ERROR
            if not unknown_table and not isinstance(named_error(error), DatabaseDamagedError):
                raise
            raise DatabaseDamagedError from error

    def number(self, sql: str) -> int | None:
        """One number, or None when it cannot be read."""
        try:
            rows = self.rows(sql)
        except DatabaseDamagedError:
            return None
        return None if not rows or rows[0][0] is None else int(rows[0][0])


def _number_of(error: Exception) -> int | None:
    number = getattr(error, "sqlite_errorcode", None)
    return number if isinstance(number, int) else None


def _open_source(path: Path, work: Path, keyed: _Keyed) -> tuple[_Source, bool]:
    """The damaged database, or the newest copy that can be opened when not a page of it reads."""
    copies = sorted((path.parent / COPIES_NAME).glob("*.db"), reverse=True)
    refusal: DatabaseDamagedError | DatabaseMissingError = DatabaseMissingError()
    for place in (path, *copies):
        try:
            check_header(place)
            return _Source(_working_copy(place, work), keyed), place != path
        except (DatabaseDamagedError, DatabaseMissingError) as error:
            if place == path:
                refusal = error
        except DatabasePlaintextError:
            if place == path:
                raise
    raise refusal


def _working_copy(path: Path, work: Path) -> Path:
    """Reading replays the log and makes files beside it: never where the damaged files lie."""
    shutil.rmtree(work, ignore_errors=True)
    make_private_folder(work)
    for suffix in _FILES:
        original = path.with_name(path.name + suffix)
        if original.exists():
            shutil.copyfile(original, work / ("journal.db" + suffix))
    return work / "journal.db"


def _all_rows(source: _Source, table: str, columns: str) -> tuple[list[Any], bool]:
    """Every row of a table that reads, by row number, and whether some did not."""
    # NOT INDEXED: a damaged index must not stand in the way of rows that are whole.
    behind = (
        f"SELECT rowid AS _number, {columns} FROM {table} NOT INDEXED"  # noqa: S608
        " WHERE rowid >= ? ORDER BY rowid LIMIT ?"
    )
    found: list[Any] = []
    damaged = False
    start = -_FURTHEST
    while True:
        try:
            batch = source.rows(behind, (start, _BATCH))
        except DatabaseDamagedError:
            damaged = True
            batch = _one_by_one(source, behind, start)
            if not batch:
                start_behind = _leap(source, behind, start)
                if start_behind is None:
                    return found, damaged
                start = start_behind
                continue
        if not batch:
            return found, damaged
        found.extend(batch)
        start = int(batch[-1]["_number"]) + 1


def _one_by_one(source: _Source, behind: str, start: int) -> list[Any]:
    """The rows before the damaged page."""
    found: list[Any] = []
    with contextlib.suppress(DatabaseDamagedError):
        while len(found) < _BATCH:
            row = source.rows(behind, (start, 1))
            if not row:
                break
            found.extend(row)
            start = int(row[0]["_number"]) + 1
    return found


def _leap(source: _Source, behind: str, start: int) -> int | None:
    """The first row number behind a damaged page from which reading goes on; None for none."""
    start = max(start, 0)  # our row numbers begin at 1
    step = 1
    while not _reads(source, behind, start + step):
        step *= 2
        if step > _FURTHEST:
            return None
    # Between the last failure and here may lie good rows, and another damaged page behind them.
    stride = max(1, step // _CLOSE_LOOK)
    failing, reading = start, start + step
    for place in range(start + stride, start + step, stride):
        if _reads(source, behind, place):
            reading = place
            break
        failing = place
    while reading - failing > 1:
        middle = (failing + reading) // 2
        if _reads(source, behind, middle):
            reading = middle
        else:
            failing = middle
    return reading


def _reads(source: _Source, behind: str, start: int) -> bool:
    try:
        source.rows(behind, (start, 1))
    except DatabaseDamagedError:
        return False
    return True


def _expected(source: _Source, table: str) -> int | None:
    """How many rows there were, from the table or from any index that is whole."""
    number = source.number(f"SELECT count(*) FROM {table}")  # noqa: S608 (a name of our schema)
    if number is not None:
        return number
    with contextlib.suppress(DatabaseDamagedError):
        for row in source.rows(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?"
            " AND (sql IS NULL OR sql NOT LIKE '% WHERE %')",
            (table,),
        ):
            index = str(row["name"])
            number = source.number(f'SELECT count(*) FROM {table} INDEXED BY "{index}"')  # noqa: S608
            if number is not None:
                return number
    return None


# --- filling the new store ---------------------------------------------------------------------


@dataclass(slots=True)
class _Trigger:
    """A rule of the schema; it guards what people do, and is away while rows are put back."""

    name: str
    sql: str = field(repr=False)


def _fill(source: _Source, target: Database, clock: Clock, migrations: Path) -> dict[str, Counted]:
    version = source.number("PRAGMA user_version")
    newest = len(read_migrations(migrations))
    if version is None:
        raise DatabaseDamagedError
    if version > newest:
        raise StoreTooNewError(version, newest)
    migrate(target, clock, migrations, up_to=version)
    tables: dict[str, Counted] = {}
    with target.maintenance() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        with target.transaction():
            triggers = _take_triggers_away(connection)
        for table in _in_order(connection):
            with target.transaction():
                tables[table] = _copy_table(source, connection, table)
        with target.transaction():
            _copy_counters(source, connection)
            for trigger in triggers:
                connection.execute(trigger.sql)
    migrate(target, clock, migrations)
    return tables


def _take_triggers_away(connection: Connection) -> list[_Trigger]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = [_Trigger(str(row["name"]), str(row["sql"])) for row in rows.fetchall()]
    for trigger in triggers:
        connection.execute(f"DROP TRIGGER {trigger.name}")
    return triggers


def _in_order(connection: Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    names = [str(row["name"]) for row in rows if str(row["name"]) not in _OWN]
    first = [name for name in _FIRST if name in names]
    return first + [name for name in names if name not in first]


def _copy_table(source: _Source, connection: Connection, table: str) -> Counted:
    columns = [
        str(row["name"]) for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join("?" for _ in range(len(columns) + 1))
    insert = f"INSERT OR REPLACE INTO {table} (rowid, {listed}) VALUES ({places})"  # noqa: S608
    rows, damaged = _all_rows(source, table, listed)
    copied = 0
    for row in rows:
        try:
            connection.execute(insert, (row["_number"], *(row[column] for column in columns)))
            copied += 1
        except IntegrityError:
            damaged = True  # the row reads and cannot be right
    if not damaged:
        return Counted(copied, 0)
    expected = _expected(source, table)
    return Counted(copied, None if expected is None else max(0, expected - copied))


def _copy_counters(source: _Source, connection: Connection) -> None:
    """Numbers that were given out are not given out again."""
    with contextlib.suppress(DatabaseDamagedError):
        for row in source.rows("SELECT name, seq FROM sqlite_sequence"):
            raised = connection.execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?",
                (row["seq"], row["name"]),
            )
            if raised.rowcount == 0:
                connection.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
                    (row["name"], row["seq"]),
                )


def _has_enrolment(target: Database) -> bool:
    return state.read(target, _ENROLMENT) is not None


def _enrolment_from_copies(target: Database, folder: Path, work: Path, keyed: _Keyed) -> bool:
    """Who this laptop is, from an older copy: without it the unsent changes have no way out."""
    for copy in sorted((folder / COPIES_NAME).glob("*.db"), reverse=True):
        try:
            check_header(copy)
            source = _Source(_working_copy(copy, work), keyed)
        except (DatabaseDamagedError, DatabaseMissingError, DatabasePlaintextError):
            continue
        with contextlib.closing(source), contextlib.suppress(DatabaseDamagedError):
            rows = source.rows("SELECT value FROM store_state WHERE key = ?", (_ENROLMENT,))
            if rows:
                state.write(target, _ENROLMENT, str(rows[0]["value"]))
                return True
    return False


def _finish(target: Database) -> None:
    """The new store is not trusted to know everything: it is set back, and fetches all anew."""
    with target.transaction() as connection:
        digests.recount_all(connection)
    inbox.begin_anew(target)
    claims.note_set_back(target)
    target.check_pages()
    target.checkpoint()


# --- the files ---------------------------------------------------------------------------------


def _keep_damaged(path: Path, clock: Clock) -> Path:
    """Lay the damaged files in a folder of their own; they are never opened again by us."""
    moment = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    kept = path.parent / DAMAGED_NAME / f"{moment}-{new_id()[-8:]}"
    make_private_folder(kept)
    for suffix in ("", "-wal", "-shm"):
        original = path.with_name(path.name + suffix)
        if original.exists():
            _link_or_copy(original, kept / original.name)
    flush_folder(kept)
    return kept


def _link_or_copy(original: Path, kept: Path) -> None:
    """A second name for the very file; a copy where the file system knows no such thing."""
    try:
        os.link(original, kept)
    except OSError:
        shutil.copy2(original, kept)
        flush_file(kept)


def _put_in_place(path: Path, unfinished: Path) -> None:
    """The new store takes the place in one step, after the old log is out of its way.

    A log that stayed would be replayed into the new file. Its copy is in the folder ``damaged``.
    """
    unfinished.replace(path.parent / _WHOLE_NAME)
    flush_folder(path.parent)
    finish_interrupted(path)


def _make_way(old: Path) -> None:
    """Take a file away that has its second name in ``damaged``; any other one is kept."""
    if not old.exists():
        return
    if old.stat().st_nlink > 1 or old.name.endswith("-shm"):
        old.unlink()
    else:
        old.replace(free_name(old, "before-salvage"))


def _remove_log(unfinished: Path) -> None:
    for suffix in ("-wal", "-shm"):
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
    flush_file(unfinished)


def _clear(work: Path, unfinished: Path) -> None:
    """Take away what an interrupted salvage left; both hold copies only."""
    shutil.rmtree(work, ignore_errors=True)
    for suffix in ("", "-wal", "-shm", "-journal"):
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
