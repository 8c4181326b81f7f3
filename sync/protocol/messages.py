"""The messages of the protocol. Every answer is one JSON object; see `sync/SPEC.md`.

Types are strict: a number in quotes is an error, not a number. Fields that this version does not
know are ignored in the envelope and kept word for word inside record bodies, so that an older
laptop and a newer server understand each other without losing anything.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from sync.protocol.version import MAX_RECORDS

Id = Annotated[str, Field(min_length=1, max_length=64)]
Body = dict[str, Any]
"""A record's JSON body (see `fieldapp.domain.codec`)."""


Version = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A server sequence; 0: the server never had the record."""


def _is_json(body: Body) -> Body:
    json.dumps(body, allow_nan=False)
    return body


ServerBody = Annotated[Body, AfterValidator(_is_json)]
"""A body that a laptop can store: the reader of messages also takes NaN, which is no JSON."""


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


# --- who are you


class HelloAnswer(Message):
    """Proof that this is our server; asked without log-in to probe for coverage."""

    server_id: str
    protocol: int
    server_time: AwareDatetime


class EnrolRequest(Message):
    """A new laptop presents its one-time code and the user who will work on it."""

    code: str
    device_name: str
    platform: str
    app_version: str
    username: str
    password: str = Field(repr=False)


class EnrolAnswer(Message):
    """The laptop's own identity and the user's first token. `practitioner` is a record body."""

    device_id: Id
    device_secret: str = Field(repr=False)
    token: str = Field(repr=False)
    expires_at: AwareDatetime
    practitioner: Body
    server_id: str


class LoginRequest(Message):
    """An enrolled laptop asks for a new token."""

    device_id: Id
    device_secret: str = Field(repr=False)
    username: str
    password: str = Field(repr=False)


class LoginAnswer(Message):
    """A new token; the old one of this device and user need not stay valid."""

    token: str = Field(repr=False)
    expires_at: AwareDatetime
    practitioner: Body


# --- push


class PushRecord(Message):
    """One change of one record.

    `change_id` names this change for ever: the same one sent again is answered, not applied again.
    `base_version` is the server version the edit was made on (0: the server never had it).
    `sequence` is the place in the laptop's own queue.
    """

    change_id: Id
    kind: Annotated[str, Field(min_length=1, max_length=64)]
    id: Id
    patient_id: Id | None
    base_version: Annotated[int, Field(ge=0)]
    sequence: int
    body: Body


class PushRequest(Message):
    """Changes in the order in which they were made."""

    records: Annotated[list[PushRecord], Field(max_length=MAX_RECORDS)]


class Outcome(StrEnum):
    """What became of one pushed change."""

    ACCEPTED = "accepted"
    """Stored as it came."""
    REPEATED = "repeated"
    """It was here already; nothing happened this time. See `PushResult.server_body`."""
    MERGED = "merged"
    """Joined with another's edit; `server_body` is the result."""
    CONFLICT = "conflict"
    """A person must choose; `server_body` and `server_version` are what the server holds."""
    REFUSED = "refused"
    """Not stored; `reason` says why."""

    @property
    def stored(self) -> bool:
        """True when the change is safe on the server."""
        return self in (Outcome.ACCEPTED, Outcome.REPEATED, Outcome.MERGED)


class PushResult(Message):
    """The answer to one change. `version` is the record's version that holds it (0: not stored).

    `server_body` and `server_version` are given whenever the record that the server holds now is
    not what was sent: after a merge, for a conflict, and also for a repetition whose change was
    merged or followed by another's edit meanwhile. Without them the laptop takes its own body to
    be what the server holds in `version`; where the server may not show its record to this user
    (any more), `version` is therefore the one that the edit was made on.
    """

    change_id: Id
    outcome: Annotated[Outcome, Field(strict=False)]
    version: Version = 0
    reason: str | None = None
    server_body: ServerBody | None = None
    server_version: Version | None = None


class PushAnswer(Message):
    """One result per pushed change, in any order."""

    results: list[PushResult]


# --- pull


class PullRequest(Message):
    """Asks for the next page after `cursor` (None: from the beginning)."""

    cursor: Annotated[str, Field(max_length=200)] | None
    limit: Annotated[int, Field(ge=1, le=MAX_RECORDS)]


class PulledRecord(Message):
    """A record as the server holds it. `version` is its server sequence."""

    kind: str
    id: Id
    patient_id: Id | None
    version: Annotated[Version, Field(ge=1)]
    body: ServerBody
    author_id: str | None = None
    device_id: str | None = None
    received_at: AwareDatetime | None = None


class PullAnswer(Message):
    """One page. `cursor` is stored with the page's data; `complete` marks the last page.

    `ended_patients` are patients that the user is no longer assigned to. `total` is the number of
    records after the request's cursor, this page included, for a progress bar.
    """

    records: list[PulledRecord]
    ended_patients: list[Id] = []
    cursor: str
    complete: bool
    total: int | None = None
    server_time: AwareDatetime


# --- confirm


class RecordName(Message):
    """A record by kind and id."""

    kind: str
    id: Id


class ConfirmRequest(Message):
    """Asks which of these records the server holds (within the user's patients)."""

    records: Annotated[list[RecordName], Field(max_length=MAX_RECORDS)]


class HeldRecord(Message):
    """The server holds this record in this version."""

    kind: str
    id: Id
    version: int


class ConfirmAnswer(Message):
    """Only the records that are held; what is missing from the list is not there."""

    held: list[HeldRecord]


# --- trouble


class ErrorAnswer(Message):
    """Body of every answer that is no success; `detail` holds places and counts, never contents."""

    code: str
    detail: str = ""
