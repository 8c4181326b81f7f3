"""Contact with a prescriber about a patient's medicine: whom, when, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import check_communication
from fieldapp.domain.handout_events import Communication, CommunicationTopic
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.rights import Right
from fieldapp.services import lease, people
from fieldapp.services.corrections import Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import drafts, medication, records


@dataclass(frozen=True, slots=True)
class CommunicationEntry:
    """What the form says. `id` becomes the event's id; `happened_at` is None for "now"."""

    id: str
    patient_id: str
    topic: CommunicationTopic
    contacted: str
    reached: bool
    text: str = ""
    happened_at: datetime | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class CommunicationView:
    """A contact with the name of whoever wrote it."""

    communication: Communication
    author_name: str


@needs(Right.READ_PATIENTS)
def prescribers(session: Session, patient_id: str) -> list[str]:
    """Those who have prescribed for the patient, by the newest order first; to choose from."""
    found = medication.requests_of(session.database, [patient_id])
    return list(dict.fromkeys(order.prescriber for order in found if order.prescriber))


@needs(Right.RECORD_CARE)
def record(session: Session, entry: CommunicationEntry) -> ChangeSet:
    """Record a contact. The same entry sent twice is one event.

    Raises EventError; nothing is written then.
    """
    with session.write() as unit:
        if records.exists(session.database, Communication, entry.id):
            return unit.changes(entry.id)
        event = Communication(
            id=entry.id,
            patient_id=entry.patient_id,
            topic=entry.topic,
            contacted=entry.contacted.strip(),
            happened_at=entry.happened_at or unit.now,
            recorded_at=unit.now,
            author_id=session.user.id,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            reached=entry.reached,
            text=entry.text.strip(),
            request_id=_own_order(session, entry),
        )
        check_communication(event, unit.now)
        unit.save(event, "record")
        drafts.delete(session.database, entry.id)
    session.settle()
    return unit.changes(entry.id)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.HANDOUTS)
def for_patient(session: Session, patient_id: str) -> list[CommunicationView]:
    """The contacts about a patient, the newest first."""
    every = records.select(session.database, Communication, "patient_id = ?", (patient_id,))
    found = Veil(session, patient_id).open_ones(every)
    found.sort(key=lambda one: (one.happened_at, one.id), reverse=True)
    names = people.names(session)
    return [CommunicationView(one, names.get(one.author_id, "")) for one in found]


def _own_order(session: Session, entry: CommunicationEntry) -> str | None:
    if entry.request_id is None:
        return None
    order = records.get(session.database, MedicationRequest, entry.request_id)
    return order.id if order is not None and order.patient_id == entry.patient_id else None
