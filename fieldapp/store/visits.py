"""Planned and performed visits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from fieldapp.domain.visits import Appointment, Encounter
from fieldapp.store import records
from fieldapp.store.db import Database


def planned_for(
    database: Database, practitioner_id: str, first: date, last: date
) -> list[Appointment]:
    """The visits planned for a person from ``first`` to ``last``; those without a time last."""
    return records.select(
        database,
        Appointment,
        "practitioner_id = ? AND day BETWEEN ? AND ? AND status = 'planned'"
        " ORDER BY day, time IS NULL, time, id",
        (practitioner_id, first.isoformat(), last.isoformat()),
    )


def next_planned(database: Database, patient_id: str, day: date) -> Appointment | None:
    """The first visit planned for a patient from ``day`` on that has not been made yet."""
    found = records.select(
        database,
        Appointment,
        "patient_id = ? AND day >= ? AND status = 'planned'"
        " AND NOT EXISTS (SELECT 1 FROM encounter WHERE encounter.appointment_id = appointment.id"
        " AND encounter.status IN ('finished', 'no_show'))"
        " ORDER BY day, time IS NULL, time, id LIMIT 1",
        (patient_id, day.isoformat()),
    )
    return found[0] if found else None


def by_appointment(database: Database, appointment_ids: Iterable[str]) -> dict[str, Encounter]:
    """The visit that came of each of these appointments, where one did; the newest of several."""
    found = records.select(
        database,
        Encounter,
        "appointment_id IN (SELECT value FROM json_each(?)) ORDER BY started_at, id",
        (json.dumps(sorted(appointment_ids)),),
    )
    return {str(encounter.appointment_id): encounter for encounter in found}


def in_progress(
    database: Database, author_id: str, patient_id: str | None = None
) -> list[Encounter]:
    """The visits that a person has begun and not ended, newest first."""
    return records.select(
        database,
        Encounter,
        "status = 'in_progress' AND author_id = ?1 AND (?2 IS NULL OR patient_id = ?2)"
        " ORDER BY started_at DESC, id DESC",
        (author_id, patient_id),
    )
