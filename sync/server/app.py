"""The HTTP face of the server. Nothing is global: `create_app` builds everything it is given."""

from __future__ import annotations

import logging
import time

from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldapp.clock import Clock
from fieldapp.ids import IdMaker
from sync.protocol.errors import (
    LoginExpiredError,
    ProtocolError_,
    ServerFullError,
    ServerTroubleError,
    SyncError,
    TooManyTriesError,
)
from sync.protocol.messages import ErrorAnswer
from sync.protocol.version import EXCHANGE_PREFIX, SERVER_HEADER
from sync.server.access_routes import access_router
from sync.server.auth import PasswordHasher
from sync.server.bugs import log_bug
from sync.server.deliver import deliver_router
from sync.server.exchange_routes import exchange_router
from sync.server.json_log import FACTS
from sync.server.metrics import Metrics, monitoring
from sync.server.office_routes import office
from sync.server.own_routes import own_router
from sync.server.routes import answer, health, router
from sync.server.service import World
from sync.server.settings import Settings
from sync.server.standing_routes import standing_router
from sync.server.storage.base import BadValueError, DiskFullError
from sync.server.storage.storage import Storage

log = logging.getLogger("fieldapp.server")

_SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
"""What may be written to the log; a stranger's own word may not."""

_FEW_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Of the exchange, where each byte is paid for on a thin line. No browser speaks it: its answers
are no pages that could be framed or run."""


def only_paths() -> FastAPI:
    """Build the application without anything behind its paths; for `sync.server.openapi`."""
    app = FastAPI(title="fieldapp server", openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(health)
    app.include_router(monitoring)
    app.include_router(router)
    app.include_router(office)
    app.include_router(exchange_router)
    app.include_router(own_router)
    app.include_router(access_router)
    app.include_router(standing_router)
    app.include_router(deliver_router)
    return app


def create_app(
    storage: Storage,
    clock: Clock,
    new_id: IdMaker,
    *,
    hasher: PasswordHasher | None = None,
    settings: Settings | None = None,
) -> FastAPI:
    """Build the application on an initialised storage. Raises NotInitialisedError."""
    app = only_paths()
    app.state.world = World(
        storage=storage,
        clock=clock,
        new_id=new_id,
        hasher=hasher or PasswordHasher(),
        settings=settings or Settings(),
    )
    app.state.metrics = Metrics()
    app.add_exception_handler(SyncError, _tell_sync_error)
    app.add_exception_handler(BadValueError, _tell_bad_value)
    app.add_exception_handler(DiskFullError, _tell_disk_full)
    app.add_exception_handler(HTTPException, _tell_http_error)
    app.add_middleware(_Signed, server_id=storage.server_id, metrics=app.state.metrics)
    return app


async def _tell_sync_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SyncError)
    return _trouble(request, error, error.status)


async def _tell_bad_value(request: Request, error: Exception) -> Response:
    """What was asked for holds a character that the database cannot hold, such as NUL."""
    del error
    return _trouble(request, ProtocolError_("value"), ProtocolError_.status)


async def _tell_disk_full(request: Request, error: Exception) -> Response:
    """There is no room for anything; the laptop keeps what it has and tries again later."""
    del error
    return _trouble(request, ServerFullError(), ServerFullError.status)


async def _tell_http_error(request: Request, error: Exception) -> Response:
    """No such path or method: the laptop and the server misunderstand each other."""
    assert isinstance(error, HTTPException)
    return _trouble(request, ProtocolError_("path"), error.status_code)


def _trouble(request: Request, error: SyncError, status: int) -> Response:
    detail = ",".join(str(fact) for fact in error.args)
    response = answer(request, ErrorAnswer(code=error.code, detail=detail), status)
    if isinstance(error, TooManyTriesError):
        response.headers["Retry-After"] = detail
    if status == LoginExpiredError.status:
        response.headers["WWW-Authenticate"] = 'DPoP algs="EdDSA"'
    return response


class _Signed:
    """Puts the server's name and the security headers on every answer, a failed one included.

    It stands outside the framework's own error page, which would be plain text without our name
    and so be taken for somebody else's. It also writes the one log line of a request.
    """

    def __init__(self, app: ASGIApp, server_id: str, metrics: Metrics) -> None:
        self._app = app
        self._server_id = server_id
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_signed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[SERVER_HEADER] = self._server_id
                for name, value in _headers_for(scope).items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, send_signed)
        except ClientDisconnect:
            pass  # the line broke while the request was on its way; there is nobody to answer
        except Exception as error:
            log_bug(error)
            if status:
                raise
            response = _trouble(Request(scope), ServerTroubleError(500), 500)
            await response(scope, receive, send_signed)
        finally:
            seconds = time.perf_counter() - started
            path = _known_path(scope)
            self._metrics.answered(path, status, seconds)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            facts = {
                "event": "request",
                "method": method,
                "route": path,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            log.info("%s %s %d", method, path, status, extra={FACTS: facts})


def _headers_for(scope: Scope) -> dict[str, str]:
    path = scope["path"]
    for_people = path.startswith((office.prefix, own_router.prefix, access_router.prefix))
    exchange = path.startswith(EXCHANGE_PREFIX + "/") and not for_people
    return _FEW_HEADERS if exchange else _SECURITY_HEADERS


def _known_path(scope: Scope) -> str:
    """The path as one of ours; what a stranger typed may hold anything and is not logged."""
    route = scope.get("route")
    return str(getattr(route, "path", "(unknown)"))
