"""Results that stand in the record: completed screenings and rapid tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ScreeningResponse:
    """A completed questionnaire with its score (FHIR QuestionnaireResponse and Observation).

    Version, language and scoring hash are kept so that an old score never changes when the
    definition is updated. `total` is None when items are missing; then only the range holds.
    `answers` maps the item's link id to its chosen value.
    """

    id: str
    patient_id: str
    author_id: str
    instrument: str
    instrument_version: str
    language: str
    scoring_hash: str
    answers: dict[str, int]
    authored_at: datetime
    recorded_at: datetime
    device_id: str
    sequence: int
    total: int | None
    lowest: int
    highest: int
    band: str | None
    findings: tuple[str, ...] = ()
    norm_set: str | None = None
    state_at_completion: str | None = None
    encounter_id: str | None = None


@dataclass(frozen=True, slots=True)
class AnalyteReading:
    """One line of a rapid test. `cutoff` is a figure in `unit`, as printed on the device."""

    analyte: str
    cutoff: str
    unit: str
    result: str
    expected: bool = False
    """True when a prescribed medicine explains a positive; then a negative is the finding."""


@dataclass(frozen=True, slots=True)
class RapidTest:
    """A rapid drug test (FHIR DiagnosticReport, status preliminary) with its provenance."""

    id: str
    patient_id: str
    author_id: str
    panel: str
    panel_version: str
    specimen: str
    supervised: bool
    reason: str
    reason_text: str
    readings: tuple[AnalyteReading, ...]
    taken_at: datetime
    recorded_at: datetime
    device_id: str
    sequence: int
    lot: str = ""
    expiry: date | None = None
    temperature_ok: bool | None = None
    comment: str = ""
    encounter_id: str | None = None
