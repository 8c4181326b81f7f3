"""Nothing is lost with a secret: real vaults whose passphrase, keyring or files are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fieldapp.security import escrow, keyfile
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    EscrowMissingError,
    EscrowNotAskedError,
    EscrowOtherRequestError,
    EscrowOtherStoreError,
    KeyFileDamagedError,
    KeyFileMissingError,
    KeyFileOtherStoreError,
    KeyringUnavailableError,
    RecoveryKeyMalformedError,
    SlotTooWeakError,
    StoreExistsError,
    WrongSecretError,
)
from fieldapp.security.escrow import EscrowKey, EscrowRequest
from fieldapp.security.kdf import FAST, KdfParams
from fieldapp.security.keyring import ORIGIN_SYSTEM, DeviceSecrets
from fieldapp.security.recovery import GROUP_COUNT, groups_to_check, is_group
from fieldapp.security.rescue import Rescue
from fieldapp.security.vault import Vault, by_recovery_key
from tests.fieldapp.security.conftest import NAMES, Place
from tests.helpers.stores import (
    PASSPHRASE,
    USERNAME,
    MemoryKeyring,
    folder_contents,
    memory_secrets,
)

NEW = "en helt annen frase her"


class Program:
    """One run of the program on a place: its vault and the ways back in."""

    def __init__(self, place: Place, secrets: DeviceSecrets | None = None) -> None:
        used = secrets or memory_secrets(place.backend)
        self.vault = place.vault()
        self.vault._secrets = used
        self.rescue = Rescue(self.vault, used, place.clock)

    def names(self, place: Place, passphrase: str) -> list[str]:
        self.vault.unlock(USERNAME, passphrase)
        try:
            return place.names(self.vault)
        finally:
            self.vault.lock()


@pytest.fixture
def organisation() -> tuple[bytearray, EscrowKey]:
    return escrow.new_private_key()


def _with_escrow(place: Place, public: EscrowKey) -> None:
    program = Program(place)
    program.vault.unlock(USERNAME, PASSPHRASE)
    assert program.rescue.take_escrow(public)
    assert not program.rescue.take_escrow(public)
    program.vault.lock()


def test_another_key_of_the_organisation_is_not_taken_on_the_servers_word(
    place: Place, organisation: tuple[bytearray, EscrowKey]
) -> None:
    _, public = organisation
    _with_escrow(place, public)
    _, intruder = escrow.new_private_key()
    program = Program(place)
    program.vault.unlock(USERNAME, PASSPHRASE)
    assert not program.rescue.take_escrow(intruder)
    assert program.vault.key_file.escrow_key_id == public.key_id
    program.rescue.change_escrow(intruder)  # a person has compared the fingerprints
    assert program.vault.key_file.escrow_key_id == intruder.key_id
    program.vault.lock()


# --- recovery key ---


def test_a_forgotten_passphrase_is_replaced_and_the_used_recovery_key_is_dead(
    place: Place,
) -> None:
    program = Program(place)
    way = by_recovery_key(place.recovery_key)
    program.rescue.prove(way)
    new_key = program.rescue.offer_recovery_key()
    program.rescue.finish(way, USERNAME, NEW, new_key)

    assert Program(place).names(place, NEW) == NAMES
    with pytest.raises(WrongSecretError):
        place.vault().unlock(USERNAME, PASSPHRASE)
    with pytest.raises(WrongSecretError):
        Program(place).rescue.prove(by_recovery_key(place.recovery_key))
    Program(place).rescue.prove(by_recovery_key(new_key))


def test_a_recovery_that_is_broken_off_leaves_the_old_ways_alive(place: Place) -> None:
    program = Program(place)
    program.rescue.prove(by_recovery_key(place.recovery_key))
    program.rescue.offer_recovery_key()
    assert Program(place).names(place, PASSPHRASE) == NAMES
    Program(place).rescue.prove(by_recovery_key(place.recovery_key))


def test_on_another_machine_the_store_is_bound_anew(place: Place) -> None:
    elsewhere = MemoryKeyring()
    program = Program(place, memory_secrets(elsewhere))
    with pytest.raises(DeviceSecretMissingError):
        program.vault.unlock(USERNAME, PASSPHRASE)
    way = by_recovery_key(place.recovery_key)
    program.rescue.prove(way)
    program.rescue.finish(way, USERNAME, NEW, program.rescue.offer_recovery_key())
    assert Program(place, memory_secrets(elsewhere)).names(place, NEW) == NAMES
    with pytest.raises(WrongSecretError):
        place.vault().unlock(USERNAME, NEW)  # the old machine's secret does not open it


def test_without_any_keyring_it_is_said_before_new_secrets_are_asked_for(place: Place) -> None:
    none = DeviceSecrets(MemoryKeyring(), origins=frozenset())
    program = Program(place, none)
    before = (place.folder / "journal.hvkey").read_bytes()
    with pytest.raises(KeyringUnavailableError):
        program.rescue.prove(by_recovery_key(place.recovery_key))
    assert (place.folder / "journal.hvkey").read_bytes() == before
    assert program.vault.store is None


@pytest.mark.parametrize("typed", ["", "ABCD", "U" * 52, "A" * 53])
def test_what_cannot_be_a_recovery_key_is_told_at_once(typed: str) -> None:
    with pytest.raises(RecoveryKeyMalformedError):
        by_recovery_key(typed)


def test_a_mistyped_recovery_key_opens_nothing_and_changes_nothing(place: Place) -> None:
    wrong = place.recovery_key[:-1] + ("A" if place.recovery_key[-1] != "A" else "B")
    before = folder_contents(place.folder)
    with pytest.raises(WrongSecretError):
        Program(place).rescue.prove(by_recovery_key(wrong))
    after = folder_contents(place.folder)
    assert {n: after[n] for n in before} == before


def test_a_new_recovery_key_needs_the_passphrase_and_ends_the_old_one(place: Place) -> None:
    program = Program(place)
    program.vault.unlock(USERNAME, PASSPHRASE)
    key = program.rescue.offer_recovery_key()
    with pytest.raises(WrongSecretError):
        program.rescue.replace_recovery_key(USERNAME, "noe helt annet enn den", key)
    program.rescue.replace_recovery_key(USERNAME, PASSPHRASE, key)
    program.vault.lock()
    Program(place).rescue.prove(by_recovery_key(key))
    with pytest.raises(WrongSecretError):
        Program(place).rescue.prove(by_recovery_key(place.recovery_key))


def test_the_check_asks_for_two_groups_and_takes_them_as_a_person_types(place: Place) -> None:
    seen = {groups_to_check() for _ in range(300)}
    assert all(1 <= one < two <= GROUP_COUNT for one, two in seen)
    assert len(seen) > 20
    group = place.recovery_key.split("-")[2]
    assert is_group(place.recovery_key, 3, f" {group.lower()} ")
    assert not is_group(place.recovery_key, 3, "")
    assert not is_group(place.recovery_key, 4, group) or place.recovery_key.split("-")[3] == group


# --- escrow ---


def test_two_officers_open_for_somebody_who_lost_everything(
    place: Place, organisation: tuple[bytearray, EscrowKey], tmp_path: Path
) -> None:
    _with_escrow(place, organisation[1])
    elsewhere = memory_secrets()
    asking = Program(place, elsewhere)
    request = tmp_path / "request.json"
    request.write_bytes(asking.rescue.ask_escrow(USERNAME).to_bytes())
    assert asking.rescue.outlives_program()

    parsed = EscrowRequest.from_bytes(request.read_bytes())
    answer = escrow.answer(parsed, *organisation)

    again = Program(place, elsewhere)  # the program was closed meanwhile
    assert again.rescue.is_asked()
    way = again.rescue.by_answer(answer)
    again.rescue.prove(way)
    again.rescue.finish(way, USERNAME, NEW, again.rescue.offer_recovery_key())
    assert Program(place, elsewhere).names(place, NEW) == NAMES
    with pytest.raises(EscrowNotAskedError):  # used once
        Program(place, elsewhere).rescue.prove(again.rescue.by_answer(answer))


def test_an_answer_for_another_store_or_an_older_request_is_told_apart(
    place: Place, organisation: tuple[bytearray, EscrowKey], tmp_path: Path
) -> None:
    _with_escrow(place, organisation[1])
    program = Program(place)
    old = escrow.answer(program.rescue.ask_escrow(USERNAME), *organisation)
    program.rescue.ask_escrow(USERNAME)
    with pytest.raises(EscrowOtherRequestError):
        program.rescue.prove(program.rescue.by_answer(old))
    other = Place(tmp_path / "other")
    vault = other.vault()
    vault.create(USERNAME, PASSPHRASE, escrow=organisation[1])
    vault.lock()
    foreign = escrow.answer(Program(other).rescue.ask_escrow(USERNAME), *organisation)
    with pytest.raises(EscrowOtherStoreError):
        program.rescue.prove(program.rescue.by_answer(foreign))
    assert Program(place).names(place, PASSPHRASE) == NAMES


def test_a_store_without_escrow_says_so(place: Place) -> None:
    with pytest.raises(EscrowMissingError):
        Program(place).rescue.ask_escrow(USERNAME)
    assert Program(place).rescue.escrow_state().key_id is None


def test_a_new_key_of_the_organisation_takes_the_place_of_the_old_one(place: Place) -> None:
    _, first = escrow.new_private_key()
    private, second = escrow.new_private_key()
    _with_escrow(place, first)
    changing = Program(place)
    changing.vault.unlock(USERNAME, PASSPHRASE)
    changing.rescue.change_escrow(second)
    changing.vault.lock()
    slots = [s for s in keyfile.read(place.folder / "journal.hvkey").slots if s.kind == "escrow"]
    assert [slot.fields["key_id"] for slot in slots] == [second.key_id]
    program = Program(place)
    answer = escrow.answer(program.rescue.ask_escrow(USERNAME), private, second)
    program.rescue.prove(program.rescue.by_answer(answer))


def test_no_file_in_the_folder_ever_holds_the_root_key(
    place: Place, organisation: tuple[bytearray, EscrowKey]
) -> None:
    _with_escrow(place, organisation[1])
    program = Program(place)
    answer = escrow.answer(program.rescue.ask_escrow(USERNAME), *organisation)
    reply = program.rescue._reply
    assert reply is not None
    root = bytes(escrow.open_answer(answer, json.loads(answer)["store_id"], reply))
    program.rescue.prove(program.rescue.by_answer(answer))
    for name, data in folder_contents(place.folder).items():
        for secret in (root, reply.private):
            assert data is None or (secret not in data and secret.hex().encode() not in data), name


# --- the cost of a guess ---


def test_a_slot_below_the_set_cost_is_refused_and_the_recovery_key_is_the_way_out(
    tmp_path: Path,
) -> None:
    secrets = DeviceSecrets(MemoryKeyring())
    clock = Place(tmp_path).clock
    folder = tmp_path / "store"
    weak = Vault(folder, secrets, clock, params=FAST, origin=ORIGIN_SYSTEM)
    key = weak.create(USERNAME, PASSPHRASE).recovery_key
    weak.lock()
    least = KdfParams(memory_kib=24 * 1024, iterations=1, lanes=1)
    vault = Vault(folder, secrets, clock, params=least, origin=ORIGIN_SYSTEM)
    with pytest.raises(SlotTooWeakError):
        vault.unlock(USERNAME, PASSPHRASE)
    assert not (folder / "journal.hvkey.try").exists()  # nobody guessed
    rescue = Rescue(vault, secrets, clock)
    rescue.finish(by_recovery_key(key), USERNAME, PASSPHRASE, rescue.offer_recovery_key())
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()


@pytest.mark.parametrize(
    ("memory_kib", "iterations", "enough"),
    [(65536, 3, True), (65536, 2, False), (32768, 6, False), (131072, 2, True), (262144, 1, True)],
)
def test_a_guess_must_cost_as_much_memory_and_as_much_work(
    memory_kib: int, iterations: int, enough: bool
) -> None:
    assert KdfParams(memory_kib, iterations, 4).costs_at_least(KdfParams()) is enough


@pytest.mark.parametrize("memory_kib", [0, 8 * 1024, 19 * 1024 - 1, 1024 * 1024 + 1])
def test_a_cost_outside_the_limits_is_damage(memory_kib: int) -> None:
    with pytest.raises(KeyFileDamagedError):
        KdfParams.from_json({"alg": "argon2id", "m": memory_kib, "t": 3, "p": 4})


# --- the key file ---


def test_a_key_file_from_a_backup_is_put_in_place_and_the_damaged_one_kept(
    place: Place, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.hvkey"
    shutil.copy(place.folder / "journal.hvkey", backup)
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        (place.folder / name).write_bytes(b"spoilt")
    with pytest.raises(KeyFileDamagedError):
        place.vault().unlock(USERNAME, PASSPHRASE)
    with pytest.raises(KeyFileDamagedError):
        Program(place).rescue.adopt_key_file(place.folder / "journal.db")
    with pytest.raises(KeyFileDamagedError):
        Program(place).rescue.adopt_key_file(tmp_path / "no such file")
    Program(place).rescue.adopt_key_file(backup)
    assert Program(place).names(place, PASSPHRASE) == NAMES
    kept = [path for path in place.folder.iterdir() if "damaged" in path.name]
    assert [path.read_bytes() for path in kept] == [b"spoilt", b"spoilt"]


def test_the_key_file_of_another_store_is_not_put_in_place(place: Place, tmp_path: Path) -> None:
    backup = tmp_path / "backup.hvkey"
    shutil.copy(place.folder / "journal.hvkey", backup)
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        (place.folder / name).unlink()
    database = place.folder / "journal.db"
    own = database.read_bytes()
    database.write_bytes(bytes(16) + own[16:])  # another store's begins with another salt
    with pytest.raises(KeyFileOtherStoreError):
        Program(place).rescue.adopt_key_file(backup)
    assert not (place.folder / "journal.hvkey").exists()
    (place.folder / "copies").mkdir()
    (place.folder / "copies" / "older.db").write_bytes(own)
    Program(place).rescue.adopt_key_file(backup)  # its own, though the beginning is damaged
    database.write_bytes(own)
    assert Program(place).names(place, PASSPHRASE) == NAMES


def test_a_key_file_that_can_be_read_is_never_replaced(place: Place, tmp_path: Path) -> None:
    backup = tmp_path / "backup.hvkey"
    shutil.copy(place.folder / "journal.hvkey", backup)
    with pytest.raises(StoreExistsError):
        Program(place).rescue.adopt_key_file(backup)


def test_a_folder_without_a_key_file_is_not_begun_afresh(place: Place) -> None:
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        (place.folder / name).unlink()
    vault = place.vault()
    with pytest.raises(KeyFileMissingError):
        vault.unlock(USERNAME, PASSPHRASE)
    with pytest.raises(StoreExistsError):
        vault.create(USERNAME, PASSPHRASE)
    with pytest.raises(KeyFileMissingError):
        Program(place).rescue.prove(by_recovery_key(place.recovery_key))
