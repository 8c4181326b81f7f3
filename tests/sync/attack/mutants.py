"""Bodies as no laptop sends them: a seeded mutator over valid ones, and a server to send them to.

What is altered is the wire (bytes of the compressed body), the packed bytes inside it, or the
message itself, packed and compressed anew so that it gets as far in as it can.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import zstandard
from starlette.types import Message, Scope

from fieldapp.domain.patients import Role
from fieldapp.ids import new_id
from sync.protocol.messages import ExchangeRequest, PullPart
from sync.protocol.office import CALLS
from sync.protocol.packing import Tables, pack
from sync.protocol.version import PROTOCOL, PROTOCOL_HEADER
from sync.server.app import create_app
from sync.server.deps import identity_of, sender_of
from sync.server.identity import Identity
from sync.server.storage.storage import Storage
from tests.sync.server.desk import report
from tests.sync.server.team import CHEAP, Team, change, contact, flag, note, patient

EXCHANGE, CLAIMS, OFFICE = "/v2/exchange", "/v2/claims", "/v2/office/"

_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, -(2**63) - 1, 10**40, 0.5, 1e308, "", " ", "\x00", "a\x00b", "\udc80",
    "p1", "n1", "note", "patient", "medication_administration", "2026-02-30", "x" * 5000,
    "9999-12-31T23:59:59Z", "æøå" * 300, "' OR 1=1 --", [], {}, [[]], [None], {"": ""}, [[[[[]]]]],
)  # fmt: skip

_CONTENT = (
    "record", "record_history", "applied_change", "parked_change", "draft", "claim_state",
)  # fmt: skip


HALF_OF_THEM = 5_000


@dataclass
class Hive:
    """A server on `storage`, with valid requests by path, and what came of what was sent to it."""

    storage: Storage
    dice: random.Random
    problems: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.team = Team(self.storage)
        self.laptop = self.team.laptop("kari")
        self.laptop.push_one(change(patient()))
        self.office_id = self.team.add_user("kontor", Role.SECRETARY)
        self._runner = asyncio.Runner()
        self._app = create_app(self.storage, self.team.clock, new_id, hasher=CHEAP)
        own = self.laptop.service._identity()
        desk = Identity(self.office_id, own.device_id, Role.SECRETARY.value)
        self._who: dict[str, Identity] = {"": own}

        def identity() -> Identity:
            return self._who[""]

        self._app.dependency_overrides[identity_of] = identity
        self._app.dependency_overrides[sender_of] = identity
        self._own, self._desk = own, desk
        self._known = self._content()

    def close(self) -> None:
        self._runner.close()

    # --- valid requests

    def valid(self) -> tuple[str, Any]:
        """A path, and the message that a program could have sent there."""
        number = self.dice.randrange(1, 40)
        records = [
            change(note(f"n{number}", text="Rolig. " * self.dice.randrange(1, 30))),
            change(contact(f"k{number}", name=f"Mor {number}")),
            change(flag(f"f{number}", text="Penicillin")),
            change(patient(f"p{number}")),
        ]
        request = ExchangeRequest(
            report=report(self.team),
            records=self.dice.sample(records, self.dice.randrange(1, 4)),
            pull=PullPart(cursor=None, page_records=20),
        )
        name = {"patient_id": "p1", "substance_group": "opioid_agonist", "unit": "2026-11-23"}
        claims: dict[str, Any] = {"counter": 1, "held": [], "released": [], "wanted": [name]}
        calls = sorted(CALLS)
        call = self.dice.choice(calls)
        fields = CALLS[call][0].model_fields
        office = {name: self.dice.choice(("p1", "n1", 1, [], False, None)) for name in fields}
        return self.dice.choices(
            [
                (EXCHANGE, request.model_dump(mode="json")),
                (CLAIMS, claims),
                (OFFICE + call, office),
            ],
            [6, 1, 2],
        )[0]

    # --- sending

    def send_mutant(self) -> None:
        """Alter a valid request, send it, and note every broken promise."""
        path, message = self.valid()
        way = self.dice.choice((self._spoil_wire, self._spoil_packed, self._spoil_message))
        body = way(path, message)
        status, answer = self.send(path, body)
        now = self._content()
        if status >= 500:
            self.problems.append(f"{path} {way.__name__}: {status}")
        if status >= 400 and now != self._known:
            self.problems.append(f"{path} {way.__name__}: refused with {status}, and yet stored")
        if status >= 400 and not _is_named(answer):
            self.problems.append(f"{path} {way.__name__}: {status} without a name")
        self._known = now
        self.statuses[f"{path.removeprefix(OFFICE) if OFFICE in path else path} {status}"] += 1

    def send_many(self, number: int) -> None:
        """Send so many, and assert that every promise held and that the server still works."""
        for turn in range(number):
            self.send_mutant()
            if turn % 500 == 0:
                assert self.agrees(), turn
        assert self.problems == []
        assert self.agrees()
        refused = sum(n for name, n in self.statuses.items() if int(name.split()[1]) >= 400)
        # Some get through: a mutated word in a note is a note.
        assert number // 2 < refused < number
        assert self.statuses[f"{EXCHANGE} 200"] > number // 100
        path, message = self.valid()
        while path != EXCHANGE:
            path, message = self.valid()
        assert self.send(path, self.wire(path, message))[0] == 200

    def send(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Put a body before the application; its status and its answer."""
        self._who[""] = self._desk if path.startswith(OFFICE) else self._own
        try:
            return self._runner.run(_ask(self._app, path, body))
        except Exception as error:
            self.problems.append(f"{path}: {type(error).__name__} came out of the application")
            return 500, b""

    def wire(self, path: str, message: Any) -> bytes:
        """The body as it travels."""
        if path != EXCHANGE:
            return json.dumps(message, ensure_ascii=True).encode()
        return zstandard.ZstdCompressor(level=3).compress(pack(message, Tables()))

    def _spoil_wire(self, path: str, message: Any) -> bytes:
        return self._spoil(self.wire(path, message))

    def _spoil_packed(self, path: str, message: Any) -> bytes:
        if path != EXCHANGE:
            return self._spoil(self.wire(path, message))
        return zstandard.ZstdCompressor(level=3).compress(self._spoil(pack(message, Tables())))

    def _spoil_message(self, path: str, message: Any) -> bytes:
        spoilt = copy.deepcopy(message)
        for _ in range(self.dice.randrange(1, 4)):
            self._spoil_somewhere(spoilt)
        try:
            return self.wire(path, spoilt)
        except Exception:  # what cannot be packed cannot be sent either
            return self._spoil(self.wire(path, message))

    def _spoil(self, data: bytes) -> bytes:
        spoilt = bytearray(data)
        for _ in range(self.dice.randrange(1, 4)):
            place = self.dice.randrange(len(spoilt) + 1)
            acts: list[Callable[[], None]] = [
                lambda at=place: _flip(spoilt, at, self.dice),
                lambda at=place: spoilt.__delitem__(slice(at, None)),
                lambda at=place: spoilt.__setitem__(slice(at, at), self.dice.randbytes(5)),
                lambda at=place: spoilt.__setitem__(slice(at, at), spoilt[at : at + 40]),
                lambda at=place: spoilt.__delitem__(slice(at, at + 3)),
            ]
            self.dice.choice(acts)()
        return bytes(spoilt)

    def _spoil_somewhere(self, message: Any) -> None:
        places = list(_places(message))
        if not places:
            return
        parent, key = self.dice.choice(places)
        act = self.dice.randrange(5)
        if act == 0 and isinstance(parent, dict):
            del parent[key]
        elif act == 1 and isinstance(parent, dict):
            parent[f"{key}_more"] = self.dice.choice(_ODD)
        elif act == 2 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[key]))
        elif act == 3:
            other, name = self.dice.choice(places)
            parent[key] = copy.deepcopy(other[name])
        else:
            parent[key] = copy.deepcopy(self.dice.choice(_ODD))

    # --- what is stored

    def _content(self) -> tuple[int, ...]:
        counts = " UNION ALL ".join(
            f"SELECT count(*) + coalesce(max(rowid), 0) FROM {name}" for name in _CONTENT
        )
        with self.storage.read() as transaction:
            return tuple(int(row[0]) for row in transaction._db.rows(counts))

    def agrees(self) -> bool:
        """True when all that is stored is whole: the sums carried forward are those of the rows."""
        with self.storage.read() as transaction:
            facts = transaction.facts
            return bool(facts.kept_digest() == facts.worked_out_digest())


def _flip(data: bytearray, place: int, dice: random.Random) -> None:
    if place < len(data):
        data[place] ^= 1 << dice.randrange(8)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a message."""
    found: list[tuple[Any, Any]] = []
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    for key in keys:
        found.append((value, key))
        found += _places(value[key])
    return found


def _is_named(answer: bytes) -> bool:
    try:
        return bool(json.loads(answer)["code"])
    except (ValueError, KeyError, TypeError):
        return False


async def _ask(app: Any, path: str, body: bytes) -> tuple[int, bytes]:
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        "headers": [(PROTOCOL_HEADER.lower().encode(), str(PROTOCOL).encode())],
    }  # fmt: skip
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(3600)  # the laptop stays on the line
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status = next(int(part["status"]) for part in sent if part["type"] == "http.response.start")
    return status, b"".join(part.get("body", b"") for part in sent)
