"""Migrations: in order, all or nothing, with a copy first, and never backwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.store import db, migrate
from fieldapp.store.db import Database
from fieldapp.store.errors import (
    DiskFullError,
    MigrationError,
    StoreTooNewError,
)
from tests.fieldapp.store.test_db import make_key
from tests.helpers.stores import START, folder_contents

ROOT = Path(__file__).parents[3]

FIRST = """
-- a comment with a semicolon; and more
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'a;b') STRICT;
CREATE TABLE visit (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE
) STRICT; CREATE TRIGGER visit_stays BEFORE DELETE ON visit BEGIN
    SELECT RAISE(ABORT, 'visits stay; always');
END;
"""
SECOND = """
CREATE VIRTUAL TABLE person_words USING fts5(name);
CREATE TABLE person_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born TEXT) STRICT;
INSERT INTO person_new (id, name) SELECT id, name FROM person;
DROP TABLE person;
ALTER TABLE person_new RENAME TO person;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "0001_create_person.sql").write_text(FIRST, encoding="utf-8")
    return made


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def database(tmp_path: Path, folder: Path, clock: FixedClock) -> Iterator[Database]:
    """A store at version 1 with one person who has a visit."""
    (tmp_path / "store").mkdir()
    made = Database.create(tmp_path / "store" / "journal.db", make_key, "store-1")
    migrate.migrate(made, clock, folder)
    with made.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
        connection.execute("INSERT INTO visit (person_id) VALUES (1)")
    yield made
    made.close()


def _second(folder: Path, script: str = SECOND) -> None:
    (folder / "0002_add_born.sql").write_text(script, encoding="utf-8")


def _names(database: Database) -> list[str]:
    return [row["name"] for row in database.connection.execute("SELECT name FROM person")]


def test_a_new_store_gets_the_newest_schema_without_a_copy(database: Database) -> None:
    assert migrate.schema_version(database) == 1
    assert not (database.path.parent / migrate.COPIES_NAME).exists()
    with pytest.raises(db.IntegrityError), database.transaction() as connection:
        connection.execute("DELETE FROM visit")


def test_an_old_store_is_brought_up_to_date_and_keeps_its_rows(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    _second(folder)
    result = migrate.migrate(database, clock, folder)
    assert (result.before, result.after) == (1, 2)
    assert _names(database) == ["Anne"]
    visits = database.connection.execute("SELECT count(*) AS n FROM visit").fetchone()
    assert visits is not None
    assert visits["n"] == 1
    again = migrate.migrate(database, clock, folder)
    assert (again.before, again.after, again.copy) == (2, 2, None)


def test_the_guard_and_foreign_keys_are_back_after_a_migration(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    _second(folder)
    migrate.migrate(database, clock, folder)
    row = database.connection.execute("PRAGMA foreign_keys").fetchone()
    assert row is not None
    assert row[0] == 1
    with pytest.raises(db.DatabaseError):
        database.connection.execute("ATTACH ':memory:' AS other")


def test_every_search_index_forgets_deleted_words_without_the_migration_asking(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    _second(folder)
    migrate.migrate(database, clock, folder)
    assert db.full_text_indexes(database.connection) == ["person_words"]
    rows = database.connection.execute("SELECT k, v FROM person_words_config").fetchall()
    assert {row["k"]: row["v"] for row in rows}["secure-delete"] == 1


def test_the_copy_holds_the_old_store_encrypted_and_private(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    _second(folder)
    copy = migrate.migrate(database, clock, folder).copy
    assert copy is not None
    assert copy.stat().st_mode & 0o077 == 0
    assert copy.parent.stat().st_mode & 0o077 == 0
    assert b"Anne" not in copy.read_bytes()
    opened = Database.open(copy, make_key)
    assert migrate.schema_version(opened) == 1
    assert _names(opened) == ["Anne"]
    opened.close()


def test_only_the_two_newest_copies_are_kept(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    copies = []
    for number in range(2, 6):
        (folder / f"000{number}_add_t{number}.sql").write_text(f"CREATE TABLE t{number} (a);")
        clock.advance(timedelta(days=1))
        copies.append(migrate.migrate(database, clock, folder).copy)
    assert sorted((database.path.parent / migrate.COPIES_NAME).iterdir()) == copies[-2:]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("CREATE TABLE t (a); CREATE TABLE t (a);", db.OperationalError),
        ("CREATE TABLE t (a); COMMIT; CREATE TABLE u (a);", MigrationError),
        ("CREATE TABLE t (a)", MigrationError),
        ("DELETE FROM person;", MigrationError),
    ],
    ids=["fails", "ends the transaction", "unfinished", "breaks a reference"],
)
def test_a_faulty_migration_leaves_the_old_version(
    database: Database, folder: Path, clock: FixedClock, script: str, expected: type[Exception]
) -> None:
    _second(folder, script)
    with pytest.raises(expected):
        migrate.migrate(database, clock, folder)
    assert migrate.schema_version(database) == 1
    assert _names(database) == ["Anne"]
    with pytest.raises(db.DatabaseError):
        database.connection.execute("ATTACH ':memory:' AS other")


def test_a_full_disk_while_copying_leaves_the_store_as_it_was(
    database: Database, folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _second(folder)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fieldapp.store.files.os.fsync", full)
    with pytest.raises(DiskFullError):
        migrate.migrate(database, clock, folder)
    assert list((database.path.parent / migrate.COPIES_NAME).iterdir()) == []
    assert migrate.schema_version(database) == 1
    assert _names(database) == ["Anne"]


def test_a_full_disk_while_migrating_leaves_the_old_version(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    _second(folder, "CREATE TABLE t AS SELECT zeroblob(1000000) AS b;")
    row = database.connection.execute("PRAGMA page_count").fetchone()
    assert row is not None
    database.connection.execute(f"PRAGMA max_page_count = {row[0] + 5}")
    with pytest.raises(DiskFullError):
        migrate.migrate(database, clock, folder)
    assert migrate.schema_version(database) == 1
    assert _names(database) == ["Anne"]


def test_a_store_of_a_newer_version_is_refused_and_not_touched(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    database.connection.execute("PRAGMA user_version = 7")
    database.checkpoint()
    before = folder_contents(database.path.parent)
    with pytest.raises(StoreTooNewError) as refusal:
        migrate.migrate(database, clock, folder)
    assert (refusal.value.found, refusal.value.known) == (7, 1)
    assert folder_contents(database.path.parent) == before


def test_a_program_killed_half_way_leaves_the_old_store_usable(
    database: Database, folder: Path, clock: FixedClock
) -> None:
    _second(folder)
    (folder / "0003_add_more.sql").write_text("CREATE TABLE more (a);", encoding="utf-8")
    database.close()
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from fieldapp.clock import SystemClock\n"
        "from fieldapp.store import migrate\n"
        "from fieldapp.store.db import Database\n"
        "from tests.fieldapp.store.test_db import make_key\n"
        "store = Database.open(Path(sys.argv[1]), make_key)\n"
        "run = migrate._run\n"
        "def run_and_die(connection, step):\n"
        "    if step.number == 3: os._exit(9)\n"
        "    run(connection, step)\n"
        "migrate._run = run_and_die\n"
        "migrate.migrate(store, SystemClock(), Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", script, str(database.path), str(folder)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    again = Database.open(database.path, make_key)
    assert migrate.schema_version(again) == 1
    assert _names(again) == ["Anne"]
    assert migrate.migrate(again, clock, folder).after == 3
    assert _names(again) == ["Anne"]
    again.close()


@pytest.mark.parametrize(
    "names",
    [
        ["0002_add_t.sql"],
        ["0001_add_t.sql", "0003_add_u.sql"],
        ["0001_add_t.sql", "0001_add_u.sql"],
        ["1_add_t.sql"],
        ["0001_Add_T.sql"],
        ["0001_add.sql"],
    ],
)
def test_misnumbered_migrations_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;", encoding="utf-8")
    with pytest.raises(MigrationError):
        migrate.read_migrations(tmp_path)


def test_a_script_is_split_where_its_statements_end() -> None:
    statements = list(migrate.split_statements(FIRST + "\n-- the end\n"))
    assert len(statements) == 3
    assert statements[2].startswith("CREATE TRIGGER")
    assert statements[2].endswith("END;")


def test_the_real_migrations_are_in_order() -> None:
    assert migrate.read_migrations()
