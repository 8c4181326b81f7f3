"""Visits: planned, begun, ended, or nobody there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.patients import Patient, Practitioner
from fieldapp.domain.rights import Right
from fieldapp.domain.visits import (
    Appointment,
    AppointmentStatus,
    Encounter,
    EncounterStatus,
    VisitError,
    VisitKind,
    check_encounter,
)
from fieldapp.services import people
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records
from fieldapp.store import visits as store


def staff(session: Session) -> list[Practitioner]:
    """Who can take part in a visit or be planned for one, in Norwegian order."""
    return people.staff(session)


@needs(Right.READ_PATIENTS)
def open_encounter(session: Session, patient_id: str) -> Encounter | None:
    """The visit to this patient that this person has begun and not ended."""
    found = store.in_progress(session.database, session.user.id, patient_id)
    return found[0] if found else None


@needs(Right.READ_PATIENTS)
def encounter(session: Session, encounter_id: str) -> Encounter | None:
    """One visit, or None when it is not on this laptop."""
    return records.get(session.database, Encounter, encounter_id)


@needs(Right.READ_PATIENTS)
def appointment(session: Session, appointment_id: str) -> Appointment | None:
    """One planned visit, or None when it is not on this laptop."""
    return records.get(session.database, Appointment, appointment_id)


@needs(Right.READ_PATIENTS)
def of_appointment(session: Session, appointment_id: str) -> Encounter | None:
    """The visit that came of a planned one, if any did."""
    return store.by_appointment(session.database, [appointment_id]).get(appointment_id)


@needs(Right.REGISTER_PATIENTS)
def plan(
    session: Session,
    patient_id: str,
    day: date,
    time: str | None,
    kind: VisitKind,
    purpose: str,
    practitioner_id: str | None = None,
) -> ChangeSet:
    """Plan a visit for a day and a person (oneself unless named).

    ``time`` is local, "HH:MM". Raises NotFoundError, VisitError("time_format").
    """
    appointment = Appointment(
        id=session.new_id(),
        patient_id=patient_id,
        practitioner_id=practitioner_id or session.user.id,
        day=day,
        time=_clock_time(time),
        kind=kind,
        purpose=purpose.strip(),
        created_by=session.user.id,
    )
    with session.write() as unit:
        if not records.exists(session.database, Patient, patient_id):
            raise NotFoundError(patient_id)
        unit.save(appointment, "plan")
    return unit.changes(appointment.id)


@needs(Right.REGISTER_PATIENTS)
def cancel_plan(session: Session, appointment_id: str) -> ChangeSet:
    """Cancel a planned visit; it stays in the record. Raises NotFoundError."""
    with session.write() as unit:
        appointment = _appointment(session, appointment_id)
        if appointment.status is not AppointmentStatus.CANCELLED:
            unit.save(replace(appointment, status=AppointmentStatus.CANCELLED), "cancel")
    return unit.changes(appointment_id)


@needs(Right.RECORD_CARE)
def start(
    session: Session,
    patient_id: str,
    kind: VisitKind,
    participants: Sequence[str] = (),
    appointment_id: str | None = None,
) -> ChangeSet:
    """Begin a visit; ``created_id`` is the encounter's id. This person always takes part.

    Beginning twice is one visit: the one that is already open is answered. Raises NotFoundError.
    """
    with session.write() as unit:
        if not records.exists(session.database, Patient, patient_id):
            raise NotFoundError(patient_id)
        already = open_encounter(session, patient_id)
        if already is not None:
            return unit.changes(already.id)
        encounter = Encounter(
            id=session.new_id(),
            patient_id=patient_id,
            kind=kind,
            status=EncounterStatus.IN_PROGRESS,
            started_at=unit.now,
            author_id=session.user.id,
            appointment_id=appointment_id,
            participants=_with_author(session, participants),
            recorded_at=unit.now,
        )
        check_encounter(encounter)
        unit.save(encounter, "start")
    return unit.changes(encounter.id)


@needs(Right.RECORD_CARE)
def update(
    session: Session,
    encounter_id: str,
    *,
    kind: VisitKind | None = None,
    participants: Sequence[str] | None = None,
    travel_minutes: int | None = None,
) -> ChangeSet:
    """Change what was recorded about a visit; None leaves a field as it is.

    Raises NotFoundError, VisitError.
    """
    with session.write() as unit:
        encounter = _encounter(session, encounter_id)
        changed = replace(
            encounter,
            kind=kind or encounter.kind,
            participants=encounter.participants if participants is None else tuple(participants),
            travel_minutes=(encounter.travel_minutes if travel_minutes is None else travel_minutes),
        )
        check_encounter(changed)
        if changed != encounter:
            unit.save(changed)
    return unit.changes(encounter_id)


@needs(Right.RECORD_CARE)
def finish(
    session: Session,
    encounter_id: str,
    ended_at: datetime | None = None,
    travel_minutes: int | None = None,
) -> ChangeSet:
    """End a visit now, or at ``ended_at``. Ending it again changes only what is given then.

    Raises NotFoundError, VisitError.
    """
    with session.write() as unit:
        encounter = _encounter(session, encounter_id)
        changed = replace(
            encounter,
            status=EncounterStatus.FINISHED,
            ended_at=ended_at or encounter.ended_at or unit.now,
            travel_minutes=(encounter.travel_minutes if travel_minutes is None else travel_minutes),
        )
        check_encounter(changed)
        if changed != encounter:
            unit.save(changed, "finish")
    session.settle()
    return unit.changes(encounter_id)


@needs(Right.RECORD_CARE)
def no_show(session: Session, appointment_id: str, reason: str) -> ChangeSet:
    """Record that nobody was met at a planned visit.

    Doing so twice is one record. Raises NotFoundError, VisitError("reason_missing").
    """
    if not reason.strip():
        raise VisitError("reason_missing")
    with session.write() as unit:
        appointment = _appointment(session, appointment_id)
        already = store.by_appointment(session.database, [appointment_id]).get(appointment_id)
        if already is not None:
            return unit.changes(already.id)
        encounter = Encounter(
            id=session.new_id(),
            patient_id=appointment.patient_id,
            kind=appointment.kind,
            status=EncounterStatus.NO_SHOW,
            started_at=unit.now,
            author_id=session.user.id,
            appointment_id=appointment_id,
            participants=(session.user.id,),
            recorded_at=unit.now,
            reason=reason.strip(),
        )
        check_encounter(encounter)
        unit.save(encounter, "no_show")
    return unit.changes(encounter.id)


def _with_author(session: Session, participants: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((session.user.id, *participants)))


def _clock_time(text: str | None) -> str | None:
    """The time as HH:MM, or None for a blank one."""
    if text is None or not text.strip():
        return None
    try:
        return f"{datetime.strptime(text.strip(), '%H:%M'):%H:%M}"
    except ValueError:
        raise VisitError("time_format") from None


def _appointment(session: Session, appointment_id: str) -> Appointment:
    found = records.get(session.database, Appointment, appointment_id)
    if found is None:
        raise NotFoundError(appointment_id)
    return found


def _encounter(session: Session, encounter_id: str) -> Encounter:
    found = records.get(session.database, Encounter, encounter_id)
    if found is None:
        raise NotFoundError(encounter_id)
    return found
