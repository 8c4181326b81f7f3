"""Rapid tests: what a reading means, what a record needs, and what makes it doubtful."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fieldapp.domain.observations import AnalyteReading, RapidTest
from fieldapp.domain.reference import rapid_test_reference
from fieldapp.domain.toxicology import (
    Panel,
    RapidTestError,
    Reading,
    ReadingMeaning,
    SpecimenProblem,
    blank_readings,
    check_rapid_test,
    doubts,
    expected_analytes,
    findings,
    meaning,
    urine_problems,
)

RESOURCES = Path(__file__).parents[3] / "resources"
REFERENCE = rapid_test_reference((RESOURCES / "reference/rapid_tests.json").read_text("utf-8"))
REASONS = {reason.code for reason in REFERENCE.reasons}
NEEDING_TEXT = {reason.code for reason in REFERENCE.reasons if reason.needs_text}
TODAY = date(2026, 11, 22)
TAKEN_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)

BUPRENORPHINE_NALOXONE = "N07BC51"
METHADONE = "N07BC02"
DEXAMPHETAMINE = "N06BA02"


def panel(panel_id: str = "urine-8") -> Panel:
    found = REFERENCE.panel(panel_id)
    assert found is not None
    return found


def readings(*atc_codes: str, **results: Reading) -> tuple[AnalyteReading, ...]:
    return tuple(
        replace(line, result=results.get(line.analyte, Reading.PRELIMINARY_NEGATIVE).value)
        for line in blank_readings(panel(), atc_codes)
    )


def rapid_test(**changes: object) -> RapidTest:
    values: dict[str, object] = {
        "id": "test-1",
        "patient_id": "patient-1",
        "author_id": "user-1",
        "panel": "urine-8",
        "panel_version": "1",
        "specimen": "urine",
        "supervised": True,
        "reason": "agreed_in_plan",
        "reason_text": "",
        "readings": readings(),
        "taken_at": TAKEN_AT,
        "recorded_at": TAKEN_AT,
        "device_id": "device-1",
        "sequence": 1,
        "temperature_ok": True,
    }
    return RapidTest(**(values | changes))  # type: ignore[arg-type]


def code_of(test: RapidTest) -> str:
    with pytest.raises(RapidTestError) as caught:
        check_rapid_test(test, panel(), REASONS, NEEDING_TEXT)
    return caught.value.code


def test_a_prescribed_medicine_explains_its_own_analyte_only() -> None:
    assert expected_analytes(panel(), [BUPRENORPHINE_NALOXONE]) == {"buprenorphine"}
    assert expected_analytes(panel(), [METHADONE]) == {"methadone"}
    assert expected_analytes(panel(), ["A02BC01"]) == frozenset()


def test_dexamphetamine_explains_amphetamine_and_not_methamphetamine() -> None:
    assert expected_analytes(panel(), [DEXAMPHETAMINE]) == {"amphetamine"}


def test_a_prescribed_medicine_that_does_not_show_is_the_finding() -> None:
    lines = readings(BUPRENORPHINE_NALOXONE)
    assert findings(lines) == (("buprenorphine", ReadingMeaning.EXPECTED_MISSING),)


def test_a_prescribed_medicine_that_shows_is_no_finding() -> None:
    lines = readings(BUPRENORPHINE_NALOXONE, buprenorphine=Reading.PRELIMINARY_POSITIVE)
    assert findings(lines) == ()


def test_an_unexplained_positive_is_a_finding() -> None:
    lines = readings(cocaine=Reading.PRELIMINARY_POSITIVE)
    assert findings(lines) == (("cocaine", ReadingMeaning.UNEXPECTED_POSITIVE),)


@pytest.mark.parametrize("expected", [True, False])
def test_an_invalid_or_unread_line_says_nothing(expected: bool) -> None:
    line = replace(blank_readings(panel())[0], expected=expected)
    assert meaning(line) is ReadingMeaning.NOT_READ
    assert meaning(replace(line, result="invalid")) is ReadingMeaning.INVALID


def test_a_whole_record_is_accepted() -> None:
    check_rapid_test(rapid_test(), panel(), REASONS, NEEDING_TEXT)


def test_a_test_needs_a_reason() -> None:
    assert code_of(rapid_test(reason="")) == "reason_missing"
    assert code_of(rapid_test(reason="sanction")) == "reason_unknown"
    assert code_of(rapid_test(reason="other", reason_text=" ")) == "reason_text_missing"


def test_a_record_must_fit_the_device_it_names() -> None:
    line = readings()[0]
    assert code_of(rapid_test(panel_version="2")) == "panel_mismatch"
    assert code_of(rapid_test(specimen="saliva")) == "specimen_mismatch"
    assert code_of(rapid_test(readings=(replace(line, analyte="ghb"),))) == "analyte_unknown"
    assert code_of(rapid_test(readings=(replace(line, cutoff="50"),))) == "cutoff_mismatch"
    assert code_of(rapid_test(readings=(replace(line, result="positive"),))) == "result_unknown"
    assert code_of(rapid_test(readings=(line, line))) == "analyte_twice"


def test_a_record_in_which_nothing_was_read_is_refused() -> None:
    assert code_of(rapid_test(readings=())) == "readings_missing"
    assert code_of(rapid_test(readings=blank_readings(panel()))) == "readings_missing"


def test_doubts_are_told_and_do_not_stop_the_record() -> None:
    doubtful = rapid_test(supervised=False, temperature_ok=False, expiry=date(2026, 11, 21))
    check_rapid_test(doubtful, panel(), REASONS, NEEDING_TEXT)
    assert set(doubts(doubtful, TODAY)) == {
        SpecimenProblem.DEVICE_EXPIRED,
        SpecimenProblem.NOT_OBSERVED,
        SpecimenProblem.TEMPERATURE_OUTSIDE,
    }


def test_a_device_may_be_used_on_its_last_day() -> None:
    assert doubts(rapid_test(expiry=date(2026, 11, 22)), TODAY) == ()


def test_a_saliva_test_has_no_temperature() -> None:
    saliva = rapid_test(specimen="saliva", panel="saliva-6", temperature_ok=None)
    assert doubts(saliva, TODAY) == ()
    assert doubts(rapid_test(temperature_ok=None), TODAY) == (
        SpecimenProblem.TEMPERATURE_NOT_MEASURED,
    )


@pytest.mark.parametrize(
    ("creatinine", "temperature", "minutes", "problems"),
    [
        (None, None, None, ()),
        ("2.0", "32", 4, ()),
        ("1.9", None, None, (SpecimenProblem.TOO_DILUTE,)),
        (None, "31.9", 2, (SpecimenProblem.TOO_COLD,)),
        (None, "38.1", 2, (SpecimenProblem.TOO_WARM,)),
        (None, "30", 5, (SpecimenProblem.MEASURED_TOO_LATE,)),
        ("1", "30", None, (SpecimenProblem.TOO_DILUTE, SpecimenProblem.TOO_COLD)),
    ],
)
def test_a_urine_specimen_is_held_against_its_limits(
    creatinine: str | None,
    temperature: str | None,
    minutes: int | None,
    problems: tuple[SpecimenProblem, ...],
) -> None:
    assert (
        urine_problems(
            REFERENCE.limits,
            creatinine_mmol_per_l=Decimal(creatinine) if creatinine else None,
            temperature_c=Decimal(temperature) if temperature else None,
            measured_after=timedelta(minutes=minutes) if minutes is not None else None,
        )
        == problems
    )
