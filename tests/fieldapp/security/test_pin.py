from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import keyring.errors
import pytest

from fieldapp.clock import FixedClock
from fieldapp.security.errors import (
    KeyringLockedError,
    LockedOutError,
    PinGoneError,
    PinWeakError,
    VaultLockedError,
    WrongPinError,
    WrongSecretError,
)
from fieldapp.security.kdf import FAST, KEY_BYTES
from fieldapp.security.pin import LONGEST_LIFE, MOST_TRIES, PinKeeper, check_pin
from fieldapp.security.vault import THROTTLE_NAME, Vault
from tests.fieldapp.security.test_vault import ROOT, _keys_of, _writable_memory
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    folder_contents,
    make_vault,
    memory_secrets,
)

PIN = "480317"


class LockedKeyring(MemoryKeyring):
    """The system's keyring after somebody has locked it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def vault(tmp_path: Path, clock: FixedClock) -> Vault:
    made = make_vault(tmp_path / "store", clock=clock)
    made.create(USERNAME, PASSPHRASE)
    made.set_pin(PIN)
    made.lock()
    return made


@pytest.mark.parametrize(
    "pin",
    ["", "12345", "1234567890123", "48031a", "48 0317", "٤٨٠٣١٧", "000000", "121212", "112211",
     "123456", "654321", "890123", "210987", "123123", "12341234", "482482482"],
)  # fmt: skip
def test_a_pin_that_a_finder_would_try_first_is_refused(pin: str) -> None:
    with pytest.raises(PinWeakError):
        check_pin(pin)


@pytest.mark.parametrize("pin", [PIN, "135790", "903154", "123457", "111213"])
def test_an_ordinary_pin_is_taken(pin: str) -> None:
    check_pin(pin)


def test_the_pin_opens_the_store_again_without_the_passphrase(vault: Vault) -> None:
    assert vault.has_pin
    assert vault.unlock_with_pin(PIN).store_id() is not None
    vault.lock()
    vault.unlock_with_pin(PIN)
    vault.lock()


def test_after_a_lock_the_root_key_is_only_there_wrapped(vault: Vault) -> None:
    vault.unlock_with_pin(PIN)
    assert vault._unlocked is not None
    root = vault._unlocked.root
    held = vault._pin
    assert bytes(root) not in bytes(held._wrapped)
    vault.lock()
    assert bytes(root) == bytes(KEY_BYTES)


MEMORY = """
import sys
from pathlib import Path
from tests.helpers.stores import *
from fieldapp.security.keyring import DemoKeyring
folder = Path(sys.argv[1])
vault = make_vault(folder, DemoKeyring(folder))
vault.create(USERNAME, PASSPHRASE)
for _ in range(3):
    vault.set_pin(sys.argv[2])
    vault.lock()
    vault.unlock_with_pin(sys.argv[2])
vault.lock()
assert vault.has_pin
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_after_a_short_lock_neither_key_is_anywhere_in_the_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "store"), PIN]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "ready\n"
        memory = _writable_memory(child.pid)
        child.stdin.write("\n")
    for key in _keys_of(tmp_path / "store"):
        assert memory.count(key) == 0
        assert memory.count(key.hex().encode()) == 0


def test_five_wrong_pins_in_a_row_and_only_the_passphrase_opens_the_store(vault: Vault) -> None:
    before = folder_contents(vault.folder)
    for left in range(MOST_TRIES - 1, 0, -1):
        with pytest.raises(WrongPinError) as wrong:
            vault.unlock_with_pin("999888")
        assert wrong.value.left == left
    with pytest.raises(PinGoneError):
        vault.unlock_with_pin("999888")
    assert not vault.has_pin
    with pytest.raises(PinGoneError):
        vault.unlock_with_pin(PIN)
    assert folder_contents(vault.folder) == before  # nothing was deleted, nothing counted
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()


def test_what_a_pin_was_made_of_is_wiped_when_it_is_dropped(vault: Vault) -> None:
    held = vault._pin
    secret, wrapped = held._secret, held._wrapped
    vault.drop_pin()
    assert bytes(secret) == bytes(len(secret))
    assert bytes(wrapped) == bytes(len(wrapped))


def test_a_right_pin_gives_five_new_tries(vault: Vault) -> None:
    for _ in range(3):
        for _ in range(MOST_TRIES - 1):
            with pytest.raises(WrongPinError):
                vault.unlock_with_pin("999888")
        vault.unlock_with_pin(PIN)
        vault.lock()


def test_a_pin_is_gone_eight_hours_after_it_was_set_sleep_included(
    vault: Vault, clock: FixedClock
) -> None:
    clock.advance(LONGEST_LIFE - timedelta(seconds=1))
    vault.unlock_with_pin(PIN)
    vault.lock()
    clock.advance(timedelta(seconds=1))
    assert not vault.has_pin
    with pytest.raises(PinGoneError):
        vault.unlock_with_pin(PIN)


def test_setting_the_machines_clock_back_makes_no_pin_live_longer(
    vault: Vault, clock: FixedClock
) -> None:
    clock.advance(LONGEST_LIFE)
    clock.jump(-timedelta(days=1))
    assert not vault.has_pin


def test_a_new_process_knows_no_pin_and_nothing_of_it_is_on_the_disk(
    vault: Vault, clock: FixedClock
) -> None:
    fresh = Vault(vault.folder, vault._secrets, clock, params=FAST)
    assert not fresh.has_pin
    with pytest.raises(PinGoneError):
        fresh.unlock_with_pin(PIN)
    held = vault._pin
    for content in folder_contents(vault.folder).values():
        assert content is None or not any(
            part in content for part in (bytes(held._secret), bytes(held._wrapped), held._salt)
        )


def test_the_wrapped_key_is_worthless_with_the_pin_alone(clock: FixedClock) -> None:
    keeper = PinKeeper(clock, FAST)
    keeper.set(PIN, bytearray(os.urandom(KEY_BYTES)))
    keeper._secret[:] = bytes(KEY_BYTES)  # a copy of the wrapped key without this process's secret
    with pytest.raises(WrongPinError):
        keeper.open(PIN)


def test_a_wrong_pin_is_no_wrong_passphrase_and_a_right_one_forgives_none(vault: Vault) -> None:
    for _ in range(2):
        with pytest.raises(WrongSecretError):
            vault.unlock(USERNAME, "feil passfrase her")
    counted = (vault.folder / THROTTLE_NAME).read_bytes()
    with pytest.raises(WrongPinError):
        vault.unlock_with_pin("999888")
    vault.unlock_with_pin(PIN)
    vault.lock()
    assert (vault.folder / THROTTLE_NAME).read_bytes() == counted
    with pytest.raises(WrongSecretError):
        vault.unlock(USERNAME, "feil passfrase her")
    with pytest.raises(LockedOutError):
        vault.unlock(USERNAME, PASSPHRASE)


def test_a_pin_needs_an_open_store_and_a_weak_one_leaves_the_old(vault: Vault) -> None:
    with pytest.raises(VaultLockedError):
        vault.set_pin("903154")
    vault.unlock_with_pin(PIN)
    with pytest.raises(PinWeakError):
        vault.set_pin("123456")
    vault.lock()
    vault.unlock_with_pin(PIN)
    vault.lock()


def test_a_changed_passphrase_takes_the_pin_along(vault: Vault) -> None:
    vault.unlock_with_pin(PIN)
    vault.change_passphrase(USERNAME, PASSPHRASE, "en helt annen passfrase")
    vault.lock()
    assert not vault.has_pin


def test_a_locked_keyring_does_not_stop_the_pin(tmp_path: Path, clock: FixedClock) -> None:
    vault = make_vault(tmp_path / "store", clock=clock)
    vault.create(USERNAME, PASSPHRASE)
    vault.set_pin(PIN)
    vault.lock()
    vault._secrets = memory_secrets(LockedKeyring())
    with pytest.raises(KeyringLockedError):
        vault.unlock(USERNAME, PASSPHRASE)
    assert not (vault.folder / THROTTLE_NAME).exists()
    vault.unlock_with_pin(PIN)
    vault.lock()


def test_no_number_of_wrong_tries_deletes_anything(vault: Vault, clock: FixedClock) -> None:
    before = folder_contents(vault.folder)
    for _ in range(40):
        with pytest.raises((WrongSecretError, LockedOutError)):
            vault.unlock(USERNAME, "feil passfrase her")
        clock.advance(timedelta(minutes=15))
        # Every try in a new process: the count is that of the file.
        vault = Vault(vault.folder, vault._secrets, clock, params=FAST)
    after = folder_contents(vault.folder)
    assert after.pop(THROTTLE_NAME)
    assert after == before
    vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()
