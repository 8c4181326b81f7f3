"""Somebody who holds the laptop, or can write beside the store: what they can make it do."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind, signed_bytes
from fieldapp.paths import DESTROYED_NAME
from fieldapp.security import destroy
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    LockedOutError,
    PinGoneError,
    WrongPinError,
    WrongSecretError,
)
from fieldapp.security.rescue import Rescue
from fieldapp.security.vault import THROTTLE_NAME
from tests.fieldapp.security.conftest import NAMES, Place
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    folder_contents,
    memory_secrets,
)

PIN = "280571"
WRONG = "914203"
NEW = "en helt annen frase her"


def names(place: Place) -> list[str]:
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    try:
        return place.names(vault)
    finally:
        vault.lock()


# --- files beside the store


@pytest.mark.parametrize(
    "mark",
    [
        b"",
        b"{",
        b"{}",
        b'{"order_id": "", "store_id": "", "origin": "test"}',
        json.dumps({"order_id": "o", "store_id": "another", "origin": "test"}).encode(),
    ],
)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_mark_that_is_not_this_stores_own_destroys_nothing(
    place: Place, mark: bytes, damaged: bool
) -> None:
    """Left by a backup program or planted, also when a copy of the key file is damaged."""
    if damaged:
        (place.folder / "journal.hvkey").write_bytes(b"\0" * 400)
    (place.folder / DESTROYED_NAME).write_bytes(mark)
    destroy.finish(place.folder, memory_secrets(place.backend))
    assert not (place.folder / DESTROYED_NAME).exists()
    assert names(place) == NAMES


def test_an_empty_mark_beside_a_key_file_that_nobody_can_read_deletes_no_database(
    place: Place,
) -> None:
    """The key file may come back from the machine's backup; the unsent work would not."""
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        shutil.move(place.folder / name, place.folder.parent / name)
    (place.folder / DESTROYED_NAME).write_bytes(b"")
    destroy.finish(place.folder, memory_secrets(place.backend))
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        shutil.move(place.folder.parent / name, place.folder / name)
    assert names(place) == NAMES


def test_no_order_is_genuine_by_the_key_of_whoever_signed_it(place: Place) -> None:
    thief, organisation = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    order = DeviceOrder("o", "device-1", DeviceOrderKind.LOST, START)
    signed = replace(order, signature=thief.sign(signed_bytes(order)).hex())
    genuine = replace(order, signature=organisation.sign(signed_bytes(order)).hex())
    ended = replace(genuine, kind=DeviceOrderKind.ENDED)  # the one kind made out of the other
    other = replace(genuine, device_id="device-2")
    before = folder_contents(place.folder)
    public = organisation.public_key().public_bytes_raw()
    for bad in (signed, ended, other):
        with pytest.raises(destroy.NotOursError):
            destroy.begin(place.folder, bad, "device-1", public, memory_secrets(place.backend))
    assert folder_contents(place.folder) == before


# --- copies


def test_a_copy_of_the_whole_folder_opens_nothing_without_the_keyring(
    place: Place, tmp_path: Path
) -> None:
    """A disk image, a backup, a former colleague's copy: the passphrase is known, the rest not."""
    shutil.copytree(place.folder, tmp_path / "image")
    image = Place(tmp_path / "image", MemoryKeyring())
    with pytest.raises(DeviceSecretMissingError):
        image.vault().unlock(USERNAME, PASSPHRASE)


def test_an_old_key_file_put_back_does_not_bring_an_old_recovery_key_back_with_new_secrets(
    place: Place,
) -> None:
    """Said plainly: who kept an older key file opens with the older secrets, until it is lost.
    What the person made new stays the person's: no older file opens with the new ones."""
    old = {name: (place.folder / name).read_bytes() for name in ("journal.hvkey",)}
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    new_key = Rescue.offer_recovery_key()
    Rescue(vault, memory_secrets(place.backend), place.clock).renew(USERNAME, NEW, new_key)
    vault.lock()
    for name, data in old.items():
        (place.folder / name).write_bytes(data)
    with pytest.raises(WrongSecretError):
        place.vault().unlock(USERNAME, NEW)
    with pytest.raises(WrongSecretError):
        place.vault().unlock_with_recovery(new_key)
    # Opened the old way, both files say what the older one said: nothing opens half.
    assert names(place) == NAMES


def test_the_wait_after_wrong_passphrases_ends_by_no_edit_that_a_file_could_hold(
    place: Place,
) -> None:
    """Taking the file away ends the wait (a speed bump, said in 004); a mended one does not."""
    for _ in range(3):
        with pytest.raises(WrongSecretError):
            place.vault().unlock(USERNAME, "feil frase her")
    file = place.folder / THROTTLE_NAME
    for planted in (b"", b"{}", b'{"count": 0}', b'{"count": -5, "last": "x"}'):
        file.write_bytes(planted)
        with pytest.raises(LockedOutError):
            place.vault().unlock(USERNAME, PASSPHRASE)
    place.clock.advance(timedelta(minutes=16))
    assert names(place) == NAMES


# --- a running program behind its PIN


def test_no_way_round_gives_more_than_five_tries_of_a_pin(place: Place) -> None:
    """Neither a wrong passphrase, nor a wait, nor a set clock, nor a damaged file begins anew."""
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.set_pin(PIN)
    vault.lock()
    between = [
        lambda: place.clock.jump(timedelta(days=-1)),
        lambda: place.clock.advance(timedelta(minutes=20)),
        lambda: pytest.raises(WrongSecretError, vault.unlock, USERNAME, "feil frase her"),
        vault.lock,
    ]
    for number, meanwhile in enumerate(between):
        with pytest.raises(WrongPinError) as raised:
            vault.unlock_with_pin(WRONG)
        assert raised.value.args == (4 - number,)
        meanwhile()
    with pytest.raises(PinGoneError):
        vault.unlock_with_pin(WRONG)
    with pytest.raises(PinGoneError):
        vault.unlock_with_pin(PIN)
    place.clock.advance(timedelta(hours=1))
    assert names(place) == NAMES


def test_a_recovery_takes_the_pin_along(place: Place) -> None:
    """Whoever watched the PIN being typed must not come in after the secrets were made new."""
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    vault.set_pin(PIN)
    Rescue(vault, memory_secrets(place.backend), place.clock).renew(
        USERNAME, NEW, Rescue.offer_recovery_key()
    )
    vault.lock()
    with pytest.raises(PinGoneError):
        vault.unlock_with_pin(PIN)
