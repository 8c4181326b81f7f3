"""The passphrase again, with a real vault and a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.ids import new_id
from fieldapp.security.errors import DeviceSecretMissingError, LockedOutError, WrongSecretError
from fieldapp.security.keyring import DeviceSecrets
from fieldapp.security.vault import Vault
from fieldapp.services import reauthentication
from fieldapp.services.session import Session
from fieldapp.store import audit
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    folder_contents,
    make_vault,
)
from tests.helpers.ward import NILS

Verify = Callable[[str], None]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def backend() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def vault(tmp_path: Path, clock: FixedClock, backend: MemoryKeyring) -> Iterator[Vault]:
    secrets = DeviceSecrets(backend, origins=frozenset({"test"}))
    made = make_vault(tmp_path / "store", secrets, clock)
    made.create(USERNAME, PASSPHRASE)
    yield made
    made.lock()


@pytest.fixture
def session(vault: Vault, clock: FixedClock) -> Session:
    assert vault.store is not None
    return Session(vault.store, NILS, "d-1", clock, new_id)


@pytest.fixture
def verify(vault: Vault) -> Verify:
    return lambda passphrase: vault.verify_passphrase(USERNAME, passphrase)


def test_the_right_passphrase_confirms_for_two_minutes_and_for_one_person(
    session: Session, verify: Verify, clock: FixedClock
) -> None:
    given = reauthentication.confirm_passphrase(session, verify, PASSPHRASE)

    assert reauthentication.stands(session, given)
    clock.jump(timedelta(days=1))
    assert reauthentication.stands(session, given), "the calendar has no part in it"
    clock.advance(timedelta(minutes=2, seconds=1))
    assert not reauthentication.stands(session, given)
    assert not reauthentication.stands(session, None)


def test_a_confirmation_of_another_person_or_another_start_does_not_count(
    session: Session, verify: Verify, clock: FixedClock
) -> None:
    given = reauthentication.confirm_passphrase(session, verify, PASSPHRASE)
    other = reauthentication.Confirmation("u-other", given.at)

    assert not reauthentication.stands(session, other)
    clock.reboot()
    assert not reauthentication.stands(session, given)


def test_wrong_tries_are_slowed_down_and_delete_nothing(
    session: Session, verify: Verify, vault: Vault, clock: FixedClock, backend: MemoryKeyring
) -> None:
    entries = dict(backend.entries)
    kept = {name for name in folder_contents(vault.folder) if "hvkey" in name or "journal" in name}
    for _ in range(3):
        with pytest.raises(WrongSecretError):
            reauthentication.confirm_passphrase(session, verify, "feil")
    for _ in range(20):
        with pytest.raises(LockedOutError):
            reauthentication.confirm_passphrase(session, verify, PASSPHRASE)
    vault.lock()
    with pytest.raises(LockedOutError):
        # The count is on the disk: another program that opens the store meets it too.
        make_vault(vault.folder, clock=clock).unlock(USERNAME, PASSPHRASE)

    assert kept <= set(folder_contents(vault.folder)) | {"journal.db-wal", "journal.db-shm"}
    assert backend.entries == entries
    clock.advance(timedelta(seconds=5))
    store = vault.unlock(USERNAME, PASSPHRASE)
    assert audit.first_broken(store) is None


def test_what_was_said_and_what_was_refused_stand_in_the_log(session: Session) -> None:
    reauthentication.note_refused(session, WrongSecretError())
    reauthentication.note_confirmed(session)

    actions = [line.action for line in audit.lines(session.database)]
    assert actions == ["passphrase_confirmed", "passphrase_refused"]


def test_trouble_with_the_keyring_is_no_refusal(
    session: Session, verify: Verify, backend: MemoryKeyring
) -> None:
    backend.entries.clear()
    with pytest.raises(DeviceSecretMissingError) as trouble:
        reauthentication.confirm_passphrase(session, verify, PASSPHRASE)
    reauthentication.note_refused(session, trouble.value)

    assert audit.lines(session.database) == []
