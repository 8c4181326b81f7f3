"""The server over HTTP: a real uvicorn on a real socket."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import httpx2
import pytest
import zstandard

from sync.protocol.codec import decode, encode
from sync.protocol.messages import (
    ErrorAnswer,
    HelloAnswer,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
)
from sync.protocol.version import PROTOCOL_HEADER, SERVER_HEADER
from sync.server.settings import InsecureListenError, Settings, check_listen
from sync.server.storage.storage import Storage
from tests.sync.server.running import Running
from tests.sync.server.team import change, note, patient

SETTINGS = Settings(max_wire_bytes=20_000, max_plain_bytes=60_000)


def _boom() -> None:
    raise RuntimeError("MERKESTEIN")


@pytest.fixture
def running(embedded: Storage) -> Iterator[Running]:
    server = Running(embedded, SETTINGS)
    server.app.add_api_route("/boom", _boom)
    yield server
    server.stop()


def code_of(answer: httpx2.Response) -> str:
    return ErrorAnswer.model_validate_json(answer.content).code


def test_a_laptop_enrols_pushes_and_pulls(running: Running) -> None:
    authorised = {"Authorization": f"Bearer {running.token()}"}
    pushed, _ = encode(PushRequest(records=[change(patient()), change(note())]), compress=False)
    answer = running.client.post("/v1/push", content=pushed, headers=authorised)
    results = decode(PushAnswer, answer.content, None).results
    assert [result.outcome for result in results] == ["accepted", "accepted"]
    asked, _ = encode(PullRequest(cursor=None, limit=100), compress=False)
    answer = running.client.post("/v1/pull", content=asked, headers=authorised)
    page = decode(PullAnswer, answer.content, None)
    assert {record.kind for record in page.records} == {
        *("practitioner", "patient", "note", "assignment")
    }
    assert page.complete


def test_hello_needs_no_login(running: Running) -> None:
    answer = running.client.get("/v1/hello")
    assert decode(HelloAnswer, answer.content, None).server_id == "server-1"


def test_health_is_asked_without_a_protocol(running: Running) -> None:
    answer = httpx2.get(f"{running.client.base_url}/healthz", trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/hello", 200, None),
        ("POST", "/v1/pull", 401, "login_expired"),
        ("POST", "/v1/push", 401, "login_expired"),
        ("POST", "/v1/confirm", 401, "login_expired"),
        ("POST", "/v1/enrol", 426, "upgrade_needed"),
        ("GET", "/v1/pull", 405, "protocol"),
        ("GET", "/nothing", 404, "protocol"),
        ("GET", "/boom", 500, "server_trouble"),
        ("GET", "/docs", 404, "protocol"),
        ("GET", "/openapi.json", 404, "protocol"),
    ],
)
def test_every_answer_is_json_and_names_the_server(
    running: Running, method: str, path: str, status: int, code: str | None
) -> None:
    answer = running.client.request(method, path, content=b"{}" if method == "POST" else None)
    assert answer.status_code == status
    assert answer.headers[SERVER_HEADER] == "server-1"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]
    if code is not None:
        assert code_of(answer) == code


def test_another_protocol_is_told_to_upgrade(running: Running) -> None:
    for headers in ({PROTOCOL_HEADER: "2"}, {PROTOCOL_HEADER: ""}):
        answer = running.client.get("/v1/hello", headers=headers)
        assert (answer.status_code, code_of(answer)) == (426, "upgrade_needed")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic abc"])
def test_a_token_that_is_none_is_refused(running: Running, header: str) -> None:
    answer = running.client.post("/v1/pull", content=b"{}", headers={"Authorization": header})
    assert (answer.status_code, code_of(answer)) == (401, "login_expired")


def test_requests_and_answers_may_be_compressed(running: Running) -> None:
    token = running.token()
    records = [change(patient()), *(change(note(f"n{number}")) for number in range(20))]
    content, encoding = encode(PushRequest(records=records))
    assert encoding == "zstd"
    answer = running.client.post(
        "/v1/push",
        content=content,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Encoding": "zstd",
            "Accept-Encoding": "gzip, zstd;q=0.9",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "zstd"
    assert len(decode(PushAnswer, answer.content, "zstd").results) == 21


@pytest.mark.parametrize(
    ("content", "encoding", "status", "code"),
    [
        (b"x" * 20_001, None, 413, "too_large"),
        (zstandard.compress(b" " * 60_001), "zstd", 413, "too_large"),
        (zstandard.compress(b" " * 50_000_000), "zstd", 413, "too_large"),
        (b"not zstd", "zstd", 400, "protocol"),
        (b"{}", "br", 400, "protocol"),
        (b"\xff\xfe", None, 400, "protocol"),
        (b"[]", None, 400, "protocol"),
        (b'{"cursor": 1, "limit": 5}', None, 400, "protocol"),
        (b'{"cursor": null, "limit": "5"}', None, 400, "protocol"),
        (b'{"cursor": null, "limit": 0}', None, 400, "protocol"),
        (b'{"cursor": null, "limit": 100000}', None, 400, "protocol"),
    ],
)
def test_a_body_that_is_too_large_or_no_message_is_refused(
    running: Running, content: bytes, encoding: str | None, status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {running.token()}"}
    if encoding:
        headers["Content-Encoding"] = encoding
    answer = running.client.post("/v1/pull", content=content, headers=headers)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.headers[SERVER_HEADER] == "server-1"


def test_a_refused_message_never_repeats_its_contents(running: Running) -> None:
    headers = {"Authorization": f"Bearer {running.token()}"}
    content = json.dumps({"records": [{"id": "MERKESTEIN", "body": "MERKESTEIN"}]}).encode()
    answer = running.client.post("/v1/push", content=content, headers=headers)
    assert answer.status_code == 400
    assert b"MERKESTEIN" not in answer.content


def test_the_log_holds_no_contents(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        running.client.get("/v1/hello")
        running.client.get("/v1/MERKESTEIN?x=MERKESTEIN")
        # Last, for a fault is logged before its answer leaves, and a request's own line after it.
        running.client.get("/boom")
    ours = "\n".join(
        record.getMessage()
        for record in caplog.records
        # pytest listens to the test's client too, and to uvicorn's access log, which is off.
        if record.name in ("fieldapp.server", "uvicorn.error")
    )
    assert "GET /v1/hello 200" in ours
    assert "unexpected RuntimeError" in ours
    assert "MERKESTEIN" not in ours


def test_without_tls_the_server_listens_on_this_machine_alone() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        check_listen(host, behind_tls_proxy=False)
    for host in ("0.0.0.0", "", "::", "192.168.1.4"):
        with pytest.raises(InsecureListenError):
            check_listen(host, behind_tls_proxy=False)
        check_listen(host, behind_tls_proxy=True)
