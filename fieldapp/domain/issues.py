"""Safety items: what the server found when the work of two laptops met, until a person answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IssueStatus(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class DetectedIssue:
    """A danger to a patient that a person must look at (FHIR DetectedIssue).

    `code` names it ("double_handout"); `evidence` are ids of the events it is about. The server
    raises it; a member of staff who did not cause it answers it, in words.
    """

    id: str
    patient_id: str
    code: str
    evidence: tuple[str, ...]
    raised_at: datetime
    status: IssueStatus = IssueStatus.OPEN
    involved: tuple[str, ...] = ()
    """Practitioner ids of those who wrote the events; they cannot answer it alone."""
    answered_by: str | None = None
    answered_at: datetime | None = None
    answer: str = ""


class IssueError(ValueError):
    """A safety item cannot be answered so; `code` names why (empty, involved, already_answered)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_answer(issue: DetectedIssue, practitioner_id: str, answer: str) -> None:
    """Raise IssueError unless this person may answer the item with these words."""
    if issue.status is IssueStatus.ANSWERED:
        raise IssueError("already_answered")
    if practitioner_id in issue.involved:
        raise IssueError("involved")
    if not answer.strip():
        raise IssueError("empty")
