"""The server's paths as an OpenAPI document, for tests and for people; the server never serves it.

The framework knows the paths and nothing of what they read: bodies are bytes to it, so that their
size and compression are checked first. What each one reads and answers stands here; a path without
a line here is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from sync.protocol.access import FindPatientRequest, FoundAnswer, OpenedAnswer, OpenPatientRequest
from sync.protocol.authorities import CaAnswer
from sync.protocol.claims import ClaimsAnswer, ClaimsRequest
from sync.protocol.codec import PACKED
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    ExchangeRequest,
    HelloAnswer,
    HoldingsRequest,
    LoginAnswer,
    LoginRequest,
    Message,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    TokenAnswer,
)
from sync.protocol.office import CALLS, OFFICE_PATH, CourierAnswer, CourierDelivery
from sync.protocol.own import SetWitnessCodeRequest, WitnessCodeAnswer
from sync.protocol.people import DeliverAnswer, DeliverRequest
from sync.protocol.standing import ObeyedAnswer, ObeyedRequest, StandingAnswer
from sync.protocol.version import EXCHANGE_PREFIX, PREFIX, PROTOCOL, PROTOCOL_HEADER

ERRORS: Final = (400, 401, 403, 404, 409, 413, 422, 426, 429, 503, 507)
"""Statuses of every path's refusals; their body is an `ErrorAnswer`. There is no 500 among them."""

_JSON: Final = "application/json"
_BYTES: Final = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class Described:
    """What a path reads and answers; None for nothing to read, and for a packed answer, whose form
    depends on what was asked (`sync.protocol.packing`). `packed`: it reads the packed form, too.
    """

    asked: type[Message] | None = None
    answered: type[Message] | None = None
    packed: bool = False
    login: bool = True


_OPEN: Final = {
    f"{PREFIX}/hello": Described(None, HelloAnswer, login=False),
    f"{PREFIX}/enrol": Described(EnrolRequest, EnrolAnswer, login=False),
    f"{PREFIX}/login": Described(LoginRequest, LoginAnswer, login=False),
    f"{EXCHANGE_PREFIX}/ca": Described(None, CaAnswer, login=False),
    f"{EXCHANGE_PREFIX}/deliver": Described(DeliverRequest, DeliverAnswer, login=False),
    f"{EXCHANGE_PREFIX}/standing/{{device_id}}": Described(None, StandingAnswer, login=False),
    f"{EXCHANGE_PREFIX}/standing/{{device_id}}/delivery": Described(
        CourierDelivery, CourierAnswer, login=False
    ),
    f"{EXCHANGE_PREFIX}/standing/{{device_id}}/obeyed": Described(
        ObeyedRequest, ObeyedAnswer, login=False
    ),
}
_WITH_LOGIN: Final = {
    f"{PREFIX}/push": Described(PushRequest, PushAnswer),
    f"{PREFIX}/pull": Described(PullRequest, PullAnswer),
    f"{PREFIX}/confirm": Described(ConfirmRequest, ConfirmAnswer),
    f"{EXCHANGE_PREFIX}/exchange": Described(ExchangeRequest, packed=True),
    f"{EXCHANGE_PREFIX}/digests": Described(packed=True),
    f"{EXCHANGE_PREFIX}/holdings": Described(HoldingsRequest, packed=True),
    f"{EXCHANGE_PREFIX}/token": Described(None, TokenAnswer),
    f"{EXCHANGE_PREFIX}/claims": Described(ClaimsRequest, ClaimsAnswer),
    f"{EXCHANGE_PREFIX}/own/witness_code": Described(SetWitnessCodeRequest, WitnessCodeAnswer),
    f"{EXCHANGE_PREFIX}/access/find": Described(FindPatientRequest, FoundAnswer),
    f"{EXCHANGE_PREFIX}/access/open": Described(OpenPatientRequest, OpenedAnswer),
}
_OFFICE: Final = {
    f"{EXCHANGE_PREFIX}{OFFICE_PATH}/{name}": Described(asked, answered)
    for name, (asked, answered) in CALLS.items()
}
DESCRIBED: Final = {**_OPEN, **_WITH_LOGIN, **_OFFICE}

FOR_MACHINES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths for who watches the server; they speak other forms (see `sync/OPERATIONS.md`)."""


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application. Raises KeyError for a path that has no line
    here.
    """
    paths: dict[str, Any] = {}
    for path, operations in app.openapi()["paths"].items():
        if path not in FOR_MACHINES:
            paths[path] = {
                method: _operation(path, operation, DESCRIBED[path])
                for method, operation in operations.items()
            }
    return {
        "openapi": "3.1.0",
        "info": {"title": app.title, "version": str(PROTOCOL)},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"device": {"type": "http", "scheme": "DPoP"}},
        },
    }


def _operation(path: str, known: dict[str, Any], described: Described) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": known["summary"],
        "operationId": known["operationId"],
        "parameters": [*_path_parameters(path), *_headers(path)],
        "responses": {"200": _answer(described)},
    }
    if described.asked is not None:
        form = PACKED if described.packed else _JSON
        operation["requestBody"] = _body(form, _reference(described.asked, "validation"))
    if described.login:
        operation["security"] = [{"device": []}]
    refusal = _content(_JSON, _reference(ErrorAnswer, "serialization"))
    for status in ERRORS:
        operation["responses"][str(status)] = {"description": "refused", "content": refusal}
    return operation


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    if "{device_id}" in path:
        schema = {"type": "string", "minLength": 1, "maxLength": 64}
        yield {"name": "device_id", "in": "path", "required": True, "schema": schema}


def _headers(path: str) -> Iterator[dict[str, Any]]:
    if DESCRIBED[path].packed:
        return
    schema = {"type": "string", "const": str(PROTOCOL)}
    yield {"name": PROTOCOL_HEADER, "in": "header", "required": True, "schema": schema}


def _answer(described: Described) -> dict[str, Any]:
    if described.answered is None:
        return {"description": "done", "content": _content(PACKED, _BYTES)}
    content = _content(_JSON, _reference(described.answered, "serialization"))
    return {"description": "done", "content": content}


def _body(form: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": _content(form, schema)}


def _content(form: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {form: {"schema": schema}}


# --- schemas


def _models() -> list[tuple[type[Message], str]]:
    described = DESCRIBED.values()
    asked = {one.asked for one in described if one.asked is not None}
    answered = {one.answered for one in described if one.answered is not None} | {ErrorAnswer}
    models = [(model, "validation") for model in asked]
    models += [(model, "serialization") for model in answered]
    return sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))


def _generated() -> tuple[dict[Any, Any], dict[str, Any]]:
    references, schemas = models_json_schema(
        _models(),  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    return references, schemas["$defs"]


_REFERENCES, _DEFINITIONS = _generated()


def _reference(model: type[Message], mode: str) -> dict[str, Any]:
    found: dict[str, Any] = _REFERENCES[model, mode]
    return found


def _schemas() -> dict[str, Any]:
    """Every message. What the server answers with is all that is in it: nothing unnamed travels."""
    given = [_reference(model, mode) for model, mode in _models() if mode == "serialization"]
    answered = set(_named_from(given))
    return {
        name: {**schema, "additionalProperties": False}
        if name in answered and "properties" in schema
        else schema
        for name, schema in _DEFINITIONS.items()
    }


def _named_from(roots: Sequence[Any]) -> Iterator[str]:
    waiting: list[Any] = list(roots)
    seen: set[str] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                yield name
                waiting.append(_DEFINITIONS[name])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
