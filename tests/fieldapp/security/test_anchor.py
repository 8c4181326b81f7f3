"""A store that was put back from a copy or carried elsewhere gives up its claims: real files."""

from __future__ import annotations

import contextlib
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import Claim, ClaimState, Store, claim_id
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.security.anchor import ANCHOR_NAME
from fieldapp.security.errors import KeyringUnavailableError
from fieldapp.security.keyring import ENTRY, NOTE_ENTRY, ORIGINS, DeviceSecrets
from fieldapp.security.vault import THROTTLE_NAME, Vault
from fieldapp.services import claims as claims_service
from fieldapp.services.session import Session
from fieldapp.store import claims, commits
from fieldapp.store.db import Database
from fieldapp.store.errors import DiskFullError
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    folder_contents,
    make_vault,
)
from tests.helpers.ward import NILS, receive

UNIT = "2026-11-23"
ME = Store("d-1", NILS.id)


class NotingKeyring(MemoryKeyring):
    """A keyring that may refuse notes, or hold them up, while it serves the device secret."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses_notes = False
        self.go_on = threading.Event()
        self.go_on.set()

    def get_password(self, service: str, username: str) -> str | None:
        self._meet(username)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._meet(username)
        super().set_password(service, username, password)

    def forget_notes(self) -> None:
        self.entries = {name: text for name, text in self.entries.items() if name[1] == ENTRY}

    def _meet(self, username: str) -> None:
        if username == NOTE_ENTRY:
            self.go_on.wait()
            if self.refuses_notes:
                raise KeyringUnavailableError


@dataclass
class Laptop:
    """A folder with a store that holds one claim, locked, and the keyring of its machine."""

    folder: Path
    keyring: NotingKeyring = field(default_factory=NotingKeyring)
    recovery_key: str = ""

    def vault(self, folder: Path | None = None, keyring: NotingKeyring | None = None) -> Vault:
        secrets = DeviceSecrets(keyring or self.keyring, origins=ORIGINS, timeout_seconds=0.2)
        return make_vault(folder or self.folder, secrets)

    def is_set_back(self, folder: Path | None = None, keyring: NotingKeyring | None = None) -> bool:
        """Unlock, and say whether the store takes itself for set back; its claims tell the same."""
        vault = self.vault(folder, keyring)
        with vault.unlocked_for(USERNAME, PASSPHRASE) as store:
            answer = claims.is_set_back(store)
            assert (claims.held(store, ME) == []) is answer
        return answer

    def act(self, vault: Vault | None = None) -> None:
        """Unlock, write down something as important as a dose, lock."""
        vault = vault or self.vault()
        with vault.unlocked_for(USERNAME, PASSPHRASE) as store:
            write_something(store)

    def number(self) -> int:
        with self.vault().unlocked_for(USERNAME, PASSPHRASE) as store:
            number = commits.count(store)
        assert number is not None
        return number


def session_on(store: Database) -> Session:
    return Session(store, NILS, ME.device_id, FixedClock(START), new_id)


def write_something(store: Database) -> ChangeSet:
    return claims_service.wish(session_on(store), [("p-1", "opioid_agonist", "2026-11-25")])


def sync(store: Database) -> None:
    """What a whole sync does to a store that has said that it was set back."""
    claims.apply_answer(store, set_back_told=True)
    with store.transaction() as connection:
        claims.note_complete_sync(connection)


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    made = Laptop(tmp_path / "store")
    vault = made.vault()
    created = vault.create(USERNAME, PASSPHRASE)
    made.recovery_key = created.recovery_key
    session = session_on(created.store)
    claims.remember_own_store(created.store, ME)
    claim = Claim(
        claim_id("p-1", "opioid_agonist", UNIT),
        "p-1",
        "opioid_agonist",
        UNIT,
        ClaimState.HELD,
        grant=7,
        held_since=7,
        holder_device_id=ME.device_id,
        holder_id=ME.practitioner_id,
    )
    receive(session, [NILS, Patient("p-1", "Nordmann", "Ola"), claim])
    vault.lock()
    return made


def copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)


# --- what is as it should be


def test_a_store_that_goes_on_where_it_was_keeps_its_claims(laptop: Laptop) -> None:
    assert not laptop.is_set_back()
    laptop.act()
    laptop.act()
    assert not laptop.is_set_back()


def test_every_unlocking_counts(laptop: Laptop) -> None:
    first = laptop.number()
    assert laptop.number() == first + 1


def test_a_crash_between_the_commit_and_its_note_is_not_taken_for_set_back(laptop: Laptop) -> None:
    vault = laptop.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    store.keeper = None  # the note is what the crash prevents
    write_something(store)
    before = (laptop.folder / ANCHOR_NAME).read_bytes()
    vault.lock()

    assert (laptop.folder / ANCHOR_NAME).read_bytes() == before
    assert not laptop.is_set_back()


def test_a_machine_that_stops_while_unlocked_is_not_taken_for_set_back(
    laptop: Laptop, tmp_path: Path
) -> None:
    vault = laptop.vault()
    write_something(vault.unlock(USERNAME, PASSPHRASE))
    # What a power cut leaves lies in the same place; here beside it, and then moved there.
    copy(laptop.folder, tmp_path / "as it was")
    vault.lock()
    keyring = dict(laptop.keyring.entries)
    shutil.rmtree(laptop.folder)
    (tmp_path / "as it was").rename(laptop.folder)
    laptop.keyring.entries = keyring

    assert not laptop.is_set_back()


def test_an_older_store_is_noted_from_its_first_unlocking_on(laptop: Laptop) -> None:
    with laptop.vault().unlocked_for(USERNAME, PASSPHRASE) as store, store.transaction() as run:
        run.execute("DELETE FROM store_state WHERE key = 'commit_count'")
    (laptop.folder / ANCHOR_NAME).unlink()
    laptop.keyring.forget_notes()

    assert not laptop.is_set_back()
    assert (laptop.folder / ANCHOR_NAME).exists()
    assert not laptop.is_set_back()


def test_a_new_passphrase_changes_nothing(laptop: Laptop) -> None:
    vault = laptop.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.change_passphrase(USERNAME, PASSPHRASE, "en helt annen frase her")
    vault.change_passphrase(USERNAME, "en helt annen frase her", PASSPHRASE)
    vault.lock()

    assert not laptop.is_set_back()


# --- what was set back


def test_an_older_database_put_back_gives_up_its_claims_until_a_whole_sync(
    laptop: Laptop, tmp_path: Path
) -> None:
    copy(laptop.folder, tmp_path / "backup")
    laptop.act()

    shutil.copy(tmp_path / "backup" / "journal.db", laptop.folder / "journal.db")

    assert laptop.is_set_back()
    assert laptop.is_set_back(), "unlocking once more does not mend it"
    with laptop.vault().unlocked_for(USERNAME, PASSPHRASE) as store:
        sync(store)
        assert not claims.is_set_back(store)
    with laptop.vault().unlocked_for(USERNAME, PASSPHRASE) as store:
        assert not claims.is_set_back(store)
        assert claims.held(store, ME) == [], "what was given up stays so"


def test_a_whole_folder_put_back_is_found_out_by_the_keyring(
    laptop: Laptop, tmp_path: Path
) -> None:
    copy(laptop.folder, tmp_path / "backup")
    laptop.act()

    shutil.rmtree(laptop.folder)
    copy(tmp_path / "backup", laptop.folder)

    assert laptop.is_set_back()


def test_a_copy_elsewhere_is_found_out_and_so_is_the_first_one_afterwards(
    laptop: Laptop, tmp_path: Path
) -> None:
    copy(laptop.folder, tmp_path / "copy")

    assert laptop.is_set_back(tmp_path / "copy")
    assert laptop.is_set_back(), "its twin was at work meanwhile"


def test_a_copy_on_another_machine_is_found_out(laptop: Laptop) -> None:
    other = NotingKeyring()
    other.entries = dict(laptop.keyring.entries)
    other.forget_notes()  # the same folder and even the device secret, but no note

    assert laptop.is_set_back(keyring=other)


def test_a_store_without_any_note_is_set_back(laptop: Laptop) -> None:
    (laptop.folder / ANCHOR_NAME).unlink()
    laptop.keyring.forget_notes()

    assert laptop.is_set_back()


def test_a_database_of_before_all_notes_is_set_back(laptop: Laptop, tmp_path: Path) -> None:
    """Such as the copy that a new version of the program made before it changed the store."""
    with laptop.vault().unlocked_for(USERNAME, PASSPHRASE) as store, store.transaction() as run:
        run.execute("DELETE FROM store_state WHERE key = 'commit_count'")

    assert laptop.is_set_back()


def test_a_note_with_another_number_is_not_believed(laptop: Laptop, tmp_path: Path) -> None:
    copy(laptop.folder, tmp_path / "backup")
    laptop.act()
    shutil.copy(tmp_path / "backup" / "journal.db", laptop.folder / "journal.db")
    path = laptop.folder / ANCHOR_NAME
    body, _, mark = path.read_text(encoding="ascii").rpartition(" ")
    store_id, _, place, in_keyring, line = body.strip("[]").split(",")
    path.write_text(f"[{store_id},0,{place},{in_keyring},{line}] {mark}", encoding="ascii")

    laptop.keyring.refuses_notes = True  # nobody knows better

    assert laptop.is_set_back()


def test_a_note_names_no_folder_and_no_number_of_another_store(laptop: Laptop) -> None:
    text = (laptop.folder / ANCHOR_NAME).read_text(encoding="ascii")

    assert str(laptop.folder) not in text
    assert laptop.folder.name not in text
    assert len(text) < 400


# --- trouble with the keyring or the disk


def test_a_keyring_that_takes_no_notes_proves_nothing(laptop: Laptop) -> None:
    laptop.keyring.refuses_notes = True
    laptop.act()

    assert not laptop.is_set_back()
    laptop.keyring.refuses_notes = False
    assert not laptop.is_set_back(), "its note is behind the store, never ahead"


def test_a_lost_note_beside_the_store_proves_nothing_while_the_keyring_agrees(
    laptop: Laptop,
) -> None:
    (laptop.folder / ANCHOR_NAME).unlink()

    assert not laptop.is_set_back()


def test_without_keyring_the_file_beside_the_store_finds_out_an_older_database(
    laptop: Laptop, tmp_path: Path
) -> None:
    laptop.keyring.refuses_notes = True
    copy(laptop.folder, tmp_path / "backup")
    laptop.act()
    shutil.copy(tmp_path / "backup" / "journal.db", laptop.folder / "journal.db")

    assert laptop.is_set_back()


def test_a_keyring_that_was_lost_and_bound_anew_costs_no_claim_when_it_never_had_a_note(
    tmp_path: Path, laptop: Laptop
) -> None:
    laptop.keyring.refuses_notes = True
    laptop.keyring.forget_notes()
    (laptop.folder / ANCHOR_NAME).unlink()
    vault = laptop.vault()
    with vault.unlocked_for(USERNAME, PASSPHRASE) as store:
        sync(store)
        claims_service.wish(session_on(store), [])

    with laptop.vault().unlocked_for(USERNAME, PASSPHRASE) as store:
        assert not claims.is_set_back(store)
    laptop.keyring.refuses_notes = False
    with laptop.vault().unlocked_for(USERNAME, PASSPHRASE) as store:
        assert not claims.is_set_back(store)


def test_a_keyring_that_does_not_answer_holds_no_work_up(laptop: Laptop) -> None:
    vault = laptop.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    laptop.keyring.go_on.clear()

    for _ in range(5):
        write_something(store)

    assert commits.count(store) is not None
    vault.lock()
    laptop.keyring.go_on.set()
    assert not laptop.is_set_back()


def test_a_full_disk_beside_the_store_stops_no_work(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFullError

    vault = laptop.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    monkeypatch.setattr("fieldapp.security.anchor.write_private_file", full)
    write_something(store)
    vault.lock()
    monkeypatch.undo()

    assert not laptop.is_set_back()


def test_what_was_set_back_and_cannot_be_noted_is_not_opened(
    laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy(laptop.folder, tmp_path / "backup")
    laptop.act()
    shutil.copy(tmp_path / "backup" / "journal.db", laptop.folder / "journal.db")

    def full(*_: object) -> None:
        raise DiskFullError

    monkeypatch.setattr("fieldapp.security.vault.claims.note_set_back", full)
    with pytest.raises(DiskFullError):
        laptop.vault().unlock(USERNAME, PASSPHRASE)
    monkeypatch.undo()

    assert laptop.is_set_back()


def test_the_notes_are_the_only_new_things_in_folder_and_keyring(laptop: Laptop) -> None:
    names = set(folder_contents(laptop.folder))

    assert ANCHOR_NAME in names
    assert THROTTLE_NAME not in names
    assert {entry for _, entry in laptop.keyring.entries} == {ENTRY, NOTE_ENTRY}


def test_the_number_is_noted_after_every_important_act_and_not_before_it(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[int, bool]] = []
    vault = laptop.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)

    def keep(number: int, line: str) -> None:
        noted.append((number, store.connection.in_transaction))

    monkeypatch.setattr(store, "keeper", keep)
    with session_on(store).write():
        pass
    assert noted == [], "what is no dose and no claim waits for the next note"
    write_something(store)
    with contextlib.closing(store.clone()) as beside:
        commits.note_outside(beside)

    assert noted == [(commits.count(store), False)] * 2
    vault.lock()
