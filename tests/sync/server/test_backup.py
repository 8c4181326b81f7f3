"""A copy that was made while the server works, and the server that comes back from it."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.server import backup
from sync.server.backup import BackupError
from sync.server.storage import sqlite
from sync.server.storage.base import CannotOpenError
from sync.server.storage.storage import Storage
from tests.sync.server.team import flag, note, patient
from tests.sync.server.test_join import put
from tests.sync.server.test_main import Run, folder, run

__all__ = ["folder", "run"]

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """The folder of a server with a patient, a flag and ten notes."""
    place = tmp_path / "office"
    with closing(Storage(sqlite.create(place))) as storage:
        storage.initialise("server-1")
        put(storage, patient())
        put(storage, flag())
        for number in range(10):
            put(storage, note(f"n{number}"))
    return place


def names(place: Path, key: str | None = None) -> set[str]:
    with (
        closing(Storage(sqlite.open_existing(place, key))) as storage,
        storage.read() as transaction,
    ):
        return {record.id for record in transaction.records.of_patient("p1")}


def key_of(place: Path) -> str:
    return sqlite.read_key(place / sqlite.KEY_NAME)


def test_a_lost_server_comes_back_as_it_was_when_the_copy_was_made(
    office: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    made = backup.back_up(office, None, copy, NOW, with_key=False)
    assert (made.server_id, made.records) == ("server-1", 12)
    back = tmp_path / "back"
    assert backup.restore(back, key_of(office), copy) == made
    assert names(back) == names(office)
    assert (back / sqlite.KEY_NAME).stat().st_mode & 0o777 == 0o600


def test_the_key_is_not_in_the_copy_unless_it_was_asked_for(office: Path, tmp_path: Path) -> None:
    backup.back_up(office, None, tmp_path / "without", NOW, with_key=False)
    key = key_of(office).encode()
    for file in (tmp_path / "without").iterdir():
        assert key not in file.read_bytes()
        assert file.read_bytes()[:15] != b"SQLite format 3"
    with pytest.raises(BackupError, match="--key-file"):
        backup.restore(tmp_path / "back", None, tmp_path / "without")
    backup.back_up(office, None, tmp_path / "with", NOW, with_key=True)
    backup.restore(tmp_path / "back", None, tmp_path / "with")
    assert len(names(tmp_path / "back")) == 12


def test_a_copy_is_one_moment_of_a_server_that_goes_on_writing(
    office: Path, tmp_path: Path
) -> None:
    stop = threading.Event()
    with closing(Storage(sqlite.open_existing(office))) as storage:

        def work() -> None:
            number = 0
            while not stop.is_set():
                put(storage, note(f"later-{number}"))
                number += 1

        writer = threading.Thread(target=work)
        writer.start()
        try:
            # Its sums are compared with its records: half a transaction would not pass.
            for count in range(3):
                backup.back_up(office, None, tmp_path / f"copy-{count}", NOW, with_key=False)
        finally:
            stop.set()
            writer.join()
        put(storage, note("at the end"))
    assert "at the end" in names(office)


def test_a_damaged_copy_is_not_put_in_place(office: Path, tmp_path: Path) -> None:
    copy, back = tmp_path / "copy", tmp_path / "back"
    backup.back_up(office, None, copy, NOW, with_key=True)
    database = copy / sqlite.DATABASE_NAME
    whole = database.read_bytes()
    for place in (len(whole) // 2, len(whole) - 100):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1
        database.write_bytes(spoilt)
        with pytest.raises((BackupError, CannotOpenError)):
            backup.restore(back, None, copy)
        assert not (back / sqlite.DATABASE_NAME).exists()
    database.write_bytes(whole[: len(whole) // 2])
    with pytest.raises((BackupError, CannotOpenError)):
        backup.restore(back, None, copy)
    database.write_bytes(whole)
    backup.restore(back, None, copy)


def test_a_copy_that_is_another_than_its_description_is_not_put_in_place(
    office: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    backup.back_up(office, None, first, NOW, with_key=True)
    with closing(Storage(sqlite.open_existing(office))) as storage:
        put(storage, note("newer"))
    backup.back_up(office, None, second, NOW, with_key=True)
    (second / "server.db").write_bytes((first / "server.db").read_bytes())
    with pytest.raises(BackupError, match="description"):
        backup.restore(tmp_path / "back", None, second)
    assert not (tmp_path / "back" / sqlite.DATABASE_NAME).exists()


def test_nothing_is_written_over(office: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup.back_up(office, None, copy, NOW, with_key=True)
    before = {file.name: file.read_bytes() for file in copy.iterdir()}
    with pytest.raises(BackupError, match="not empty"):
        backup.back_up(office, None, copy, NOW, with_key=True)
    assert {file.name: file.read_bytes() for file in copy.iterdir()} == before
    with pytest.raises(BackupError, match="Move it away"):
        backup.restore(office, None, copy)
    with pytest.raises(CannotOpenError):
        backup.restore(tmp_path / "wrong", "0" * 64, copy)
    assert not (tmp_path / "wrong" / sqlite.DATABASE_NAME).exists()


def test_a_log_of_the_broken_database_is_not_written_into_the_copy(
    office: Path, tmp_path: Path
) -> None:
    """Moving only `server.db` away leaves its log; the library would replay it into the copy."""
    copy, back = tmp_path / "copy", tmp_path / "back"
    backup.back_up(office, None, copy, NOW, with_key=True)
    back.mkdir()
    (back / "server.db-wal").write_bytes(b"left behind")
    with pytest.raises(BackupError, match="server.db-wal"):
        backup.restore(back, None, copy)
    assert not (back / sqlite.DATABASE_NAME).exists()
    (back / "server.db-wal").unlink()
    backup.restore(back, None, copy)
    assert len(names(back)) == 12


def test_the_administrator_copies_and_restores_from_the_terminal(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    run("--init")
    run("user", "add", "kari", "--name", "Kari", "--role", "peer")
    assert "The key is not in the copy" in run("backup", str(tmp_path / "copy"))
    key = tmp_path / "kept.key"
    key.write_text(key_of(folder))
    key.chmod(0o600)
    assert "Move it away" in run("restore", str(tmp_path / "copy"), "--key-file", str(key), code=1)
    run("user", "add", "ola", "--name", "Ola", "--role", "peer")
    (folder / sqlite.DATABASE_NAME).rename(tmp_path / "broken.db")
    assert "asked for again" in run("restore", str(tmp_path / "copy"), "--key-file", str(key))
    assert "kari" in run("user", "list")
    assert "ola" not in run("user", "list")
