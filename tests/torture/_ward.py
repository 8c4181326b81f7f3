"""The small store that the torture of the store writes to, opened through the real vault."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fieldapp import paths
from fieldapp.bootstrap import Door, door_for
from fieldapp.clock import Clock, FixedClock
from fieldapp.domain.medication import MedicationAdministration
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.ids import IdMaker, new_id
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGIN_TEST
from fieldapp.services.session import Session
from fieldapp.services.setup import open_session
from fieldapp.store.state import Enrolment
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.helpers.ward import AASE, MARET, NILS, NOW, everything, receive

PATIENTS = (AASE, MARET, "p-per")
"""Those whom the writer visits at home."""

FIRST_MOMENT = NOW + timedelta(hours=2)

_EVENTS = (Note, MedicationAdministration, ScreeningResponse, RapidTest)


def make_ward(folder: Path) -> None:
    """Make a store with people and orders, and no events yet. Leaves it locked."""
    clock = FixedClock(NOW)
    door = _door(folder, clock)
    door.create(PASSPHRASE)
    expires_at = NOW + timedelta(days=30)
    door.enrol(
        Enrolment("http://127.0.0.1:1", "server", "device", "secret", NILS, "token", expires_at)
    )
    assert door.database is not None
    session = open_session(door.database, clock, new_id)
    receive(session, [value for value in everything() if not isinstance(value, _EVENTS)])
    door.lock()


def open_ward(folder: Path, clock: Clock, ids: IdMaker = new_id) -> tuple[Door, Session]:
    """Unlock the store as the application does; the caller locks the door."""
    door = _door(folder, clock)
    door.unlock(PASSPHRASE)
    assert door.database is not None
    return door, open_session(door.database, clock, ids)


def _door(folder: Path, clock: Clock) -> Door:
    return door_for(USERNAME, folder, origin=ORIGIN_TEST, clock=clock, params=FAST)


def store_folder(folder: Path) -> Path:
    """Where the store lies in the folder of a laptop."""
    return paths.user_dir(folder, USERNAME)
