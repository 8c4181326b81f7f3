"""Rapid drug tests: devices and their cut-offs, what a reading means and how far to trust it.

Everything here is preliminary. A reading is never a confirmed result, and a negative one does not
rule out use; only a laboratory's specific method confirms. Cut-offs belong to a device, never to a
substance as such.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from fieldapp.domain.observations import AnalyteReading, RapidTest
from fieldapp.domain.strict_json import Source


class Specimen(StrEnum):
    """What was tested."""

    URINE = "urine"
    SALIVA = "saliva"


class Reading(StrEnum):
    """What the device shows for one analyte."""

    PRELIMINARY_POSITIVE = "preliminary_positive"
    PRELIMINARY_NEGATIVE = "preliminary_negative"
    INVALID = "invalid"
    NOT_READ = "not_read"


class ReadingMeaning(StrEnum):
    """A reading held against what is prescribed."""

    EXPECTED_POSITIVE = "expected_positive"
    UNEXPECTED_POSITIVE = "unexpected_positive"
    EXPECTED_MISSING = "expected_missing"
    """The prescribed medicine explains a positive, yet the reading is negative."""
    NEGATIVE = "negative"
    INVALID = "invalid"
    NOT_READ = "not_read"


FINDINGS = frozenset({ReadingMeaning.UNEXPECTED_POSITIVE, ReadingMeaning.EXPECTED_MISSING})
"""The meanings that call for a talk with the patient and perhaps a laboratory test."""

_EXPLAINED = {
    (Reading.PRELIMINARY_POSITIVE, True): ReadingMeaning.EXPECTED_POSITIVE,
    (Reading.PRELIMINARY_POSITIVE, False): ReadingMeaning.UNEXPECTED_POSITIVE,
    (Reading.PRELIMINARY_NEGATIVE, True): ReadingMeaning.EXPECTED_MISSING,
    (Reading.PRELIMINARY_NEGATIVE, False): ReadingMeaning.NEGATIVE,
}


class SpecimenProblem(StrEnum):
    """Why a specimen may not be what it seems."""

    TOO_DILUTE = "too_dilute"
    TOO_COLD = "too_cold"
    TOO_WARM = "too_warm"
    MEASURED_TOO_LATE = "measured_too_late"
    NOT_OBSERVED = "not_observed"
    DEVICE_EXPIRED = "device_expired"
    TEMPERATURE_OUTSIDE = "temperature_outside"
    TEMPERATURE_NOT_MEASURED = "temperature_not_measured"


@dataclass(frozen=True, slots=True)
class ExpectedWith:
    """A prescribed medicine (beginning of its ATC code) that explains a positive reading."""

    atc: str
    source: Source


@dataclass(frozen=True, slots=True)
class PanelAnalyte:
    """One line of a device: ``cutoff`` in ``unit``; ``window`` is the detection time in words."""

    code: str
    label: str
    cutoff: str
    unit: str
    window: str
    expected_with: tuple[ExpectedWith, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Panel:
    """A device and what it tests for. ``version`` changes with its cut-offs."""

    id: str
    version: str
    name: str
    specimen: Specimen
    example: bool
    """True until the organisation has replaced it by the device it really uses."""
    analytes: tuple[PanelAnalyte, ...]

    def analyte(self, code: str) -> PanelAnalyte | None:
        return next((analyte for analyte in self.analytes if analyte.code == code), None)


@dataclass(frozen=True, slots=True)
class SpecimenLimits:
    """Limits for urine. Laboratories differ on creatinine, so it is a setting of each."""

    minimum_creatinine_mmol_per_l: Decimal
    creatinine_source: Source
    minimum_temperature_c: Decimal
    maximum_temperature_c: Decimal
    measure_within: timedelta
    temperature_source: Source


class RapidTestError(ValueError):
    """A rapid test cannot be recorded as it stands.

    Codes: reason_missing, reason_unknown, reason_text_missing, specimen_mismatch,
    panel_mismatch, readings_missing, analyte_unknown, analyte_twice, cutoff_mismatch,
    result_unknown.
    """

    def __init__(self, code: str, analyte: str | None = None) -> None:
        super().__init__(code if analyte is None else f"{code}: {analyte}")
        self.code = code
        self.analyte = analyte


def expected_analytes(panel: Panel, atc_codes: Iterable[str]) -> frozenset[str]:
    """Return the analytes for which a prescribed medicine explains a positive reading."""
    prescribed = tuple(atc_codes)
    return frozenset(
        analyte.code
        for analyte in panel.analytes
        for medicine in analyte.expected_with
        if any(code.startswith(medicine.atc) for code in prescribed)
    )


def blank_readings(panel: Panel, atc_codes: Iterable[str] = ()) -> tuple[AnalyteReading, ...]:
    """Return one unread line per analyte of the device, with its cut-off and expectation."""
    expected = expected_analytes(panel, atc_codes)
    return tuple(
        AnalyteReading(
            analyte=analyte.code,
            cutoff=analyte.cutoff,
            unit=analyte.unit,
            result=Reading.NOT_READ.value,
            expected=analyte.code in expected,
        )
        for analyte in panel.analytes
    )


def meaning(reading: AnalyteReading) -> ReadingMeaning:
    """Say what one line means. Raises RapidTestError for a result that does not exist."""
    result = _result(reading)
    if result is Reading.INVALID:
        return ReadingMeaning.INVALID
    if result is Reading.NOT_READ:
        return ReadingMeaning.NOT_READ
    return _EXPLAINED[result, reading.expected]


def findings(readings: Iterable[AnalyteReading]) -> tuple[tuple[str, ReadingMeaning], ...]:
    """Return (analyte, meaning) of the lines that call for something, in the device's order."""
    meanings = [(reading.analyte, meaning(reading)) for reading in readings]
    return tuple(entry for entry in meanings if entry[1] in FINDINGS)


def check_rapid_test(
    test: RapidTest, panel: Panel, reasons: Collection[str], reasons_needing_text: Collection[str]
) -> None:
    """Raise RapidTestError unless the record is whole. What is merely doubtful is in ``doubts``.

    A reason is always required: talk and observation come first, and a test must be necessary.
    """
    if not test.reason:
        raise RapidTestError("reason_missing")
    if test.reason not in reasons:
        raise RapidTestError("reason_unknown")
    if test.reason in reasons_needing_text and not test.reason_text.strip():
        raise RapidTestError("reason_text_missing")
    if (test.panel, test.panel_version) != (panel.id, panel.version):
        raise RapidTestError("panel_mismatch")
    if test.specimen != panel.specimen:
        raise RapidTestError("specimen_mismatch")
    _check_readings(test.readings, panel)


def doubts(test: RapidTest, taken_on: date) -> tuple[SpecimenProblem, ...]:
    """Return what weakens the test. It is recorded all the same, and shown with the result.

    ``taken_on`` is the local calendar day of ``test.taken_at``.
    """
    found = []
    if test.expiry is not None and test.expiry < taken_on:
        found.append(SpecimenProblem.DEVICE_EXPIRED)
    if not test.supervised:
        found.append(SpecimenProblem.NOT_OBSERVED)
    if test.specimen == Specimen.URINE:
        if test.temperature_ok is None:
            found.append(SpecimenProblem.TEMPERATURE_NOT_MEASURED)
        elif not test.temperature_ok:
            found.append(SpecimenProblem.TEMPERATURE_OUTSIDE)
    return tuple(found)


def urine_problems(
    limits: SpecimenLimits,
    *,
    creatinine_mmol_per_l: Decimal | None = None,
    temperature_c: Decimal | None = None,
    measured_after: timedelta | None = None,
) -> tuple[SpecimenProblem, ...]:
    """Return what the measured values of a urine specimen speak against it; None is not measured.

    A temperature read later than the limit says nothing about the specimen, only that it is late.
    """
    found = []
    dilute_below = limits.minimum_creatinine_mmol_per_l
    if creatinine_mmol_per_l is not None and creatinine_mmol_per_l < dilute_below:
        found.append(SpecimenProblem.TOO_DILUTE)
    if temperature_c is not None:
        if measured_after is not None and measured_after > limits.measure_within:
            found.append(SpecimenProblem.MEASURED_TOO_LATE)
        elif temperature_c < limits.minimum_temperature_c:
            found.append(SpecimenProblem.TOO_COLD)
        elif temperature_c > limits.maximum_temperature_c:
            found.append(SpecimenProblem.TOO_WARM)
    return tuple(found)


def _check_readings(readings: tuple[AnalyteReading, ...], panel: Panel) -> None:
    seen: set[str] = set()
    for reading in readings:
        analyte = panel.analyte(reading.analyte)
        if analyte is None:
            raise RapidTestError("analyte_unknown", reading.analyte)
        if reading.analyte in seen:
            raise RapidTestError("analyte_twice", reading.analyte)
        if (reading.cutoff, reading.unit) != (analyte.cutoff, analyte.unit):
            raise RapidTestError("cutoff_mismatch", reading.analyte)
        _result(reading)
        seen.add(reading.analyte)
    if all(reading.result == Reading.NOT_READ for reading in readings):
        raise RapidTestError("readings_missing")


def _result(reading: AnalyteReading) -> Reading:
    try:
        return Reading(reading.result)
    except ValueError:
        raise RapidTestError("result_unknown", reading.analyte) from None
