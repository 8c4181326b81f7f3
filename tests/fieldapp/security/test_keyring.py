"""Three kinds of trouble with a keyring, told apart, and none of them counted as a wrong try."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import keyring.errors
import pytest
from keyring.backends import null

from fieldapp.errors import FieldAppError
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    KeyringLockedError,
    KeyringUnavailableError,
)
from fieldapp.security.keyring import DemoKeyring, DeviceSecrets, trusted_backend
from tests.fieldapp.security.conftest import Place
from tests.helpers.stores import PASSPHRASE, USERNAME, MemoryKeyring, folder_contents, make_vault


class FailingKeyring(MemoryKeyring):
    """Raises the same exception on every call."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


TROUBLE = [
    (keyring.errors.KeyringLocked("x"), KeyringLockedError),
    (keyring.errors.NoKeyringError("x"), KeyringUnavailableError),
    (keyring.errors.InitError("x"), KeyringUnavailableError),
    (ConnectionResetError("the bus is gone"), KeyringUnavailableError),
]


@pytest.mark.parametrize(("error", "expected"), TROUBLE)
def test_trouble_with_the_keyring_is_named_changes_nothing_and_counts_as_no_try(
    place: Place, error: Exception, expected: type[FieldAppError]
) -> None:
    before = folder_contents(place.folder)
    place.backend = FailingKeyring(error)
    for _ in range(5):
        with pytest.raises(expected):
            place.vault().unlock(USERNAME, PASSPHRASE)
    assert folder_contents(place.folder) == before


@pytest.mark.parametrize(("error", "expected"), TROUBLE)
def test_trouble_with_the_keyring_prevents_creation_without_a_trace(
    tmp_path: Path, error: Exception, expected: type[FieldAppError]
) -> None:
    new = Place(tmp_path / "new", backend=FailingKeyring(error))
    with pytest.raises(expected):
        new.vault().create(USERNAME, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def test_a_prompt_that_nobody_answers_ends_as_a_locked_keyring() -> None:
    answered = threading.Event()

    class Prompting(MemoryKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            answered.wait()
            return None

    secrets = DeviceSecrets(Prompting(), timeout_seconds=0.05)
    with pytest.raises(KeyringLockedError):
        secrets.get("store", "system")
    answered.set()


@pytest.mark.parametrize("useless", ["", "not base64!", "AAAA"])
def test_a_useless_entry_counts_as_missing(useless: str) -> None:
    backend = MemoryKeyring()
    secrets = DeviceSecrets(backend)
    secrets.create("store", "system")
    (entry,) = backend.entries
    backend.entries[entry] = useless
    with pytest.raises(DeviceSecretMissingError):
        secrets.get("store", "system")


def test_a_stored_secret_is_found_again_and_can_be_deleted_twice() -> None:
    secrets = DeviceSecrets(MemoryKeyring())
    made = secrets.create("store", "system")
    assert secrets.get("store", "system") == made
    secrets.delete("store", "system")
    secrets.delete("store", "system")
    with pytest.raises(DeviceSecretMissingError):
        secrets.get("store", "system")


def test_a_keyring_that_forgets_at_once_is_refused() -> None:
    with pytest.raises(KeyringUnavailableError):
        DeviceSecrets(null.Keyring()).create("store", "system")  # type: ignore[no-untyped-call]


def test_the_environment_cannot_choose_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    try:
        backend = trusted_backend()
    except KeyringUnavailableError:
        return
    assert not isinstance(backend, null.Keyring)


@pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's keyring")
def test_a_machine_without_a_secret_service_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'no-bus'}")
    vault = make_vault(tmp_path / "store", DeviceSecrets(), origin="system")
    with pytest.raises(KeyringUnavailableError):
        vault.create(USERNAME, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


# --- the demo keyring ---


@pytest.mark.parametrize("origin", ["demo", "test"])
def test_the_demo_keyring_serves_stores_of_the_demo_and_of_tests(
    tmp_path: Path, origin: str
) -> None:
    vault = make_vault(tmp_path, DemoKeyring(tmp_path), origin=origin)
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()
    with make_vault(tmp_path, DemoKeyring(tmp_path)).unlocked_for(USERNAME, PASSPHRASE) as store:
        assert store.store_id()
    file = tmp_path / DemoKeyring.FILE_NAME
    assert "DEMO" in file.name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_demo_keyring_refuses_to_create_a_real_store(tmp_path: Path) -> None:
    vault = make_vault(tmp_path / "store", DemoKeyring(tmp_path / "store"), origin="system")
    with pytest.raises(KeyringUnavailableError):
        vault.create(USERNAME, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_keyring_refuses_a_real_store_even_with_its_secret_in_the_file(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "store"
    backend = MemoryKeyring()
    vault = make_vault(folder, DeviceSecrets(backend), origin="system")
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()
    demo = DemoKeyring(folder)
    ((service, entry), secret) = next(iter(backend.entries.items()))
    assert demo._backend is not None
    demo._backend.set_password(service, entry, secret)
    with pytest.raises(KeyringUnavailableError):
        make_vault(folder, demo).unlock(USERNAME, PASSPHRASE)


def test_the_systems_keyring_does_not_serve_a_demo_store(tmp_path: Path) -> None:
    vault = make_vault(tmp_path, DemoKeyring(tmp_path), origin="demo")
    vault.create(USERNAME, PASSPHRASE)
    vault.lock()
    with pytest.raises(KeyringUnavailableError):
        make_vault(tmp_path, DeviceSecrets(MemoryKeyring())).unlock(USERNAME, PASSPHRASE)


def test_a_damaged_demo_keyring_is_unavailable_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / DemoKeyring.FILE_NAME
    file.write_text("[1]", encoding="utf-8")
    os.chmod(file, 0o600)
    with pytest.raises(KeyringUnavailableError):
        DemoKeyring(tmp_path).create("store", "demo")
    assert file.read_text(encoding="utf-8") == "[1]"
