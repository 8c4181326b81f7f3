"""What the storage hands out: plain rows as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version of a record that is about to be stored. `patient_id` None: of the whole team."""

    kind: str
    id: str
    patient_id: str | None
    body: Mapping[str, Any]
    immutable: bool
    author_id: str | None
    device_id: str | None
    received_at: str
    out_of_scope: bool = False


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """The newest version of a record. `seq` is its version; times are ISO text in UTC."""

    kind: str
    id: str
    patient_id: str | None
    seq: int
    body: dict[str, Any]
    body_hash: str
    author_id: str | None
    device_id: str | None
    received_at: str
    out_of_scope: bool = False


class Cursor(NamedTuple):
    """How far a pull has come. Records stand in the order of (`effective`, `seq`).

    A record becomes visible to a user when it is stored or when its patient is assigned to them,
    whichever is later; `effective` is the sequence of that moment.
    """

    effective: int
    seq: int


START = Cursor(0, 0)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a pull: records and ends of assignments up to `cursor`, in order."""

    records: tuple[StoredRecord, ...]
    ended_patients: tuple[str, ...]
    cursor: Cursor
    complete: bool


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account. `password` is an Argon2id string, never the password."""

    id: str
    username: str
    role: str
    password: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """An enrolled laptop; it belongs to one user."""

    id: str
    user_id: str
    secret_hash: str
    name: str
    platform: str
    app_version: str
    enrolled_at: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class EnrolCodeRow:
    """A one-time code, known by its hash alone."""

    code_hash: str
    user_id: str
    expires_at: str
    failed_tries: int = 0
    used: bool = False


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A log-in that is still good until `expires_at`, known by its hash alone."""

    token_hash: str
    user_id: str
    device_id: str
    expires_at: str
