"""A whole laptop in one folder, as a program finds it: enrolled, filled, locked.

Its device secret lies in a file beside the store, so that a second process can open it too.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fieldapp.bootstrap import ORIGIN_TEST, Door, door_for
from fieldapp.clock import Clock, FixedClock
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import DeviceSecrets
from fieldapp.store import inbox
from fieldapp.store.state import Enrolment
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.helpers.ward import NILS, NOW, everything, receive

SERVER_ID = "server-1"
NOWHERE = "http://127.0.0.1:9"


def make_door(
    folder: Path,
    clock: Clock | None = None,
    secrets: DeviceSecrets | None = None,
    origin: str = ORIGIN_TEST,
) -> Door:
    """The program's own way into the store of a laptop made by `make_laptop`."""
    return door_for(
        USERNAME,
        folder,
        origin=origin,
        secrets=secrets,
        clock=clock or FixedClock(NOW),
        params=FAST,
    )


def make_laptop(folder: Path, server_url: str = NOWHERE, origin: str = ORIGIN_TEST) -> None:
    """Make the store of the ward's case manager in `folder`, all of it sent and fetched.

    With the origin of the demo it is one that `run.py app --trial` opens.
    """
    door = make_door(folder, origin=origin)
    door.create(PASSPHRASE)
    door.enrol(
        Enrolment(
            server_url=server_url,
            server_id=SERVER_ID,
            device_id="d-1",
            device_secret="device-secret",
            user=NILS,
            token="token",
            token_expires_at=NOW + timedelta(days=7),
        )
    )
    session = door.session()
    receive(session, everything())
    inbox.finish(session.database, NOW - timedelta(minutes=88))
    door.lock()


def store_folder(folder: Path) -> Path:
    """Where the store of that laptop lies."""
    return make_door(folder).vault.folder
