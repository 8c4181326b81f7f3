"""Stores a synthetic team in an empty server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from fieldapp.clock import to_iso
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import Policy, name_of, policy_of
from fieldapp.domain.patients import Assignment, Patient, Practitioner
from fieldapp.errors import UserError
from sync.server.seed import SeedRecord, demo_team
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import NewVersion, UserRow

Progress = Callable[[str, int, int], None]
"""Told the step ("making", "storing"), how many are done and how many there are (0: unknown)."""

_CHUNK = 2000


class NotEmptyError(UserError):
    """The server has patients already; a synthetic team goes into an empty one only."""

    code = "seed_not_empty"


def seed_demo(
    storage: Storage,
    today: date,
    password: str,
    progress: Progress,
    *,
    seed: int = 1,
    years: int = 2,
) -> dict[str, int]:
    """Fill an empty server with the demo team; return the number of records by kind.

    Every account gets the same stored password (an Argon2id string). One transaction: a demo that
    was interrupted leaves nothing behind. Raises NotEmptyError.
    """
    with storage.read() as transaction:
        _check_empty(transaction)  # before the work of making a team that has no place
    records = []
    for record in demo_team(today, seed=seed, years=years):
        records.append(record)
        if len(records) % _CHUNK == 0:
            progress("making", len(records), 0)
    with storage.write() as transaction:
        _check_empty(transaction)  # somebody else may have filled it meanwhile
        return store(transaction, records, password, progress)


def _check_empty(transaction: Transaction) -> None:
    if transaction.records.count("patient"):
        raise NotEmptyError


def store(
    transaction: Transaction, records: list[SeedRecord], password: str, progress: Progress
) -> dict[str, int]:
    """Store records with the accounts and grants that go with them; return counts by kind."""
    counts: dict[str, int] = {}
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        versions = [_version(record) for record in chunk]
        for version in versions:
            counts[version.kind] = counts.get(version.kind, 0) + 1
        first = transaction.records.insert_new(versions)
        _add_accounts(transaction, chunk, password)
        transaction.scope.grant_many(
            [
                (seq, record.value.patient_id, record.value.practitioner_id)
                for seq, record in enumerate(chunk, start=first)
                if isinstance(record.value, Assignment)
            ]
        )
        progress("storing", min(start + _CHUNK, len(records)), len(records))
    return counts


def _add_accounts(transaction: Transaction, records: Iterable[SeedRecord], password: str) -> None:
    for record in records:
        if isinstance(record.value, Practitioner):
            member = record.value
            transaction.accounts.add_user(
                UserRow(member.id, member.username, member.role.value, password)
            )


def _version(record: SeedRecord) -> NewVersion:
    kind = name_of(record.value)
    body = to_body(record.value)
    patient_id = body["id"] if isinstance(record.value, Patient) else body.get("patient_id")
    return NewVersion(
        kind=kind,
        id=body["id"],
        patient_id=patient_id,
        body=body,
        immutable=policy_of(kind) is Policy.EVENT,
        author_id=record.author_id,
        device_id=record.device_id,
        received_at=to_iso(record.at),
    )
