"""The server over HTTP, and a name of its own for everything that can stand in between.

Only an answer that carries our server's header, is JSON and can be read counts as an answer.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx2

from sync.client.line import Line
from sync.protocol import codec
from sync.protocol.errors import (
    SENT_BY_SERVER,
    CaptivePortalError,
    ConnectTimeoutError,
    InsecureAddressError,
    InterceptedError,
    LineBrokenError,
    LoginExpiredError,
    NameLookupError,
    NotOurServerError,
    OfflineError,
    ProtocolError_,
    ProxyRefusedError,
    RefusedError,
    RevokedError,
    ServerTroubleError,
    SyncError,
    TimeoutError_,
    TooLargeError,
)
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    HelloAnswer,
    LoginAnswer,
    LoginRequest,
    Message,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
)
from sync.protocol.version import (
    MAX_WIRE_BYTES,
    PREFIX,
    PROTOCOL,
    PROTOCOL_HEADER,
    SERVER_HEADER,
)

CONNECT_SECONDS: Final = 8.0
SILENCE_SECONDS: Final = 25.0
"""How long the line may say nothing while an answer is awaited."""

WHOLE_ANSWER_SECONDS: Final = 180.0
"""A line that drips a byte now and then is given up, too."""

PROBE_SECONDS: Final = 5.0

_JSON = "application/json"

A = TypeVar("A", bound=Message)


class HttpSyncService:
    """`SyncService` over HTTP. May be used by several threads; close it at the end.

    `token` gives the present token, or None when nobody is logged in. `server_id`, when known
    from the enrolment, must be the id in every answer. Raises ProtocolError_ for an address that is
    none.
    """

    def __init__(
        self,
        base_url: str,
        token: Callable[[], str | None],
        line: Line,
        *,
        server_id: str | None = None,
        silence_seconds: float = SILENCE_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._token = token
        self._line = line
        self._server_id = server_id
        self._client = httpx2.Client(
            base_url=_checked(base_url),
            timeout=httpx2.Timeout(silence_seconds, connect=connect_seconds),
            headers={PROTOCOL_HEADER: str(PROTOCOL), "Accept-Encoding": codec.ZSTD},
            follow_redirects=False,  # a redirect is a guest network's log-in page
            trust_env=not _is_this_machine(base_url),
            verify=verify,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> HttpSyncService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- SyncService

    def hello(self) -> HelloAnswer:
        """Say who the server is; short patience, because it is asked to find out about the line."""
        patience = httpx2.Timeout(PROBE_SECONDS)
        return self._call(HelloAnswer, "GET", "/hello", None, token=None, timeout=patience)

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Make this laptop known."""
        return self._call(EnrolAnswer, "POST", "/enrol", request, token=None)

    def login(self, request: LoginRequest) -> LoginAnswer:
        """Get a new token."""
        return self._call(LoginAnswer, "POST", "/login", request, token=None)

    def push(self, request: PushRequest) -> PushAnswer:
        """Send changes."""
        return self._call(PushAnswer, "POST", "/push", request, token=self._need_token())

    def pull(self, request: PullRequest) -> PullAnswer:
        """Ask for the next page."""
        return self._call(PullAnswer, "POST", "/pull", request, token=self._need_token())

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Ask which records the server holds."""
        return self._call(ConfirmAnswer, "POST", "/confirm", request, token=self._need_token())

    # --- one call

    def _need_token(self) -> str:
        token = self._token()
        if token is None:
            raise LoginExpiredError
        return token

    def _call(
        self,
        answer_type: type[A],
        method: str,
        path: str,
        message: Message | None,
        *,
        token: str | None,
        timeout: httpx2.Timeout | None = None,
    ) -> A:
        self._line.check()
        headers: dict[str, str] = {}
        content = b""
        if message is not None:
            content, encoding = codec.encode(message)
            headers["Content-Type"] = _JSON
            if encoding is not None:
                headers["Content-Encoding"] = encoding
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        request = self._client.build_request(
            method,
            PREFIX + path,
            content=content,
            headers=headers,
            timeout=timeout or self._client.timeout,
        )
        status, answer_headers, body = self._exchange(request)
        # Coverage that went away while the answer was in the air took the answer with it.
        self._line.check()
        return _read_answer(answer_type, status, answer_headers, body, self._server_id)

    def _exchange(self, request: httpx2.Request) -> tuple[int, httpx2.Headers, bytes]:
        try:
            response = self._client.send(request, stream=True)
            try:
                return response.status_code, response.headers, _read_raw(response)
            finally:
                response.close()
        except httpx2.HTTPError as error:
            raise _name_of(error) from error


def _read_raw(response: httpx2.Response) -> bytes:
    """The body as it travels: bounded in size and in time."""
    deadline = time.monotonic() + WHOLE_ANSWER_SECONDS
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_raw():
        pieces.append(piece)
        size += len(piece)
        if size > MAX_WIRE_BYTES:
            raise TooLargeError(MAX_WIRE_BYTES)
        if time.monotonic() > deadline:
            raise TimeoutError_
    return b"".join(pieces)


# --- what answered


def _read_answer(
    answer_type: type[A],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    server_id: str | None,
) -> A:
    answered_by = headers.get(SERVER_HEADER)
    if answered_by is None:
        raise _stranger(status, headers)
    if server_id is not None and answered_by != server_id:
        raise NotOurServerError("server id")
    if not headers.get("Content-Type", "").startswith(_JSON):
        raise NotOurServerError("content type")
    encoding = headers.get("Content-Encoding")
    if not 200 <= status < 300:
        raise _refusal(status, body, encoding)
    return codec.decode(answer_type, body, encoding)


def _stranger(status: int, headers: Mapping[str, str]) -> SyncError:
    """Name an answer that does not come from our server."""
    if status == 413:
        return TooLargeError(status)  # the limit of a proxy on the way
    if status in (403, 405, 407, 451):
        return ProxyRefusedError(status)
    is_page = headers.get("Content-Type", "").startswith(("text/html", "application/xhtml"))
    if status == 511 or 300 <= status < 400 or (200 <= status < 300 and is_page):
        return CaptivePortalError(status)
    if status >= 500:
        return ServerTroubleError(status)
    return NotOurServerError(status)


def _refusal(status: int, body: bytes, encoding: str | None) -> SyncError:
    """Turn the server's own error answer into the error that it raised."""
    try:
        answer = codec.decode(ErrorAnswer, body, encoding)
    except SyncError:
        answer = ErrorAnswer(code="")
    known = SENT_BY_SERVER.get(answer.code)
    if known is not None and known is not ServerTroubleError:
        return known(answer.detail) if answer.detail else known()
    by_status = {401: LoginExpiredError, 403: RevokedError, 413: TooLargeError}
    if status in by_status:
        return by_status[status](status)
    return ServerTroubleError(status) if status >= 500 else ProtocolError_(status)


# --- what went wrong on the line


def _name_of(error: httpx2.HTTPError) -> SyncError:
    causes = list(_causes(error))
    if isinstance(error, httpx2.ConnectTimeout):
        return ConnectTimeoutError()
    if isinstance(error, httpx2.TimeoutException):
        return TimeoutError_()
    if isinstance(error, httpx2.ProxyError):
        return ProxyRefusedError()
    if isinstance(error, httpx2.ConnectError):
        return _name_of_connect_error(causes)
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return ProtocolError_("address")
    if isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError):
        return LineBrokenError()
    return OfflineError()


def _name_of_connect_error(causes: list[BaseException]) -> SyncError:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return NameLookupError()
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return InterceptedError()
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return RefusedError()
    return OfflineError()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _checked(base_url: str) -> str:
    """The address, if it is one of a web server."""
    try:
        parts = urlsplit(base_url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise ProtocolError_("address")
    if parts.scheme == "http" and not _is_this_machine(base_url):
        # Passwords and health data never cross a network in clear.
        raise InsecureAddressError
    return base_url


def _is_this_machine(base_url: str) -> bool:
    """True for a server on this very machine, which no proxy may stand before."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
