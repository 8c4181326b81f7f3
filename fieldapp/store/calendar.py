"""What the picture of a patient's medicine is made from, besides orders and claims."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from fieldapp.clock import to_iso
from fieldapp.domain.handout_events import PharmacyReport, SlotReopening
from fieldapp.domain.medication import MedicationAdministration
from fieldapp.store import records
from fieldapp.store.db import Database


def events_since(
    database: Database, patient_id: str, first: date
) -> list[MedicationAdministration]:
    """Return a patient's handouts given on `first` or later, counter-entries included."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id = ? AND given_at >= ? ORDER BY given_at, id",
        (patient_id, to_iso(datetime.combine(first, time.min, tzinfo=UTC))),
    )


def reports_since(database: Database, patient_id: str, first: date) -> list[PharmacyReport]:
    """Return what the pharmacy has told about days from `first` on, oldest word first."""
    return records.select(
        database,
        PharmacyReport,
        "patient_id = ? AND day >= ? ORDER BY recorded_at, id",
        (patient_id, first.isoformat()),
    )


def reopened(database: Database, patient_id: str) -> frozenset[str]:
    """Return the ids of the doses that the office has opened the slots of again."""
    found = records.select(database, SlotReopening, "patient_id = ?", (patient_id,))
    return frozenset(event_id for one in found for event_id in one.administration_ids)
