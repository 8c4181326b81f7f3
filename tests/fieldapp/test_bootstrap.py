"""From nothing to a session: the door, the vault behind it, and the enrolment inside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp import bootstrap
from fieldapp.security.errors import WrongSecretError
from fieldapp.security.escrow import EscrowKey, new_private_key
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGIN_TEST
from fieldapp.services import settings, setup
from fieldapp.services.setup import NotEnrolledError
from fieldapp.store.state import CourierKeys, Enrolment
from tests.helpers.builders import ME, receive
from tests.helpers.stores import PASSPHRASE, START

ENROLMENT = Enrolment(
    server_url="http://127.0.0.1:1",
    server_id="server-1",
    device_id="d-9",
    device_secret="device secret",
    user=ME,
    token="token",
    token_expires_at=START,
)


def _door(folder: Path) -> bootstrap.Door:
    return bootstrap.door_for("Kari", folder, origin=ORIGIN_TEST, params=FAST)


def test_a_store_is_created_enrolled_locked_and_unlocked_again(tmp_path: Path) -> None:
    door = _door(tmp_path)
    assert not door.exists()
    assert door.create(PASSPHRASE)
    with pytest.raises(NotEnrolledError):
        door.session()
    door.enrol(ENROLMENT)
    settings.put(door.session(), settings.SCHEME, "dark")
    assert setup.takes_synthetic_numbers(door.session().database)
    door.lock()

    again = _door(tmp_path)
    assert again.exists()
    with pytest.raises(WrongSecretError):
        again.unlock("ikke denne passfrasen")
    again.unlock(PASSPHRASE)
    session = again.session()
    assert (session.user, session.device_id) == (ME, "d-9")
    assert settings.get(session, settings.SCHEME) == "dark"
    assert settings.get(session, settings.LANGUAGE, "nb") == "nb"
    assert setup.load_enrolment(session.database) == ENROLMENT
    again.lock()
    again.lock()


def test_the_session_knows_the_person_as_the_server_last_said(tmp_path: Path) -> None:

    door = _door(tmp_path)
    door.create(PASSPHRASE)
    door.enrol(ENROLMENT)
    receive(door.session(), replace(ME, name="Kari Gift Nordmann"))
    assert door.session().user.name == "Kari Gift Nordmann"
    door.lock()


def test_a_new_login_replaces_the_token(tmp_path: Path) -> None:
    door = _door(tmp_path)
    door.create(PASSPHRASE)
    door.enrol(ENROLMENT)
    database = door.session().database
    setup.renew_token(database, "newer", START + timedelta(days=1))
    renewed = setup.load_enrolment(database)
    assert renewed is not None
    assert (renewed.token, renewed.device_secret) == ("newer", "device secret")
    assert "token" not in repr(renewed)
    door.lock()


def _told_of(public: EscrowKey) -> Enrolment:
    keys = CourierKeys("00" * 32, "11" * 32, "22" * 32, server_escrow=public.hex)
    return replace(ENROLMENT, courier=keys)


def test_a_store_of_an_organisation_with_escrow_gets_its_slot_when_it_is_made(
    tmp_path: Path,
) -> None:
    _, public = new_private_key()
    door = _door(tmp_path)
    door.create(PASSPHRASE, _told_of(public))
    assert door.vault.key_file.escrow_key_id == public.key_id
    assert door.escrow_fingerprint() == public.fingerprint
    door.lock()


def test_an_older_store_gets_the_slot_at_the_next_unlocking_and_nonsense_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, public = new_private_key()
    door = _door(tmp_path)
    door.create(PASSPHRASE)
    door.enrol(replace(_told_of(public), courier=CourierKeys("", "", "", server_escrow="zz")))
    assert door.session()
    assert "escrow key that is none" in caplog.text
    caplog.clear()
    assert door.escrow_fingerprint() is None
    caplog.clear()
    door.enrol(_told_of(public))
    door.lock()
    door.unlock(PASSPHRASE)
    assert door.session()
    assert door.escrow_fingerprint() == public.fingerprint
    door.lock()
