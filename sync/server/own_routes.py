"""The paths of what a user asks for themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sync.protocol.codec import decode
from sync.protocol.own import OWN_PATH, SetWitnessCodeRequest
from sync.protocol.version import EXCHANGE_PREFIX
from sync.server.deps import PlainBody, TheWorld, identity_of, protocol_spoken
from sync.server.identity import Identity
from sync.server.own import set_witness_code
from sync.server.routes import answer

own_router = APIRouter(prefix=EXCHANGE_PREFIX + OWN_PATH, dependencies=[Depends(protocol_spoken)])

Who = Annotated[Identity, Depends(identity_of)]


@own_router.post("/witness_code")
def witness_code(request: Request, world: TheWorld, who: Who, body: PlainBody) -> Response:
    """Take over the verifier of one's own witness code."""
    return answer(request, set_witness_code(world, who, decode(SetWitnessCodeRequest, body, None)))
