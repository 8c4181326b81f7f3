"""What the line and what stands in between can do to a call: each has its own name."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import FixedClock, from_iso
from sync.client import http
from sync.client.device_login import DeviceLogin
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.codec import PACKED, AnswerWriter, encode_packed
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
    ServerFullError,
    ServerTroubleError,
    SyncError,
    TimeoutError_,
    TooLargeError,
    UpgradeNeededError,
    WrongPasswordError,
)
from sync.protocol.messages import (
    ExchangeRequest,
    HoldingsRequest,
    LaptopReport,
    LogHead,
    Page,
    PulledRecord,
    PullPart,
    Receipt,
)
from sync.protocol.packing import Tables
from sync.protocol.service import Exchange
from tests.helpers.odd_server import (
    Behaviour,
    OddServer,
    answers,
    half_an_answer,
    hangs_up,
    says_nothing,
    speaks_gibberish,
    streams,
)

PAGE = b"<html><body>Velkommen til gjestenettet</body></html>"
JSON = "application/json"
HELLO = json.dumps(
    {"server_id": "server-1", "protocol": 1, "server_time": "2026-11-22T08:15:00.000Z"}
).encode()

NOW = from_iso("2026-11-22T08:15:00.000Z")
REPORT = LaptopReport(
    now=NOW, app_version="0.1.0", waiting=0, parked=0, conflicts=0, drafts_unsent=0
)
ASKED = ExchangeRequest(report=REPORT, pull=PullPart(cursor=None, page_records=10))
RECEIPT = Receipt(server_time=NOW, log_head=LogHead(sequence=0, hash=""), epoch=0)


def page(number: int, *, complete: bool = False) -> Page:
    record = PulledRecord(kind="note", id=f"n{number}", patient_id="p1", version=number, body={})
    return Page(records=[record], cursor=f"0.{number}", complete=complete)


def answer_of(*pages: Page) -> list[bytes]:
    """The pieces of a true answer to `ASKED`."""
    tables = Tables()
    encode_packed(ASKED, tables)  # leaves the tables that the answer begins with
    writer = AnswerWriter(tables)
    return [writer.receipt(RECEIPT), *map(writer.page, pages)]


def service_at(url: str, line: Line | None = None) -> HttpSyncService:
    """A service that waits as long as a busy test machine may need."""
    return HttpSyncService(url, lambda: "token", line or Line(), server_id="server-1")


def pull(url: str, *, token: str | None = "token", line: Line | None = None) -> None:
    """Ask for what is new, with little patience."""
    with HttpSyncService(
        url, lambda: token, line or Line(), server_id="server-1", silence_seconds=0.3
    ) as service:
        list(service.exchange(ASKED).pages)


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
            answers(200, JSON, b"{}", Fieldapp_Server="server-1"), NotOurServerError, id="JSON"
        ),
        pytest.param(
            answers(200, PACKED, b"{}{}{}{}{}{}", Fieldapp_Server="server-1"),
            ProtocolError_,
            id="damaged compression",
        ),
        pytest.param(
            answers(200, PACKED, zstandard.compress(b"\0\0\0\x04none"), Fieldapp_Server="server-1"),
            ProtocolError_,
            id="no receipt",
        ),
        pytest.param(
            answers(200, PACKED, b"", Fieldapp_Server="server-1"), LineBrokenError, id="no bytes"
        ),
        pytest.param(streams(*answer_of()), LineBrokenError, id="a receipt and no page"),
        pytest.param(streams(*answer_of(page(1))), LineBrokenError, id="no last page"),
        pytest.param(
            streams(*answer_of(page(1)), then=hangs_up), LineBrokenError, id="cut between pages"
        ),
        pytest.param(
            streams(*answer_of(page(1)), answer_of(page(1), page(2))[2][:-3], then=hangs_up),
            LineBrokenError,
            id="cut in a page",
        ),
        pytest.param(
            streams(*answer_of(page(1)), then=says_nothing),
            TimeoutError_,
            id="silence after a page",
        ),
        pytest.param(ours(507, "server_full"), ServerFullError, id="507 of ours"),
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
    bomb = zstandard.ZstdCompressor().compress(b"\xff" * (64 * 1024 * 1024))
    behaviour = answers(200, PACKED, bomb, Fieldapp_Server="server-1")
    with OddServer(behaviour) as server, pytest.raises(TooLargeError):
        pull(server.url)
    with OddServer(behaviour) as server, pytest.raises(TooLargeError), service_at(server.url) as it:
        it.digests()


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


def test_a_server_that_knows_no_token_at_all_is_not_asked_without_end() -> None:
    device = DeviceLogin(Ed25519PrivateKey.generate(), FixedClock(NOW), token="token")
    with (
        OddServer(ours(401, "token_expired")) as server,
        HttpSyncService(server.url, device, Line(), server_id="server-1") as service,
        pytest.raises(LoginExpiredError),
    ):
        service.digests()
    assert len(server.requests) == 2  # the question, and the one for a new token


@pytest.mark.parametrize("url", ["ftp://server", "server", "http://"])
def test_an_address_that_is_none_is_told_as_such(url: str) -> None:
    with pytest.raises(ProtocolError_):
        pull(url)


def test_an_error_never_carries_what_was_sent_or_read() -> None:
    secret: Callable[[], str | None] = lambda: "very-secret-token"  # noqa: E731
    broken = Receipt.model_construct(
        server_time="Ola Nordmann", log_head=LogHead(sequence=0, hash=""), epoch=0
    )
    body = AnswerWriter(Tables()).receipt(broken)
    behaviour = answers(200, PACKED, body, Fieldapp_Server="server-1")
    with (
        OddServer(behaviour) as server,
        HttpSyncService(server.url, secret, Line()) as service,
        pytest.raises(ProtocolError_) as raised,
    ):
        service.exchange(ASKED)
    assert "server_time" in str(raised.value)
    assert "Nordmann" not in str(raised.value)
    assert "very-secret-token" not in str(raised.value)


@pytest.mark.parametrize("address", ["http://server.example", "http://192.0.2.7:8440"])
def test_a_line_without_tls_is_refused_unless_the_server_is_on_this_machine(address: str) -> None:
    with pytest.raises(InsecureAddressError):
        HttpSyncService(address, lambda: None, Line())
    for local in ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        HttpSyncService(local, lambda: None, Line()).close()


# --- an answer that comes in parts


def exchange(service: HttpSyncService) -> Exchange:
    found = service.exchange(ASKED)
    assert found.receipt == RECEIPT
    return found


def test_what_came_before_the_line_broke_stays_good() -> None:
    pieces = answer_of(page(1), page(2), page(3))
    with (
        OddServer(streams(*pieces[:-1], pieces[-1][:-3], then=hangs_up)) as server,
        service_at(server.url) as service,
    ):
        pages = exchange(service).pages
        assert [next(pages), next(pages)] == [page(1), page(2)]
        with pytest.raises(LineBrokenError):
            next(pages)
        assert list(pages) == []


def test_pages_may_come_in_pieces_of_any_size() -> None:
    whole = b"".join(answer_of(page(1), page(2), page(3, complete=True)))
    for size in (1, 2, 7, 1000):
        pieces = [whole[place : place + size] for place in range(0, len(whole), size)]
        with OddServer(streams(*pieces)) as server, service_at(server.url) as service:
            assert list(exchange(service).pages) == [page(1), page(2), page(3, complete=True)]


def test_an_exchange_that_asks_for_no_pages_ends_with_its_receipt() -> None:
    tables = Tables()
    asked = ExchangeRequest(report=REPORT)
    encode_packed(asked, tables)
    receipt = AnswerWriter(tables).receipt(RECEIPT)
    with OddServer(streams(receipt)) as server, service_at(server.url) as service:
        found = service.exchange(asked)
        assert (found.receipt, list(found.pages)) == (RECEIPT, [])


def test_coverage_that_goes_away_between_two_pages_ends_the_exchange() -> None:
    line = Line()
    with (
        OddServer(streams(*answer_of(page(1), page(2, complete=True)))) as server,
        service_at(server.url, line) as service,
    ):
        pages = exchange(service).pages
        assert next(pages) == page(1)
        line.on = False
        with pytest.raises(OfflineError):
            next(pages)
        line.on = True
        assert list(pages) == []


def test_a_long_transfer_may_take_long_and_a_dripping_one_may_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock of the line jumps by 50 s whenever it is asked; a page may take 180 s."""
    now = 0.0

    def later() -> float:
        nonlocal now
        now += 50.0
        return now

    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=later))
    pages = [*map(page, range(1, 20)), page(20, complete=True)]
    receipt, *rest = answer_of(*pages)
    asked = threading.Semaphore(0)

    def when_asked(connection: socket.socket) -> None:
        streams(receipt, then=_nothing)(connection)
        for piece in rest:
            assert asked.acquire(timeout=5)
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    with OddServer(when_asked) as server, service_at(server.url) as service:
        coming = exchange(service).pages
        for expected in pages:
            asked.release()
            assert next(coming) == expected
    assert now > 10 * http.MESSAGE_SECONDS
    drips = [bytes([byte]) for byte in b"".join(answer_of(page(1, complete=True)))]
    with (
        OddServer(streams(*drips)) as server,
        service_at(server.url) as service,
        pytest.raises(TimeoutError_),
    ):
        list(service.exchange(ASKED).pages)


def test_an_exchange_that_is_given_up_lets_go_of_the_line() -> None:
    heard = threading.Event()

    def waits_for_the_end(connection: socket.socket) -> None:
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        heard.set()

    with (
        OddServer(streams(*answer_of(page(1)), then=waits_for_the_end)) as server,
        service_at(server.url) as service,
    ):
        pages = exchange(service).pages
        next(pages)
        pages.close()  # type: ignore[attr-defined]
        assert heard.wait(5)
        assert list(pages) == []


def test_a_request_head_is_short() -> None:
    with OddServer(streams(*answer_of(page(1, complete=True)))) as server:
        with HttpSyncService(server.url, lambda: "t" * 43, Line()) as service:
            list(service.exchange(ASKED).pages)
        (request,) = server.requests
    head = request.partition(b"\r\n\r\n")[0]
    assert len(head) + 4 < 200
    assert b"User-Agent" not in head


def test_holdings_and_digests_need_a_log_in_too() -> None:
    with HttpSyncService("http://127.0.0.1:1", lambda: None, Line()) as service:
        with pytest.raises(LoginExpiredError):
            service.digests()
        with pytest.raises(LoginExpiredError):
            service.holdings(HoldingsRequest(patient_ids=[None]))


def _nothing(connection: socket.socket) -> None:
    """Leave the answer open."""
    del connection
