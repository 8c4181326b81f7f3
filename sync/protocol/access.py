"""Opening a patient outside one's list: the messages of `POST /v2/access/…`, JSON both ways.

Only online: the server finds, logs, gives access for some hours and takes it back by itself. The
reasons are those of `fieldapp.domain.access_log`. What was opened is judged at the office.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from fieldapp.domain.access_log import AccessReason
from sync.protocol.messages import Id, Instant, Message

ACCESS_PATH: Final = "/access"
"""After `EXCHANGE_PREFIX`."""

MOST_FOUND: Final = 5

Words = Annotated[str, Field(max_length=2000)]


class FindPatientRequest(Message):
    """Either an exact national number (or D-number), or a name together with a birth date."""

    national_id: Annotated[str, Field(max_length=20)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    birth_date: Annotated[date | None, Field(strict=False)] = None


class FoundPatient(Message):
    """No more than it takes to know whom one has found. `followed`: is on one's list already."""

    patient_id: Id
    name: str
    birth_year: int | None
    followed: bool


class FoundAnswer(Message):
    """At most MOST_FOUND; `more`: there are more, and more must be typed."""

    patients: list[FoundPatient]
    more: bool = False


class OpenPatientRequest(Message):
    """Open a patient. `id` names the opening, so that it is one however often it is sent."""

    id: Id
    patient_id: Id
    reason: Annotated[AccessReason, Field(strict=False)]
    words: Words = ""


class OpenedAnswer(Message):
    """The patient comes with the next sync, and goes with the first one after `until`."""

    until: Instant


# --- judged at the office


class Verdict(StrEnum):
    """What the reviewer made of an opening."""

    IN_ORDER = "in_order"
    FOLLOW_UP = "follow_up"


class OpeningRow(Message):
    """Who opened whom, when, why and in which words; `own`: the reader's, who may not judge it."""

    id: Id
    user_id: Id
    user_name: str
    role: str
    device_name: str
    patient_id: Id
    patient_name: str
    reason: str
    words: str
    at: Instant
    until: Instant
    own: bool
    verdict: Annotated[Verdict | None, Field(strict=False)] = None
    reviewed_by: str = ""
    reviewed_at: Instant | None = None
    review_words: str = ""


class OpeningsAnswer(Message):
    """What waits for judgement first, each part with the newest first."""

    openings: list[OpeningRow]
    more: bool = False


class ReviewOpeningRequest(Message):
    """Judge an opening. To follow it up needs words; what is followed up may be closed later."""

    id: Id
    verdict: Annotated[Verdict, Field(strict=False)]
    words: Words = ""
