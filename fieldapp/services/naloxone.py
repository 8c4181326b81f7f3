"""Naloxone kits handed over to keep, with or without training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import check_dispense
from fieldapp.domain.event_reference import Advice, NaloxoneProduct
from fieldapp.domain.handout_events import MedicationDispense
from fieldapp.domain.lease import Area
from fieldapp.domain.rights import Right
from fieldapp.services import lease, people, reference
from fieldapp.services.corrections import Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import drafts, records


@dataclass(frozen=True, slots=True)
class NaloxoneEntry:
    """What the form says. `id` becomes the event's id; `handed_over_at` is None for "now"."""

    id: str
    patient_id: str
    product: str
    kits: int
    training_given: bool
    receiver: str = ""
    lot: str = ""
    expiry: date | None = None
    replaces_used: bool = False
    handed_over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DispenseView:
    """Kits handed over, with the name of whoever did it."""

    dispense: MedicationDispense
    author_name: str


def products() -> tuple[NaloxoneProduct, ...]:
    """The sprays that are known, with the age that each is for."""
    return reference.events().naloxone_products


def use() -> tuple[Advice, ...]:
    """What to say when a kit is handed over."""
    return reference.events().naloxone_use


@needs(Right.RECORD_CARE)
def record(session: Session, entry: NaloxoneEntry) -> ChangeSet:
    """Record kits handed over. The same entry sent twice is one event.

    Raises EventError; nothing is written then.
    """
    with session.write() as unit:
        if records.exists(session.database, MedicationDispense, entry.id):
            return unit.changes(entry.id)
        event = MedicationDispense(
            id=entry.id,
            patient_id=entry.patient_id,
            product=entry.product.strip(),
            kits=entry.kits,
            handed_over_at=entry.handed_over_at or unit.now,
            recorded_at=unit.now,
            author_id=session.user.id,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            training_given=entry.training_given,
            receiver=entry.receiver.strip(),
            lot=entry.lot.strip(),
            expiry=entry.expiry,
            replaces_used=entry.replaces_used,
        )
        check_dispense(event, unit.now)
        unit.save(event, "record")
        drafts.delete(session.database, entry.id)
    session.settle()
    return unit.changes(entry.id)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def for_patient(session: Session, patient_id: str) -> list[DispenseView]:
    """The kits a patient was given, the newest first."""
    every = records.select(session.database, MedicationDispense, "patient_id = ?", (patient_id,))
    found = Veil(session, patient_id).open_ones(every)
    found.sort(key=lambda one: (one.handed_over_at, one.id), reverse=True)
    names = people.names(session)
    return [DispenseView(one, names.get(one.author_id, "")) for one in found]
