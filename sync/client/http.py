"""The server over HTTP, and a name of its own for everything that can stand in between.

Only an answer that carries our server's header, has our form and can be read counts as an answer.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx2

from sync.client.device_login import DeviceLogin
from sync.client.line import Line
from sync.client.trust import trusting
from sync.protocol import codec
from sync.protocol.authorities import CA_PATH, CaAnswer
from sync.protocol.claims import ClaimsAnswer, ClaimsRequest
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
    ProofTimeError,
    ProtocolError_,
    ProxyRefusedError,
    RefusedError,
    RevokedError,
    ServerTroubleError,
    SyncError,
    TimeoutError_,
    TokenExpiredError,
    TooLargeError,
)
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    DigestsAnswer,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    ExchangeRequest,
    HelloAnswer,
    HoldingsAnswer,
    HoldingsRequest,
    LoginAnswer,
    LoginRequest,
    Message,
    Page,
    TokenAnswer,
)
from sync.protocol.packing import Tables
from sync.protocol.people import DELIVER_PATH, DeliverAnswer, DeliverRequest
from sync.protocol.proofs import PROOF_HEADER, SCHEME
from sync.protocol.service import Exchange
from sync.protocol.version import (
    EXCHANGE_PREFIX,
    MAX_WIRE_BYTES,
    PREFIX,
    PROTOCOL,
    PROTOCOL_HEADER,
    SERVER_HEADER,
)

CONNECT_SECONDS: Final = 8.0
SILENCE_SECONDS: Final = 25.0
"""How long the line may say nothing while an answer is awaited."""

MESSAGE_SECONDS: Final = 180.0
"""How long one answer, or one page of an exchange, may take: a line that drips a byte now and then
is given up, too. A first sync has many pages and may take as long as it needs."""

PROBE_SECONDS: Final = 5.0

_JSON = "application/json"

A = TypeVar("A", bound=Message)
R = TypeVar("R")


class HttpSyncService:
    """`SyncService` over HTTP. May be used by several threads; close it at the end.

    `token` gives the present token, or None when nobody is logged in. A `DeviceLogin` also proves
    with each request that the token is this laptop's, and its token is renewed here as long as its
    log-in stands. `server_id`, when known from the enrolment, must be the id in every answer.
    Raises ProtocolError_ for an address that is none.
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
        message_seconds: float = MESSAGE_SECONDS,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._token = token
        self._device = token if isinstance(token, DeviceLogin) else None
        if self._device is not None and self._device.authorities:
            verify = trusting(self._device.authorities)
        self._line = line
        self._server_id = server_id
        self._message_seconds = message_seconds
        self._client = httpx2.Client(
            base_url=_checked(base_url),
            timeout=httpx2.Timeout(silence_seconds, connect=connect_seconds),
            follow_redirects=False,  # a redirect is a guest network's log-in page
            trust_env=not _is_this_machine(base_url),
            verify=verify,
        )
        # What the library says of itself costs 100 bytes a request and tells the server nothing.
        self._client.headers.clear()

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
        return self._once_more(
            lambda: self._call(EnrolAnswer, "POST", "/enrol", request, token=None)
        )

    def ca(self) -> CaAnswer:
        """Ask for the certificates of the organisation's CAs; whoever answers is believed nothing
        but what has the fingerprint that is known.
        """
        return self._call(CaAnswer, "GET", CA_PATH, None, token=None, prefix=EXCHANGE_PREFIX)

    def login(self, request: LoginRequest) -> LoginAnswer:
        """Get a new token. The laptop says who it is with its own key, beside the password."""

        def ask() -> LoginAnswer:
            told = request
            if self._device is not None and self._server_id is not None:
                word = self._device.assertion(request.device_id, self._server_id)
                told = request.model_copy(update={"assertion": word})
            return self._call(LoginAnswer, "POST", "/login", told, token=None)

        return self._once_more(ask)

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Ask which records the server holds."""
        return self._with_token(
            lambda token: self._call(ConfirmAnswer, "POST", "/confirm", request, token=token)
        )

    def exchange(self, request: ExchangeRequest) -> Exchange:
        """Send what waits; the receipt is read here, the pages as they are asked for."""
        return self._with_token(lambda token: self._exchange(request, token))

    def _exchange(self, request: ExchangeRequest, token: str) -> Exchange:
        tables = Tables()
        response = self._packed("POST", "/exchange", codec.encode_packed(request, tables), token)
        arriving = _Arriving(response, self._message_seconds)
        try:
            reader = codec.AnswerReader(arriving, tables)
            receipt = reader.receipt()
            self._line.check()
        except BaseException:
            response.close()
            raise
        if receipt.renewed is not None and self._device is not None:
            self._device.take(receipt.renewed.token, receipt.renewed.expires_at)
        return Exchange(
            receipt, _Pages(response, arriving, reader, self._line, asked=request.pull is not None)
        )

    def digests(self) -> DigestsAnswer:
        """Ask for the digests of all patients."""
        return self._with_token(
            lambda token: self._whole(DigestsAnswer, "GET", "/digests", b"", Tables(), token)
        )

    def holdings(self, request: HoldingsRequest) -> HoldingsAnswer:
        """Ask for the names of all records of some patients."""

        def ask(token: str) -> HoldingsAnswer:
            tables = Tables()
            content = codec.encode_packed(request, tables)
            return self._whole(HoldingsAnswer, "POST", "/holdings", content, tables, token)

        return self._with_token(ask)

    def claims(self, request: ClaimsRequest) -> ClaimsAnswer:
        """Tell what is held and given up, and ask for what is wanted."""
        return self._with_token(
            lambda token: self._call(
                ClaimsAnswer, "POST", "/claims", request, token=token, prefix=EXCHANGE_PREFIX
            )
        )

    # --- the office

    def deliver(self, request: DeliverRequest) -> DeliverAnswer:
        """Give in what a colleague's store has sealed; the officer is named in the request."""
        return self._call(
            DeliverAnswer, "POST", DELIVER_PATH, request, token=None, prefix=EXCHANGE_PREFIX
        )

    def ask_openly(
        self, answer_type: type[A], method: str, path: str, request: Message | None
    ) -> A:
        """Make one of the calls of `sync.protocol.standing`, which need no log-in."""
        patience = httpx2.Timeout(PROBE_SECONDS) if request is None else None
        return self._call(
            answer_type, method, path, request, token=None, prefix=EXCHANGE_PREFIX, timeout=patience
        )

    def ask_office(self, answer_type: type[A], path: str, request: Message) -> A:
        """Send one of the calls of `sync.protocol.office` and return its answer."""
        return self._with_token(
            lambda token: self._call(
                answer_type, "POST", path, request, token=token, prefix=EXCHANGE_PREFIX
            )
        )

    # --- the log-in

    def _with_token(self, ask: Callable[[str], R]) -> R:
        """Ask with a token that is good, as far as is known here; renew it where it is not."""

        def ask_with_a_good_one() -> R:
            if self._device is not None and self._device.runs_out:
                self._renew()
            return ask(self._need_token())

        return self._once_more(ask_with_a_good_one)

    def _once_more(self, ask: Callable[[], R]) -> R:
        """Ask again, once for each reason, where the laptop can mend it by itself."""
        knew_the_time, had_a_token = False, False
        while True:
            try:
                return ask()
            except ProofTimeError as error:
                device = self._device
                if device is None or knew_the_time or not device.learn_time(_first_text(error)):
                    raise
                knew_the_time = True
            except TokenExpiredError:
                if self._device is None or had_a_token:
                    raise
                had_a_token = True
                self._renew()

    def _renew(self) -> None:
        """Get a new short token; without a password, as long as the log-in stands."""
        device = self._device
        assert device is not None
        old = self._need_token()

        def ask() -> TokenAnswer:
            try:
                return self._call(
                    TokenAnswer, "POST", "/token", None, token=old, prefix=EXCHANGE_PREFIX
                )
            except TokenExpiredError:
                raise LoginExpiredError from None  # or the renewal would renew itself without end

        answer = self._once_more(ask)
        device.take(answer.token, answer.expires_at)

    def _shown(self, request: httpx2.Request, token: str | None) -> httpx2.Request:
        """Put token and proof on a request."""
        if token is not None:
            scheme = "Bearer" if self._device is None else SCHEME
            request.headers["Authorization"] = f"{scheme} {token}"
        if self._device is not None:
            request.headers[PROOF_HEADER] = self._device.proof(
                request.method, str(request.url), token
            )
        return request

    # --- a packed call

    def _packed(self, method: str, path: str, content: bytes, token: str) -> httpx2.Response:
        """Send a packed body and return the open response, once it is known to be our server's."""
        self._line.check()
        request = self._client.build_request(
            method,
            EXCHANGE_PREFIX + path,
            content=content,
        )
        response = self._send(self._shown(request, token))
        try:
            if not _is_ours(response, self._server_id, codec.PACKED):
                body = _Arriving(response, self._message_seconds).whole()
                self._line.check()
                raise _refusal(response.status_code, body, _encoding_of(response))
        except BaseException:
            response.close()
            raise
        return response

    def _whole(
        self,
        answer_type: type[A],
        method: str,
        path: str,
        content: bytes,
        tables: Tables,
        token: str,
    ) -> A:
        response = self._packed(method, path, content, token)
        try:
            body = _Arriving(response, self._message_seconds).whole()
        finally:
            response.close()
        self._line.check()
        return codec.decode_packed(answer_type, body, tables)

    # --- a call in JSON

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
        prefix: str = PREFIX,
    ) -> A:
        self._line.check()
        headers = {PROTOCOL_HEADER: str(PROTOCOL), "Accept-Encoding": codec.ZSTD}
        content = b""
        if message is not None:
            content, encoding = codec.encode(message)
            headers["Content-Type"] = _JSON
            if encoding is not None:
                headers["Content-Encoding"] = encoding
        request = self._client.build_request(
            method,
            prefix + path,
            content=content,
            headers=headers,
            timeout=timeout or self._client.timeout,
        )
        response = self._send(self._shown(request, token))
        try:
            body = _Arriving(response, self._message_seconds).whole()
        finally:
            response.close()
        # Coverage that went away while the answer was in the air took the answer with it.
        self._line.check()
        if not _is_ours(response, self._server_id, _JSON):
            raise _refusal(response.status_code, body, _encoding_of(response))
        return codec.decode(answer_type, body, _encoding_of(response))

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return self._client.send(request, stream=True)
        except httpx2.HTTPError as error:
            raise _name_of(error) from error


class _Arriving:
    """The body of an answer as it travels, bounded in size and in time for each message."""

    def __init__(self, response: httpx2.Response, seconds: float) -> None:
        self._pieces = response.iter_raw()
        self._seconds = seconds
        self._piece = b""
        self._taken = 0
        self.next_message()

    def next_message(self) -> None:
        """Begin to count anew."""
        self._size = 0
        self._deadline = time.monotonic() + self._seconds

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`, as soon as there are any; none at the end."""
        if self._taken == len(self._piece):
            self._piece, self._taken = self._next_piece(), 0
        begin, end = self._taken, len(self._piece)
        self._taken = end if size < 0 else min(end, begin + size)
        return self._piece[begin : self._taken]

    def whole(self) -> bytes:
        """Return everything up to the end."""
        return b"".join(iter(self.read, b""))

    def _next_piece(self) -> bytes:
        try:
            piece = next(self._pieces, b"")
        except httpx2.HTTPError as error:
            raise _name_of(error) from error
        self._size += len(piece)
        if self._size > MAX_WIRE_BYTES:
            raise TooLargeError(MAX_WIRE_BYTES)
        if piece and time.monotonic() > self._deadline:
            raise TimeoutError_
        return piece


class _Pages(Iterator[Page]):
    """The pages of an exchange, read from the line one by one."""

    def __init__(
        self,
        response: httpx2.Response,
        arriving: _Arriving,
        reader: codec.AnswerReader,
        line: Line,
        *,
        asked: bool,
    ) -> None:
        self._response = response
        self._arriving = arriving
        self._reader = reader
        self._line = line
        self._more = asked
        if not asked:
            self._end()

    def __next__(self) -> Page:
        if not self._more:
            raise StopIteration
        try:
            self._line.check()
            self._arriving.next_message()
            page = self._reader.page()
            self._line.check()
        except BaseException:
            self.close()
            raise
        if page.complete:
            self._end()
        return page

    def close(self) -> None:
        """Let go of the line; the server hears of it and stops."""
        self._more = False
        self._response.close()

    def _end(self) -> None:
        """Read what ends the answer, so that its connection can serve the next call."""
        with contextlib.suppress(SyncError):
            self._arriving.next_message()
            self._arriving.read()
        self.close()


# --- what answered


def _is_ours(response: httpx2.Response, server_id: str | None, form: str) -> bool:
    """True for a success of our server in the form that was awaited, False for its refusal.

    Raises the name of whoever else it was that answered.
    """
    headers, success = response.headers, response.is_success
    answered_by = headers.get(SERVER_HEADER)
    if answered_by is None:
        raise _stranger(response.status_code, headers)
    if server_id is not None and answered_by != server_id:
        raise NotOurServerError("server id")
    if not headers.get("Content-Type", "").startswith(form if success else _JSON):
        raise NotOurServerError("content type")
    return success


def _first_text(error: SyncError) -> str:
    return str(error.args[0]) if error.args else ""


def _encoding_of(response: httpx2.Response) -> str | None:
    return response.headers.get("Content-Encoding")


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
