"""Control at the office: who looked at whom, and entries on the wrong patient."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from sync.protocol.messages import Body, Count, Id, Instant, Message

LOG_PAGE: Final = 100
"""Lines on one page of the log."""

MAX_PRINTED: Final = 5000
"""Lines on one print for a patient, the newest ones; where there are more, `more` says so."""

Day = Annotated[date, Field(strict=False)]
Words = Annotated[str, Field(max_length=2000)]
Code = Annotated[str, Field(max_length=64)]


class LogSource(StrEnum):
    """Where a line was written: on a laptop, or at the server for the office."""

    LAPTOP = "laptop"
    OFFICE = "office"


class LogRequest(Message):
    """Asks for lines of all logs, the newest first. What is None or empty does not narrow.

    `first` and `last` are days in Norway, both included. `action` and `reason` are codes.
    `after` is `LogAnswer.next` of the page before.
    """

    patient_id: Id | None = None
    actor_id: Id | None = None
    device_id: Id | None = None
    first: Day | None = None
    last: Day | None = None
    action: Code = ""
    reason: Code = ""
    after: Annotated[str, Field(max_length=300)] = ""


class LogEntry(Message):
    """One line. `at` as its writer's clock said (text as it came), `received_at` as the server's.

    `role` is the person's present one. `words` were typed at the office. `count` is how many
    records a look was about, `allowed` False a refusal. `laptop_of` is the name of the laptop's
    user where the line names somebody else: a line is the word of a laptop, which may be changed.
    """

    source: Annotated[LogSource, Field(strict=False)]
    at: str
    received_at: Instant | None
    actor_id: str
    actor_name: str
    role: str
    device_id: str
    device_name: str
    action: str
    kind: str | None = None
    record_id: str | None = None
    patient_id: str | None = None
    patient_name: str = ""
    reason: str | None = None
    words: str = ""
    count: Count | None = None
    allowed: bool = True
    laptop_of: str = ""


class LogPerson(Message):
    """Somebody whose lines can be asked for."""

    id: Id
    name: str
    role: str
    active: bool


class LogAnswer(Message):
    """One page. `next` is empty on the last one. `people` and `actions` are what can be chosen."""

    entries: list[LogEntry]
    next: str = ""
    people: list[LogPerson] = []
    actions: list[str] = []


class LogPatientsRequest(Message):
    """Asks for patients by name or number, to choose one of them."""

    query: Annotated[str, Field(min_length=2, max_length=200)]


class LogPatient(Message):
    """A patient as the log names them."""

    id: Id
    name: str
    birth_date: Day | None = None
    national_id: str | None = None


class LogPatientsAnswer(Message):
    """At most 20; `more` says that the words fit more people."""

    patients: list[LogPatient]
    more: bool = False


class ChainFault(StrEnum):
    """What is wrong with a laptop's log."""

    BROKEN = "broken"
    """A line is not what its hash says: it was changed."""
    MISSING = "missing"
    """A line, or the newest one, is not there any more."""
    FORKED = "forked"
    """Two lines follow the same one: the laptop was set back, copied, or its log was rewritten."""
    SILENT = "silent"
    """Changes came and for a day no line of the log: a program that keeps its lines back."""


class ChainRow(Message):
    """The log of one laptop. `fault` None: every line follows the one before."""

    device_id: Id
    device_name: str
    user_name: str
    lines: Count
    newest_at: str = ""
    fault: Annotated[ChainFault | None, Field(strict=False)] = None
    at_sequence: Count | None = None
    """The line where the fault was first seen."""


class ChainsAnswer(Message):
    """Every laptop, those with a fault first."""

    chains: list[ChainRow]


class LogPrintRequest(Message):
    """Asks for everything that is known of who looked at a patient; that is written down itself."""

    patient_id: Id


class LogPrintAnswer(Message):
    """The newest line first. `organisation` is empty where the server was told no name."""

    patient: LogPatient
    organisation: str
    printed_at: Instant
    printed_by: str
    entries: list[LogEntry]
    more: bool = False


# --- entries on the wrong patient


class MarkRow(Message):
    """One mark: who says so, when, and why."""

    id: Id
    author_id: str
    author_name: str
    marked_at: Instant
    reason: str
    right_patient_id: Id | None = None
    right_patient_name: str = ""


class WrongEntryRow(Message):
    """An entry that waits for the record-responsible.

    `body` is what stands there, None where the entry is not at the server. `foreign`: it belongs to
    another patient than the mark says, and cannot be deleted by it. `goes_along` counts what is
    deleted together with it (additions, marks, wishes), the entry itself not included.
    """

    target_kind: str
    target_id: Id
    patient_id: Id
    patient_name: str
    author_name: str
    written_at: Instant | None = None
    marks: list[MarkRow]
    body: Body | None = None
    foreign: bool = False
    goes_along: Count = 0


class WrongEntriesAnswer(Message):
    """The longest waiting first."""

    entries: list[WrongEntryRow]


class DecideEntryRequest(Message):
    """Delete an entry everywhere, or say in words why it stays. `words` of a deletion stand in the
    office log alone; they must tell nothing of the entry."""

    target_kind: Code
    target_id: Id
    delete: bool
    words: Words
