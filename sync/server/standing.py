"""Orders to laptops: given by the office, told to whoever asks, and delivered upon."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind, signed_bytes
from fieldapp.ids import IdMaker
from sync.protocol import courier
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.protocol.standing import ObeyedAnswer, ObeyedRequest, OrderMessage, StandingAnswer
from sync.server.courier import receive
from sync.server.keys import key_pairs
from sync.server.service import World
from sync.server.storage.device_orders import GivenOrder
from sync.server.storage.storage import Transaction


def give_order(
    transaction: Transaction,
    device_id: str,
    kind: DeviceOrderKind,
    *,
    by: str,
    reason: str,
    now: datetime,
    new_id: IdMaker,
) -> DeviceOrder:
    """Order a laptop to end, and shut it out; the same order twice is one.

    Raises NotFoundError_, and BadRequestError("already_lost"): who is lost is not ended any more.
    """
    if transaction.accounts.device(device_id) is None:
        raise NotFoundError_("device")
    present = transaction.device_orders.standing(device_id)
    if present is not None and present.order.kind is kind:
        return present.order
    if present is not None and present.order.kind is DeviceOrderKind.LOST:
        raise BadRequestError("already_lost")
    # Through the text form, so that the very instant is signed which is stored.
    order = DeviceOrder(new_id(), device_id, kind, from_iso(to_iso(now)))
    signature = key_pairs(transaction).orders.sign(signed_bytes(order)).hex()
    order = replace(order, signature=signature)
    transaction.device_orders.add(GivenOrder(order, by, reason))
    transaction.accounts.revoke_device(device_id)
    return order


def standing(world: World, device_id: str) -> StandingAnswer:
    """Say which order stands for a laptop. Needs no log-in; an unknown id has none."""
    with world.storage.glance() as transaction:
        given = transaction.device_orders.standing(device_id)
    if given is None:
        return StandingAnswer()
    if given.asked_at is None:
        with world.storage.write() as transaction:
            transaction.device_orders.note_asked(given.order.id, to_iso(world.clock.now()))
    return StandingAnswer(order=OrderMessage.of(given.order))


def deliver(world: World, device_id: str, data: bytes) -> bytes:
    """Take in what a laptop with an order still has; return the signed receipt.

    Raises a CourierError; nothing of it was stored then.
    """
    if courier.open_frame(data).header.device_id != device_id:
        raise courier.CourierUnknownLaptopError
    receipt = receive(world, data, None, from_stick=False)
    with world.storage.write() as transaction:
        given = transaction.device_orders.standing(device_id)
        if given is not None:
            transaction.device_orders.note_delivered(given.order.id, to_iso(world.clock.now()))
    return receipt


def obeyed(world: World, device_id: str, request: ObeyedRequest) -> ObeyedAnswer:
    """Note that a laptop says that it has destroyed what it held."""
    with world.storage.read() as transaction:
        known = any(
            given.order.id == request.order_id for given in transaction.device_orders.of(device_id)
        )
    if known:
        with world.storage.write() as transaction:
            transaction.device_orders.note_obeyed(request.order_id, to_iso(world.clock.now()))
    return ObeyedAnswer()
