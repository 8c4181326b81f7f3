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
    database: Database, request_ids: Iterable[str], before: date
) -> dict[str, MedicationAdministration]:
    """For every order the last dose that stands as given in a slot before ``before``."""
    found: dict[str, MedicationAdministration] = {}
    for request_id in request_ids:
        selected = records.select(
            database,
            MedicationAdministration,
            "request_id = ?1"
            " AND patient_id = (SELECT patient_id FROM medication_request WHERE id = ?1)"
            # NOT EXISTS asks the index per candidate; NOT IN would read every event ever given.
            " AND day < ?2 AND status = 'given' AND NOT EXISTS ("
            "   SELECT 1 FROM medication_administration AS counter"
            "   WHERE counter.reverses = medication_administration.id)"
            " ORDER BY day DESC, given_at DESC LIMIT 1",
            (request_id, before.isoformat()),
        )
        if selected:
            found[request_id] = selected[0]
    return found


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
        "reverses IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(event_ids)),),
    )
    # Sorted here: asked for the order of ids, the planner walks every event ever given.
    found.sort(key=lambda entry: entry.id, reverse=True)
    return {str(entry.reverses): entry for entry in found}
