"""A whole server database as values, and set back to them: a backup that takes milliseconds.

Works on both databases through the storage's own transactions. The real tools are proven in
`tests/sync/server/test_backup.py`; this one is for tests that restore hundreds of times.
"""

from __future__ import annotations

from sync.server.storage.base import Row, Statements
from sync.server.storage.storage import Storage

Backup = dict[str, tuple[tuple[str, ...], list[Row]]]
"""Column names and rows by table."""


def take(storage: Storage) -> Backup:
    """Read every table in one view."""
    with storage._database.reading() as statements:
        return {
            table: (columns, statements.rows(f"SELECT {', '.join(columns)} FROM {table}"))
            for table in _tables(storage, statements)
            if (columns := _columns(storage, statements, table))
        }


def restore(storage: Storage, backup: Backup) -> None:
    """Set every table back. Guards of the schema are lifted for that one transaction."""
    with storage._database.writing() as statements:
        if storage._database.dialect == "postgres":
            statements.run("SET LOCAL session_replication_role = replica")
            _fill(statements, backup)
        else:
            statements.run("PRAGMA defer_foreign_keys = ON")
            guards = statements.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            for name, _ in guards:
                statements.run(f"DROP TRIGGER {name}")
            _fill(statements, backup)
            for _, sql in guards:
                statements.run(sql)


def _fill(statements: Statements, backup: Backup) -> None:
    for table in backup:
        statements.run(f"DELETE FROM {table}")
    for table, (columns, rows) in backup.items():
        if rows:
            statements.insert_many(table, columns, rows)


def _tables(storage: Storage, statements: Statements) -> list[str]:
    if storage._database.dialect == "postgres":
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    else:
        sql = (
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
    return [str(name) for (name,) in statements.rows(sql)]


def _columns(storage: Storage, statements: Statements, table: str) -> tuple[str, ...]:
    if storage._database.dialect == "postgres":
        rows = statements.rows(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = ? AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position",
            (table,),
        )
        return tuple(str(name) for (name,) in rows)
    return tuple(str(row[1]) for row in statements.rows(f"PRAGMA table_info({table})"))
