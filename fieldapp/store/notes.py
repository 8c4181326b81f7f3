"""Signed notes and results."""

from __future__ import annotations

from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.store import records
from fieldapp.store.db import Database


def of_patient(database: Database, patient_id: str) -> list[Note]:
    """The notes of a patient and their addenda, newest first."""
    return records.select(
        database, Note, "patient_id = ? ORDER BY signed_at DESC, id DESC", (patient_id,)
    )


def screenings(
    database: Database, patient_id: str, instrument: str | None = None
) -> list[ScreeningResponse]:
    """The completed questionnaires of a patient, newest first; of one instrument where given."""
    return records.select(
        database,
        ScreeningResponse,
        "patient_id = ?1 AND (?2 IS NULL OR instrument = ?2) ORDER BY authored_at DESC, id DESC",
        (patient_id, instrument),
    )


def rapid_tests(database: Database, patient_id: str) -> list[RapidTest]:
    """The rapid tests of a patient, newest first."""
    return records.select(
        database, RapidTest, "patient_id = ? ORDER BY taken_at DESC, id DESC", (patient_id,)
    )
