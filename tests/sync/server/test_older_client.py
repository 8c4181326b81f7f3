"""A laptop of the first release, which knows `/v1` alone, delivers its day to today's server.

The requests in `tests/data/protocol1` are the bytes that such a laptop put on the line, head and
all; they are never made anew. `who.json` names the laptop, its log-in and what it sent.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fieldapp.clock import to_iso
from fieldapp.domain.patients import Role
from fieldapp.ids import new_id
from sync.protocol.codec import decode
from sync.protocol.messages import (
    ConfirmAnswer,
    HelloAnswer,
    Message,
    Outcome,
    PullAnswer,
    PushAnswer,
)
from sync.server.admin import Admin
from sync.server.auth import token_hash
from sync.server.settings import Settings
from sync.server.storage.storage import Storage
from sync.server.storage.values import DeviceRow, TokenRow
from tests.sync.server.running import Running
from tests.sync.server.team import CHEAP, PASSWORD

RECORDED = Path(__file__).resolve().parents[2] / "data" / "protocol1"
WHO: dict[str, Any] = json.loads((RECORDED / "who.json").read_text(encoding="utf-8"))

A = TypeVar("A", bound=Message)


@pytest.fixture
def running(embedded: Storage) -> Iterator[Running]:
    """Today's server, which has known the laptop since it was upgraded."""
    server = Running(embedded)
    clock = server.team.clock
    ids = chain([WHO["user_id"]], iter(new_id, None))
    admin = Admin(embedded, clock, lambda: next(ids), CHEAP, Settings())
    admin.add_user(WHO["username"], "Kari", Role.CASE_MANAGER, PASSWORD)
    now = to_iso(clock.now())
    device = DeviceRow(WHO["device_id"], WHO["user_id"], "-", "Laptop", "Linux", "0.1.0", now)
    expires = to_iso(clock.now() + timedelta(hours=12))
    with embedded.write() as transaction:
        transaction.accounts.add_device(device)
        token = TokenRow(token_hash(WHO["token"]), WHO["user_id"], WHO["device_id"], expires)
        transaction.accounts.add_token(token, now)
    yield server
    server.stop()


def say(running: Running, name: str, answer_type: type[A]) -> A:
    """Put the recorded bytes on the line and read the answer as that laptop does."""
    with socket.create_connection(("127.0.0.1", running.port)) as line:
        line.sendall((RECORDED / f"{name}.http").read_bytes())
        reading = line.makefile("rb")
        assert reading.readline().split()[1] == b"200"
        headers = {}
        while (text := reading.readline().decode().strip()) != "":
            key, _, value = text.partition(": ")
            headers[key.lower()] = value
        body = reading.read(int(headers["content-length"]))
    assert headers["fieldapp-server"] == WHO["server_id"]
    assert headers["content-type"] == "application/json"
    return decode(answer_type, body, headers.get("content-encoding"))


def test_an_older_laptop_delivers_its_day_after_the_server_was_upgraded(running: Running) -> None:
    assert say(running, "hello", HelloAnswer).protocol == 1
    results = say(running, "push_day", PushAnswer).results
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * len(WHO["records"])
    # The recorded edit was made on the version that the server gave its patient then.
    assert results[0].version == WHO["patient_base_version"]
    (edited,) = say(running, "push_edit", PushAnswer).results
    assert edited.outcome is Outcome.ACCEPTED
    held = say(running, "confirm", ConfirmAnswer).held
    assert {(item.kind, item.id) for item in held} == {tuple(item) for item in WHO["records"]}


def test_what_an_older_laptop_sends_again_is_answered_and_not_stored_again(
    running: Running,
) -> None:
    first = say(running, "push_day", PushAnswer).results
    again = say(running, "push_day", PushAnswer).results
    assert {result.outcome for result in again} == {Outcome.REPEATED}
    assert [result.version for result in again] == [result.version for result in first]


def test_an_older_laptop_reads_what_is_new_from_the_beginning_and_from_its_cursor(
    running: Running,
) -> None:
    say(running, "push_day", PushAnswer)
    beginning = say(running, "pull_from_the_beginning", PullAnswer)
    assert not beginning.complete
    say(running, "push_edit", PushAnswer)
    rest = say(running, "pull_after_a_cursor", PullAnswer)
    assert rest.complete
    seen = {(record.kind, record.id) for record in beginning.records + rest.records}
    assert {tuple(item) for item in WHO["records"]} <= seen
    (patient,) = [record for record in rest.records if record.kind == "patient"]
    assert patient.body["city"] == "Fauske"
