"""The office's paths: one POST for each method of `OfficeService`, JSON both ways."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sync.protocol.codec import decode
from sync.protocol.messages import Message
from sync.protocol.office import (
    CALLS,
    OFFICE_PATH,
    CourierAnswer,
    CourierDelivery,
    NoDetails,
)
from sync.protocol.version import EXCHANGE_PREFIX
from sync.server.deps import PlainBody, TheWorld, identity_of, protocol_spoken
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService, courier_bytes
from sync.server.routes import answer

office = APIRouter(prefix=EXCHANGE_PREFIX + OFFICE_PATH, dependencies=[Depends(protocol_spoken)])


def office_service(
    world: TheWorld, identity: Annotated[Identity, Depends(identity_of)]
) -> ServerOfficeService:
    """The office's service for the owner of the token."""
    return ServerOfficeService(world, identity)


Office = Annotated[ServerOfficeService, Depends(office_service)]


def perform(service: ServerOfficeService, name: str, request: Message) -> Message:
    """Call one method with what was asked."""
    if isinstance(request, CourierDelivery):
        receipt = service.receive_courier(courier_bytes(request.data))
        return CourierAnswer(data=base64.b64encode(receipt).decode("ascii"))
    method = getattr(service, name)
    found = method() if isinstance(request, NoDetails) else method(request)
    assert isinstance(found, Message)
    return found


def _endpoint(name: str, asked: type[Message]) -> Callable[..., Response]:
    # The service stands before the body: whoever has no log-in is turned away before it is read.
    def endpoint(request: Request, service: Office, body: PlainBody) -> Response:
        return answer(request, perform(service, name, decode(asked, body, None)))

    return endpoint


for _name, (_asked, _) in CALLS.items():
    office.add_api_route(f"/{_name}", _endpoint(_name, _asked), methods=["POST"], name=_name)
