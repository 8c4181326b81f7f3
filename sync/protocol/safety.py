"""Safety items at the office: the list of all patients', and the answer of who was not involved.

The calls themselves are methods of `sync.protocol.office.OfficeService`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sync.protocol.messages import Count, Id, Instant, Message

_Words = Annotated[str, Field(max_length=2000)]


class SafetyRequest(Message):
    """Ask for the open items, or also for those that were answered."""

    answered_too: bool = False


class ForceFacts(Message):
    """Why a dose was given although the light was not green."""

    reason: str
    reason_text: str = ""
    findings: list[str] = []
    """Codes of `fieldapp.domain.readiness`."""
    holder_name: str = ""
    holder_called: bool | None = None
    holder_answered: bool | None = None
    holder_answer: str = ""
    prescriber: str = ""


class EvidenceRow(Message):
    """One event that an item is about; empty texts where the server cannot read it.

    `dose_mg` is a decimal as text, `day` an ISO day. `kind` is that of the record.
    """

    id: Id
    kind: str = ""
    product: str = ""
    dose_mg: str = ""
    day: str = ""
    part: str = ""
    given_at: Instant | None = None
    author_id: str = ""
    author_name: str = ""
    author_phone: str = ""
    device_name: str = ""
    retrospective: bool = False
    told_by: str = ""
    """Of a word of the pharmacy: who said it."""
    forced: ForceFacts | None = None


class HolderRow(Message):
    """A store that holds the day, or the injection, that an item is about."""

    unit: str
    holder_name: str = ""
    holder_phone: str = ""
    device_name: str = ""


class SafetyRow(Message):
    """A safety item with what a person must know to answer it.

    `may_answer` is false for those who were involved: somebody else has to look.
    """

    id: Id
    patient_id: Id
    patient_name: str
    code: str
    raised_at: Instant
    evidence: list[EvidenceRow]
    holders: list[HolderRow]
    involved: list[str]
    """Names of those who were involved."""
    may_answer: bool
    open: bool
    answered_by: str = ""
    """Name."""
    answered_at: Instant | None = None
    answer: str = ""


class SafetyAnswer(Message):
    """The open ones first, the oldest of them at the top; then the answered, the newest first."""

    rows: list[SafetyRow]
    open_count: Count
    more: bool = False


class AnswerIssueRequest(Message):
    """Answer an item in words."""

    id: Id
    words: _Words
