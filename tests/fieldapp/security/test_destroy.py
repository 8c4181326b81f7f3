"""A store is destroyed on a genuine order alone, keys first, and a crash in between is finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keyring.errors
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp import paths
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind, signed_bytes
from fieldapp.security import destroy, orders_file
from fieldapp.security.errors import DeviceSecretMissingError, KeyFileMissingError
from fieldapp.security.keyring import ORIGINS, DeviceSecrets
from fieldapp.security.orders_file import OrdersFile
from fieldapp.security.vault import Vault
from fieldapp.store import state
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    folder_contents,
    make_vault,
)

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
DEVICE = "11111111-1111-4111-8111-111111111111"


def signed(
    kind: DeviceOrderKind = DeviceOrderKind.LOST,
    device_id: str = DEVICE,
    key: Ed25519PrivateKey = KEY,
) -> DeviceOrder:
    order = DeviceOrder("order-1", device_id, kind, START)
    return replace(order, signature=key.sign(signed_bytes(order)).hex())


class Laptop:
    """One enrolled store in a data folder, with drafts, copies and leftovers beside it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.folder = paths.user_dir(data, USERNAME)
        self.keyring = MemoryKeyring()
        self.secrets = DeviceSecrets(self.keyring, origins=ORIGINS)
        store = self.vault().create(USERNAME, PASSPHRASE)
        with store.store.transaction():
            state.write(store.store, "marker", "x")
        self.copies = self.folder / "copies"
        self.copies.mkdir()
        store.store.copy_to(self.copies / "journal-v0003.db")
        (self.folder / "journal.db.damaged").write_bytes(b"kept")
        orders_file.write(self.folder, OrdersFile("https://s", "s", DEVICE, PUBLIC.hex()))
        self.open = store.store

    def vault(self) -> Vault:
        self.opened = make_vault(self.folder, self.secrets)
        return self.opened

    def close(self) -> None:
        self.opened.lock()

    def begin(self, order: DeviceOrder) -> None:
        destroy.begin(self.folder, order, DEVICE, PUBLIC, self.secrets)


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    made = Laptop(tmp_path / "data")
    made.close()
    return made


def test_a_lost_laptop_keeps_neither_secret_nor_key_nor_files(laptop: Laptop) -> None:
    laptop.begin(signed())
    assert laptop.keyring.entries == {}
    assert not list(laptop.folder.glob("journal.hvkey*"))
    assert destroy.finish(laptop.folder, laptop.secrets)
    assert not laptop.folder.exists()
    assert paths.usernames(laptop.data) == []


def test_the_keys_of_an_open_store_are_destroyed_at_once(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path / "data")
    laptop.begin(signed())
    assert not list(laptop.folder.glob("journal.hvkey*"))
    assert laptop.keyring.entries == {}
    laptop.close()
    assert destroy.finish(laptop.folder, laptop.secrets)
    assert not laptop.folder.exists()


def test_the_folder_with_the_right_passphrase_opens_nothing_once_the_keys_are_gone(
    laptop: Laptop,
) -> None:
    laptop.begin(signed())
    with pytest.raises(KeyFileMissingError):
        make_vault(laptop.folder, laptop.secrets).unlock(USERNAME, PASSPHRASE)


def test_an_older_copy_of_the_whole_folder_opens_nothing_either(laptop: Laptop) -> None:
    stolen = {
        name: data for name, data in folder_contents(laptop.folder).items() if data is not None
    }
    laptop.begin(signed())
    destroy.finish(laptop.folder, laptop.secrets)
    for name, data in stolen.items():
        path = laptop.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with pytest.raises(DeviceSecretMissingError):
        make_vault(laptop.folder, laptop.secrets).unlock(USERNAME, PASSPHRASE)


FORGED: dict[str, Callable[[], DeviceOrder]] = {
    "signed by another": lambda: signed(key=Ed25519PrivateKey.generate()),
    "for another laptop": lambda: signed(device_id="22222222-2222-4222-8222-222222222222"),
    "another laptop's, renamed": lambda: replace(
        signed(device_id="22222222-2222-4222-8222-222222222222"), device_id=DEVICE
    ),
    "ended made into lost": lambda: replace(
        signed(DeviceOrderKind.ENDED), kind=DeviceOrderKind.LOST
    ),
    "another id": lambda: replace(signed(), id="order-2"),
    "not signed": lambda: replace(signed(), signature=""),
    "no hexadecimal": lambda: replace(signed(), signature="zz"),
}


@pytest.mark.parametrize("name", FORGED)
def test_an_order_that_is_not_genuine_touches_nothing(laptop: Laptop, name: str) -> None:
    before = folder_contents(laptop.folder)
    with pytest.raises(destroy.NotOursError):
        laptop.begin(FORGED[name]())
    assert folder_contents(laptop.folder) == before
    make_vault(laptop.folder, laptop.secrets).unlock(USERNAME, PASSPHRASE).close()


def test_nothing_is_deleted_of_a_store_without_an_order(laptop: Laptop) -> None:
    before = folder_contents(laptop.folder)
    assert not destroy.finish(laptop.folder, laptop.secrets)
    assert destroy.finish_all(laptop.data, laptop.secrets) == []
    assert folder_contents(laptop.folder) == before


class CrashError(Exception):
    """The power is gone."""


class _Power:
    """Lasts for so many steps; every later one fails."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def limited(self, real: Callable[..., None], error: type[Exception]) -> Callable[..., None]:
        def step(*given: object, **named: object) -> None:
            if self._left == 0:
                raise error
            self._left -= 1
            real(*given, **named)

        return step


def steps_of(laptop: Laptop) -> int:
    """How many times the keyring is asked or a file is removed on the way to the end."""
    return len(laptop.keyring.entries) + len(list(laptop.folder.rglob("*"))) + 12


def test_a_crash_at_any_step_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Laptop(tmp_path / "first")
    made.close()
    crashed = 0
    for at in range(steps_of(made)):
        laptop = Laptop(tmp_path / f"data-{at}")
        laptop.close()
        with monkeypatch.context() as patched:
            power = _Power(at)
            patched.setattr(Path, "unlink", power.limited(Path.unlink, CrashError))
            backend = laptop.keyring
            failing = power.limited(backend.delete_password, keyring.errors.KeyringError)
            patched.setattr(backend, "delete_password", failing)
            try:
                laptop.begin(signed())
                destroy.finish(laptop.folder, laptop.secrets)
            except CrashError:
                crashed += 1
        assert paths.usernames(laptop.data) == [], at
        destroy.finish_all(laptop.data, laptop.secrets)
        assert list(laptop.data.iterdir()) == [], at
        assert laptop.keyring.entries == {}, at
    assert crashed > 3


def test_a_locked_keyring_holds_nothing_up_and_is_asked_again(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(service: str, entry: str) -> None:
        raise keyring.errors.KeyringLocked

    with monkeypatch.context() as patched:
        patched.setattr(laptop.keyring, "delete_password", locked)
        laptop.begin(signed())
        assert destroy.finish(laptop.folder, laptop.secrets)
        assert not laptop.folder.exists()
        assert laptop.keyring.entries
    destroy.finish_all(laptop.data, laptop.secrets)
    assert laptop.keyring.entries == {}
    assert list(laptop.data.iterdir()) == []


def test_a_new_store_made_in_the_same_place_is_never_taken_for_the_old_one(laptop: Laptop) -> None:
    laptop.begin(signed())
    mark = (laptop.folder / paths.DESTROYED_NAME).read_bytes()
    destroy.finish(laptop.folder, laptop.secrets)
    again = Laptop(laptop.data)
    again.close()
    (laptop.folder / paths.DESTROYED_NAME).write_bytes(mark)
    destroy.finish_all(laptop.data, again.secrets)
    make_vault(laptop.folder, again.secrets).unlock(USERNAME, PASSPHRASE).close()


def test_the_orders_file_holds_no_secret_and_a_damaged_one_is_none(laptop: Laptop) -> None:
    text = orders_file.path_in(laptop.folder).read_text(encoding="utf-8")
    assert {entry for entry in laptop.keyring.entries.values() if entry in text} == set()
    for broken in ("", "[]", "{", '{"server_url": 1}', text.replace(DEVICE, "")[:-3]):
        orders_file.path_in(laptop.folder).write_text(broken, encoding="utf-8")
        assert orders_file.read(laptop.folder) is None


def test_a_disk_that_does_not_take_the_orders_file_is_in_nobodys_way(
    laptop: Laptop, caplog: pytest.LogCaptureFixture
) -> None:
    place = orders_file.path_in(laptop.folder)
    place.unlink()
    place.mkdir()  # no full disk and no lack of rights: any other fault
    orders_file.write(laptop.folder, OrdersFile("https://s", "s", DEVICE, PUBLIC.hex()))
    assert "not written" in caplog.text
