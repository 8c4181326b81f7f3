"""What the storage hands out: plain rows as frozen values."""

from __future__ import annotations

import json
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
    without_right: bool = False
    """The role of whoever delivered it had no right to write it."""
    offset_ms: int | None = None
    """By how much the laptop's clock was behind when the change was made, as far as it knew."""
    text: str | None = None
    """The canonical text of `body`, where it is known already."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """The newest version of a record. `seq` is its version; times are ISO text in UTC.

    `text` is the body's canonical JSON text; `body` reads it anew each time.
    """

    kind: str
    id: str
    patient_id: str | None
    seq: int
    text: str
    body_hash: str
    author_id: str | None
    device_id: str | None
    received_at: str
    out_of_scope: bool = False
    offset_ms: int | None = None

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


class Applied(NamedTuple):
    """A change that was stored before: of which record, and the version that holds it."""

    kind: str
    id: str
    seq: int


class NewChange(NamedTuple):
    """A change to be remembered. `sequence` is its place in the queue that `device_id` names: the
    laptop and its user ("device/user"; the device alone in rows of older servers).
    """

    change_id: str
    kind: str
    id: str
    seq: int
    device_id: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Number and digest (see `sync.protocol.digests`) of some records."""

    count: int
    digest: int


class State(NamedTuple):
    """How far the server has come.

    `epoch` counts how often it was set back to a backup, `epoch_began` is the newest number when it
    last was. Below `kept_from` commit marks are no longer kept.
    """

    newest: int
    epoch: int
    epoch_began: int
    kept_from: int


class Cursor(NamedTuple):
    """How far a pull has come. Records stand in the order of (`effective`, `seq`).

    A record becomes visible to a user when it is stored or when its patient is assigned to them,
    whichever is later; `effective` is the sequence of that moment.
    """

    effective: int
    seq: int


START = Cursor(0, 0)


class Due(NamedTuple):
    """One thing that a user has not seen: a record, or the end of an assignment."""

    effective: int
    seq: int
    patient_id: str | None
    ended: bool


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
    public_key: str | None = None
    """Ed25519, 32 bytes in hexadecimal; signs courier files."""
    forked: bool = False
    """Two laptops have sent different changes under the same numbers."""
    log_forked: bool = False
    """Lines of its access log did not fit the chain that is here."""


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
    """A token that is good until `expires_at`, known by its hash alone.

    It is bound to the key with that `thumbprint`; "" for a token from before there were keys, or of
    a laptop whose program knows none. Until `login_expires_at` it can be renewed without a
    password; "" for a token that cannot.
    """

    token_hash: str
    user_id: str
    device_id: str
    expires_at: str
    thumbprint: str = ""
    login_expires_at: str = ""


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A log-in with what its owner may do. `shut_out`: the account or the laptop is closed.

    `new_proof` is true when the proof that was shown had not been used before.
    """

    user_id: str
    device_id: str
    role: str
    expires_at: str
    shut_out: bool
    thumbprint: str = ""
    login_expires_at: str = ""
    new_proof: bool = False
