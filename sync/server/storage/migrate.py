"""Brings a database to the present schema: numbered files, each applied once and whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from sync.server.storage.backfill import FILL
from sync.server.storage.base import Database, NewerSchemaError, Statements

_NAME = re.compile(r"(\d{4})_[a-z_]+(?:\.(sqlite|postgres))?\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file. A number with a dialect in its name has one file for each dialect."""

    number: int
    text: str


def migrations(dialect: str) -> list[Migration]:
    """Return the migrations of a dialect in order."""
    found = []
    for file in resources.files("sync.server.storage").joinpath("migrations").iterdir():
        match = _NAME.fullmatch(file.name)
        if match and match[2] in (None, dialect):
            found.append(Migration(int(match[1]), file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def migrate(database: Database) -> int:
    """Apply what is missing and return the schema's number.

    Raises NewerSchemaError, having touched nothing, when the database knows more than we do.
    """
    known = migrations(database.dialect)
    newest = known[-1].number
    with database.migrating() as statements:
        statements.run("CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY)")
        present = _present(statements)
        if present and max(present) > newest:
            raise NewerSchemaError(max(present), newest)
        for migration in known:
            if migration.number not in present:
                database.script(statements, migration.text)
                if migration.number in FILL:
                    FILL[migration.number](statements)
                statements.run("INSERT INTO schema_migration VALUES (?)", (migration.number,))
    return newest


def newest_migration(database: Database) -> int:
    """Return the number of the schema that this program knows."""
    return migrations(database.dialect)[-1].number


def _present(statements: Statements) -> set[int]:
    return {int(number) for (number,) in statements.rows("SELECT number FROM schema_migration")}
