"""What a line of the patient list says, as plain values."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.patients import Level
from fieldapp.services.patients import PatientRow
from ui.flags import flag_row_tag
from ui.widgets import Row, RowTag
from ui.words import address_text, age_text, near_day, word

translate = QCoreApplication.translate


def line(row: PatientRow, today: date) -> Row:
    """The line of a patient on `today`: severe marks first, since they are the last to give way."""
    patient = row.patient
    tags = [flag_row_tag(category) for category in row.severe]
    if patient.level is Level.ACT:
        tags.append(RowTag(word(Level.ACT), "accent"))
    if row.lar:
        tags.append(RowTag(translate("patients", "LAR"), "accent", "pill"))
    if row.next_visit is not None:
        planned = translate("patients", "Besøk {day}").format(day=near_day(row.next_visit, today))
        tags.append(RowTag(planned, "neutral", "calendar-days"))
    parts = (age_text(patient, today), address_text(patient))
    return Row(
        id=patient.id,
        title=patient.name,
        detail=" · ".join(part for part in parts if part),
        tags=tuple(tags),
    )


def count_text(shown: int, all_rows: int) -> str:
    """How many patients the search let through."""
    if shown == all_rows == 0:
        return translate("patients", "Ingen pasienter på denne maskinen")
    if shown == all_rows == 1:
        return translate("patients", "1 pasient på denne maskinen")
    if shown == all_rows:
        return translate("patients", "{count} pasienter på denne maskinen").format(count=all_rows)
    return translate("patients", "{shown} av {count} pasienter").format(shown=shown, count=all_rows)
