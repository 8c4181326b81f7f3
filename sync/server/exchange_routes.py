"""The paths of protocol 2: packed bodies, and the exchange, whose answer is a stream.

An error before the receipt has a status and a name. After the receipt there is only one way left to
tell that something is wrong: the answer ends without its end, and the laptop hears that the line
broke. What it had received by then stays good.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from sync.protocol.authorities import CA_PATH
from sync.protocol.claims import ClaimsRequest
from sync.protocol.codec import PACKED, AnswerWriter, decode, decode_packed, encode_packed
from sync.protocol.errors import SyncError
from sync.protocol.messages import ExchangeRequest, HoldingsRequest, Page
from sync.protocol.packing import Tables
from sync.protocol.version import EXCHANGE_PREFIX
from sync.server.authorities import told
from sync.server.bugs import log_bug
from sync.server.deps import Own, PlainBody, Sender, TheWorld, WhatIsShown, WireBody
from sync.server.door import renew
from sync.server.metrics import Metrics, TheMetrics
from sync.server.routes import answer
from sync.server.storage.base import StorageError

log = logging.getLogger("fieldapp.server")

exchange_router = APIRouter(prefix=EXCHANGE_PREFIX)

# Own stands before WireBody: whoever has no log-in is turned away before a body is read.


@exchange_router.post("/exchange")
def exchange(service: Sender, body: WireBody, world: TheWorld, metrics: TheMetrics) -> Response:
    """Store what is sent and say what became of it; then tell what is new."""
    tables = Tables()
    limit = world.settings.max_plain_bytes
    with metrics.at_work():
        found = service.exchange(decode_packed(ExchangeRequest, body, tables, limit=limit))
        metrics.pushed(found.receipt.results)
        writer = AnswerWriter(tables, metrics.hurried)
        return _Streamed(writer.receipt(found.receipt), found.pages, writer, metrics)


@exchange_router.post("/token")
def token(request: Request, world: TheWorld, shown: WhatIsShown) -> Response:
    """Give a new short token of the same log-in, without a password."""
    return answer(request, renew(world, shown))


@exchange_router.get(CA_PATH)
def ca(request: Request, world: TheWorld) -> Response:
    """Name the organisation's CAs. Needs no log-in: a new laptop compares a fingerprint."""
    with world.storage.glance() as transaction:
        return answer(request, told(transaction))


@exchange_router.post("/claims")
def claims(request: Request, service: Own, body: PlainBody) -> Response:
    """Release, report and give out claims. In JSON: it is short, and not asked every day."""
    return answer(request, service.claims(decode(ClaimsRequest, body, None)))


@exchange_router.get("/digests")
def digests(service: Own) -> Response:
    """Say, patient by patient, what the user should hold."""
    return Response(encode_packed(service.digests(), Tables()), media_type=PACKED)


@exchange_router.post("/holdings")
def holdings(service: Own, body: WireBody, world: TheWorld) -> Response:
    """Name every record of some patients."""
    tables = Tables()
    limit = world.settings.max_plain_bytes
    found = service.holdings(decode_packed(HoldingsRequest, body, tables, limit=limit))
    return Response(encode_packed(found, tables), media_type=PACKED)


class _Streamed(Response):
    """The receipt, then pages that worker threads read one by one while the line takes them.

    The framework's own streaming answer leaves an iterator open when the laptop hangs up; this one
    always closes it, so that no database connection waits for a laptop that has gone.
    """

    def __init__(
        self, receipt: bytes, pages: Iterator[Page], writer: AnswerWriter, metrics: Metrics
    ) -> None:
        super().__init__(media_type=PACKED)
        del self.headers["content-length"]  # nobody knows it yet
        self._receipt = receipt
        self._pages = pages
        self._writer = writer
        self._metrics = metrics
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await send({"type": "http.response.body", "body": self._receipt, "more_body": True})
            while not self._ended:
                if await request.is_disconnected():
                    return
                piece = await run_in_threadpool(self._next_page)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except (SyncError, StorageError) as error:
            log.warning("an exchange ended early: %s", error.code)
            return  # without its end, so that nobody takes it for whole
        except Exception as error:
            log_bug(error)
            return
        finally:
            if not self._ended:
                await run_in_threadpool(self._close)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _next_page(self) -> bytes:
        """Return the next page; none at the end. Whoever has the last one need not come again."""
        with self._metrics.at_work():
            page = next(self._pages, None)
            piece = self._writer.page(page) if page is not None else b""
            if page is None or page.complete:
                self._close()
                self._ended = True
            return piece

    def _close(self) -> None:
        close = getattr(self._pages, "close", None)
        if close is not None:
            close()
