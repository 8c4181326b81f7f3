"""A real server for a benchmark: filled through its storage, run as processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import SystemClock, to_iso
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.patients import Assignment, Practitioner, Role
from fieldapp.ids import new_id
from sync.protocol.proofs import thumbprint
from sync.server import auth
from sync.server.admin import Admin
from sync.server.settings import Settings
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import DeviceRow, NewVersion, TokenRow, UserRow
from tests.bench._workload import Record, body_of, patient_of

_ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "riktig hest batteri stift"
HASHER = auth.PasswordHasher(memory_kib=64, iterations=1, lanes=1)
SEEDED_AT = to_iso(datetime(2026, 1, 8, 5, 0, tzinfo=UTC))
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account, and the patients whom they follow."""

    id: str
    username: str
    patients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """An enrolled laptop with a token that is good, bound to its key (`signing_key`, in hex)."""

    user_id: str
    device_id: str
    token: str
    signing_key: str


def fill(storage: Storage, members: Sequence[Member], records: Iterable[Record]) -> None:
    """Store a team and its records, as many at a time as an import would."""
    storage.initialise(new_id())
    password = HASHER.hash(PASSWORD)
    with storage.write() as transaction:
        for member in members:
            name = f"Synthetic {member.username}"
            person = Practitioner(member.id, member.username, name, Role.CASE_MANAGER)
            transaction.accounts.add_user(
                UserRow(member.id, member.username, person.role.value, password)
            )
            transaction.records.insert_new([_version("practitioner", None, to_body(person))])
    for part in _parts(records):
        with storage.write() as transaction:
            transaction.records.insert_new(
                [_version(record["type"], patient_of(record), body_of(record)) for record in part]
            )
    with storage.write() as transaction:
        for member in members:
            _assign(transaction, member)


def _assign(transaction: Transaction, member: Member) -> None:
    if not member.patients:
        return
    words = [Assignment(new_id(), patient, member.id) for patient in member.patients]
    first = transaction.records.insert_new(
        [_version("assignment", word.patient_id, to_body(word)) for word in words]
    )
    transaction.scope.grant_many(
        [(number, word.patient_id, member.id) for number, word in enumerate(words, start=first)]
    )


def _parts(records: Iterable[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    for record in records:
        part.append(record)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _version(kind: str, patient_id: str | None, body: Record) -> NewVersion:
    return NewVersion(
        kind=kind,
        id=str(body["id"]),
        patient_id=patient_id,
        body=body,
        immutable=policy_of(kind) is Policy.EVENT,
        author_id=body.get("author_id") or body.get("updated_by"),
        device_id=None,
        received_at=SEEDED_AT,
    )


def enrol_code(storage: Storage, username: str) -> str:
    """A one-time code for a user's next laptop."""
    return Admin(storage, SystemClock(), new_id, HASHER, Settings()).enrol_code(username)[0]


def log_in(storage: Storage, members: Iterable[Member]) -> list[Login]:
    """A laptop and a token for each, past the door: a thousand log-ins are not measured."""
    now = SystemClock().now()
    ends = to_iso(now + timedelta(days=7))
    logins = []
    with storage.write() as transaction:
        for member in members:
            key = Ed25519PrivateKey.generate()
            public_key = key.public_key().public_bytes_raw().hex()
            login = Login(member.id, new_id(), auth.new_token(), key.private_bytes_raw().hex())
            transaction.accounts.add_device(
                DeviceRow(
                    login.device_id,
                    login.user_id,
                    "",
                    "bench",
                    "Linux",
                    "0.1.0",
                    to_iso(now),
                    public_key=public_key,
                )
            )
            transaction.accounts.add_token(
                TokenRow(
                    auth.token_hash(login.token),
                    login.user_id,
                    login.device_id,
                    ends,
                    thumbprint(public_key),
                    ends,
                ),
                to_iso(now),
            )
            logins.append(login)
    return logins


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that listens on `port` of this machine."""

    url: str
    port: int
    pid: int


@contextmanager
def running(
    *where: str, cores: Sequence[int] = (), processes: int = 1
) -> Iterator[list[ServerProcess]]:
    """Run the server on the storage that `where` names; end it afterwards.

    `cores` are the processors it may use (all of them when empty). Several processes share the
    database, each with a port of its own, as behind a balancer.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_one(where, cores)) for _ in range(processes)]


@contextmanager
def _one(where: Sequence[str], cores: Sequence[int]) -> Iterator[ServerProcess]:
    with subprocess.Popen(
        [sys.executable, "-m", "sync.server", *where, "run", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        text=True,
    ) as process:
        try:
            if cores:
                os.sched_setaffinity(process.pid, cores)
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield ServerProcess(ready["url"], ready["port"], process.pid)
        finally:
            process.terminate()


def peak_mib(pid: int | str) -> float:
    """The most memory that a process has held, in MiB (Linux); "self" for this one."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no such figure")
