"""Patients, what must be known about them, who is around them, and the staff."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from fieldapp.domain.collation import fold
from fieldapp.domain.patients import (
    SEVERE_CATEGORIES,
    Assignment,
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Patient,
    Practitioner,
)
from fieldapp.store import records
from fieldapp.store.db import Database


def active(database: Database) -> list[Patient]:
    """All patients on this laptop who are followed at present, in no order."""
    return records.select(database, Patient, "active = 1")


def assigned_to(database: Database, practitioner_id: str) -> dict[str, Patient]:
    """The patients whom this person follows, by id."""
    found = records.select(
        database,
        Patient,
        "active = 1 AND id IN (SELECT patient_id FROM assignment"
        " WHERE practitioner_id = ? AND active = 1)",
        (practitioner_id,),
    )
    return {patient.id: patient for patient in found}


def by_ids(database: Database, patient_ids: Iterable[str]) -> dict[str, Patient]:
    """These patients by id, as far as they are here."""
    found = records.select(
        database,
        Patient,
        "id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(patient_ids))),),
    )
    return {patient.id: patient for patient in found}


def with_national_ids(database: Database, national_ids: Iterable[str]) -> dict[str, str]:
    """The patients with one of these national numbers: number to patient id."""
    rows = database.connection.execute(
        "SELECT national_id, id FROM patient WHERE national_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(national_ids))),),
    )
    return {str(row["national_id"]): str(row["id"]) for row in rows}


def possible_duplicates(database: Database, patient_ids: Iterable[str]) -> set[str]:
    """Those of these patients who may be the same person as another one on this laptop.

    By the office's own rule: the same national number, or the same name and date of birth.
    """
    wanted = set(patient_ids)
    alike = records.select(
        database,
        Patient,
        "active = 1 AND body ->> '$.birth_date' IN ("
        " SELECT body ->> '$.birth_date' FROM patient WHERE active = 1"
        " GROUP BY body ->> '$.birth_date' HAVING count(*) > 1)"
        " OR active = 1 AND replace(national_id, ' ', '') IN ("
        " SELECT replace(national_id, ' ', '') FROM patient WHERE active = 1"
        " GROUP BY 1 HAVING count(*) > 1)",
    )
    seen: dict[tuple[str, ...], set[str]] = {}
    for patient in alike:
        if number := "".join((patient.national_id or "").split()):
            seen.setdefault((number,), set()).add(patient.id)
        if patient.birth_date is not None:
            person = (fold(patient.name), patient.birth_date.isoformat())
            seen.setdefault(person, set()).add(patient.id)
    return {one for several in seen.values() if len(several) > 1 for one in several & wanted}


def flags(database: Database, patient_id: str) -> list[Flag]:
    """The flags of a patient that are in force."""
    return records.select(
        database, Flag, "patient_id = ? AND active = 1 ORDER BY id", (patient_id,)
    )


def severe_flags(database: Database, patient_ids: Iterable[str]) -> dict[str, tuple[Flag, ...]]:
    """The severe flags in force of each of these patients, in the order of the header."""
    order = list(FlagCategory)
    found: dict[str, list[Flag]] = {patient_id: [] for patient_id in patient_ids}
    selected = records.select(
        database,
        Flag,
        "active = 1 AND category IN (SELECT value FROM json_each(?))"
        " AND patient_id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(sorted(SEVERE_CATEGORIES)), json.dumps(sorted(found))),
    )
    for flag in selected:
        if flag.state is FlagState.PRESENT:
            found[flag.patient_id].append(flag)
    return {
        patient_id: tuple(sorted(own, key=lambda flag: order.index(flag.category)))
        for patient_id, own in found.items()
    }


def severe_categories(database: Database) -> dict[str, tuple[FlagCategory, ...]]:
    """For every patient with a severe flag in force the categories, in the header's order."""
    rows = database.connection.execute(
        "SELECT patient_id, category FROM flag WHERE active = 1 AND body ->> '$.state' = ?"
        " AND category IN (SELECT value FROM json_each(?))",
        (FlagState.PRESENT.value, json.dumps(sorted(SEVERE_CATEGORIES))),
    )
    found: dict[str, set[FlagCategory]] = {}
    for row in rows:
        found.setdefault(str(row["patient_id"]), set()).add(FlagCategory(row["category"]))
    return {
        patient_id: tuple(category for category in FlagCategory if category in own)
        for patient_id, own in found.items()
    }


def next_visits(database: Database, day: date) -> dict[str, date]:
    """For every patient with a planned visit, not made yet, the first day from ``day`` on."""
    rows = database.connection.execute(
        "SELECT patient_id, min(day) AS day FROM appointment"
        " WHERE status = 'planned' AND day >= ? AND NOT EXISTS (SELECT 1 FROM encounter"
        " WHERE encounter.appointment_id = appointment.id"
        " AND encounter.status IN ('finished', 'no_show')) GROUP BY patient_id",
        (day.isoformat(),),
    )
    return {str(row["patient_id"]): date.fromisoformat(str(row["day"])) for row in rows}


def contacts(database: Database, patient_id: str) -> list[Contact]:
    """The contacts of a patient, those in use only."""
    return records.select(
        database, Contact, "patient_id = ? AND active = 1 ORDER BY id", (patient_id,)
    )


def assignments(database: Database, patient_id: str) -> list[Assignment]:
    """Who follows a patient, the primary one first."""
    return records.select(
        database,
        Assignment,
        "patient_id = ? AND active = 1 ORDER BY body ->> '$.primary' DESC, id",
        (patient_id,),
    )


def staff(database: Database) -> list[Practitioner]:
    """The whole team, former members too (they still stand as authors), in no order."""
    return records.select(database, Practitioner)
