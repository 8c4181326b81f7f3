"""The paths for patients outside one's list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sync.protocol.access import ACCESS_PATH, FindPatientRequest, OpenPatientRequest
from sync.protocol.codec import decode
from sync.protocol.version import EXCHANGE_PREFIX
from sync.server.access import find_patient, open_patient
from sync.server.deps import PlainBody, TheWorld, identity_of, protocol_spoken
from sync.server.identity import Identity
from sync.server.routes import answer

access_router = APIRouter(
    prefix=EXCHANGE_PREFIX + ACCESS_PATH, dependencies=[Depends(protocol_spoken)]
)

Who = Annotated[Identity, Depends(identity_of)]


@access_router.post("/find")
def find(request: Request, world: TheWorld, who: Who, body: PlainBody) -> Response:
    """Find a patient by an exact number, or by name and birth date."""
    return answer(request, find_patient(world, who, decode(FindPatientRequest, body, None)))


@access_router.post("/open")
def open_(request: Request, world: TheWorld, who: Who, body: PlainBody) -> Response:
    """Put a patient on one's list for some hours."""
    return answer(request, open_patient(world, who, decode(OpenPatientRequest, body, None)))
