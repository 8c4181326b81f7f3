"""Builders for server tests: a world with cheap passwords, users with laptops, pushed changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import name_of
from fieldapp.domain.notes import Note
from fieldapp.domain.patients import (
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Patient,
    Relation,
    Role,
)
from fieldapp.ids import new_id
from sync.protocol.messages import (
    EnrolAnswer,
    EnrolRequest,
    PullAnswer,
    PullRequest,
    PushRecord,
    PushRequest,
    PushResult,
)
from sync.protocol.proofs import PROOF_HEADER, make_proof
from sync.protocol.version import PROTOCOL_HEADER
from sync.server import door
from sync.server.admin import Admin
from sync.server.auth import PasswordHasher
from sync.server.identity import Identity
from sync.server.service import ServerSyncService, World
from sync.server.settings import Settings
from sync.server.storage.storage import Storage

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PASSWORD = "riktig hest batteri"
CHEAP = PasswordHasher(memory_kib=64, iterations=1, lanes=1)
KEY = Ed25519PrivateKey.generate()
"""The key of every laptop that a team enrols."""
PUBLIC_KEY = KEY.public_key().public_bytes_raw().hex()


@dataclass
class Team:
    """A server in process. Attributes: world, clock, admin."""

    storage: Storage
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.world = World(self.storage, self.clock, new_id, CHEAP, self.settings)
        self.admin = Admin(self.storage, self.clock, new_id, CHEAP, self.settings)

    def add_user(self, username: str, role: Role = Role.CASE_MANAGER) -> str:
        return self.admin.add_user(username, username.title(), role, PASSWORD)

    def enrol(self, username: str) -> EnrolAnswer:
        code, _ = self.admin.enrol_code(username)
        request = enrol_request(username, code).model_copy(update={"device_key": PUBLIC_KEY})
        return ServerSyncService(self.world).enrol(request, PUBLIC_KEY)

    def laptop(self, username: str) -> Laptop:
        """Add the user where needed, enrol a laptop and log in."""
        with self.storage.read() as transaction:
            known = transaction.accounts.user_named(username)
        if known is None:
            self.add_user(username)
        answer = self.enrol(username)
        service = ServerSyncService(self.world, authenticate(self.world, answer.token))
        return Laptop(service, answer)


def authenticate(world: World, token: str, key: Ed25519PrivateKey = KEY) -> Identity:
    """Whose token it is, shown as one of the team's laptops shows it."""
    path = "/v2/exchange"
    proof = make_proof(key, "POST", f"https://server{path}", world.clock.now(), token)
    return door.authenticate(world, door.Shown("POST", path, token, proof))


def shown(
    team: Team, token: str, method: str, path: str, key: Ed25519PrivateKey = KEY
) -> dict[str, str]:
    """The headers of one request of one of the team's laptops."""
    proof = make_proof(key, method, f"https://server{path}", team.clock.now(), token)
    return {PROTOCOL_HEADER: "1", "Authorization": f"DPoP {token}", PROOF_HEADER: proof}


@dataclass
class Laptop:
    """A user's side of the service, one message at a time."""

    service: ServerSyncService
    enrolled: EnrolAnswer
    cursor: str | None = None

    def push(self, *records: PushRecord) -> list[PushResult]:
        return self.service.push(PushRequest(records=list(records))).results

    def push_one(self, record: PushRecord) -> PushResult:
        (result,) = self.push(record)
        return result

    def pull(self, limit: int = 200) -> PullAnswer:
        answer = self.service.pull(PullRequest(cursor=self.cursor, limit=limit))
        self.cursor = answer.cursor
        return answer

    def pull_ids(self, limit: int = 200) -> set[str]:
        """Pull to the end; the ids of what came, the team's own records and grants left out."""
        found = set()
        while True:
            answer = self.pull(limit)
            found |= {
                record.id
                for record in answer.records
                if record.kind not in ("practitioner", "assignment")
            }
            if answer.complete:
                return found


def enrol_request(username: str, code: str, password: str = PASSWORD) -> EnrolRequest:
    return EnrolRequest(
        code=code,
        device_name="Feltbærbar 3",
        platform="Linux",
        app_version="0.1.0",
        username=username,
        password=password,
    )


def change(value: Any, *, base: int = 0, change_id: str | None = None, **extra: Any) -> PushRecord:
    """A pushed change of a domain value; `extra` fields are added to its body."""
    body = {**to_body(value), **extra}
    kind = name_of(value)
    return PushRecord(
        change_id=change_id or new_id(),
        kind=kind,
        id=body["id"],
        patient_id=body["id"] if kind == "patient" else body["patient_id"],
        base_version=base,
        sequence=1,
        body=body,
    )


def patient(patient_id: str = "p1", **fields: Any) -> Patient:
    return Patient(patient_id, "Bråten", "Åse", **fields)


def note(note_id: str = "n1", patient_id: str = "p1", text: str = "Hjemme, rolig.") -> Note:
    return Note(note_id, patient_id, "u1", "generic", text, NOW, NOW, "d1", 1)


def contact(
    contact_id: str = "k1", patient_id: str = "p1", name: str = "Mor", phone: str = ""
) -> Contact:
    return Contact(contact_id, patient_id, name, Relation.PARENT, phone)


def flag(flag_id: str = "f1", patient_id: str = "p1", text: str = "Penicillin") -> Flag:
    return Flag(
        flag_id,
        patient_id,
        FlagCategory.ALLERGY,
        FlagState.PRESENT,
        text,
        date(2026, 11, 20),
        "u1",
    )
