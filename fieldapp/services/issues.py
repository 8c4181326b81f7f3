"""Safety items: what the server found, shown to everybody who sees the patient, until answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fieldapp.domain import safety
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import SERVICE_DAY_BEGINS, Claim, ClaimState
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.issues import DetectedIssue, IssueStatus, check_answer
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.patients import Patient
from fieldapp.domain.rights import Right
from fieldapp.services import lease, people, reference
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One handout that a safety item is about, as this laptop has it."""

    event: MedicationAdministration
    product: str
    author_name: str
    holder_name: str = ""
    """Of a forced one: who held the day."""
    force_reason: str = ""
    """Its reason in words."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """A word of the pharmacy that a safety item is about."""

    report: PharmacyReport
    author_name: str


@dataclass(frozen=True, slots=True)
class HolderView:
    """Somebody who holds a day, or an injection, that a safety item is about."""

    unit: str
    name: str
    phone: str


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
    reports: tuple[ReportView, ...] = ()
    holders: tuple[HolderView, ...] = ()


@needs(Right.READ_PATIENTS)
def count_open(session: Session) -> int:
    """How many safety items nobody has answered."""
    return len(_open(session))


@needs(Right.READ_PATIENTS)
def open_items(session: Session, patient_id: str | None = None) -> list[IssueView]:
    """The open safety items, of one patient or of all, the oldest first."""
    found = [
        issue for issue in _open(session) if patient_id is None or issue.patient_id == patient_id
    ]
    found.sort(key=lambda issue: (issue.raised_at, issue.id))
    names = people.names(session)
    return [_view(session, issue, names) for issue in found]


@needs(Right.READ_PATIENTS)
def get(session: Session, issue_id: str) -> IssueView:
    """One safety item, open or answered. Raises NotFoundError."""
    issue = records.get(session.database, DetectedIssue, issue_id)
    if issue is None:
        raise NotFoundError(issue_id)
    lease.check(session, Area.HANDOUTS, issue.patient_id)
    return _view(session, issue, people.names(session))


@needs(Right.RECORD_CARE)
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
    found = records.select(
        session.database, DetectedIssue, "body ->> '$.status' = ?", (IssueStatus.OPEN.value,)
    )
    return lease.narrowed(session, Area.HANDOUTS, found, lambda issue: issue.patient_id)


def _view(session: Session, issue: DetectedIssue, names: dict[str, str]) -> IssueView:
    database = session.database
    patient = records.get(database, Patient, issue.patient_id)
    evidence = []
    reports = []
    for event_id in issue.evidence:
        event = records.get(database, MedicationAdministration, event_id)
        report = None if event is not None else records.get(database, PharmacyReport, event_id)
        if event is not None:
            evidence.append(_evidence(session, event, names))
        elif report is not None:
            reports.append(ReportView(report, names.get(report.author_id, "")))
    return IssueView(
        issue=issue,
        patient_name=patient.name if patient else "",
        evidence=tuple(evidence),
        involved_names=tuple(names[key] for key in issue.involved if key in names),
        may_answer=session.user.id not in issue.involved,
        answered_by_name=names.get(issue.answered_by or "", ""),
        reports=tuple(reports),
        holders=_holders(session, issue, [view.event for view in evidence]),
    )


def _evidence(
    session: Session, event: MedicationAdministration, names: dict[str, str]
) -> EvidenceView:
    request = records.get(session.database, MedicationRequest, event.request_id)
    force = event.forced
    return EvidenceView(
        event,
        request.product if request else "",
        names.get(event.author_id, ""),
        names.get(force.holder_id or "", "") if force is not None else "",
        _force_reason(force.reason) if force is not None else "",
    )


def _force_reason(code: str) -> str:
    known = reference.handout().force_reasons
    return next((reason.text for reason in known if reason.code == code), code)


def _holders(
    session: Session, issue: DetectedIssue, events: Sequence[MedicationAdministration]
) -> tuple[HolderView, ...]:
    """Who holds the days of the events now, by the server's last word."""
    groups = {event.group for event in events}
    units = {unit for event in events for unit in safety.units(event, SERVICE_DAY_BEGINS)}
    people_known = people.everyone(session)
    found = []
    claims = records.select(session.database, Claim, "patient_id = ?", (issue.patient_id,))
    for claim in sorted(claims, key=lambda one: one.unit):
        if claim.state is not ClaimState.HELD:
            continue
        concerns = claim.unit in units and (claim.group in groups or None in groups)
        if not concerns and claim.id not in issue.evidence:
            continue
        person = people_known.get(claim.holder_id or "")
        name, phone = (person.name, person.phone) if person is not None else ("", "")
        found.append(HolderView(claim.unit, name, phone))
    return tuple(found)
