"""What became of a dose after it was handed out: lost, vomited, spilt, brought back.

None of it opens a day. Of bottles that came back or were lost the office may be asked to open the
days; who asks, asks in a proposal, and the slots stay closed until somebody there has decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import check_incident, may_be_opened_again
from fieldapp.domain.event_reference import Advice
from fieldapp.domain.handout_events import DoseIncident, IncidentType, SlotReopening
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    effective,
)
from fieldapp.domain.proposals import Proposal
from fieldapp.domain.rights import Right
from fieldapp.services import lease, people, reference
from fieldapp.services.corrections import Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import Session, UnitOfWork
from fieldapp.store import drafts, medication, records

REOPEN = "reopen"
"""The value of a proposal about an incident: open the days of its doses again."""

_LOOKED_AT = timedelta(days=45)
_MOST_EVENTS = 400


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """What the form says. `id` becomes the event's id; `happened_at` is None for "now".

    `ask_to_open` also asks the office to open the days of the doses again.
    """

    id: str
    patient_id: str
    type: IncidentType
    administration_ids: tuple[str, ...]
    happened_at: datetime | None = None
    minutes_after_dose: int | None = None
    witnessed: bool | None = None
    prescriber_contact: str = ""
    text: str = ""
    ask_to_open: bool = False


@dataclass(frozen=True, slots=True)
class DoseView:
    """A dose that something may have happened to."""

    event: MedicationAdministration
    product: str
    author_name: str


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with its author; `reopening` is the office's word about it, where it is here."""

    incident: DoseIncident
    author_name: str
    reopening: SlotReopening | None


@needs(Right.READ_PATIENTS)
@lease.reads(Area.HANDOUTS)
def doses(session: Session, patient_id: str) -> list[DoseView]:
    """The doses given or handed out of the last weeks that still stand, the newest day first."""
    database = session.database
    since = session.clock.now() - _LOOKED_AT
    found = [
        event
        for event in _standing(session, medication.history(database, patient_id, _MOST_EVENTS))
        if event.given_at >= since
    ]
    found.sort(key=lambda event: (event.day, event.given_at, event.id), reverse=True)
    products = {
        request.id: request.product for request in medication.requests_of(database, [patient_id])
    }
    names = people.names(session)
    return [
        DoseView(event, products.get(event.request_id, ""), names.get(event.author_id, ""))
        for event in found
    ]


@needs(Right.READ_PATIENTS)
def dose(session: Session, administration_id: str) -> MedicationAdministration | None:
    """One handout that is on this laptop."""
    return records.get(session.database, MedicationAdministration, administration_id)


def advice(
    session: Session,
    type_: IncidentType,
    administration_ids: Iterable[str],
    minutes: int | None,
    witnessed: bool | None,
) -> Advice | None:
    """What is known and where it comes from; it informs, and the prescriber decides."""
    known = reference.events()
    if type_ is IncidentType.LOST:
        return known.lost
    if type_ is not IncidentType.VOMITED:
        return None
    groups = {_group_of(session, event_id) for event_id in administration_ids}
    if not groups & set(known.vomiting.groups):
        return None
    return known.vomiting.advice(minutes, witnessed)


@needs(Right.RECORD_CARE)
def record(session: Session, entry: IncidentEntry) -> ChangeSet:
    """Record an incident. The same entry sent twice is one event.

    Raises EventError; nothing is written then.
    """
    database = session.database
    with session.write() as unit:
        if records.exists(database, DoseIncident, entry.id):
            return unit.changes(entry.id)
        incident = DoseIncident(
            id=entry.id,
            patient_id=entry.patient_id,
            type=entry.type,
            administration_ids=entry.administration_ids,
            happened_at=entry.happened_at or unit.now,
            recorded_at=unit.now,
            author_id=session.user.id,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            minutes_after_dose=entry.minutes_after_dose,
            witnessed=entry.witnessed,
            prescriber_contact=entry.prescriber_contact.strip(),
            text=entry.text.strip(),
        )
        check_incident(incident, _given_among(session, entry), unit.now)
        unit.save(incident, "record")
        if entry.ask_to_open and may_be_opened_again(incident):
            _ask(unit, incident)
        drafts.delete(database, entry.id)
    session.settle()
    return unit.changes(entry.id)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def for_patient(session: Session, patient_id: str) -> list[IncidentView]:
    """The incidents of a patient, the newest first."""
    database = session.database
    every = records.select(database, DoseIncident, "patient_id = ?", (patient_id,))
    found = Veil(session, patient_id).open_ones(every)
    found.sort(key=lambda incident: (incident.happened_at, incident.id), reverse=True)
    opened = {
        reopening.basis_id: reopening
        for reopening in records.select(database, SlotReopening, "patient_id = ?", (patient_id,))
    }
    names = people.names(session)
    return [IncidentView(one, names.get(one.author_id, ""), opened.get(one.id)) for one in found]


def _ask(unit: UnitOfWork, incident: DoseIncident) -> None:
    proposal = Proposal(
        id=unit.session.new_id(),
        patient_id=incident.patient_id,
        target_kind="dose_incident",
        target_id=incident.id,
        author_id=unit.session.user.id,
        proposed_at=unit.now,
        reason=incident.text,
        values={REOPEN: True},
    )
    unit.save(proposal, "propose")


def _given_among(session: Session, entry: IncidentEntry) -> set[str]:
    found = set()
    for event_id in entry.administration_ids:
        event = records.get(session.database, MedicationAdministration, event_id)
        if (
            event is not None
            and event.patient_id == entry.patient_id
            and event.status is HandoutStatus.GIVEN
        ):
            found.add(event_id)
    return found


def _standing(
    session: Session, events: list[MedicationAdministration]
) -> list[MedicationAdministration]:
    counters = medication.counter_entries(session.database, [event.id for event in events])
    return [
        event
        for event in effective([*events, *counters.values()])
        if event.status is HandoutStatus.GIVEN
    ]


def _group_of(session: Session, event_id: str) -> str:
    event = records.get(session.database, MedicationAdministration, event_id)
    if event is None:
        return ""
    request = records.get(session.database, MedicationRequest, event.request_id)
    if request is not None:
        return reference.substances().group_code(request)
    return event.group or ""
