"""The messages of the protocol; see `sync/SPEC.md`.

Types are strict: a number in quotes is an error, not a number. Fields that this version does not
know are ignored in the envelope and kept word for word inside record bodies, so that an older
laptop and a newer server understand each other without losing anything.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from sync.protocol.version import (
    MAX_LOG_LINES,
    MAX_PAGE_RECORDS,
    MAX_RANGES,
    MAX_RECORDS,
    MAX_TRAIL,
    MAX_WHOLE,
)

Id = Annotated[str, Field(min_length=1, max_length=64)]
Body = dict[str, Any]
"""A record's JSON body (see `fieldapp.domain.codec`)."""


Version = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A server sequence; 0: the server never had the record."""

VersionRange = Annotated[tuple[Version, Version], Field(strict=False)]
"""First and last; a list of two on the line."""

Count = Annotated[int, Field(ge=0, le=2**53)]
Instant = Annotated[AwareDatetime, Field(strict=False)]
"""A moment with its zone; ISO 8601 text on the line."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""128 bits in hexadecimal; see `sync.protocol.digests`."""


TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
PullHours = Annotated[int, Field(ge=1, le=720)]
TripDays = Annotated[int, Field(ge=1, le=7)]
LeaseDays = Annotated[int, Field(ge=1, le=30)]
LockMinutes = Annotated[int, Field(ge=1, le=5)]
EtreatHours = Annotated[int, Field(ge=1, le=72)]
BtgHours = Annotated[int, Field(ge=1, le=24)]


def _is_json(body: Body) -> Body:
    json.dumps(body, allow_nan=False)
    return body


ServerBody = Annotated[Body, AfterValidator(_is_json)]
"""A body that a laptop can store: the reader of messages also takes NaN, which is no JSON."""


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    spared: ClassVar[tuple[str, ...]] = ()
    """Fields that do not travel in packed form while they are None: rare ones of messages that
    travel by the thousand."""


# --- who are you


class HelloAnswer(Message):
    """Proof that this is our server; asked without log-in to probe for coverage."""

    server_id: str
    protocol: int
    server_time: AwareDatetime


class ServerKeys(Message):
    """The server's public keys, 32 bytes each in hexadecimal.

    `courier` (X25519) is what courier files are sealed to, `receipt` (Ed25519) signs receipts,
    `orders` (Ed25519) signs what a laptop is ordered to do; "" from a server that gives no orders.
    `escrow` (X25519) is the organisation's: every store can be opened by its officers; "" for none.
    """

    courier: str
    receipt: str
    orders: str = ""
    escrow: str = ""


class EnrolRequest(Message):
    """A new laptop presents its one-time code and the user who will work on it."""

    code: str
    device_name: str
    platform: str
    app_version: str
    username: str
    password: str = Field(repr=False)
    device_key: str | None = None
    """The laptop's Ed25519 public key, 32 bytes in hexadecimal. It signs courier files, and with
    it the laptop proves that a token is its own."""
    disk_encrypted: bool | None = None
    """Whether the system encrypts the laptop's disk; None where it does not tell."""
    machine_id: Annotated[str, Field(max_length=64)] = ""
    """The laptop that the store lies on, by its own random name; other people's stores on it tell
    the same. No secret and no proof of anything."""


class EnrolAnswer(Message):
    """The laptop's own identity and the user's first token. `practitioner` is a record body."""

    device_id: Id
    device_secret: str = Field(repr=False)
    token: str = Field(repr=False)
    expires_at: AwareDatetime
    practitioner: Body
    server_id: str
    server_keys: ServerKeys | None = None
    server_time: AwareDatetime | None = None
    """From when the offline lease counts."""
    login_expires_at: AwareDatetime | None = None
    """Until when the token can be renewed without a password."""
    authorities: list[str] | None = None
    """Certificates (PEM) of the organisation's CAs, which a laptop believes from now on; None from
    a server that has not been told of any."""


class LoginRequest(Message):
    """An enrolled laptop asks for a new token."""

    device_id: Id
    device_secret: str = Field(repr=False)
    username: str
    password: str = Field(repr=False)
    device_key: str | None = None
    """As in `EnrolRequest`. It becomes known if the server knows none yet, and no other does."""
    assertion: str | None = Field(default=None, repr=False)
    """The laptop's own word for who it is, signed by its key (`sync.protocol.proofs`)."""
    machine_id: Annotated[str, Field(max_length=64)] = ""
    """As in `EnrolRequest`; so a store that was enrolled before there were such names tells its."""


class LoginAnswer(Message):
    """A new token; the old one of this device and user need not stay valid."""

    token: str = Field(repr=False)
    expires_at: AwareDatetime
    practitioner: Body
    server_keys: ServerKeys | None = None
    server_time: AwareDatetime | None = None
    """As in `EnrolAnswer`."""
    login_expires_at: AwareDatetime | None = None
    """As in `EnrolAnswer`."""
    authorities: list[str] | None = None
    """As in `EnrolAnswer`."""


class TokenAnswer(Message):
    """A new short token of the same log-in; the older one stays good until it runs out."""

    token: str = Field(repr=False)
    expires_at: Instant


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
    base_version: Version
    sequence: Annotated[int, Field(ge=0, le=2**63 - 1)]
    body: Body
    offset_ms: int | None = None
    """By how much the laptop's clock was behind the server's when the change was made, as far as
    it knew. Order never comes from it."""


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

    `server_author_id`, `server_device_name` and `server_received_at` say who wrote the other side,
    on which laptop, and when the server got it; None where it is not known, or not to be shown.
    """

    spared: ClassVar[tuple[str, ...]] = (
        "server_author_id",
        "server_device_name",
        "server_received_at",
    )

    change_id: Id
    outcome: Annotated[Outcome, Field(strict=False)]
    version: Version = 0
    reason: str | None = None
    server_body: ServerBody | None = None
    server_version: Version | None = None
    server_author_id: Id | None = None
    server_device_name: str | None = None
    server_received_at: Instant | None = None


class PushAnswer(Message):
    """One result per pushed change, in any order."""

    results: list[PushResult]


# --- pull


class PullRequest(Message):
    """Asks for the next page after `cursor` (None: from the beginning)."""

    cursor: Annotated[str, Field(max_length=200)] | None
    limit: Annotated[int, Field(ge=1, le=MAX_RECORDS)]


class PulledRecord(Message):
    """A record as the server holds it. `version` is its server sequence.

    `device_name` is told only of a record of which this laptop has a change that was not stored: a
    person there chooses between two sides, and is told whose the other one is.
    """

    spared: ClassVar[tuple[str, ...]] = ("device_name",)

    kind: str
    id: Id
    patient_id: Id | None
    version: Annotated[Version, Field(ge=1)]
    body: ServerBody
    author_id: str | None = None
    device_id: str | None = None
    received_at: Instant | None = None
    offset_ms: int | None = None
    device_name: str | None = None


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


# --- exchange: one request carries all that waits, its answer all that is new


class LogLine(Message):
    """One line of the laptop's access log. Its hash is worked out again by the server.

    `reason` is why a patient was opened (`fieldapp.domain.access_log.AccessReason`).
    """

    spared: ClassVar[tuple[str, ...]] = ("reason",)

    sequence: Annotated[int, Field(ge=1, le=2**53)]
    at: str
    actor_id: str
    action: str
    kind: str | None = None
    record_id: str | None = None
    patient_id: str | None = None
    reason: str | None = None


class LogPart(Message):
    """Lines of the access log that follow the line with the hash `after` ("": the first ones)."""

    after: str
    lines: Annotated[list[LogLine], Field(max_length=MAX_LOG_LINES)]


class LogHead(Message):
    """The newest line of a laptop's log that the server holds; sequence 0 and "" for none."""

    sequence: Count
    hash: str


class DraftOut(Message):
    """Unsigned text as it stands on a laptop. `saved_at` tells two states of it apart."""

    id: Id
    patient_id: Id
    form: str
    encounter_id: Id | None = None
    body: Body
    saved_at: str


class DraftName(Message):
    """One state of a draft."""

    id: Id
    saved_at: str


class ForeignDraft(Message):
    """A draft of the same author from another of their laptops. Never joined with another."""

    draft: DraftOut
    device_id: Id
    device_name: str


class LaptopReport(Message):
    """How a laptop stands before the exchange; the office's overview shows it as last reported.

    `conflicts` are those of the `parked` that have two sides to choose from.
    """

    now: Instant
    app_version: str
    waiting: Count
    parked: Count
    conflicts: Count
    drafts_unsent: Count
    last_complete: Instant | None = None
    disk_encrypted: bool | None = None


class PullPart(Message):
    """Asks for everything after `cursor` (None: from the beginning).

    `have` are ranges (first, last) of versions that this sync was told in results already.
    `whole` are patients to be sent again from their first record, beside what is new.
    """

    cursor: Annotated[str, Field(max_length=300)] | None
    page_records: Annotated[int, Field(ge=1, le=MAX_PAGE_RECORDS)]
    have: Annotated[list[VersionRange], Field(max_length=MAX_RANGES)] = []
    whole: Annotated[list[Id], Field(max_length=MAX_WHOLE)] = []


class ExchangeRequest(Message):
    """What waits, most urgent first. Without `pull` more is to follow at once."""

    report: LaptopReport
    records: Annotated[list[PushRecord], Field(max_length=MAX_RECORDS)] = []
    drafts: Annotated[list[DraftOut], Field(max_length=MAX_RECORDS)] = []
    dropped_drafts: Annotated[list[Id], Field(max_length=MAX_RECORDS)] = []
    drafts_mark: str = ""
    """Fingerprint of the drafts that the server should hold of this laptop; "": do not compare."""
    foreign_drafts: str = ""
    """Fingerprint of the foreign drafts that the laptop holds (`Receipt.foreign_drafts_mark`)."""
    log: LogPart | None = None
    rules: str = ""
    """Fingerprint of the organisation's rules that the laptop holds."""
    seen: Annotated[str, Field(max_length=300)] = ""
    """The newest commit of which the laptop has heard (`Receipt.commit`)."""
    pull: PullPart | None = None


class Rules(Message):
    """What the organisation has decided; a laptop obeys the last ones it was told.

    `service_day_begins` is local time ("06:00"). A pull older than `pull_max_age_hours` gives no
    green light. `longest_trip_days` is how far ahead days can be claimed, today included. A laptop
    closes its older notes `lease_days` after the last log-in at the server, and locks after
    `lock_minutes` without a touch, or sooner. A patient opened outside one's list stays for
    `etreat_hours` or `btg_hours`, by the reason.
    """

    mark: str
    drafts_travel: bool = True
    courier_allowed: bool = False
    service_day_begins: TimeOfDay = "06:00"
    pull_max_age_hours: PullHours = 72
    longest_trip_days: TripDays = 7
    two_person_register: bool = False
    witness_required: bool = False
    folder_export_allowed: bool = False
    lease_days: LeaseDays = 7
    lock_minutes: LockMinutes = 3
    etreat_hours: EtreatHours = 24
    btg_hours: BtgHours = 8


class Receipt(Message):
    """The first part of the answer: what became of everything that was sent.

    `settled` are results of changes that this laptop has parked and that the office has dealt with.
    `fresh` says that the cursor could not be used (too old): the pages begin anew. `epoch` grows
    with each restore. `diverged` says that the server does not know what the laptop has heard last:
    it was set back to a backup. Nothing of the request was then taken in and there are no pages;
    the laptop first finds out what was lost. `commit` names the newest commit that the results
    rest on. `forked` says that another laptop with the same identity has sent something else under
    the same numbers.
    """

    spared: ClassVar[tuple[str, ...]] = ("renewed",)

    server_time: Instant
    results: list[PushResult] = []
    settled: list[PushResult] = []
    drafts_held: list[DraftName] = []
    drafts_kept: list[DraftName] | None = None
    """All that are held of this laptop, where its fingerprint says otherwise: a server that was set
    back may have lost drafts and nothing else."""
    foreign_drafts: list[ForeignDraft] | None = None
    """All of them, when they differ from those that the laptop holds."""
    foreign_drafts_mark: str = ""
    log_head: LogHead
    epoch: Count
    fresh: bool = False
    diverged: bool = False
    commit: str = ""
    forked: bool = False
    rules: Rules | None = None
    renewed: TokenAnswer | None = None
    """A new token, once the one that was shown has lived half its life."""


class PatientDigest(Message):
    """Number and digest of a patient's records; `patient_id` None: the whole team's records."""

    patient_id: Id | None
    count: Count
    digest: Digest


class ScopeDigest(Message):
    """Number and digest of everything that a user may see."""

    count: Count
    digest: Digest


class Page(Message):
    """Part of what is new. `cursor` is stored with the page's data; `complete` marks the last page.

    `total` is the number of records from here to the end, on the first page. `whole` are patients
    of the request of whom every record has now been sent; a record of theirs that did not come is
    not on the server. `scope` stands on the last page: what a laptop should hold after it.
    """

    records: list[PulledRecord] = []
    ended_patients: list[Id] = []
    cursor: str
    complete: bool
    total: Count | None = None
    whole: list[Id] = []
    scope: ScopeDigest | None = None


class DigestsAnswer(Message):
    """A digest for each of the user's patients and one for the team's records."""

    digests: list[PatientDigest]


class HoldingsRequest(Message):
    """Asks for the names of all records of some patients (None: the team's).

    `trail` names commits of which the laptop has heard, so that both find the newest one that they
    have in common.
    """

    patient_ids: Annotated[list[Id | None], Field(max_length=MAX_WHOLE)]
    trail: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=MAX_TRAIL)] = []


class Holding(Message):
    """One record as the server holds it. `changed`: it was written after the common commit."""

    kind: str
    id: Id
    patient_id: Id | None
    version: Version
    digest: Digest
    changed: bool


class HoldingsAnswer(Message):
    """Every record of the patients that were asked for and that the user may see.

    `common` is the newest version up to which the laptop and the server tell the same story; what
    the laptop has after it is of a time that the server has lost.
    """

    holdings: list[Holding]
    common: Version = 0


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
