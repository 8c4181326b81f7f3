"""The exchange over HTTP: the real client and the real server on a real socket."""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Iterator

import httpx2
import pytest
import zstandard

from sync.protocol.claims import ClaimName, ClaimsRequest, DenialReason
from sync.protocol.codec import encode_packed
from sync.protocol.errors import (
    LineBrokenError,
    LoginExpiredError,
    ProtocolError_,
    ServerFullError,
    TooLargeError,
)
from sync.protocol.messages import (
    ErrorAnswer,
    ExchangeRequest,
    HoldingsRequest,
    LaptopReport,
    LogHead,
    Page,
    PullPart,
    PushRecord,
    Receipt,
)
from sync.protocol.packing import Tables
from sync.protocol.service import Exchange
from sync.protocol.version import SERVER_HEADER
from sync.server import service as service_module
from sync.server.settings import Settings
from sync.server.storage.base import DiskFullError
from sync.server.storage.storage import Storage
from tests.sync.server.running import Running
from tests.sync.server.team import NOW, change, note, patient

SETTINGS = Settings(max_wire_bytes=20_000, max_plain_bytes=60_000)
REPORT = LaptopReport(
    now=NOW, app_version="0.1.0", waiting=0, parked=0, conflicts=0, drafts_unsent=0
)
RECEIPT = Receipt(server_time=NOW, log_head=LogHead(sequence=0, hash=""), epoch=0)


@pytest.fixture
def running(embedded: Storage) -> Iterator[Running]:
    server = Running(embedded, SETTINGS)
    yield server
    server.stop()


def asking(*records: PushRecord, page_records: int = 500) -> ExchangeRequest:
    pull = PullPart(cursor=None, page_records=page_records)
    return ExchangeRequest(report=REPORT, records=list(records), pull=pull)


def a_day() -> list[PushRecord]:
    return [change(patient()), *(change(note(f"n{number}")) for number in range(8))]


def test_what_is_sent_is_stored_and_what_is_new_comes_back(running: Running) -> None:
    with running.service(running.token()) as laptop:
        answer = laptop.exchange(asking(*a_day()))
        assert {result.outcome for result in answer.receipt.results} == {"accepted"}
        (page,) = answer.pages
        assert page.complete
        # What was just sent does not come back; what the server made of it does.
        assert {record.kind for record in page.records} == {"assignment", "practitioner"}


def test_many_pages_make_one_answer(running: Running) -> None:
    with running.service(running.token()) as laptop:
        list(laptop.exchange(asking(*a_day())).pages)
        (page,) = laptop.exchange(asking()).pages
        whole = page.records
        assert {record.kind for record in whole} >= {"patient", "note"}
        pages = list(laptop.exchange(asking(page_records=2)).pages)
        assert len(pages) > 3
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        assert [record for page in pages for record in page.records] == whole


def test_digests_and_holdings_come_over_the_line(running: Running) -> None:
    with running.service(running.token()) as laptop:
        list(laptop.exchange(asking(*a_day())).pages)
        digests = {found.patient_id: found for found in laptop.digests().digests}
        holdings = laptop.holdings(HoldingsRequest(patient_ids=["p1", None])).holdings
        of_patient = [held for held in holdings if held.patient_id == "p1"]
        assert digests["p1"].count == len(of_patient)
        assert {held.kind for held in of_patient} >= {"patient", "note"}


def test_one_connection_serves_many_exchanges(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = socket.create_connection

    def counted(*arguments: object, **named: object) -> socket.socket:
        opened.append(arguments)
        return connect(*arguments, **named)  # type: ignore[arg-type]

    token = running.token()
    monkeypatch.setattr(socket, "create_connection", counted)
    with running.service(token) as laptop:
        for _ in range(3):
            list(laptop.exchange(asking(page_records=1)).pages)
            list(laptop.exchange(ExchangeRequest(report=REPORT)).pages)
            laptop.digests()
    assert len(opened) == 1


def test_the_head_of_an_answer_is_short_and_names_the_server(running: Running) -> None:
    content = encode_packed(asking(), Tables())
    shown = running.heads("POST", "/v2/exchange", running.token())
    head = (
        "POST /v2/exchange HTTP/1.1\r\nHost: server\r\n"
        f"{shown}Content-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running.port)) as line:
        line.sendall(head.encode() + content)
        received = b""
        while not received.endswith(b"\r\n0\r\n\r\n"):
            received += line.recv(65536)
    answer_head = received.partition(b"\r\n\r\n")[0].lower()
    # A real server's id is 36 characters long.
    assert len(answer_head) + 4 + 36 - len("server-1") < 220
    lines = answer_head.split(b"\r\n")
    for wanted in (
        b"fieldapp-server: server-1",
        b"cache-control: no-store",
        b"x-content-type-options: nosniff",
    ):
        assert wanted in lines


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"x" * 20_001, 413, "too_large"),
        (zstandard.compress(b" " * 60_001), 413, "too_large"),
        (zstandard.compress(b" " * 50_000_000), 413, "too_large"),
        (b"not zstd", 400, "protocol"),
        (b"", 400, "protocol"),
        (zstandard.compress(b"MERKESTEIN"), 400, "protocol"),
        (encode_packed(HoldingsRequest(patient_ids=[]), Tables()), 400, "protocol"),
    ],
)
def test_an_error_before_the_receipt_has_a_status_and_a_name(
    running: Running, content: bytes, status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {running.token()}"}
    answer = running.client.post("/v2/exchange", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers[SERVER_HEADER] == "server-1"
    assert answer.headers["content-type"] == "application/json"
    assert b"MERKESTEIN" not in answer.content


@pytest.mark.parametrize(("method", "path"), [("POST", "exchange"), ("GET", "digests")])
def test_without_a_log_in_nothing_is_read(running: Running, method: str, path: str) -> None:
    answer = running.client.request(method, f"/v2/{path}", content=b"")
    assert answer.status_code == 401
    assert ErrorAnswer.model_validate_json(answer.content).code == "login_expired"
    with running.service("made up") as laptop, pytest.raises(LoginExpiredError):
        laptop.exchange(asking())


def test_a_request_too_large_for_the_server_is_told_as_such(running: Running) -> None:
    dice = random.Random(1)
    texts = ["".join(dice.choices("abcdefghijklmnop", k=3000)) for _ in range(16)]
    records = [change(note(f"n{number}", text=text)) for number, text in enumerate(texts)]
    with running.service(running.token()) as laptop, pytest.raises(TooLargeError):
        laptop.exchange(asking(*records))


class _Pages(Iterator[Page]):
    """Gives a page, then fails as told or never ends; remembers that it was closed."""

    def __init__(self, error: Exception | None) -> None:
        self.closed = threading.Event()
        self._error = error
        self._given = 0

    def exchange(self, *_: object) -> Exchange:
        """Stands in for the service's own."""
        return Exchange(RECEIPT, self)

    def __next__(self) -> Page:
        self._given += 1
        if self._error is not None and self._given > 1:
            raise self._error
        return Page(cursor=f"0.{self._given}", complete=False)

    def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize(
    "error", [RuntimeError("MERKESTEIN"), ProtocolError_("cursor"), DiskFullError()]
)
def test_an_error_after_the_receipt_is_heard_as_a_broken_line(
    running: Running,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = _Pages(error)
    token = running.token()
    monkeypatch.setattr(service_module.ServerSyncService, "exchange", broken.exchange)
    with caplog.at_level(logging.INFO), running.service(token) as laptop:
        answer = laptop.exchange(asking())
        assert answer.receipt == RECEIPT
        assert next(answer.pages).cursor == "0.1"
        with pytest.raises(LineBrokenError):
            next(answer.pages)
    assert broken.closed.wait(5)
    # The answer itself has no end: whoever stands in between does not take it for whole either.
    with pytest.raises(httpx2.RemoteProtocolError):
        running.client.post(
            "/v2/exchange",
            content=encode_packed(asking(), Tables()),
            headers={"Authorization": f"Bearer {token}"},
        )
    assert "MERKESTEIN" not in caplog.text


def test_a_laptop_that_hangs_up_is_not_written_to_for_ever(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = _Pages(None)
    token = running.token()
    monkeypatch.setattr(service_module.ServerSyncService, "exchange", endless.exchange)
    with running.service(token) as laptop:
        answer = laptop.exchange(asking())
        next(answer.pages)
        answer.pages.close()  # type: ignore[attr-defined]
        assert endless.closed.wait(10)


def test_a_full_disk_of_the_server_is_told_by_name(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFullError

    token = running.token()
    monkeypatch.setattr(service_module.ServerSyncService, "exchange", full)
    with running.service(token) as laptop, pytest.raises(ServerFullError):
        laptop.exchange(asking())


def test_claims_travel_as_json_and_need_a_log_in(running: Running) -> None:
    name = ClaimName(patient_id="p1", group="opioid", unit="2026-11-23")
    request = ClaimsRequest(now=NOW, wanted=[name])
    with running.service(running.token()) as laptop:
        answer = laptop.claims(request)
        assert [(one.name, one.reason) for one in answer.denied] == [
            (name, DenialReason.NOT_ASSIGNED)
        ]
    refused = running.client.post("/v2/claims", content=b"{}")
    assert (refused.status_code, refused.json()["code"]) == (401, "login_expired")


def test_more_claims_than_a_call_may_name_are_refused(running: Running) -> None:
    name = {"patient_id": "p1", "group": "opioid", "unit": "2026-11-23"}
    refused = running.client.post(
        "/v2/claims",
        json={"now": "2026-11-23T08:00:00Z", "wanted": [name] * 2001},
        headers={"Authorization": f"Bearer {running.token()}"},
    )
    assert 400 <= refused.status_code < 500
