"""The paths that a laptop may ask without a log-in; see `sync.protocol.standing`."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Depends, Request, Response

from sync.protocol.codec import decode
from sync.protocol.errors import BadRequestError
from sync.protocol.office import CourierAnswer, CourierDelivery
from sync.protocol.standing import DELIVERY, OBEYED, STANDING_PATH, ObeyedRequest
from sync.protocol.version import EXCHANGE_PREFIX
from sync.server.deps import PlainBody, TheWorld, standing_asked
from sync.server.office import courier_bytes
from sync.server.routes import answer
from sync.server.standing import deliver, obeyed, standing

standing_router = APIRouter(
    prefix=EXCHANGE_PREFIX + STANDING_PATH, dependencies=[Depends(standing_asked)]
)

_LONGEST_ID = 64


@standing_router.get("/{device_id}")
def order_for(request: Request, device_id: str, world: TheWorld) -> Response:
    """Say which order stands for a laptop."""
    return answer(request, standing(world, _checked(device_id)))


@standing_router.post("/{device_id}/" + DELIVERY)
def delivery(request: Request, device_id: str, world: TheWorld, body: PlainBody) -> Response:
    """Take in what a laptop with an order still has."""
    file = courier_bytes(decode(CourierDelivery, body, None).data)
    receipt = deliver(world, _checked(device_id), file)
    return answer(request, CourierAnswer(data=base64.b64encode(receipt).decode("ascii")))


@standing_router.post("/{device_id}/" + OBEYED)
def has_obeyed(request: Request, device_id: str, world: TheWorld, body: PlainBody) -> Response:
    """Hear that a laptop has destroyed what it held."""
    return answer(request, obeyed(world, _checked(device_id), decode(ObeyedRequest, body, None)))


def _checked(device_id: str) -> str:
    if len(device_id) > _LONGEST_ID:
        raise BadRequestError("device_id")
    return device_id
