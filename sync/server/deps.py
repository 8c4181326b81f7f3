"""What a route needs of a request: the body within its limits and the service of whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request

from sync.protocol.codec import unpack
from sync.protocol.errors import (
    EnrolCodeError,
    ProofRefusedError,
    TooLargeError,
    UpgradeNeededError,
    WrongPasswordError,
)
from sync.protocol.proofs import PROOF_HEADER, SCHEME
from sync.protocol.version import PROTOCOL, PROTOCOL_HEADER
from sync.server import door, limits
from sync.server.listen import is_this_machine
from sync.server.service import Identity, ServerSyncService, World

# What does not wait is `async`: anything else costs a walk to a worker thread and back.


async def world_of(request: Request) -> World:
    """The world that `create_app` was given."""
    world: World = request.app.state.world
    return world


TheWorld = Annotated[World, Depends(world_of)]


async def wire_body_of(request: Request, world: TheWorld) -> bytes:
    """Read the body as it travels; stop as soon as it is too large."""
    limit = world.settings.max_wire_bytes
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            raise TooLargeError(limit)
    return bytes(received)


WireBody = Annotated[bytes, Depends(wire_body_of)]


def body_of(request: Request, world: TheWorld, received: WireBody) -> bytes:
    """The body without its compression, which may not make it too large."""
    encoding = request.headers.get("content-encoding")
    return unpack(received, encoding, limit=world.settings.max_plain_bytes)


def protocol_spoken(request: Request) -> None:
    """Refuse a laptop that speaks another version than we do."""
    if request.headers.get(PROTOCOL_HEADER) != str(PROTOCOL):
        raise UpgradeNeededError(PROTOCOL)


async def shown_by(request: Request) -> door.Shown:
    """What the request shows of who it is."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known_scheme = scheme.lower() in (SCHEME.lower(), "bearer")
    proofs = request.headers.getlist(PROOF_HEADER)
    return door.Shown(
        method=request.method,
        path=request.url.path,
        token=token if known_scheme and token else None,
        # Two proofs are one too many: which of them is the right one is nobody's to guess.
        proof=None if not proofs else (proofs[0] if len(proofs) == 1 else ""),
    )


WhatIsShown = Annotated[door.Shown, Depends(shown_by)]


def identity_of(world: TheWorld, shown: WhatIsShown) -> Identity:
    """Say whose token the request carries, and that the request comes from its laptop."""
    return door.authenticate(world, shown)


def sender_of(world: TheWorld, shown: WhatIsShown) -> Identity:
    """The same for what may bring something: a lost laptop too, which is kept for a look."""
    return door.authenticate(world, shown, lost_too=True)


def proven_key_of(world: TheWorld, shown: WhatIsShown) -> str | None:
    """The key of a laptop that has no token yet."""
    return door.proven_key(world, shown)


async def stranger_service(world: TheWorld) -> ServerSyncService:
    """The service for somebody without a log-in."""
    return ServerSyncService(world)


async def own_service(
    world: TheWorld, identity: Annotated[Identity, Depends(identity_of)]
) -> ServerSyncService:
    """The service for the owner of the token."""
    return ServerSyncService(world, identity)


async def address_of(request: Request, world: TheWorld) -> str:
    """Where the request comes from; behind a proxy on this machine as the proxy says."""
    host = request.client.host if request.client is not None else ""
    named = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if named and (world.settings.behind_proxy or is_this_machine(host)):
        host = named
    return limits.address(host)


Address = Annotated[str, Depends(address_of)]


@contextmanager
def refusals_counted(world: World, address: str) -> Iterator[None]:
    """Count what is refused, and turn nobody away for it: for calls in which a laptop shows its
    key before anything slow is done. Its neighbours on the same network must not keep it out.
    """
    try:
        yield
    except (ProofRefusedError, WrongPasswordError):
        limits.count(world, limits.STRANGERS, address)
        raise


@contextmanager
def strangers_counted(world: World, address: str) -> Iterator[None]:
    """Turn away an address from which too much was refused lately; count what is refused now."""
    limits.check(world, limits.STRANGERS, address)
    try:
        yield
    except (EnrolCodeError, ProofRefusedError, WrongPasswordError):
        limits.take(world, limits.STRANGERS, address)
        raise


def standing_asked(world: TheWorld, address: Address) -> None:
    """Count a question that needs no log-in."""
    limits.take(world, limits.STANDING, address)


ProvenKey = Annotated[str | None, Depends(proven_key_of)]


async def sender_service(
    world: TheWorld, identity: Annotated[Identity, Depends(sender_of)]
) -> ServerSyncService:
    """The service for whoever brings something."""
    return ServerSyncService(world, identity)


PlainBody = Annotated[bytes, Depends(body_of)]
Stranger = Annotated[ServerSyncService, Depends(stranger_service)]
Own = Annotated[ServerSyncService, Depends(own_service)]
Sender = Annotated[ServerSyncService, Depends(sender_service)]
