"""What monitoring sees: can the server work, and counts without anybody's name."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from fieldapp.ids import new_id
from sync.protocol.codec import encode_packed
from sync.protocol.messages import ExchangeRequest, LaptopReport, PullPart, PushRequest
from sync.protocol.packing import Tables
from sync.protocol.version import PROTOCOL_HEADER
from sync.server import auth, metrics
from sync.server.app import create_app
from sync.server.settings import Settings
from sync.server.storage.storage import Storage
from tests.sync.server.team import CHEAP, Team, change, note, patient, shown

TOKEN = "et langt hemmelig tall 12345"


def client_of(
    storage: Storage, team: Team, host: str = "127.0.0.1", *, token: bool = False
) -> TestClient:
    settings = Settings(monitor_token_hash=auth.token_hash(TOKEN)) if token else Settings()
    app = create_app(storage, team.clock, lambda: "id", hasher=CHEAP, settings=settings)
    return TestClient(app, client=(host, 50_000))


def counts(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_answers_are_hurried_only_while_several_exchanges_are_worked_on() -> None:
    counted = metrics.Metrics()
    with ExitStack() as at_work:
        for _ in range(3):
            at_work.enter_context(counted.at_work())
        assert not counted.hurried()
        at_work.enter_context(counted.at_work())
        assert counted.hurried()
    assert not counted.hurried()


def test_requests_are_counted_by_route_and_status_and_never_by_what_was_typed(
    storage: Storage,
) -> None:
    client = client_of(storage, Team(storage))
    for _ in range(3):
        client.get("/v1/hello", headers={PROTOCOL_HEADER: "1"})
    client.get("/v1/hello")
    client.get("/Kari-Nordmann")
    told = client.get("/metrics").text
    found = counts(told)
    assert found['fieldapp_requests_total{route="/v1/hello",status="200"}'] == 3
    assert found['fieldapp_requests_total{route="/v1/hello",status="426"}'] == 1
    assert found["fieldapp_request_seconds_count"] == 5
    assert found['fieldapp_request_seconds_bucket{le="+Inf"}'] == 5
    assert "Nordmann" not in told


def test_what_is_stored_is_counted_without_ids(storage: Storage) -> None:
    team = Team(storage)
    laptop = team.laptop("kari")
    client = client_of(storage, team)
    told = client.get("/metrics").text
    assert counts(told)["fieldapp_records"] == 1  # Kari herself
    assert counts(told)["fieldapp_laptops"] == 1
    assert counts(told)["fieldapp_laptops_silent"] == 0
    assert laptop.enrolled.device_id not in told
    team.clock.advance(timedelta(hours=25))
    assert counts(client.get("/metrics").text)["fieldapp_laptops_silent"] == 1
    report = LaptopReport(
        now=team.clock.now(), app_version="1", waiting=0, parked=0, conflicts=0, drafts_unsent=0
    )
    laptop.service.exchange(ExchangeRequest(report=report))
    assert counts(client.get("/metrics").text)["fieldapp_laptops_silent"] == 1
    pull = PullPart(cursor=None, page_records=100)
    list(laptop.service.exchange(ExchangeRequest(report=report, pull=pull)).pages)
    assert counts(client.get("/metrics").text)["fieldapp_laptops_silent"] == 0


@pytest.mark.parametrize(
    ("host", "headers", "with_token", "status"),
    [
        ("127.0.0.1", {}, False, 200),
        ("::1", {}, False, 200),
        ("192.0.2.7", {}, False, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, False, 404),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, True, 200),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}, True, 404),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, False, 404),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, True, 404),
    ],
)
def test_only_this_machine_or_the_token_reads_the_counts(
    embedded: Storage, host: str, headers: dict[str, str], with_token: bool, status: int
) -> None:
    client = client_of(embedded, Team(embedded), host, token=with_token)
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert (b"fieldapp_records" in answer.content) is (status == 200)


def test_a_server_with_a_current_schema_and_room_is_ready(storage: Storage) -> None:
    answer = client_of(storage, Team(storage)).get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": []})


def test_a_newer_schema_under_a_running_server_makes_it_unready(storage: Storage) -> None:
    client = client_of(storage, Team(storage))
    with storage.write() as transaction:
        transaction._db.run("INSERT INTO schema_migration VALUES (9999)")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["schema"])


def test_a_server_without_room_is_not_ready(
    embedded: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(embedded, Team(embedded))
    monkeypatch.setattr(metrics, "MIN_FREE_BYTES", 1 << 62)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["disk"])


def test_a_database_that_is_gone_makes_it_unready_and_unhealthy(storage: Storage) -> None:
    app = client_of(storage, Team(storage))
    with storage.write() as transaction:
        transaction._db.run("ALTER TABLE schema_migration RENAME TO gone")
    answer = app.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["database"])


def test_changes_are_counted_by_their_outcome(storage: Storage) -> None:
    team = Team(storage)
    laptop = team.laptop("kari")
    client = client_of(storage, team)
    token = laptop.enrolled.token
    records = [change(patient()), change(note("n1", "somebody else's")), change(note())]
    body = PushRequest(records=records).model_dump_json()
    for _ in range(2):
        headers = shown(team, token, "POST", "/v1/push")
        assert client.post("/v1/push", content=body, headers=headers).status_code == 200
    found = counts(client.get("/metrics").text)
    assert found['fieldapp_changes_total{outcome="accepted"}'] == 2
    assert found['fieldapp_changes_total{outcome="repeated"}'] == 2
    assert found['fieldapp_changes_total{outcome="refused"}'] == 2


def test_an_exchange_counts_its_changes_too(embedded: Storage) -> None:
    team = Team(embedded)
    laptop = team.laptop("kari")
    app = create_app(embedded, team.clock, new_id, hasher=CHEAP)
    report = LaptopReport(
        now=team.clock.now(), app_version="1", waiting=1, parked=0, conflicts=0, drafts_unsent=0
    )
    request = ExchangeRequest(report=report, records=[change(patient())])
    client = TestClient(app, client=("127.0.0.1", 50_000))
    headers = shown(team, laptop.enrolled.token, "POST", "/v2/exchange")
    content = encode_packed(request, Tables())
    answer = client.post("/v2/exchange", content=content, headers=headers)
    assert answer.status_code == 200
    assert counts(client.get("/metrics").text)['fieldapp_changes_total{outcome="accepted"}'] == 1
