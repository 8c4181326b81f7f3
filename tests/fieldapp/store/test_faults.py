"""Power and disk: what was acknowledged survives a kill, and a full disk loses only the change."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.errors import FieldAppError
from fieldapp.security.keyring import DemoKeyring
from fieldapp.security.vault import Vault
from fieldapp.store.errors import AlreadyOpenError, DiskFullError
from tests.helpers.small_disk import mounted, read_only
from tests.helpers.stores import PASSPHRASE, USERNAME, make_vault

ROOT = Path(__file__).parents[3]
MIGRATIONS = ROOT / "tests" / "fieldapp" / "security" / "migrations"
KILLS = 5

WRITER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from tests.fieldapp.store.test_faults import vault_in\n"
    "from tests.helpers.stores import *\n"
    "vault = vault_in(Path(sys.argv[1]))\n"
    "store = vault.unlock(USERNAME, PASSPHRASE)\n"
    "number = int(sys.argv[2])\n"
    "while True:\n"
    "    with store.transaction() as connection:\n"
    "        row = (number, 'Åse ' * 50)\n"
    "        connection.execute('INSERT INTO person (id, name) VALUES (?, ?)', row)\n"
    "        connection.execute('INSERT INTO person_words (rowid, name) VALUES (?, ?)', row)\n"
    "    print(number, flush=True)\n"
    "    number += 1\n"
)


def vault_in(folder: Path) -> Vault:
    """A vault that another process can open as well: its device secret lies in a file."""
    return make_vault(folder, DemoKeyring(folder), migrations=MIGRATIONS)


def _ids(vault: Vault) -> list[int]:
    assert vault.store is not None
    rows = vault.store.connection.execute("SELECT id FROM person ORDER BY id").fetchall()
    return [row["id"] for row in rows]


def test_no_acknowledged_commit_is_lost_when_the_program_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    vault = vault_in(folder)
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()
    chance = random.Random(1122)
    first = 1
    for _ in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(folder), str(first)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 300)):
                acknowledged = int(writer.stdout.readline())
            with pytest.raises(AlreadyOpenError):
                vault.unlock(USERNAME, PASSPHRASE)
            writer.send_signal(signal.SIGKILL)
            # What was still in the pipe had been acknowledged too.
            for line in writer.stdout:
                acknowledged = int(line) if line.endswith("\n") else acknowledged
        store = vault.unlock(USERNAME, PASSPHRASE)
        stored = _ids(vault)
        assert stored == list(range(1, len(stored) + 1))
        assert acknowledged <= len(stored) <= acknowledged + 1
        words = store.connection.execute("SELECT count(*) AS n FROM person_words").fetchone()
        assert words is not None
        assert words["n"] == len(stored)
        with store.transaction() as connection:
            connection.execute("INSERT INTO person_words (person_words) VALUES ('integrity-check')")
        assert store.damage_report() == []
        vault.lock()
        first = len(stored) + 1


# --- full disk ---


def _fill_and_recover(vault: Vault, blocker: Path | None) -> None:
    store = vault.store
    assert store is not None
    saved = 0
    with pytest.raises(DiskFullError):
        for number in range(1, 5000):
            with store.transaction() as connection:
                connection.execute(
                    "INSERT INTO person (id, name) VALUES (?, ?)", (number, "x" * 5000)
                )
            saved = number
    assert saved > 0
    assert _ids(vault) == list(range(1, saved + 1))
    if blocker is not None:
        blocker.unlink()
        with store.transaction() as connection:
            connection.execute("INSERT INTO person (name) VALUES ('plass igjen')")
        assert len(_ids(vault)) == saved + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    with mounted(tmp_path / "disk", 4_000_000) as place:
        yield place


def test_a_full_disk_loses_the_change_and_nothing_else(small_disk: Path) -> None:
    blocker = small_disk / "ballast"
    blocker.write_bytes(bytes(1_000_000))
    vault = vault_in(small_disk / "store")
    vault.create(USERNAME, PASSPHRASE)
    _fill_and_recover(vault, blocker)
    vault.lock()
    vault.unlock(USERNAME, PASSPHRASE)
    assert vault.store is not None
    assert vault.store.damage_report() == []
    vault.lock()


def test_a_store_on_a_full_disk_still_opens_for_reading(small_disk: Path) -> None:
    vault = vault_in(small_disk / "store")
    vault.create(USERNAME, PASSPHRASE)
    _fill_and_recover(vault, None)
    saved = len(_ids(vault))
    vault.lock()
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    vault.unlock(USERNAME, PASSPHRASE)
    assert len(_ids(vault)) == saved
    vault.lock()


def test_creating_a_store_on_a_full_disk_leaves_none_behind(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - 16 * 4096)
    vault = vault_in(small_disk / "store")
    with pytest.raises(DiskFullError):
        vault.create(USERNAME, PASSPHRASE)
    left = {path.name for path in (small_disk / "store").iterdir() if path.stat().st_size > 2}
    assert {name for name in left if name.startswith("journal")} == set()
    assert not vault.exists()
    ballast.unlink()
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()


def test_a_disk_that_takes_nothing_has_a_word_of_its_own_and_no_byte_is_changed(
    small_disk: Path,
) -> None:
    vault = vault_in(small_disk / "store")
    vault.create(USERNAME, PASSPHRASE)
    store = vault.store
    assert store is not None
    with store.transaction() as connection:
        connection.execute("INSERT INTO person (id, name) VALUES (1, 'Åse')")
    vault.lock()
    before = _bytes_of(small_disk)
    with read_only(small_disk):
        code = _code_of_writing(vault)
        vault.lock()
        # Which one depends on what the system says of such a disk; it is never "damaged".
        assert code in {"read_only", "disk_full", "store_input_output"}
        assert _bytes_of(small_disk) == before
    vault.unlock(USERNAME, PASSPHRASE)
    assert _ids(vault) == [1]
    vault.lock()


def _code_of_writing(vault: Vault) -> str | None:
    """Open and write; what refused either."""
    try:
        store = vault.unlock(USERNAME, PASSPHRASE)
        with store.transaction() as connection:
            connection.execute("INSERT INTO person (id, name) VALUES (2, 'Odd')")
    except FieldAppError as error:
        return error.code
    return None


def _bytes_of(disk: Path) -> dict[str, bytes]:
    """What must stay as it is; the index of the log and the lock are made anew at every opening."""
    return {
        path.name: path.read_bytes()
        for path in disk.rglob("journal*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }
