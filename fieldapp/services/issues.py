"""Safety items: what the server found, shown to everybody who sees the patient, until answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.issues import DetectedIssue, IssueStatus, check_answer
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.patients import Patient
from fieldapp.services import people
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One handout that a safety item is about, as this laptop has it."""

    event: MedicationAdministration
    product: str
    author_name: str


@dataclass(frozen=True, slots=True)
class IssueView:
    """A safety item in words' reach.

    ``evidence`` holds those events that are on this laptop. ``involved_names`` are those who wrote
    them; ``may_answer`` is false for them: somebody else has to look.
    """

    issue: DetectedIssue
    patient_name: str
    evidence: tuple[EvidenceView, ...]
    involved_names: tuple[str, ...]
    may_answer: bool
    answered_by_name: str


def count_open(session: Session) -> int:
    """How many safety items nobody has answered."""
    return len(_open(session))


def open_items(session: Session, patient_id: str | None = None) -> list[IssueView]:
    """The open safety items, of one patient or of all, the oldest first."""
    found = [
        issue for issue in _open(session) if patient_id is None or issue.patient_id == patient_id
    ]
    found.sort(key=lambda issue: (issue.raised_at, issue.id))
    names = people.names(session)
    return [_view(session, issue, names) for issue in found]


def get(session: Session, issue_id: str) -> IssueView:
    """One safety item, open or answered. Raises NotFoundError."""
    issue = records.get(session.database, DetectedIssue, issue_id)
    if issue is None:
        raise NotFoundError(issue_id)
    return _view(session, issue, people.names(session))


def answer(session: Session, issue_id: str, words: str) -> ChangeSet:
    """Answer a safety item in words. Raises IssueError and NotFoundError."""
    with session.write() as unit:
        issue = records.get(session.database, DetectedIssue, issue_id)
        if issue is None:
            raise NotFoundError(issue_id)
        check_answer(issue, session.user.id, words)
        answered = replace(
            issue,
            status=IssueStatus.ANSWERED,
            answered_by=session.user.id,
            answered_at=unit.now,
            answer=words.strip(),
        )
        unit.save(answered, "answer")
    return unit.changes()


def _open(session: Session) -> list[DetectedIssue]:
    return records.select(
        session.database, DetectedIssue, "body ->> '$.status' = ?", (IssueStatus.OPEN.value,)
    )


def _view(session: Session, issue: DetectedIssue, names: dict[str, str]) -> IssueView:
    database = session.database
    patient = records.get(database, Patient, issue.patient_id)
    evidence = []
    for event_id in issue.evidence:
        event = records.get(database, MedicationAdministration, event_id)
        if event is None:
            continue
        request = records.get(database, MedicationRequest, event.request_id)
        evidence.append(
            EvidenceView(event, request.product if request else "", names.get(event.author_id, ""))
        )
    return IssueView(
        issue=issue,
        patient_name=patient.name if patient else "",
        evidence=tuple(evidence),
        involved_names=tuple(names[key] for key in issue.involved if key in names),
        may_answer=session.user.id not in issue.involved,
        answered_by_name=names.get(issue.answered_by or "", ""),
    )
