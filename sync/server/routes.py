"""The paths of the protocol. Each route reads a message, asks the service and writes its answer.

Routes are plain functions: the framework runs them on its worker threads, where waiting for the
database holds up nobody else.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from sync.protocol.codec import ZSTD, decode, encode
from sync.protocol.errors import UpgradeNeededError
from sync.protocol.messages import (
    ConfirmRequest,
    EnrolRequest,
    LoginRequest,
    Message,
    PullRequest,
    PushRequest,
)
from sync.protocol.version import PREFIX
from sync.server.deps import (
    Address,
    Own,
    PlainBody,
    ProvenKey,
    Sender,
    Stranger,
    TheWorld,
    protocol_spoken,
    refusals_counted,
    strangers_counted,
)
from sync.server.metrics import TheMetrics

health = APIRouter()
router = APIRouter(prefix=PREFIX, dependencies=[Depends(protocol_spoken)])


@health.get("/healthz")
def healthz(world: TheWorld) -> dict[str, str]:
    """Say that the process runs and its database answers."""
    with world.storage.read() as transaction:
        transaction.records.newest_seq()
    return {"status": "ok"}


@router.get("/hello")
def hello(request: Request, service: Stranger) -> Response:
    """Probe for coverage."""
    return answer(request, service.hello())


@router.post("/enrol")
def enrol(
    request: Request,
    world: TheWorld,
    address: Address,
    key: ProvenKey,
    body: PlainBody,
    service: Stranger,
) -> Response:
    """Make a new laptop known. It has a key from its first day."""
    if key is None:
        raise UpgradeNeededError
    with strangers_counted(world, address):
        return answer(request, service.enrol(decode(EnrolRequest, body, None), key))


@router.post("/login")
def login(
    request: Request,
    world: TheWorld,
    address: Address,
    key: ProvenKey,
    body: PlainBody,
    service: Stranger,
) -> Response:
    """Give a new token."""
    with refusals_counted(world, address):
        return answer(request, service.login(decode(LoginRequest, body, None), key))


# Own stands before PlainBody: whoever has no log-in is turned away before a body is read.


@router.post("/push")
def push(request: Request, service: Sender, body: PlainBody, metrics: TheMetrics) -> Response:
    """Store a batch of changes."""
    stored = service.push(decode(PushRequest, body, None))
    metrics.pushed(stored.results)
    return answer(request, stored)


@router.post("/pull")
def pull(request: Request, service: Own, body: PlainBody) -> Response:
    """Give the next page."""
    return answer(request, service.pull(decode(PullRequest, body, None)))


@router.post("/confirm")
def confirm(request: Request, service: Own, body: PlainBody) -> Response:
    """Say which records are held."""
    return answer(request, service.confirm(decode(ConfirmRequest, body, None)))


def answer(request: Request, message: Message, status: int = 200) -> Response:
    """Write a message, compressed when the other side reads that and it is worth it."""
    accepted = request.headers.get("accept-encoding", "")
    codings = {part.split(";")[0].strip().lower() for part in accepted.split(",")}
    content, encoding = encode(message, compress=ZSTD in codings)
    headers = {"Content-Encoding": encoding} if encoding else {}
    return Response(content, status, headers, media_type="application/json")
