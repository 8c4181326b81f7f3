"""The open database: its settings, its one kind of transaction, its second connection."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.domain.collation import sort_key
from fieldapp.store import db
from fieldapp.store.db import Database
from fieldapp.store.errors import (
    ClosedStoreError,
    DatabaseDamagedError,
    DatabasePlaintextError,
    DiskFullError,
    NestedTransactionError,
    StoreBusyError,
    WrongThreadError,
)

ROOT = Path(__file__).parents[3]


def make_key() -> bytearray:
    """A fixed raw key with salt, as SQLCipher wants it."""
    return bytearray(b"x'" + b"a1" * 48 + b"'")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.create(tmp_path / "journal.db", make_key, "store-1")
    with made.transaction() as connection:
        connection.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT")
    yield made
    made.close()


def _count(database: Database) -> int:
    row = database.connection.execute("SELECT count(*) AS n FROM person").fetchone()
    assert row is not None
    return int(row["n"])


def _pragma(database: Database, name: str) -> str:
    row = database.connection.execute(f"PRAGMA {name}").fetchone()
    assert row is not None
    return str(row[0])


# --- the driver ---


def test_the_driver_has_what_the_store_needs(database: Database) -> None:
    rows = database.connection.execute("PRAGMA compile_options").fetchall()
    options = {str(row[0]) for row in rows}
    assert {"ENABLE_FTS5", "THREADSAFE=1"} <= options
    assert options & {"TEMP_STORE=2", "TEMP_STORE=3"}
    assert _pragma(database, "cipher_version").startswith("4.")


def test_sqlite_utils_uses_the_same_driver_and_cannot_open_a_file(tmp_path: Path) -> None:
    # Imported here: the order of imports at the top of a module is not ours to choose.
    import sqlite_utils
    from sqlite_utils import utils

    assert vars(utils)["OperationalError"] is db.OperationalError
    with pytest.raises(db.sqlite.ProgrammingError):
        sqlite_utils.Database(str(tmp_path / "plain.db"))
    assert list(tmp_path.iterdir()) == []
    assert sqlite_utils.Database(memory=True).conn is not None


def test_sqlite_utils_imported_first_is_a_mistake_that_is_told() -> None:
    script = "import sqlite_utils\nimport fieldapp.store.db\n"
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert ran.returncode != 0
    assert "import fieldapp.store.db before sqlite_utils" in ran.stderr


def test_sqlite_utils_does_its_work_on_the_encrypted_connection(database: Database) -> None:
    utils = database.utils
    notes = utils.table("note")
    notes.insert({"id": 1, "person": 7, "body": "Sår på høyre fot"}, pk="id")
    notes.upsert({"id": 1, "person": 7, "body": "Såret gror"}, pk="id")
    notes.upsert({"id": 2, "person": 8, "body": "Blodtrykksmåling 140/90"}, pk="id")
    notes.insert({"id": 3, "person": 9, "body": "ny", "urgent": 1}, alter=True)
    with pytest.raises(db.IntegrityError):
        notes.insert({"id": 3, "person": 9, "body": "dobbel"})
    returned = list(utils.query("INSERT INTO note (id, body) VALUES (4, 'x') RETURNING id"))
    assert returned == [{"id": 4}]
    utils.table("absent").drop(ignore=True)
    notes.enable_fts(["body"], create_triggers=True, tokenize="unicode61 remove_diacritics 0")
    assert [row["id"] for row in notes.search("blod*")] == [2]
    notes.create_index(["person"], if_not_exists=True)
    with database.maintenance():
        notes.transform(rename={"person": "patient"})
    assert "patient" in notes.columns_dict
    with pytest.raises(ZeroDivisionError), utils.atomic():
        notes.insert({"id": 50, "body": "z"})
        _ = 1 // 0
    assert notes.count_where("id = 50") == 0


# --- settings and guard ---


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("temp_store", "2"),
        ("secure_delete", "1"),
        ("foreign_keys", "1"),
        ("trusted_schema", "0"),
        ("cell_size_check", "1"),
        ("fullfsync", "1"),
        ("checkpoint_fullfsync", "1"),
        ("cache_size", "-65536"),
        ("wal_autocheckpoint", "500"),
        ("journal_size_limit", "4194304"),
        ("cipher_memory_security", "1"),
        ("cipher_page_size", "4096"),
        ("recursive_triggers", "1"),
    ],
)
def test_the_settings_are_in_force_on_both_kinds_of_connection(
    database: Database, name: str, value: str
) -> None:
    clone = database.clone()
    for each in (database, clone):
        assert _pragma(each, name) == value
    clone.close()


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH ':memory:' AS other",
        "ATTACH 'other.db' AS other KEY ''",
        "VACUUM INTO 'other.db'",
        "PRAGMA temp_store = FILE",
        "PRAGMA synchronous = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA secure_delete = OFF",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA key = 'x'",
        "PRAGMA rekey = 'x'",
        "PRAGMA writable_schema = ON",
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA cipher_hmac_pgno = be",
        "PRAGMA cipher_memory_security = OFF",
    ],
)
def test_nobody_weakens_an_open_store(
    database: Database, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for each in (database, clone := database.clone()):
        with pytest.raises(db.DatabaseError):
            each.connection.execute(statement)
    clone.close()
    assert not (tmp_path / "other.db").exists()
    assert _pragma(database, "synchronous") == "2"
    assert _pragma(database, "foreign_keys") == "1"


def test_names_are_sorted_in_norwegian_order(database: Database) -> None:
    names = ["Åse", "Aase", "Zahra", "Øyvind", "Ole", "Ærlig", "Anne"]
    with database.transaction() as connection:
        connection.executemany("INSERT INTO person (name) VALUES (?)", [(n,) for n in names])
    rows = database.connection.execute("SELECT name FROM person ORDER BY name COLLATE norwegian")
    got = [row["name"] for row in rows]
    assert got == sorted(names, key=sort_key)
    assert got == ["Anne", "Ole", "Zahra", "Ærlig", "Øyvind", "Åse", "Aase"]


def test_deleted_words_are_gone_from_a_secured_index(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(body)")
        db.secure_full_text_index(connection, "words")
        for number in range(50):
            connection.execute("INSERT INTO words VALUES (?)", (f"hemmelighet felles{number}",))
        connection.execute("DELETE FROM words WHERE words MATCH 'hemmelighet'")
    rows = database.connection.execute("SELECT block FROM words_data").fetchall()
    assert not any(b"hemmelighet" in bytes(row["block"]) for row in rows)
    options = database.connection.execute("SELECT k, v FROM words_config").fetchall()
    assert {"secure-delete": 1, "pgsz": 3900}.items() <= {r["k"]: r["v"] for r in options}.items()


def test_the_planners_statistics_keep_no_values(database: Database) -> None:
    with database.transaction() as connection:
        rows = [(f"hemmelig{number}",) for number in range(500)]
        connection.executemany("INSERT INTO person (name) VALUES (?)", rows)
    database.connection.execute("ANALYZE")
    samples = database.connection.execute("SELECT count(*) AS n FROM sqlite_stat4").fetchone()
    assert samples is not None
    assert samples["n"] == 0


# --- transactions ---


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
        _ = 1 // 0
    assert _count(database) == 0
    with database.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
    assert _count(database) == 1


def test_a_transaction_inside_another_is_a_bug_and_loses_the_outer_one_as_a_whole(
    database: Database,
) -> None:
    with pytest.raises(NestedTransactionError), database.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
        with database.transaction():
            pytest.fail("must not be entered")
    assert _count(database) == 0


def test_a_broken_rule_of_the_schema_keeps_its_own_error(database: Database) -> None:
    with pytest.raises(db.IntegrityError), database.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
    assert _count(database) == 0


def test_a_full_database_loses_the_change_and_nothing_else(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
    pages = int(_pragma(database, "page_count"))
    database.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    rows = [("x" * 3000 + str(number),) for number in range(100)]
    for _ in range(2):
        with pytest.raises(DiskFullError), database.transaction() as connection:
            connection.executemany("INSERT INTO person (name) VALUES (?)", rows)
        assert _count(database) == 1
    database.connection.execute("PRAGMA max_page_count = 100000")
    with database.transaction() as connection:
        connection.executemany("INSERT INTO person (name) VALUES (?)", rows)
    assert _count(database) == 101


def test_two_writers_that_read_first_both_get_through(database: Database) -> None:
    rounds = 40
    failures: list[BaseException] = []

    def work(own: Database, name: str) -> None:
        try:
            for number in range(rounds):
                with own.transaction() as connection:
                    connection.execute("SELECT count(*) FROM person").fetchone()
                    connection.execute(
                        "INSERT INTO person (name) VALUES (?)", (name + str(number),)
                    )
            own.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(database.clone(), name)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert _count(database) == 2 * rounds


def test_waiting_too_long_for_another_writer_is_worth_another_try(database: Database) -> None:
    clone = database.clone()
    clone.connection.execute("PRAGMA busy_timeout = 0")
    with database.transaction(), pytest.raises(StoreBusyError), clone.transaction():
        pytest.fail("must not be entered")
    clone.close()


# --- threads, clones, closing ---


def test_a_connection_belongs_to_the_first_thread_that_uses_it(database: Database) -> None:
    caught: list[BaseException] = []

    def intrude() -> None:
        try:
            database.connection.execute("SELECT 1")
        except WrongThreadError as error:
            caught.append(error)

    thread = threading.Thread(target=intrude)
    assert _count(database) == 0
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_closing_interrupts_a_worker_and_waits_for_it(database: Database) -> None:
    started, interrupted = threading.Event(), threading.Event()
    clone = database.clone()

    def count_for_ever() -> None:
        connection = clone.connection
        started.set()
        try:
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                " SELECT count(*) FROM n"
            ).fetchone()
        except db.OperationalError:
            interrupted.set()
        clone.close()

    worker = threading.Thread(target=count_for_ever)
    worker.start()
    started.wait()
    while not interrupted.is_set() and worker.is_alive():
        # The statement may not have begun yet when the first interrupt comes.
        clone._connection.interrupt()
        worker.join(timeout=0.01)
    database.close()
    worker.join()
    assert interrupted.is_set()
    assert clone.closed
    assert database.closed


def test_closing_empties_the_write_ahead_log_and_ends_all_use(database: Database) -> None:
    clone = database.clone()
    with clone.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne')")
    wal = Path(f"{database.path}-wal")
    assert wal.stat().st_size > 0
    database.checkpoint()
    assert wal.stat().st_size == 0
    database.close()
    assert not wal.exists() or wal.stat().st_size == 0
    for use in (lambda: database.connection, lambda: clone.connection, database.clone):
        with pytest.raises(ClosedStoreError):
            use()


# --- files ---


def test_an_existing_file_is_never_created_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"")
    with pytest.raises(FileExistsError):
        Database.create(path, make_key, "store-1")
    assert path.read_bytes() == b""


def test_a_key_is_wiped_as_soon_as_the_driver_has_it(tmp_path: Path) -> None:
    given: list[bytearray] = []

    def source() -> bytearray:
        given.append(make_key())
        return given[-1]

    Database.create(tmp_path / "journal.db", source, "store-1").close()
    assert given
    assert not any(any(key) for key in given)


def test_a_wrong_key_changes_no_byte(database: Database) -> None:
    database.close()
    before = database.path.read_bytes()
    with pytest.raises(DatabaseDamagedError):
        Database.open(database.path, lambda: bytearray(b"x'" + b"b2" * 48 + b"'"))
    assert database.path.read_bytes() == before


def test_a_copy_is_encrypted_with_the_same_key_and_never_overwrites(
    database: Database, tmp_path: Path
) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO person (name) VALUES ('Anne Ødegård')")
    copy = tmp_path / "copy.db"
    database.copy_to(copy)
    with pytest.raises(FileExistsError):
        database.copy_to(copy)
    assert "Ødegård".encode() not in copy.read_bytes()
    db.check_header(copy)
    opened = Database.open(copy, make_key)
    assert _count(opened) == 1
    assert opened.damage_report() == []
    opened.close()
    with pytest.raises(db.DatabaseError):
        database.connection.execute("ATTACH ':memory:' AS other")


def test_a_plaintext_database_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(db.PLAINTEXT_HEADER + bytes(4080))
    with pytest.raises(DatabasePlaintextError):
        Database.open(path, make_key)


def test_damage_in_a_data_page_is_reported(database: Database) -> None:
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO person (name) VALUES (?)", [("x" * 2000 + str(n),) for n in range(20)]
        )
    assert database.damage_report() == []
    database.close()
    contents = bytearray(database.path.read_bytes())
    contents[-2000] ^= 1
    database.path.write_bytes(contents)
    opened = Database.open(database.path, make_key)
    assert opened.damage_report() != []
    opened.close()
