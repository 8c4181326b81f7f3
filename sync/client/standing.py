"""Asks the server whether it still wants this laptop; needs neither a log-in nor an open store."""

from __future__ import annotations

import base64
import binascii
import ssl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fieldapp.domain.device_orders import DeviceOrder, OrdersFile, signed_bytes
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.client.trust import trusting
from sync.protocol.errors import ProtocolError_
from sync.protocol.office import CourierAnswer, CourierDelivery
from sync.protocol.standing import (
    DELIVERY,
    OBEYED,
    STANDING_PATH,
    ObeyedAnswer,
    ObeyedRequest,
    StandingAnswer,
)


def ask(known: OrdersFile, line: Line | None = None) -> DeviceOrder | None:
    """Return the order that stands for this laptop, if the organisation has signed it.

    None for no order and for one that is not genuine: whoever answers in the server's place orders
    nothing. Raises the error of the line (`sync.protocol.errors`).
    """
    with _service(known, line) as service:
        answer = service.ask_openly(StandingAnswer, "GET", _path(known), None)
    if answer.order is None:
        return None
    order = answer.order.order()
    return order if _is_genuine(order, known) else None


def deliver(known: OrdersFile, file: bytes, line: Line | None = None) -> bytes:
    """Give in a courier file over the line, on the laptop's own signature; return the receipt.

    Raises BadRequestError with the reason's code, or the error of the line.
    """
    delivery = CourierDelivery(data=base64.b64encode(file).decode("ascii"))
    with _service(known, line) as service:
        answer = service.ask_openly(CourierAnswer, "POST", _path(known, DELIVERY), delivery)
    try:
        return base64.b64decode(answer.data, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError_("data") from None


def tell_obeyed(known: OrdersFile, order_id: str, line: Line | None = None) -> None:
    """Say that what was here is destroyed. Raises the error of the line."""
    with _service(known, line) as service:
        request = ObeyedRequest(order_id=order_id)
        service.ask_openly(ObeyedAnswer, "POST", _path(known, OBEYED), request)


def _service(known: OrdersFile, line: Line | None) -> HttpSyncService:
    return HttpSyncService(
        known.server_url,
        lambda: None,
        line or Line(),
        server_id=known.server_id,
        verify=_verify(known.authorities),
    )


def _verify(authorities: tuple[str, ...]) -> ssl.SSLContext | bool:
    """Believe the organisation's own certificates alone, where they are known."""
    return trusting(authorities) if authorities else True


def _is_genuine(order: DeviceOrder, known: OrdersFile) -> bool:
    """What is destroyed is proven once more where it is destroyed (`fieldapp.security.destroy`)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(known.public_key)
        key.verify(bytes.fromhex(order.signature), signed_bytes(order))
    except (InvalidSignature, ValueError):
        return False
    return order.device_id == known.device_id


def _path(known: OrdersFile, act: str = "") -> str:
    path = f"{STANDING_PATH}/{known.device_id}"
    return f"{path}/{act}" if act else path
