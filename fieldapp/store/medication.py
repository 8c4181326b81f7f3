"""Orders and handouts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.store import records
from fieldapp.store.db import Database


def requests_of(database: Database, patient_ids: Iterable[str]) -> list[MedicationRequest]:
    """The orders of these patients, past ones too."""
    return records.select(
        database,
        MedicationRequest,
        "patient_id IN (SELECT value FROM json_each(?)) ORDER BY valid_from DESC, id",
        (json.dumps(sorted(patient_ids)),),
    )


def current_products(database: Database, day: date) -> list[tuple[str, str]]:
    """(patient id, ATC code) of every order in force on ``day``, whatever its weekdays."""
    rows = database.connection.execute(
        "SELECT patient_id, body ->> '$.atc' AS atc FROM medication_request"
        " WHERE valid_from <= ?1 AND coalesce(body ->> '$.valid_to', ?1) >= ?1"
        " AND coalesce(body ->> '$.stopped_on' > ?1, 1)",
        (day.isoformat(),),
    )
    return [(str(row["patient_id"]), str(row["atc"])) for row in rows]


def events_on(database: Database, day: date) -> list[MedicationAdministration]:
    """All events in slots of a service day, counter-entries included."""
    return records.select(database, MedicationAdministration, "day = ?", (day.isoformat(),))


def events_of_request(
    database: Database, patient_id: str, request_id: str, since: date
) -> list[MedicationAdministration]:
    """The events of one order in slots from ``since`` on, counter-entries included."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id = ? AND request_id = ? AND day >= ?",
        (patient_id, request_id, since.isoformat()),
    )


def events_of_slot_family(
    database: Database, event: MedicationAdministration
) -> list[MedicationAdministration]:
    """Everything that a rule about ``event`` must see: its order's events of the same day."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id = ? AND request_id = ? AND day = ?",
        (event.patient_id, event.request_id, event.day.isoformat()),
    )


def last_given(
    database: Database, requests: Iterable[MedicationRequest], before: date
) -> dict[str, MedicationAdministration]:
    """For every order the last dose that stands as given in a slot before ``before``, by order."""
    found = records.select(
        database,
        MedicationAdministration,
        # One look into the index per order. NOT EXISTS asks the index per candidate as well;
        # NOT IN would read every event ever given.
        "id IN (SELECT ("
        " SELECT dose.id FROM medication_administration AS dose"
        " WHERE dose.patient_id = wanted.value ->> 0 AND dose.request_id = wanted.value ->> 1"
        " AND dose.day < ?2 AND dose.status = 'given' AND NOT EXISTS ("
        "   SELECT 1 FROM medication_administration AS counter_entry"
        "   WHERE counter_entry.reverses = dose.id"
        # Nobody takes back a colleague's dose, whatever a changed program has sent.
        "   AND counter_entry.body ->> '$.author_id' = dose.body ->> '$.author_id')"
        " ORDER BY dose.day DESC, dose.given_at DESC LIMIT 1) FROM json_each(?1) AS wanted)",
        (
            json.dumps([[request.patient_id, request.id] for request in requests]),
            before.isoformat(),
        ),
    )
    return {dose.request_id: dose for dose in found}


def history(database: Database, patient_id: str, limit: int) -> list[MedicationAdministration]:
    """The newest events of a patient first; counter-entries are not events of their own here."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id = ? AND status <> 'entered_in_error' ORDER BY given_at DESC, id DESC LIMIT ?",
        (patient_id, limit),
    )


def counter_entries(
    database: Database, event_ids: Iterable[str]
) -> dict[str, MedicationAdministration]:
    """The counter-entry of each of these events that was taken back, by the event's id."""
    found = records.select(
        database,
        MedicationAdministration,
        "reverses IN (SELECT value FROM json_each(?)) AND body ->> '$.author_id' = ("
        " SELECT dose.body ->> '$.author_id' FROM medication_administration AS dose"
        " WHERE dose.id = medication_administration.reverses)",
        (json.dumps(sorted(event_ids)),),
    )
    # Sorted here: asked for the order of ids, the planner walks every event ever given.
    found.sort(key=lambda entry: entry.id, reverse=True)
    return {str(entry.reverses): entry for entry in found}
