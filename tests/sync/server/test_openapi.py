"""The server against its own OpenAPI document: made-up requests of every role, by schemathesis.

No answer may be a fault of the server or one that the document does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fieldapp.domain.patients import Role
from sync.protocol.codec import PACKED
from sync.protocol.errors import SyncError
from sync.protocol.packing import Tables, pack
from sync.protocol.proofs import PROOF_HEADER
from sync.protocol.version import PROTOCOL_HEADER, SERVER_HEADER
from sync.server.openapi import DESCRIBED, FOR_MACHINES, document
from sync.server.storage.storage import Storage
from tests.sync.server.desk import exchange
from tests.sync.server.running import Running
from tests.sync.server.team import change, note, patient

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CASES_FOR_EACH_PATH: Final = 4
"""Each is sent by every role, and once by a stranger."""


@schemathesis.serializer(PACKED)
def _packed(_: object, value: Any) -> bytes:
    """A laptop's form of a body; what cannot be packed is sent as it is."""
    try:
        return zstandard.compress(pack(value, Tables()))
    except (TypeError, SyncError):
        return repr(value).encode(errors="replace")


@schemathesis.deserializer(PACKED)
def _bytes(*_: object) -> str:
    return ""


@pytest.fixture
def running(storage: Storage) -> Iterator[Running]:
    server = Running(storage)
    yield server
    server.stop()


def test_every_path_of_the_server_is_described_and_nothing_else(running: Running) -> None:
    paths = set(running.app.openapi()["paths"])
    assert paths - FOR_MACHINES == set(DESCRIBED)


def test_the_document_is_not_served(running: Running) -> None:
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert running.client.get(path).status_code == 404


def test_the_document_names_form_and_refusals_of_every_path(running: Running) -> None:
    made = document(running.app)
    for path, operations in made["paths"].items():
        for operation in operations.values():
            assert operation["responses"].keys() >= {"200", "400", "401", "429"}, path
            assert "500" not in operation["responses"]
            assert ("security" in operation) == DESCRIBED[path].login
    json.dumps(made)


def test_made_up_requests_of_every_role_are_answered_as_the_document_says(
    running: Running,
) -> None:
    team = running.team
    kari = team.laptop("kari")
    exchange(team, kari, change(patient()), change(note()))
    tokens: list[str | None] = [None]
    for role in Role:
        team.add_user(role.value, role)
        tokens.append(team.enrol(role.value).token)
    schema = schemathesis.openapi.from_dict(document(running.app))
    base_url = f"http://127.0.0.1:{running.port}"
    answered: set[int] = set()

    def try_out(operation: Any) -> None:
        @given(case=operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
        @settings(
            max_examples=CASES_FOR_EACH_PATH,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def send(case: Any) -> None:
            for token in tokens:
                headers = {PROTOCOL_HEADER: "1"}
                if token is not None:
                    headers["Authorization"] = f"DPoP {token}"
                    proof = running.proof(operation.method.upper(), operation.path, token)
                    headers[PROOF_HEADER] = proof
                response = case.call(base_url=base_url, headers=headers)
                assert SERVER_HEADER.lower() in {name.lower() for name in response.headers}
                case.validate_response(response, checks=CHECKS)
                answered.add(response.status_code)

        send()

    found: Any
    for found in schema.get_all_operations():
        try_out(found.ok())
    assert answered >= {200, 400, 401, 403, 404, 422}
