"""The storage contract on both databases, and how the embedded one opens and refuses to open."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync.server.storage import sqlite
from sync.server.storage.base import CannotOpenError, NewerSchemaError, NotInitialisedError
from sync.server.storage.migrate import migrations
from sync.server.storage.postgres import PostgresDatabase
from sync.server.storage.storage import Storage
from tests.sync.storage_contract import StorageContract, put, version


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
