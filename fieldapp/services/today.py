"""The day of the person who is logged in: visits, doses, what is late, what was left unfinished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fieldapp.clock import OSLO
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import MedicationAdministration, Part, Slot
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import Flag, Patient
from fieldapp.domain.rights import Right
from fieldapp.domain.visits import Appointment, Encounter
from fieldapp.services import conflicts, lease, medication, notes, reference
from fieldapp.services.medication import RoundSlot
from fieldapp.services.notes import DraftRow
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import patients as store_patients
from fieldapp.store import visits as store_visits

LATE_VISIT_DAYS = 7
"""A visit that did not take place is reminded of for a week."""


@dataclass(frozen=True, slots=True)
class TodayVisit:
    """A visit planned for this person; ``encounter`` is what came of it so far."""

    appointment: Appointment
    patient: Patient
    flags_severe: tuple[Flag, ...]
    encounter: Encounter | None


@dataclass(frozen=True, slots=True)
class TodayDose:
    """A dose planned for the day and what stands recorded in its slot."""

    slot: Slot
    patient: Patient
    standing: tuple[MedicationAdministration, ...]


@dataclass(frozen=True, slots=True)
class LateItem:
    """Something that should have been done. ``kind`` is "dose", "visit" or "draft".

    ``ref_id`` is the id of the order, the appointment or the draft; ``day`` is when it was due.
    """

    kind: str
    patient: Patient
    day: date
    ref_id: str


@dataclass(frozen=True, slots=True)
class UnfinishedItem:
    """Unsigned work of today, or a form that a crash left open."""

    draft: Draft
    patient: Patient


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A visit that this person has begun and not ended, planned or not."""

    encounter: Encounter
    patient: Patient
    flags_severe: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Today:
    day: date
    visits: tuple[TodayVisit, ...]
    doses: tuple[TodayDose, ...]
    late: tuple[LateItem, ...]
    unfinished: tuple[UnfinishedItem, ...]
    open_visits: tuple[OpenVisit, ...] = ()


@needs(Right.READ_PATIENTS)
def load(session: Session, day: date) -> Today:
    """Everything the day page shows; ``day`` is usually ``session.today()``."""
    slots = medication.day_slots(session, day)
    drafts = notes.drafts(session)
    return Today(
        day=day,
        visits=_visits(session, day),
        doses=tuple(TodayDose(entry.slot, patient, entry.standing) for patient, entry in slots),
        late=(
            *_late_doses(session, day, slots),
            *_late_visits(session, day),
            *_late_drafts(day, drafts),
        ),
        unfinished=tuple(
            UnfinishedItem(row.draft, row.patient) for row in drafts if not _is_late(row.draft, day)
        ),
        open_visits=_open_visits(session),
    )


def _visits(session: Session, day: date) -> tuple[TodayVisit, ...]:
    appointments = store_visits.planned_for(session.database, session.user.id, day, day)
    appointments = lease.narrowed(
        session, Area.CRITICAL, appointments, lambda visit: visit.patient_id
    )
    patients = _patients_of(session, appointments)
    flags = conflicts.with_severe(session, store_patients.severe_flags(session.database, patients))
    encounters = store_visits.by_appointment(
        session.database, [appointment.id for appointment in appointments]
    )
    return tuple(
        TodayVisit(
            appointment=appointment,
            patient=patients[appointment.patient_id],
            flags_severe=flags[appointment.patient_id],
            encounter=encounters.get(appointment.id),
        )
        for appointment in appointments
        if appointment.patient_id in patients
    )


def _open_visits(session: Session) -> tuple[OpenVisit, ...]:
    encounters = store_visits.in_progress(session.database, session.user.id)
    patients = store_patients.by_ids(
        session.database, [encounter.patient_id for encounter in encounters]
    )
    flags = conflicts.with_severe(session, store_patients.severe_flags(session.database, patients))
    return tuple(
        OpenVisit(encounter, patients[encounter.patient_id], flags[encounter.patient_id])
        for encounter in encounters
        if encounter.patient_id in patients
    )


def _late_doses(
    session: Session, day: date, slots: Sequence[tuple[Patient, RoundSlot]]
) -> list[LateItem]:
    return [
        LateItem("dose", patient, day, entry.slot.key.request_id)
        for patient, entry in slots
        if not entry.standing and _has_passed(session, day, entry.slot.key.part)
    ]


def _has_passed(session: Session, day: date, part: Part) -> bool:
    """True when the part of the day is over by the clock in Norway.

    A part that ends in the small hours (the night) ends on the following day.
    """
    ends_at = reference.handout().ends_at(part)
    over_midnight = ends_at < reference.handout().ends_at(Part.MORNING)
    last_day = day + timedelta(days=1) if over_midnight else day
    return session.clock.now() >= datetime.combine(last_day, ends_at, OSLO)


def _late_visits(session: Session, day: date) -> list[LateItem]:
    appointments = store_visits.planned_for(
        session.database,
        session.user.id,
        day - timedelta(days=LATE_VISIT_DAYS),
        day - timedelta(days=1),
    )
    encounters = store_visits.by_appointment(
        session.database, [appointment.id for appointment in appointments]
    )
    missing = lease.narrowed(
        session,
        Area.CRITICAL,
        [entry for entry in appointments if entry.id not in encounters],
        lambda entry: entry.patient_id,
    )
    patients = _patients_of(session, missing)
    return [
        LateItem("visit", patients[entry.patient_id], entry.day, entry.id)
        for entry in missing
        if entry.patient_id in patients
    ]


def _late_drafts(day: date, drafts: Sequence[DraftRow]) -> list[LateItem]:
    return [
        LateItem("draft", row.patient, _saved_on(row.draft), row.draft.id)
        for row in drafts
        if _is_late(row.draft, day)
    ]


def _is_late(draft: Draft, day: date) -> bool:
    """True for work left from before the day; a form that is (or was) open is unfinished."""
    return not draft.open and _saved_on(draft) < day


def _saved_on(draft: Draft) -> date:
    return draft.saved_at.astimezone(OSLO).date()


def _patients_of(session: Session, appointments: Sequence[Appointment]) -> dict[str, Patient]:
    return store_patients.by_ids(
        session.database, [appointment.patient_id for appointment in appointments]
    )
