"""Planned and performed visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class VisitKind(StrEnum):
    """Form of contact (maps to Norwegian code system 8432 and FHIR Encounter.class)."""

    HOME = "home"
    OUTDOORS = "outdoors"
    OFFICE = "office"
    PHONE = "phone"
    VIDEO = "video"


class AppointmentStatus(StrEnum):
    PLANNED = "planned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Appointment:
    """A visit planned for a day and a person (FHIR Appointment)."""

    id: str
    patient_id: str
    practitioner_id: str
    day: date
    time: str | None = None
    """Local wall time "HH:MM", or None when only the day is planned."""
    kind: VisitKind = VisitKind.HOME
    purpose: str = ""
    status: AppointmentStatus = AppointmentStatus.PLANNED
    created_by: str = ""


class EncounterStatus(StrEnum):
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class Encounter:
    """A visit that takes or took place (FHIR Encounter)."""

    id: str
    patient_id: str
    kind: VisitKind
    status: EncounterStatus
    started_at: datetime
    author_id: str
    appointment_id: str | None = None
    ended_at: datetime | None = None
    participants: tuple[str, ...] = ()
    """Practitioner ids, the author included."""
    travel_minutes: int | None = None
    recorded_at: datetime | None = None
    reason: str = ""
    """Why nobody was met, for a visit that was no show."""


class VisitError(ValueError):
    """A visit would contradict itself; `code` names how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_encounter(encounter: Encounter) -> None:
    """Raise VisitError for a visit that contradicts itself.

    Codes: end_missing, end_before_start, participants_missing, travel_negative.
    """
    if encounter.status is EncounterStatus.FINISHED and encounter.ended_at is None:
        raise VisitError("end_missing")
    if encounter.ended_at is not None and encounter.ended_at < encounter.started_at:
        raise VisitError("end_before_start")
    if not encounter.participants:
        raise VisitError("participants_missing")
    if encounter.travel_minutes is not None and encounter.travel_minutes < 0:
        raise VisitError("travel_negative")
