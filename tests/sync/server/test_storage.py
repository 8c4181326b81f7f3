"""The storage contract on both databases, and how the embedded one opens and refuses to open."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync.protocol.digests import as_text, canonical
from sync.server.bodies import hash_of_text
from sync.server.storage import backfill, sqlite
from sync.server.storage.backfill import fill_exchange
from sync.server.storage.base import (
    CannotOpenError,
    Database,
    NewerSchemaError,
    NotInitialisedError,
    Statements,
)
from sync.server.storage.migrate import migrations
from sync.server.storage.postgres import PostgresDatabase
from sync.server.storage.storage import Storage
from tests.sync.storage_contract import (
    StorageContract,
    ids,
    pull_all,
    put,
    recomputed,
    version,
)


class TestEmbedded(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[Storage]:
        opened = Storage(sqlite.create(tmp_path / "server"))
        opened.initialise("server-1")
        yield opened
        opened.close()

    @pytest.fixture
    def second(self, storage: Storage, tmp_path: Path) -> Iterator[Storage]:
        opened = Storage(sqlite.open_existing(tmp_path / "server"))
        yield opened
        opened.close()


class TestPostgres(StorageContract):
    @pytest.fixture
    def storage(self, postgres_url: str) -> Iterator[Storage]:
        opened = Storage(PostgresDatabase(postgres_url))
        opened.initialise("server-1")
        yield opened
        opened.close()

    @pytest.fixture
    def second(self, storage: Storage, postgres_url: str) -> Iterator[Storage]:
        opened = Storage(PostgresDatabase(postgres_url))
        yield opened
        opened.close()


# --- the embedded file


def make(folder: Path, key: str | None = None) -> None:
    storage = Storage(sqlite.create(folder, key))
    storage.initialise("server-1")
    put(storage, version("f1", text="MERKESTEIN"))
    storage.close()


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_folder_and_files_are_private_and_nothing_is_in_plain_text(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    make(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in (sqlite.DATABASE_NAME, sqlite.KEY_NAME):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    for content in everything_in(folder).values():
        assert b"MERKESTEIN" not in content
        assert not content.startswith(b"SQLite format 3")


def test_the_key_may_come_from_the_environment_and_is_then_not_on_disk(tmp_path: Path) -> None:
    make(tmp_path / "server", "ab" * 32)
    assert not (tmp_path / "server" / sqlite.KEY_NAME).exists()
    Storage(sqlite.open_existing(tmp_path / "server", "ab" * 32)).close()
    with pytest.raises(CannotOpenError, match="key_missing"):
        sqlite.open_existing(tmp_path / "server")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "server.db").unlink(), "missing"),
        (lambda folder: (folder / "server.db").write_bytes(b""), "empty"),
        (lambda folder: (folder / "server.db").write_bytes(plain_database(folder)), "not_encr"),
        (lambda folder: (folder / "server.key").unlink(), "key_missing"),
        (lambda folder: (folder / "server.key").write_text("12"), "key_damaged"),
        (lambda folder: (folder / "server.key").write_text("cd" * 32), "wrong_key_or_damaged"),
        (lambda folder: (folder / "server.key").chmod(0o644), "key_readable_by_others"),
        (lambda folder: (folder / "server.db").write_bytes(os.urandom(8192)), "wrong_key"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_and_left_alone(
    tmp_path: Path, damage: object, reason: str
) -> None:
    folder = tmp_path / "server"
    make(folder)
    assert callable(damage)
    damage(folder)
    before = everything_in(folder)
    with pytest.raises(CannotOpenError, match=reason):
        sqlite.open_existing(folder)
    with pytest.raises(CannotOpenError, match="exists"):
        sqlite.create(folder)
    assert everything_in(folder) == before


def plain_database(folder: Path) -> bytes:
    path = folder.parent / "plain.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    return path.read_bytes()


def test_an_error_never_carries_the_value_that_caused_it(storage: Storage) -> None:
    put(storage, version("n1", kind="note"))
    with pytest.raises(Exception, match="storage_bad_value") as caught:
        put(storage, version("n1", kind="note", text="MERKESTEIN"))
    assert "MERKESTEIN" not in str(caught.value)
    assert caught.value.__suppress_context__


# --- migrations


def test_both_databases_have_the_same_numbers() -> None:
    numbers = [migration.number for migration in migrations("sqlite")]
    assert numbers == [migration.number for migration in migrations("postgres")]
    assert numbers == list(range(1, len(numbers) + 1))


def older_database(database: Database, upto: int) -> None:
    """Bring a database to an older schema, with records as that program stored them."""
    with database.migrating() as statements:
        statements.run("CREATE TABLE schema_migration (number INTEGER PRIMARY KEY)")
        for migration in migrations(database.dialect):
            if migration.number <= upto:
                database.script(statements, migration.text)
                statements.run("INSERT INTO schema_migration VALUES (?)", (migration.number,))
        statements.run("INSERT INTO meta VALUES ('server_id', 'server-1')")
        statements.run("INSERT INTO app_user VALUES ('u1', 'u1', 'case_manager', 'phc', 1)")
        slot = {"request_id": "r1", "day": "2026-11-23", "part": "morning"}
        bodies: list[tuple[str, str, str | None, dict[str, object]]] = [
            ("flag", "f1", "p1", {"text": "Påske 😀"}),
            ("note", "n1", "p1", {"text": "signert"}),
            ("practitioner", "u1", None, {"username": "u1"}),
            ("medication_administration", "m1", "p1", {**slot, "status": "given"}),
        ]
        for seq, (kind, record_id, patient_id, body) in enumerate(bodies, start=1):
            text = canonical({"id": record_id, **body})
            statements.run(
                "INSERT INTO record (kind, id, patient_id, seq, body, body_hash, immutable,"
                " received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    record_id,
                    patient_id,
                    seq,
                    text,
                    hash_of_text(text),
                    int(kind in ("note", "medication_administration")),
                    "2026-11-22T08:00:00.000Z",
                ),
            )
        statements.run("INSERT INTO scope_grant VALUES (2, 'p1', 'u1', NULL)")
        statements.run("INSERT INTO applied_change VALUES ('c1', 'note', 'n1', 2)")
        statements.run("UPDATE counter SET value = 4")


@pytest.fixture(params=["sqlite", "postgres"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """An older database with records; each call opens it as a process of its own would."""
    opened: list[Database] = []
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def open_it() -> Database:
        if url:
            opened.append(PostgresDatabase(url, connections=2))
        else:
            opened.append(sqlite.open_existing(tmp_path / "older"))
        return opened[-1]

    if not url:
        sqlite.create(tmp_path / "older").close()
        opened.append(sqlite.SqliteDatabase(tmp_path / "older" / "server.db", key_of(tmp_path)))
    older_database(opened[-1] if opened else open_it(), 2)
    yield open_it
    for database in opened:
        database.close()


def key_of(tmp_path: Path) -> str:
    return (tmp_path / "older" / sqlite.KEY_NAME).read_text().strip()


def test_an_older_database_gets_digests_marks_and_doses_of_what_it_holds(
    older: Callable[[], Database],
) -> None:
    storage = Storage(older())
    with storage.read() as transaction:
        totals = transaction.records.totals(["p1", ""])
        assert {key: part.count for key, part in totals.items()} == {"p1": 3, "": 1}
        assert recomputed(storage) == {
            key: (part.count, as_text(part.digest)) for key, part in totals.items()
        }
        slot = '["p1","r1","2026-11-23","morning"]'
        assert [dose for dose, _ in transaction.records.doses_in([slot])[slot]] == ["m1"]
        assert transaction.records.mark_at(4)
        assert transaction.records.applied("c1") == ("note", "n1", 2)
    assert put(storage, version("f2")) == 5
    records, _, cursor = pull_all(storage, "u1")
    assert sorted(ids(records)) == ["f1", "f2", "m1", "n1", "u1"]
    assert cursor.effective == 5


def test_a_migration_that_is_killed_half_way_leaves_the_older_database(
    older: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(statements: Statements) -> None:
        fill_exchange(statements)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(backfill.FILL, 3, die)
        with pytest.raises(KeyboardInterrupt):
            Storage(older())
    database = older()
    with database.reading() as statements:
        ((number,),) = statements.rows("SELECT max(number) FROM schema_migration")
        assert number == 2
        ((name,),) = statements.rows("SELECT name FROM counter")
        assert name == "seq"
    assert put(Storage(database), version("f2")) == 5


def test_two_processes_that_migrate_records_at_once_do_it_once(
    older: Callable[[], Database],
) -> None:
    with ThreadPoolExecutor(3) as pool:
        storages = list(pool.map(Storage, [older(), older(), older()]))
    with storages[1].read() as transaction:
        assert transaction.records.totals(["p1"])["p1"].count == 3


def test_a_program_of_the_older_version_stores_nothing_beside_this_one(
    older: Callable[[], Database],
) -> None:
    """It knows nothing of digests and marks; it looks for a counter of the old name."""
    database = older()
    Storage(database)
    with database.writing() as statements:
        assert (
            statements.rows(
                "UPDATE counter SET value = value + 1 WHERE name = 'seq' RETURNING value"
            )
            == []
        )


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    make(tmp_path / "server")
    database = sqlite.open_existing(tmp_path / "server")
    with database.writing() as statements:
        statements.run("INSERT INTO schema_migration VALUES (9999)")
    with pytest.raises(NewerSchemaError):
        Storage(database)
    database.close()


def test_processes_that_start_together_migrate_once(postgres_url: str) -> None:
    def start(_: int) -> str:
        storage = Storage(PostgresDatabase(postgres_url, connections=2))
        try:
            return storage.initialise("server-1")
        finally:
            storage.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(start, range(4))) == {"server-1"}


def test_a_database_without_a_server_is_named(tmp_path: Path) -> None:
    storage = Storage(sqlite.create(tmp_path / "server"))
    with pytest.raises(NotInitialisedError):
        _ = storage.server_id
    storage.close()


def test_a_postgres_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotOpenError, match="no_answer"):
        PostgresDatabase(f"postgresql://postgres@/x?host={tmp_path}", connect_seconds=0.2)
