"""Takes in what a recovery officer sends for a colleague who cannot: SEND_FOR_OTHERS.

The officer stands at the colleague's laptop, whose log-in may be long dead, and has no log-in of
their own there. So the call carries two proofs: the parts are sealed and signed by the store's own
key, which says who wrote them, and the officer's user name and password say who sends. The changes
are stored as the author's, through the same code as a courier file.
"""

from __future__ import annotations

import base64

from fastapi import APIRouter, Depends, Request, Response

from fieldapp.clock import to_iso
from fieldapp.domain.rights import Right, may
from fieldapp.paths import normal_username
from sync.protocol.codec import decode
from sync.protocol.courier import CourierUnknownLaptopError, check_signature, open_frame
from sync.protocol.errors import NotAllowedError, RevokedError, WrongPasswordError
from sync.protocol.people import DELIVER_PATH, DeliverAnswer, DeliverRequest
from sync.protocol.version import EXCHANGE_PREFIX
from sync.server import limits
from sync.server.courier import receive
from sync.server.deps import Address, PlainBody, TheWorld, protocol_spoken, refusals_counted
from sync.server.identity import Identity
from sync.server.office import courier_bytes
from sync.server.overview import staff_names
from sync.server.routes import answer
from sync.server.service import World
from sync.server.storage.office import OfficeLine
from sync.server.storage.values import UserRow

deliver_router = APIRouter(prefix=EXCHANGE_PREFIX, dependencies=[Depends(protocol_spoken)])


@deliver_router.post(DELIVER_PATH)
def deliver_route(request: Request, world: TheWorld, address: Address, body: PlainBody) -> Response:
    """Take in one sealed part for the colleague who wrote it."""
    with refusals_counted(world, address):
        return answer(request, deliver(world, decode(DeliverRequest, body, None)))


def deliver(world: World, request: DeliverRequest) -> DeliverAnswer:
    """Store what a colleague's store has sealed; safe to repeat.

    Raises WrongPasswordError, RevokedError, NotAllowedError, and a CourierError or BadRequestError
    for what is no such part, having stored nothing.
    """
    data = courier_bytes(request.data)
    device_id = _signed_by(world, data)
    officer = _officer(world, request, device_id)
    by = Identity(officer.id, device_id, officer.role)
    receipt = receive(world, data, by, from_stick=False)
    with world.storage.write() as transaction:
        transaction.office.add_line(_line(world, by, subject=device_id, count=len(data)))
        name = staff_names(transaction).get(officer.id, officer.username)
    return DeliverAnswer(
        data=base64.b64encode(receipt).decode("ascii"), sender_id=officer.id, sender_name=name
    )


def _signed_by(world: World, data: bytes) -> str:
    """Which laptop has signed the part. Whoever has no laptop's key is turned away before a
    password is looked at: they guess none, and cannot lock an officer out.
    """
    opened = open_frame(data)
    with world.storage.read() as transaction:
        device = transaction.accounts.device(opened.header.device_id)
    if device is None or device.public_key is None:
        raise CourierUnknownLaptopError
    check_signature(opened, bytes.fromhex(device.public_key))
    return device.id


def _officer(world: World, request: DeliverRequest, device_id: str) -> UserRow:
    name = normal_username(request.username)
    # By laptop: wrong passwords at one of them keep the officer from no other.
    tried = f"{device_id}\0{name}"
    limits.take(world, limits.DELIVER, tried)
    with world.storage.read() as transaction:
        user = transaction.accounts.user_named(name)
    # Before anything else, and for as long with a name that does not exist.
    fits = world.hasher.verify(request.password, user.password if user else None)
    if user is None or not fits:
        raise WrongPasswordError
    if not user.active:
        raise RevokedError
    if not may(user.role, Right.SEND_FOR_OTHERS):
        with world.storage.write() as transaction:
            line = _line(world, Identity(user.id, "", user.role), allowed=False)
            transaction.office.add_line(line)
        raise NotAllowedError(Right.SEND_FOR_OTHERS.value)
    limits.give_back(world, limits.DELIVER, tried)
    return user


def _line(
    world: World, by: Identity, *, subject: str | None = None, count: int = 0, allowed: bool = True
) -> OfficeLine:
    return OfficeLine(
        to_iso(world.clock.now()),
        by.user_id,
        by.device_id,
        "send_for_others",
        subject=subject,
        count=count,
        allowed=allowed,
    )
