"""Asks the server whether it still wants this laptop; needs neither a log-in nor an open store."""

from __future__ import annotations

import base64
import binascii
import ssl

from fieldapp.domain.device_orders import DeviceOrder, OrdersFile
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
    """Return the order that stands for this laptop, as the server tells it; None for none.

    Whether the organisation has signed it is for `fieldapp.security.device_orders` to say. Raises
    the error of the line (`sync.protocol.errors`).
    """
    with _service(known, line) as service:
        answer = service.ask_openly(StandingAnswer, "GET", _path(known), None)
    return None if answer.order is None else answer.order.order()


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


def _path(known: OrdersFile, act: str = "") -> str:
    path = f"{STANDING_PATH}/{known.device_id}"
    return f"{path}/{act}" if act else path
