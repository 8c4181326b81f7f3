"""What the server gives away, beside its answers: headers, log lines, secrets, files."""

from __future__ import annotations

import json
import logging
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from sync.protocol.errors import TooManyTriesError
from sync.protocol.messages import ConfirmRequest, PushRequest
from sync.protocol.proofs import PROOF_HEADER
from sync.protocol.version import SERVER_HEADER
from sync.server.__main__ import main
from sync.server.app import create_app
from sync.server.json_log import JsonFormatter
from sync.server.seed import DEMO_USERNAME
from sync.server.settings import Settings
from sync.server.storage import sqlite
from sync.server.storage.base import CannotOpenError
from sync.server.storage.storage import Storage
from tests.sync.server.running import Running
from tests.sync.server.team import change, enrol_request, note, patient

ROOT = Path(__file__).resolve().parents[3]
MARK = "MERKESTEIN"
SMALL = Settings(max_wire_bytes=20_000, max_plain_bytes=60_000)


@pytest.fixture
def running(embedded: Storage) -> Iterator[Running]:
    server = Running(embedded, SMALL)
    yield server
    server.stop()


# --- headers


def test_every_answer_has_the_security_headers_a_refusal_and_a_fault_too(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(MARK)

    token = running.token()
    headers = {"Authorization": f"Bearer {token}"}
    answers = [
        running.client.get("/v1/hello"),
        running.client.get("/nowhere"),
        running.client.put("/v1/login"),
        running.client.post("/v1/login", content=b"{"),
        running.client.post("/v2/office/overview", content=b"{}"),
        running.client.post("/v2/exchange", content=b""),
        running.client.post("/v2/exchange", content=b"x" * 30_000, headers=headers),
        running.client.get("/v2/digests", headers=headers),
        running.client.get("/v2/ca"),
        running.client.get("/healthz"),
    ]
    monkeypatch.setattr("sync.server.service.ServerSyncService.hello", broken)
    answers.append(running.client.get("/v1/hello"))
    statuses = {answer.status_code for answer in answers}
    assert statuses >= {200, 400, 401, 404, 405, 413, 500}
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store", answer.url
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.url
        assert answer.headers[SERVER_HEADER] == "server-1"
        assert "server" not in answer.headers
        assert MARK not in answer.text
    for answer in answers:
        if not answer.url.path.startswith("/v2/") or answer.url.path.startswith("/v2/office"):
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_refusal_says_what_should_be_shown(running: Running) -> None:
    refused = running.client.get("/v2/digests")
    assert refused.headers["WWW-Authenticate"].startswith("DPoP")


# --- the log


def test_nothing_that_anybody_sends_stands_in_the_log(
    running: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(JsonFormatter())
    token = running.token(MARK)
    records = [change(patient(phone=MARK)), change(note(text=MARK))]
    running.client.post(
        "/v1/push",
        content=PushRequest(records=records).model_dump_json(),
        headers={"Authorization": f"Bearer {token}"},
    )
    proof = running.proof("POST", "/v1/enrol")
    content = enrol_request(MARK, MARK, password=MARK).model_dump_json()
    running.client.post("/v1/enrol", content=content, headers={PROOF_HEADER: proof})
    running.client.post("/v1/login", json={"username": MARK, "password": MARK})
    running.client.request(MARK, f"/v1/{MARK}?{MARK}={MARK}", headers={MARK: MARK})

    def broken(*_: object) -> None:
        raise RuntimeError(MARK)

    monkeypatch.setattr("sync.server.service.ServerSyncService.confirm", broken)
    running.client.post(
        "/v1/confirm",
        content=ConfirmRequest(records=[]).model_dump_json(),
        headers={"Authorization": f"Bearer {token}"},
    )
    ours = [
        record for record in caplog.records if record.name.startswith(("fieldapp", "uvicorn.error"))
    ]
    lines = [JsonFormatter().format(record) for record in ours]
    assert len(lines) >= 6
    for line in lines:
        for secret in (MARK, token, proof):
            assert secret not in line
        assert {"at", "level", "from"} <= json.loads(line).keys()
    requests = [found for found in map(json.loads, lines) if found.get("event") == "request"]
    assert {"/v1/push", "/v1/login", "(unknown)"} <= {found["route"] for found in requests}
    assert {found["method"] for found in requests} == {"POST", "other"}


def test_a_fault_is_written_as_its_place_and_never_with_its_words() -> None:
    try:
        raise ValueError(MARK)
    except ValueError as error:
        record = logging.LogRecord(
            "fieldapp.server", logging.ERROR, __file__, 1, "went wrong", (), None
        )
        record.exc_info = (type(error), error, error.__traceback__)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert MARK not in line
    assert "ValueError" in json.loads(line)["fault"]


# --- secrets


def test_two_servers_have_no_secret_in_common_and_none_is_made_of_a_word(tmp_path: Path) -> None:
    found: list[set[str]] = []
    for name in ("one", "two"):
        storage = Storage(sqlite.create(tmp_path / name))
        storage.initialise(name)
        running = Running(storage)
        token = running.token()
        with storage.read() as transaction:
            meta = {
                str(value)
                for key, value in transaction._db.rows("SELECT key, value FROM meta")
                if "private" in key
            }
        running.stop()
        storage.close()
        found.append({token, (tmp_path / name / "server.key").read_text().strip(), *meta})
    assert len(found[0]) >= 4
    assert found[0].isdisjoint(found[1])
    for secret in found[0] | found[1]:
        assert len(secret) >= 32


def test_the_first_administrators_password_is_typed_or_random_and_never_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for name in ("one", "two"):
        assert main(["--init", "--data", str(tmp_path / name)]) == 0
        said.append(capsys.readouterr().out)
    words = [set(re.findall(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", text)) for text in said]
    assert words[0]
    assert words[0].isdisjoint(words[1])


def test_a_server_that_was_set_up_knows_nobody_of_the_demo(tmp_path: Path) -> None:
    assert main(["--init", "--data", str(tmp_path / "data")]) == 0
    storage = Storage(sqlite.open_existing(tmp_path / "data"))
    with storage.read() as transaction:
        names = [user.username for user in transaction.accounts.users()]
        ((tokens,),) = transaction._db.rows("SELECT count(*) FROM token")
        ((codes,),) = transaction._db.rows("SELECT count(*) FROM enrol_code")
    storage.close()
    assert names == ["admin"]
    assert DEMO_USERNAME not in names
    assert (tokens, codes) == (0, 0)


def test_no_secret_is_written_in_the_program(embedded: Storage) -> None:
    """A password, a token or a key in quotes would be everybody's."""
    suspicious = re.compile(
        r"(?i)\b(password|passwd|secret|token|api_?key|private_?key)\w*\s*[:=]\s*[\"'][^\"'{}]{6,}[\"']"
    )
    named = {
        'MONITOR_TOKEN_FILE = "--monitor-token-file"',
    }
    for folder in ("sync", "fieldapp", "ui"):
        for path in (ROOT / folder).rglob("*.py"):
            for line in path.read_text(encoding="utf-8").splitlines():
                found = suspicious.search(line)
                if found is None or line.strip() in named:
                    continue
                value = re.split(r"[:=]", found.group(), maxsplit=1)[1].strip().strip("\"'")
                # Names of keys in a table, error codes and sentences are no secrets.
                is_a_name = re.fullmatch(r"[a-z_./]+", value) is not None
                assert is_a_name or " " in value, (path.name, line.strip())
    assert embedded.server_id


# --- the key of the database


def test_the_key_lies_in_a_file_of_its_owners_or_in_the_environment_alone(tmp_path: Path) -> None:
    sqlite.create(tmp_path / "file").close()
    key_file = tmp_path / "file" / "server.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o700
    key = "5a" * 32
    sqlite.create(tmp_path / "environment", key).close()
    assert not (tmp_path / "environment" / "server.key").exists()
    for path in (tmp_path / "environment").iterdir():
        assert key.encode() not in path.read_bytes()
        assert bytes.fromhex(key) not in path.read_bytes()
    sqlite.open_existing(tmp_path / "environment", key).close()
    with pytest.raises(CannotOpenError):
        sqlite.open_existing(tmp_path / "environment", "a5" * 32)


def test_a_key_that_others_can_read_is_refused_or_mended(tmp_path: Path) -> None:
    sqlite.create(tmp_path / "file").close()
    key_file = tmp_path / "file" / "server.key"
    key_file.chmod(0o644)
    try:
        sqlite.open_existing(tmp_path / "file").close()
    except CannotOpenError as error:
        assert error.args  # noqa: PT017
    else:
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


# --- bodies


@pytest.mark.parametrize("path", ["/v1/push", "/v1/pull", "/v2/claims", "/v2/office/take_over"])
def test_a_small_body_that_unpacks_to_a_huge_one_is_refused_everywhere(
    running: Running, path: str
) -> None:
    bomb = zstandard.compress(b" " * 200_000_000)
    assert len(bomb) < 20_000
    headers = {"Authorization": f"Bearer {running.token()}", "Content-Encoding": "zstd"}
    answer = running.client.post(path, content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_stranger_unpacks_nothing(running: Running) -> None:
    """Without a log-in no body is read; what needs none is bounded."""
    bomb = zstandard.compress(b" " * 200_000_000)
    headers = {"Content-Encoding": "zstd", PROOF_HEADER: running.proof("POST", "/v1/login")}
    for path, status in (("/v1/push", 401), ("/v1/login", 413), ("/v2/deliver", 413)):
        answer = running.client.post(path, content=bomb, headers=headers)
        assert answer.status_code == status, path


def test_the_application_is_built_without_pages_for_people(embedded: Storage) -> None:
    running = Running(embedded)
    try:
        app = create_app(embedded, running.team.clock, lambda: "x")
        assert (app.openapi_url, app.docs_url, app.redoc_url) == (None, None, None)
    finally:
        running.stop()
    assert TooManyTriesError.status == 429
