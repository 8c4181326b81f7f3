"""The vault's ways in, and that every refusal leaves the folder as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.errors import FieldAppError
from fieldapp.security import keyfile
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    KeyFileDamagedError,
    KeyFileMissingError,
    KeyringUnavailableError,
    LockedOutError,
    PassphraseTooShortError,
    RecoveryKeyMalformedError,
    StoreExistsError,
    StoreUnfinishedError,
    VaultLockedError,
    VaultOpenError,
    WrongSecretError,
)
from fieldapp.security.keyring import ENTRY
from fieldapp.security.recovery import new_recovery_key
from fieldapp.security.vault import Vault
from fieldapp.store.db import Database
from fieldapp.store.errors import (
    AlreadyOpenError,
    ClosedStoreError,
    DatabaseDamagedError,
    DatabaseMissingError,
    DatabasePlaintextError,
    DiskFullError,
    WrongThreadError,
)
from tests.fieldapp.security.conftest import NAMES, Place
from tests.helpers.stores import (
    PASSPHRASE,
    USERNAME,
    folder_contents,
    make_vault,
    memory_secrets,
)

NEW_PASSPHRASE = "en helt annen frase her"
ROOT = Path(__file__).parents[3]


# --- the ordinary day ---


def test_what_was_saved_is_there_after_lock_and_unlock(place: Place) -> None:
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    assert place.names(vault) == NAMES
    vault.lock()


def test_user_name_and_passphrase_may_be_typed_in_another_unicode_form(tmp_path: Path) -> None:
    vault = make_vault(tmp_path / "store")
    vault.create("Åse", "blåbærsyltetøy 1")
    vault.lock()
    nfd_name, nfd_phrase = (unicodedata.normalize("NFD", t) for t in ("åse ", "blåbærsyltetøy 1"))
    assert vault.unlock(nfd_name, nfd_phrase)
    vault.lock()


def test_a_store_unlocked_in_a_worker_thread_belongs_to_the_thread_that_uses_it_first(
    place: Place,
) -> None:
    vault = place.vault()
    opened: list[Database] = []
    worker = threading.Thread(target=lambda: opened.append(vault.unlock(USERNAME, PASSPHRASE)))
    worker.start()
    worker.join()
    assert place.names(vault) == NAMES

    refused: list[BaseException] = []

    def intrude() -> None:
        try:
            _ = opened[0].connection
        except WrongThreadError as error:
            refused.append(error)

    intruder = threading.Thread(target=intrude)
    intruder.start()
    intruder.join()
    assert len(refused) == 1
    vault.lock()


def test_nothing_can_be_read_after_lock(place: Place) -> None:
    vault = place.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()
    with pytest.raises(ClosedStoreError):
        _ = store.connection
    with pytest.raises(ClosedStoreError):
        store.clone()
    with pytest.raises(VaultLockedError):
        vault.change_passphrase(USERNAME, PASSPHRASE, NEW_PASSPHRASE)
    vault.lock()


def test_an_open_vault_is_not_opened_twice(place: Place) -> None:
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    with pytest.raises(VaultOpenError):
        vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()


# --- nothing in clear, nobody else's to read ---


def test_no_file_holds_clear_text_and_only_the_owner_may_read(place: Place) -> None:
    vault = place.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    with store.transaction() as connection:
        connection.execute("INSERT INTO person_words (name) SELECT name FROM person")
        connection.execute("CREATE TEMP TABLE sorted AS SELECT name FROM person ORDER BY name DESC")
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert {"journal.db", "journal.db-wal", "journal.hvkey"} <= {path.name for path in files}
    clear = ["Ødegård".encode(), b"SQLite format 3", b"CREATE TABLE", PASSPHRASE.encode()]
    clear.append(place.recovery_key.encode())
    for path in files:
        contents = path.read_bytes()
        assert [word for word in clear if word in contents] == [], path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    vault.lock()
    wal = place.folder / "journal.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_temporary_file_is_open_while_a_big_sort_runs(place: Place) -> None:
    vault = place.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    rows = store.connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        " SELECT name || i AS long_name FROM person, n WHERE person.id = 1 ORDER BY 1 DESC"
    )
    assert rows.fetchone() is not None
    links = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    assert [link for link in links if "etilqs" in link] == []
    vault.lock()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("locked", [False, True], ids=["unlocked", "locked"])
def test_the_database_key_is_nowhere_in_the_memory_of_the_process(
    tmp_path: Path, locked: bool
) -> None:
    folder = tmp_path / "store"
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.helpers.stores import *\n"
        "from fieldapp.security.keyring import DemoKeyring\n"
        "folder = Path(sys.argv[1])\n"
        "vault = make_vault(folder, DemoKeyring(folder))\n"
        "store = vault.create(USERNAME, PASSPHRASE).store\n"
        "store.connection.execute('SELECT count(*) FROM sqlite_master').fetchone()\n"
        + ("vault.lock()\n" if locked else "")
        + "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "ready\n"
        memory = _writable_memory(child.pid)
        child.stdin.write("\n")
    root, key = _keys_of(folder)
    assert memory.count(key) == 0
    assert memory.count(key.hex().encode()) == 0
    assert memory.count(root.hex().encode()) == 0
    # While unlocked the root key is needed to wrap new slots: one buffer, wiped on lock.
    assert memory.count(root) == (0 if locked else 1)


def _writable_memory(pid: int) -> bytes:
    parts: list[bytes] = []
    with (
        Path(f"/proc/{pid}/maps").open(encoding="ascii") as maps,
        Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory,
    ):
        for line in maps:
            span, modes = line.split()[:2]
            if not modes.startswith("rw") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            memory.seek(start)
            parts.append(memory.read(end - start))
    return b"".join(parts)


def _keys_of(folder: Path) -> tuple[bytes, bytes]:
    """The root key and the database key of a store with the helpers' passphrase."""
    from fieldapp.security.keyring import DemoKeyring

    parsed = keyfile.read(folder / "journal.hvkey")
    slot = parsed.find_slot(keyfile.SLOT_PASSPHRASE, USERNAME)
    assert slot is not None
    device_secret = DemoKeyring(folder).get(parsed.store_id, parsed.origin)
    root = parsed.open_passphrase_slot(slot, PASSPHRASE, device_secret)
    text = parsed.key_source(root)()
    return bytes(root), bytes.fromhex(text[2:66].decode())


# --- wrong secrets ---


def test_the_right_passphrase_works_after_a_wrong_one(place: Place) -> None:
    vault = place.vault()
    with pytest.raises(WrongSecretError):
        vault.unlock(USERNAME, "feil hest batteri stift")
    vault.unlock(USERNAME, PASSPHRASE)
    assert place.names(vault) == NAMES
    vault.lock()


def test_an_unknown_user_is_told_the_same_as_a_wrong_passphrase(place: Place) -> None:
    with pytest.raises(WrongSecretError):
        place.vault().unlock("mallory", PASSPHRASE)


def test_three_wrong_passphrases_make_even_the_right_one_wait_also_after_a_restart(
    place: Place,
) -> None:
    for _ in range(3):
        with pytest.raises(WrongSecretError):
            place.vault().unlock(USERNAME, "feil hest batteri stift")
    with pytest.raises(LockedOutError) as refusal:
        place.vault().unlock(USERNAME, PASSPHRASE)
    assert refusal.value.seconds == 5
    place.clock.advance(timedelta(seconds=5))
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()
    assert not (place.folder / "journal.hvkey.try").exists()


@pytest.mark.parametrize("weak", ["", "123456", "kort", "en to tre", "a b c d", " " * 20])
def test_a_passphrase_that_is_too_short_creates_nothing(tmp_path: Path, weak: str) -> None:
    vault = make_vault(tmp_path / "store")
    with pytest.raises(PassphraseTooShortError):
        vault.create(USERNAME, weak)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("strong", ["tolv tegn_12", "ku hus bil is"])
def test_twelve_characters_or_four_words_are_enough(tmp_path: Path, strong: str) -> None:
    vault = make_vault(tmp_path / "store")
    vault.create(USERNAME, strong)
    vault.lock()


def test_the_folder_and_the_passphrase_are_useless_without_this_machines_keyring(
    place: Place,
) -> None:
    (entry,) = (entry for entry in place.backend.entries if entry[1] == ENTRY)
    place.backend.entries[entry] = "A" * 43 + "="
    with pytest.raises(WrongSecretError):
        place.vault().unlock(USERNAME, PASSPHRASE)


# --- recovery ---


def test_the_recovery_key_opens_a_store_whose_device_secret_is_gone(place: Place) -> None:
    place.backend.entries.clear()
    before = folder_contents(place.folder)
    vault = place.vault()
    with pytest.raises(DeviceSecretMissingError):
        vault.unlock(USERNAME, PASSPHRASE)
    assert folder_contents(place.folder) == before

    vault.unlock_with_recovery(place.recovery_key.lower().replace("-", " "))
    assert place.names(vault) == NAMES
    vault.rebind(USERNAME, NEW_PASSPHRASE)
    vault.lock()

    with pytest.raises(WrongSecretError):
        place.vault().unlock(USERNAME, PASSPHRASE)
    again = place.vault()
    again.unlock(USERNAME, NEW_PASSPHRASE)
    assert place.names(again) == NAMES
    again.lock()
    again.unlock_with_recovery(place.recovery_key)
    again.lock()


def test_rebinding_keeps_the_recovery_slot_and_every_slot_it_does_not_know(place: Place) -> None:
    vault = place.vault()
    vault.unlock_with_recovery(place.recovery_key)
    assert vault._unlocked is not None
    escrow = {"type": "escrow", "id": "employer", "sealed": {"to": "key 7", "blob": "AAAA"}}
    vault._unlocked.key_file._document["slots"].append(escrow)
    vault.rebind(USERNAME, NEW_PASSPHRASE)
    vault.change_passphrase(USERNAME, NEW_PASSPHRASE, PASSPHRASE)
    vault.lock()
    slots = keyfile.read(vault.key_file_path).slots
    assert sorted(slot.kind for slot in slots) == ["escrow", "passphrase", "recovery"]
    assert escrow in [slot.fields for slot in slots]
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()


def test_another_recovery_key_opens_nothing_and_half_a_key_is_told_as_such(place: Place) -> None:
    vault = place.vault()
    _raw, other = new_recovery_key()
    with pytest.raises(WrongSecretError):
        vault.unlock_with_recovery(other)
    for malformed in (place.recovery_key[:-5], place.recovery_key + "-AAAA", "U" * 52, ""):
        with pytest.raises(RecoveryKeyMalformedError):
            vault.unlock_with_recovery(malformed)
    assert not (place.folder / "journal.hvkey.try").exists()


# --- changing the passphrase ---


def test_changing_the_passphrase_leaves_every_byte_of_the_database(place: Place) -> None:
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE).checkpoint()
    before = vault.database_path.read_bytes()
    with pytest.raises(WrongSecretError):
        vault.change_passphrase(USERNAME, "feil hest batteri stift", NEW_PASSPHRASE)
    with pytest.raises(PassphraseTooShortError):
        vault.change_passphrase(USERNAME, PASSPHRASE, "kort")
    vault.change_passphrase(USERNAME, PASSPHRASE, NEW_PASSPHRASE)
    vault.lock()
    assert vault.database_path.read_bytes() == before
    with pytest.raises(WrongSecretError):
        vault.unlock(USERNAME, PASSPHRASE)
    vault.unlock(USERNAME, NEW_PASSPHRASE)
    vault.lock()


def test_the_old_passphrase_is_not_accepted_from_the_second_copy_either(place: Place) -> None:
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.change_passphrase(USERNAME, PASSPHRASE, NEW_PASSPHRASE)
    vault.lock()
    vault.key_file_path.unlink()
    with pytest.raises(WrongSecretError):
        vault.unlock(USERNAME, PASSPHRASE)
    vault.unlock(USERNAME, NEW_PASSPHRASE)
    vault.lock()


# --- damage: each kind its own error, and nothing changes ---


def _delete_database(vault: Vault) -> None:
    vault.database_path.unlink()


def _empty_database(vault: Vault) -> None:
    vault.database_path.write_bytes(b"")


def _shorten_database(vault: Vault) -> None:
    vault.database_path.write_bytes(b"abc")


def _plaintext_database(vault: Vault) -> None:
    vault.database_path.unlink()
    plain = sqlite3.connect(vault.database_path)
    plain.execute("CREATE TABLE person (name)")
    plain.close()


def _flip_byte_in_first_page(vault: Vault) -> None:
    contents = bytearray(vault.database_path.read_bytes())
    contents[200] ^= 1
    vault.database_path.write_bytes(contents)


def _truncate_database(vault: Vault) -> None:
    os.truncate(vault.database_path, 4096)


def _noise_for_database(vault: Vault) -> None:
    vault.database_path.write_bytes(os.urandom(vault.database_path.stat().st_size))


def _other_store_for_database(vault: Vault) -> None:
    other = make_vault(vault.folder.parent / "other")
    other.create(USERNAME, PASSPHRASE)
    other.lock()
    vault.database_path.write_bytes(other.database_path.read_bytes())


def _damage_key_files(vault: Vault) -> None:
    for path in (vault.key_file_path, keyfile.backup_path(vault.key_file_path)):
        path.write_bytes(path.read_bytes()[:-40])


def _empty_key_files(vault: Vault) -> None:
    for path in (vault.key_file_path, keyfile.backup_path(vault.key_file_path)):
        path.write_bytes(b"")


def _delete_key_files(vault: Vault) -> None:
    for path in (vault.key_file_path, keyfile.backup_path(vault.key_file_path)):
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_delete_database, DatabaseMissingError),
        (_empty_database, DatabaseMissingError),
        (_shorten_database, DatabaseMissingError),
        (_plaintext_database, DatabasePlaintextError),
        (_flip_byte_in_first_page, DatabaseDamagedError),
        (_truncate_database, DatabaseDamagedError),
        (_noise_for_database, DatabaseDamagedError),
        (_other_store_for_database, DatabaseDamagedError),
        (_damage_key_files, KeyFileDamagedError),
        (_empty_key_files, KeyFileDamagedError),
        (_delete_key_files, KeyFileMissingError),
    ],
)
def test_damage_ends_in_its_own_error_and_changes_no_file(
    place: Place, damage: Callable[[Vault], None], expected: type[FieldAppError]
) -> None:
    vault = place.vault()
    damage(vault)
    before = folder_contents(place.folder)
    with pytest.raises(expected):
        vault.unlock(USERNAME, PASSPHRASE)
    with pytest.raises(expected):
        vault.unlock_with_recovery(place.recovery_key)
    assert vault.exists()
    with pytest.raises(StoreExistsError):
        vault.create(USERNAME, PASSPHRASE)
    assert folder_contents(place.folder) == before


def test_a_database_with_another_identity_than_the_key_file_is_refused(place: Place) -> None:
    vault = place.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    with store.transaction() as connection:
        connection.execute("UPDATE store_identity SET store_id = 'another'")
    vault.lock()
    with pytest.raises(DatabaseDamagedError):
        vault.unlock(USERNAME, PASSPHRASE)


def test_an_empty_folder_is_reported_and_stays_empty(tmp_path: Path) -> None:
    vault = make_vault(tmp_path / "store")
    assert not vault.exists()
    with pytest.raises(KeyFileMissingError):
        vault.unlock(USERNAME, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def test_a_destroyed_header_of_the_database_is_survived(place: Place) -> None:
    vault = place.vault()
    with vault.database_path.open("r+b") as file:
        file.write(bytes(16))
    vault.unlock(USERNAME, PASSPHRASE)
    assert place.names(vault) == NAMES
    vault.lock()


def test_a_damaged_key_file_is_replaced_from_its_second_copy_and_kept(place: Place) -> None:
    vault = place.vault()
    good = vault.key_file_path.read_bytes()
    vault.key_file_path.write_bytes(b"{ torn")
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()
    assert vault.key_file_path.read_bytes() == good
    kept = place.folder / "journal.hvkey.damaged"
    assert kept.read_bytes() == b"{ torn"


# --- creating ---


def test_a_keyring_that_keeps_nothing_prevents_creation_without_a_trace(tmp_path: Path) -> None:
    from keyring.backends import null

    from fieldapp.security.keyring import DeviceSecrets

    secrets = DeviceSecrets(null.Keyring())  # type: ignore[no-untyped-call]
    vault = make_vault(tmp_path / "store", secrets, origin="system")
    with pytest.raises(KeyringUnavailableError):
        vault.create(USERNAME, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def test_creation_that_fails_leaves_neither_store_nor_device_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / "store")

    def full(*_arguments: object) -> None:
        raise DiskFullError

    monkeypatch.setattr("fieldapp.security.vault.migrate", full)
    vault = place.vault()
    with pytest.raises(DiskFullError):
        vault.create(USERNAME, PASSPHRASE)
    assert not place.folder.exists()
    assert place.backend.entries == {}
    monkeypatch.undo()
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()


def test_a_creation_that_was_killed_is_told_as_such_and_can_be_begun_again(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "store"
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.helpers.stores import *\n"
        "from fieldapp.security import vault\n"
        "vault.migrate = lambda *arguments: os._exit(9)\n"
        "make_vault(Path(sys.argv[1])).create(USERNAME, PASSPHRASE)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder)], cwd=ROOT, check=False)
    assert killed.returncode == 9
    vault = make_vault(folder, memory_secrets())
    with pytest.raises(StoreUnfinishedError):
        vault.unlock(USERNAME, PASSPHRASE)
    assert not vault.exists()
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()
    assert len(list(folder.glob("journal.db.unfinished-*"))) == 1


# --- one program at a time ---


def test_a_second_vault_on_the_same_store_is_refused(place: Place) -> None:
    first, second = place.vault(), place.vault()
    first.unlock(USERNAME, PASSPHRASE)
    with pytest.raises(AlreadyOpenError):
        second.unlock(USERNAME, PASSPHRASE)
    first.lock()
    second.unlock(USERNAME, PASSPHRASE)
    second.lock()


# --- no cipher ---


@pytest.mark.parametrize("how", ["absent", "plain"])
def test_without_an_encrypting_driver_nothing_is_opened_or_made(place: Place, how: str) -> None:
    before = folder_contents(place.folder)
    script = (
        "import sys, sqlite3, types\n"
        "from pathlib import Path\n"
        "class Plain(sqlite3.Connection):\n"
        "    def set_key(self, key): pass\n"
        "if sys.argv[2] == 'absent':\n"
        "    sys.modules['sqlcipher3'] = None\n"
        "from tests.helpers.stores import *\n"
        "from fieldapp.store import db\n"
        "from fieldapp.store.errors import DriverMissingError\n"
        "if sys.argv[2] == 'plain':\n"
        "    db.sqlite.connect = lambda *a, **k: sqlite3.connect(*a, factory=Plain, **k)\n"
        "folder = Path(sys.argv[1])\n"
        "vault, new = make_vault(folder), make_vault(folder.parent / 'new')\n"
        "for act in (lambda: vault.unlock(USERNAME, PASSPHRASE),\n"
        "            lambda: new.create(USERNAME, PASSPHRASE)):\n"
        "    try:\n"
        "        act()\n"
        "    except DriverMissingError:\n"
        "        print('refused')\n"
    )
    command = [sys.executable, "-c", script, str(place.folder), how]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["refused", "refused"]
    assert folder_contents(place.folder) == before
    assert not (place.folder.parent / "new").exists()


def test_a_page_torn_by_a_power_cut_is_healed_from_the_log_and_not_called_damage(
    tmp_path: Path,
) -> None:
    secrets = memory_secrets()
    vault = make_vault(tmp_path / "store", secrets)
    store = vault.create(USERNAME, PASSPHRASE).store
    with store.transaction() as connection:
        connection.execute("INSERT INTO setting (key, value) VALUES ('scheme', ?)", ("x" * 9000,))
    cut = tmp_path / "cut"
    shutil.copytree(vault.folder, cut)  # the log is not emptied yet
    vault.lock()
    torn = cut / "journal.db"
    first_page = bytearray(torn.read_bytes())
    first_page[2048:4096] = os.urandom(2048)  # the log has this page as it should be
    torn.write_bytes(first_page)
    again = make_vault(cut, secrets)
    opened = again.unlock(USERNAME, PASSPHRASE)
    row = opened.connection.execute("SELECT value FROM setting WHERE key = 'scheme'").fetchone()
    assert row is not None
    assert row["value"] == "x" * 9000
    again.lock()
