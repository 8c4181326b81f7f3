"""Bring a store to the newest schema, by numbered SQL files that never change once released.

All pending files run in ONE transaction together with the version mark (``user_version``): a
power cut leaves the old store, whole and usable. Before an existing store is changed, a complete
encrypted copy is laid beside it in ``copies``; the two newest copies are kept.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldapp.clock import Clock
from fieldapp.paths import make_private_folder
from fieldapp.store import db
from fieldapp.store.errors import MigrationError, StoreTooNewError

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
COPIES_NAME = "copies"
KEPT_COPIES = 2

_FILE_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9]+(_[a-z0-9]+)+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step: ``number`` is the schema version it leads to."""

    number: int
    path: Path


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """The schema version before and after, and the copy that was made (None when not needed)."""

    before: int
    after: int
    copy: Path | None


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """The steps in ``folder``, in order. Raises MigrationError unless they are 1, 2, 3 …"""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(path.name)
        found.append(Migration(int(match["number"]), path))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(*(migration.number for migration in found))
    return found


def schema_version(database: db.Database) -> int:
    """The number of the last migration that this store has had; 0 for a new store."""
    row = database.connection.execute("PRAGMA user_version").fetchone()
    assert row is not None
    return int(row[0])


def migrate(
    database: db.Database,
    clock: Clock,
    folder: Path = MIGRATIONS,
    up_to: int | None = None,
) -> MigrationResult:
    """Run what is missing, or only ``up_to`` a number; does nothing when the store is up to date.

    Raises StoreTooNewError (nothing is changed), DiskFullError while copying or migrating (the
    store stays as it was), MigrationError for a faulty file.
    """
    migrations = read_migrations(folder)
    newest = len(migrations)
    version = schema_version(database)
    if version > newest:
        raise StoreTooNewError(version, newest)
    if up_to is not None:
        newest = min(newest, up_to)
        migrations = migrations[:newest]
    if version >= newest:
        return MigrationResult(version, version, None)

    copy = _copy_before(database, version, clock) if version > 0 else None
    with database.maintenance() as connection:
        # Tables are rebuilt by SQLite's own recipe: foreign keys off, and a check before commit.
        connection.execute("PRAGMA foreign_keys = OFF")
        with database.transaction():
            for migration in migrations[version:]:
                _run(connection, migration)
            for table in db.full_text_indexes(connection):
                db.secure_full_text_index(connection, table)
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise MigrationError("foreign keys", len(broken))
            connection.execute(f"PRAGMA user_version = {newest}")
    database.checkpoint()
    if copy is not None:
        _forget_old_copies(copy.parent)
    log.info("schema %d -> %d", version, newest)
    return MigrationResult(version, newest, copy)


def _run(connection: db.Connection, migration: Migration) -> None:
    for statement in split_statements(migration.path.read_text(encoding="utf-8")):
        connection.execute(statement)
        if not connection.in_transaction:
            raise MigrationError(migration.path.name, "ended the transaction")


def split_statements(script: str) -> Iterator[str]:
    """The statements of an SQL script one by one; a trigger with its inner statements is one.

    The driver's own ``executescript`` cannot be used: it commits before it starts.
    """
    statement = ""
    for piece in re.split(r"(?<=;)", script):
        statement += piece
        if db.sqlite.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if re.sub(r"--[^\n]*|/\*.*?\*/|\s", "", statement, flags=re.DOTALL):
        raise MigrationError("the last statement lacks its semicolon")


def _copy_before(database: db.Database, version: int, clock: Clock) -> Path:
    copies = database.path.parent / COPIES_NAME
    make_private_folder(copies)
    moment = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    copy = copies / f"{database.path.stem}-{moment}-v{version:04d}.db"
    database.copy_to(copy)
    return copy


def forget_copies(folder: Path) -> None:
    """Delete every copy that was made before a migration of the store in this folder.

    They hold patients who have been purged since. One that cannot be deleted now goes next time.
    """
    for copy in (folder / COPIES_NAME).glob("*.db*"):
        with contextlib.suppress(OSError):
            copy.unlink()


def _forget_old_copies(copies: Path) -> None:
    """Keep the newest copies; they sort by time because their names begin with it."""
    for old in sorted(copies.glob("*.db"))[:-KEPT_COPIES]:
        old.unlink()
