"""What an event around a handout must say before it may be written. Pure.

Each check raises EventError. Nothing here stops a record of what has happened for what it tells;
it only asks for what would make the record worthless if it were missing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from fieldapp.domain.handout_events import (
    AdverseEvent,
    Communication,
    DoseIncident,
    IncidentType,
    MedicationDispense,
    PharmacyReport,
)

MOST_KITS = 20
"""More naloxone kits than this in one hand is a slip of the finger."""

MOST_MINUTES = 24 * 60


class EventError(ValueError):
    """An event cannot be written so.

    Codes: event_in_future, doses_missing, unknown_dose, minutes_wrong, told_by_missing,
    day_in_future, contacted_missing, text_missing, product_missing, kits_wrong,
    description_missing, already_closed, not_this_patient.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_incident(event: DoseIncident, known_doses: Collection[str], now: datetime) -> None:
    """`known_doses` are ids of the patient's doses that were given. Raises EventError."""
    _check_past(event.happened_at, now)
    if not event.administration_ids:
        raise EventError("doses_missing")
    if not set(event.administration_ids) <= set(known_doses):
        raise EventError("unknown_dose")
    minutes = event.minutes_after_dose
    if minutes is not None and not 0 <= minutes <= MOST_MINUTES:
        raise EventError("minutes_wrong")
    if event.type in (IncidentType.LOST, IncidentType.SPILT) and not event.text.strip():
        # What was lost, and how, is all that the office can judge by.
        raise EventError("text_missing")


def check_pharmacy_report(event: PharmacyReport, today: date) -> None:
    """Raises EventError."""
    if event.day > today:
        raise EventError("day_in_future")
    if not event.told_by.strip():
        raise EventError("told_by_missing")


def check_communication(event: Communication, now: datetime) -> None:
    """Raises EventError."""
    _check_past(event.happened_at, now)
    if not event.contacted.strip():
        raise EventError("contacted_missing")
    if event.reached and not event.text.strip():
        raise EventError("text_missing")


def check_dispense(event: MedicationDispense, now: datetime) -> None:
    """Raises EventError."""
    _check_past(event.handed_over_at, now)
    if not event.product.strip():
        raise EventError("product_missing")
    if not 1 <= event.kits <= MOST_KITS:
        raise EventError("kits_wrong")


def check_adverse_event(event: AdverseEvent, now: datetime) -> None:
    """Raises EventError."""
    _check_past(event.happened_at, now)
    if not event.description.strip():
        raise EventError("description_missing")


def may_be_opened_again(event: DoseIncident) -> bool:
    """True for what the office may open a day for.

    A dose that was swallowed and came up, or was spilt, is gone: a new one is a forced handout.
    """
    return event.type in (IncidentType.RETURNED, IncidentType.LOST)


def _check_past(moment: datetime, now: datetime) -> None:
    if moment > now:
        raise EventError("event_in_future")
