"""What a line of the patient list says, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.patients import FlagCategory, Level
from fieldapp.services.patients import PatientRow
from ui.words import address_text, age_text, initials, near_day, word

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class PatientLine:
    """One line: what is painted, and in `spoken` what a screen reader says."""

    initials: str
    name: str
    age: str
    address: str
    severe: tuple[FlagCategory, ...]
    marks: tuple[str, ...]
    next_visit: str
    spoken: str


def line(row: PatientRow, today: date) -> PatientLine:
    """Return the line of a patient as it is shown on `today`."""
    patient = row.patient
    marks = [word(Level.ACT)] if patient.level is Level.ACT else []
    if row.lar:
        marks.append("LAR")
    severe = tuple(row.severe)
    next_visit = ""
    if row.next_visit is not None:
        next_visit = translate("patients", "Neste: {day}").format(
            day=near_day(row.next_visit, today)
        )
    said = [
        patient.name,
        age_text(patient, today),
        address_text(patient),
        *(word(category) for category in severe),
        *marks,
        next_visit,
    ]
    return PatientLine(
        initials=initials(patient),
        name=patient.name,
        age=age_text(patient, today),
        address=address_text(patient),
        severe=severe,
        marks=tuple(marks),
        next_visit=next_visit,
        spoken=", ".join(part for part in said if part),
    )


def count_text(shown: int, all_rows: int) -> str:
    """How many patients the search let through."""
    if shown == all_rows:
        return translate("patients", "{count} pasienter").format(count=all_rows)
    return translate("patients", "{shown} av {count} pasienter").format(
        shown=shown, count=all_rows
    )
