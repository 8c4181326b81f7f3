"""Orders and handouts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime

from fieldapp.clock import to_iso
from fieldapp.domain.handout_events import PharmacyReport
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


def events_given_between(
    database: Database, start: datetime, end: datetime
) -> list[MedicationAdministration]:
    """Everybody's events given from ``start`` until before ``end``, and what takes them back."""
    return records.select(
        database,
        MedicationAdministration,
        # Patient by patient, so that the index of theirs is used: none has the times alone.
        "id IN (WITH given AS (SELECT dose.id FROM patient CROSS JOIN medication_administration"
        " AS dose WHERE dose.patient_id = patient.id AND dose.given_at >= ?1"
        " AND dose.given_at < ?2)"
        " SELECT id FROM given UNION ALL SELECT entry.id FROM given"
        " JOIN medication_administration AS entry ON entry.reverses = given.id)",
        (to_iso(start), to_iso(end)),
    )


def events_since(
    database: Database, patient_ids: Iterable[str], since: date
) -> list[MedicationAdministration]:
    """The events of these patients in slots from ``since`` on, counter-entries included."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id IN (SELECT value FROM json_each(?)) AND day >= ?",
        (json.dumps(sorted(patient_ids)), since.isoformat()),
    )


def injections_before(
    database: Database, patient_ids: Iterable[str], day: date
) -> list[MedicationAdministration]:
    """The injections of these patients due before ``day``: of each the last sixty.

    A depot may lie half a year back, longer than anything else is looked for; sixty are a year of
    weekly ones.
    """
    return records.select(
        database,
        MedicationAdministration,
        # Counter-entries are looked up by what they take back: they carry no injection.
        "id IN (WITH numbered AS ("
        " SELECT id, day, row_number() OVER (PARTITION BY patient_id ORDER BY day DESC) AS place"
        # Told which index to take: without figures of the table the planner reads every dose.
        " FROM medication_administration INDEXED BY medication_administration_injections"
        " WHERE occurrence IS NOT NULL AND patient_id IN (SELECT value FROM json_each(?1))),"
        " dose AS (SELECT id FROM numbered WHERE place <= 60 AND day < ?2)"
        " SELECT id FROM dose UNION ALL SELECT entry.id FROM dose"
        " JOIN medication_administration AS entry ON entry.reverses = dose.id)",
        (json.dumps(sorted(patient_ids)), day.isoformat()),
    )


def events_by_ids(database: Database, ids: Iterable[str]) -> list[MedicationAdministration]:
    """These events, as far as they are here."""
    return records.select(
        database,
        MedicationAdministration,
        "id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(ids)),),
    )


def events_of_supply(
    database: Database, patient_id: str, supply_id: str
) -> list[MedicationAdministration]:
    """The doses taken home of one handing-over."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id = ?1 AND body ->> '$.take_home.supply_id' = ?2 AND day >= ("
        " SELECT day FROM medication_administration AS first WHERE first.id = ?2)",
        (patient_id, supply_id),
    )


def events_on_day(database: Database, patient_id: str, day: date) -> list[MedicationAdministration]:
    """All of a patient's events in slots of a day, counter-entries included."""
    return records.select(
        database,
        MedicationAdministration,
        "patient_id = ? AND day = ?",
        (patient_id, day.isoformat()),
    )


def reports_since(
    database: Database, patient_ids: Iterable[str], since: date
) -> list[PharmacyReport]:
    """What pharmacies have told of these patients' days from ``since`` on."""
    return records.select(
        database,
        PharmacyReport,
        "patient_id IN (SELECT value FROM json_each(?)) AND day >= ?",
        (json.dumps(sorted(patient_ids)), since.isoformat()),
    )


def reopened(database: Database, patient_ids: Iterable[str]) -> dict[str, set[str]]:
    """Of these patients the doses whose slots the office has opened again, by patient."""
    rows = database.connection.execute(
        "SELECT slot_reopening.patient_id AS patient_id, named.value AS administration_id"
        " FROM slot_reopening, json_each(slot_reopening.body, '$.administration_ids') AS named"
        " WHERE slot_reopening.patient_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(patient_ids)),),
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row["patient_id"]), set()).add(str(row["administration_id"]))
    return found


def was_never_offered(database: Database, event_id: str) -> bool:
    """True while an event of this laptop has not left it, in a sync or in a file."""
    row = database.connection.execute(
        "SELECT 1 FROM outbox WHERE kind = 'medication_administration' AND record_id = ?"
        " AND state = 'waiting' AND attempts = 0",
        (event_id,),
    ).fetchone()
    return row is not None


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
