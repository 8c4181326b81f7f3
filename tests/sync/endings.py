"""How a laptop of the model ends: *Avsluttet* hands over what it has, *Tapt* is shut out.

The client's own `hand_over` and the server's own `deliver`; only the line between them is ours.
"""

from __future__ import annotations

from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import FixedClock
from fieldapp.domain.device_orders import DeviceOrderKind, OrdersFile
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.ids import new_id
from fieldapp.store import state
from fieldapp.store.state import CourierKeys, Enrolment
from sync.client import leaving, standing
from sync.client.line import Line
from sync.protocol.errors import LineBrokenError
from sync.server.keys import key_pairs
from sync.server.standing import deliver, give_order
from tests.helpers.stores import START
from tests.helpers.sync_world import Laptop, Office


def order(office: Office, laptop: Laptop, kind: DeviceOrderKind) -> None:
    """Let the office order a laptop to end, or report it lost."""
    with office.storage.write() as transaction:
        give_order(
            transaction,
            laptop.who.device_id,
            kind,
            by="leader",
            reason="of the model",
            now=office.clock.now(),
            new_id=new_id,
        )


def enrol(office: Office, laptop: Laptop) -> OrdersFile:
    """Give a laptop the keys that an enrolment would have given it."""
    key = Ed25519PrivateKey.generate()
    with office.storage.write() as transaction:
        server = key_pairs(transaction).public
        transaction.accounts.set_public_key(
            laptop.who.device_id, key.public_key().public_bytes_raw().hex()
        )
    user = Practitioner(laptop.who.user_id, "user", "User", Role.CASE_MANAGER)
    keys = CourierKeys(key.private_bytes_raw().hex(), server.courier, server.receipt)
    server_id, device_id = office.storage.server_id, laptop.who.device_id
    enrolment = Enrolment(
        "http://nowhere", server_id, device_id, "secret", user, "token", START, courier=keys
    )
    state.remember_enrolment(laptop.database, enrolment)
    return OrdersFile("http://nowhere", server_id, device_id, server.orders or "")


def hand_over(office: Office, laptop: Laptop, *, lost_answers: int) -> leaving.Handed:
    """Deliver everything that is on a laptop; so many answers are lost on their way first."""
    known = enrol(office, laptop)
    left = lost_answers

    def arrive(known: OrdersFile, data: bytes, line: Line | None = None) -> bytes:
        nonlocal left
        receipt = deliver(office.world, known.device_id, data)
        if left:
            left -= 1
            raise LineBrokenError
        return receipt

    clock = FixedClock(laptop.clock.now())
    with mock.patch.object(standing, "deliver", arrive):
        while True:
            try:
                return leaving.hand_over(laptop.database, known, clock, laptop.who.user_id)
            except LineBrokenError:
                continue
