"""What the line and what stands in between can do to a call: each has its own name."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
import zstandard

from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import (
    CaptivePortalError,
    EnrolCodeError,
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
    UpgradeNeededError,
    WrongPasswordError,
)
from sync.protocol.messages import PullRequest
from tests.helpers.odd_server import (
    Behaviour,
    OddServer,
    answers,
    half_an_answer,
    hangs_up,
    says_nothing,
    speaks_gibberish,
)

PAGE = b"<html><body>Velkommen til gjestenettet</body></html>"
JSON = "application/json"
HELLO = json.dumps(
    {"server_id": "server-1", "protocol": 1, "server_time": "2026-11-22T08:15:00.000Z"}
).encode()


def pull(url: str, *, token: str | None = "token", line: Line | None = None) -> None:
    """Ask for a page with little patience."""
    with HttpSyncService(
        url, lambda: token, line or Line(), server_id="server-1", silence_seconds=0.3
    ) as service:
        service.pull(PullRequest(cursor=None, limit=10))


def ours(status: int, code: str) -> Behaviour:
    body = json.dumps({"code": code, "detail": ""}).encode()
    return answers(status, JSON, body, Fieldapp_Server="server-1")


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        pytest.param(answers(500, "text/plain", b"oops"), ServerTroubleError, id="500"),
        pytest.param(answers(502, "text/html", PAGE), ServerTroubleError, id="502 of a proxy"),
        pytest.param(answers(200, "text/html", PAGE), CaptivePortalError, id="HTML with 200"),
        pytest.param(
            answers(302, "text/html", b"", Location="http://login.example/"),
            CaptivePortalError,
            id="redirect to a log-in page",
        ),
        pytest.param(answers(511, "text/html", PAGE), CaptivePortalError, id="511"),
        pytest.param(answers(403, "text/html", PAGE), ProxyRefusedError, id="403 of a proxy"),
        pytest.param(answers(407, "text/html", PAGE), ProxyRefusedError, id="407 of a proxy"),
        pytest.param(answers(413, "text/html", PAGE), TooLargeError, id="413 of a proxy"),
        pytest.param(answers(404, "text/html", PAGE), NotOurServerError, id="404 of a stranger"),
        pytest.param(answers(200, JSON, HELLO), NotOurServerError, id="JSON of a stranger"),
        pytest.param(
            answers(200, JSON, HELLO, Fieldapp_Server="server-2"),
            NotOurServerError,
            id="another server",
        ),
        pytest.param(
            answers(200, "text/html", PAGE, Fieldapp_Server="server-1"),
            NotOurServerError,
            id="HTML under our name",
        ),
        pytest.param(
            answers(200, JSON, b"{}", Fieldapp_Server="server-1"), ProtocolError_, id="no page"
        ),
        pytest.param(
            answers(200, JSON, b"\x28\xb5", Fieldapp_Server="server-1", Content_Encoding="zstd"),
            ProtocolError_,
            id="damaged compression",
        ),
        pytest.param(ours(401, "login_expired"), LoginExpiredError, id="log-in expired"),
        pytest.param(ours(401, "wrong_password"), WrongPasswordError, id="wrong password"),
        pytest.param(ours(403, "revoked"), RevokedError, id="revoked"),
        pytest.param(ours(403, "enrol_code"), EnrolCodeError, id="enrolment code"),
        pytest.param(ours(413, "too_large"), TooLargeError, id="413 of ours"),
        pytest.param(ours(426, "upgrade_needed"), UpgradeNeededError, id="too old"),
        pytest.param(ours(503, "server_trouble"), ServerTroubleError, id="503 of ours"),
        pytest.param(ours(418, "from_the_future"), ProtocolError_, id="an unknown refusal"),
        pytest.param(half_an_answer, LineBrokenError, id="half an answer"),
        pytest.param(hangs_up, LineBrokenError, id="hangs up"),
        pytest.param(speaks_gibberish, LineBrokenError, id="gibberish"),
        pytest.param(says_nothing, TimeoutError_, id="nothing at all"),
    ],
)
def test_every_odd_answer_has_its_own_name(behaviour: Behaviour, error: type[SyncError]) -> None:
    with OddServer(behaviour) as server, pytest.raises(SyncError) as raised:
        pull(server.url)
    assert type(raised.value) is error


def test_a_port_that_nobody_listens_on_is_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RefusedError):
        pull(f"http://127.0.0.1:{port}")


def test_a_name_without_an_address_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(NameLookupError):
        pull("https://server.invalid")


def test_a_line_without_tls_where_tls_belongs_is_told_as_intercepted() -> None:
    page = answers(200, "text/html", PAGE)
    with (
        OddServer(page, listens_first=False) as server,
        pytest.raises(InterceptedError),
    ):
        pull(server.url.replace("http://", "https://"))


def test_a_line_that_is_switched_off_sends_nothing() -> None:
    with OddServer(answers(200, JSON, HELLO)) as server:
        with pytest.raises(OfflineError):
            pull(server.url, line=Line(on=False))
        assert server.requests == []


def test_a_line_that_goes_off_in_mid_air_takes_the_answer_with_it() -> None:
    line = Line()
    answer = answers(200, JSON, HELLO, Fieldapp_Server="server-1")

    def behave(connection: socket.socket) -> None:
        line.on = False
        answer(connection)

    with (
        OddServer(behave) as server,
        HttpSyncService(server.url, lambda: None, line) as service,
        pytest.raises(OfflineError),
    ):
        service.hello()


def test_without_a_token_the_server_is_not_even_asked() -> None:
    with OddServer(answers(200, JSON, HELLO)) as server:
        with pytest.raises(LoginExpiredError):
            pull(server.url, token=None)
        assert server.requests == []


def test_an_answer_that_unpacks_to_a_huge_one_is_stopped() -> None:
    bomb = zstandard.ZstdCompressor().compress(b" " * (64 * 1024 * 1024))
    behaviour = answers(200, JSON, bomb, Fieldapp_Server="server-1", Content_Encoding="zstd")
    with OddServer(behaviour) as server, pytest.raises(TooLargeError):
        pull(server.url)


def test_our_own_server_is_recognised_and_given_no_token_for_a_probe() -> None:
    behaviour = answers(200, JSON, HELLO, Fieldapp_Server="server-1")
    with (
        OddServer(behaviour) as server,
        HttpSyncService(server.url, lambda: "token", Line(), server_id="server-1") as service,
    ):
        assert service.hello().server_id == "server-1"
        (request,) = server.requests
    assert b"Fieldapp-Protocol: 1" in request
    assert b"Authorization" not in request


@pytest.mark.parametrize("url", ["ftp://server", "server", "http://"])
def test_an_address_that_is_none_is_told_as_such(url: str) -> None:
    with pytest.raises(ProtocolError_):
        pull(url)


def test_an_error_never_carries_what_was_sent_or_read() -> None:
    secret: Callable[[], str | None] = lambda: "very-secret-token"  # noqa: E731
    body = b'{"records": [{"kind": "note", "body": "Ola Nordmann"}]}'
    behaviour = answers(200, JSON, body, Fieldapp_Server="server-1")
    with (
        OddServer(behaviour) as server,
        HttpSyncService(server.url, secret, Line()) as service,
        pytest.raises(ProtocolError_) as raised,
    ):
        service.pull(PullRequest(cursor=None, limit=1))
    assert "Nordmann" not in str(raised.value)
    assert "very-secret-token" not in str(raised.value)


@pytest.mark.parametrize("address", ["http://server.example", "http://192.0.2.7:8440"])
def test_a_line_without_tls_is_refused_unless_the_server_is_on_this_machine(address: str) -> None:
    with pytest.raises(InsecureAddressError):
        HttpSyncService(address, lambda: None, Line())
    for local in ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        HttpSyncService(local, lambda: None, Line()).close()
