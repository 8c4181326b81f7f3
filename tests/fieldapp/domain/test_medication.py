"""Slots come from one pure function; handouts are stopped as acts, never as records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    Part,
    PlannedDose,
    closing,
    effective,
    slots,
    standing_in_slot,
)
from fieldapp.domain.patients import Place

MONDAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

METHADONE = MedicationRequest(
    id="r1",
    patient_id="p1",
    product="Metadon",
    atc="N07BC02",
    form="mikstur",
    strength="5 mg/mL",
    doses=(PlannedDose(Part.EVENING, Decimal("20")), PlannedDose(Part.MORNING, Decimal("90"))),
    weekdays=(1, 2, 3, 4, 5),
    place=Place.HOME,
    valid_from=date(2026, 1, 1),
    prescriber="Lege",
    concentration_mg_per_ml=Decimal("5"),
)

GIVEN = MedicationAdministration(
    id="e1",
    patient_id="p1",
    request_id="r1",
    request_revision=1,
    day=MONDAY,
    part=Part.MORNING,
    status=HandoutStatus.GIVEN,
    given_at=NOON,
    recorded_at=NOON,
    author_id="u1",
    device_id="d1",
    sequence=1,
    dose_mg=Decimal("90"),
    dose_ml=Decimal("18"),
    witnessed=True,
    identity_check=IdentityCheck.KNOWN,
    observed_state=ObservedState.UNAFFECTED,
)
NOT_MET = replace(
    GIVEN,
    id="e0",
    status=HandoutStatus.NOT_MET,
    dose_mg=None,
    dose_ml=None,
    witnessed=False,
    reason="not_home",
)


def test_a_day_has_its_doses_in_order_of_the_day_with_volume() -> None:
    found = slots([METHADONE], MONDAY)
    assert [(slot.key.part, slot.dose_mg, slot.dose_ml) for slot in found] == [
        (Part.MORNING, Decimal("90"), Decimal("18")),
        (Part.EVENING, Decimal("20"), Decimal("4")),
    ]


@pytest.mark.parametrize(
    ("change", "day"),
    [
        ({}, date(2026, 11, 22)),
        ({"valid_from": date(2026, 11, 24)}, MONDAY),
        ({"valid_to": date(2026, 11, 22)}, MONDAY),
        ({"stopped_on": MONDAY}, MONDAY),
    ],
)
def test_no_dose_is_planned_outside_weekday_validity_or_after_a_stop(
    change: dict[str, object], day: date
) -> None:
    assert slots([replace(METHADONE, **change)], day) == []  # type: ignore[arg-type]


def test_a_solid_form_has_no_volume() -> None:
    assert replace(METHADONE, concentration_mg_per_ml=None).volume_ml(Decimal("8")) is None


@pytest.mark.parametrize("concentration", ["0", "-5"])
def test_an_impossible_concentration_gives_no_volume(concentration: str) -> None:
    order = replace(METHADONE, concentration_mg_per_ml=Decimal(concentration))
    assert order.volume_ml(Decimal(90)) is None


COUNTER = replace(
    GIVEN,
    id="e3",
    status=HandoutStatus.ENTERED_IN_ERROR,
    reverses="e1",
    dose_mg=None,
    reason_text="Feil pasient",
)


def test_a_counter_entry_of_somebody_else_or_of_another_slot_takes_nothing_back() -> None:
    forged = replace(COUNTER, id="e4", author_id="colleague", reopens=True)
    elsewhere = replace(COUNTER, id="e5", request_id="another order", reopens=True)
    assert effective([GIVEN, forged, elsewhere]) == [GIVEN]
    assert closing([GIVEN, forged, elsewhere]) == [GIVEN]


def test_a_dose_that_was_taken_back_keeps_its_slot_closed() -> None:
    assert effective([GIVEN, COUNTER]) == []
    assert closing([GIVEN, COUNTER]) == [GIVEN]


def test_a_dose_that_its_giver_took_back_at_once_opens_its_slot_on_the_same_laptop_only() -> None:
    assert closing([GIVEN, replace(COUNTER, reopens=True)]) == []
    elsewhere = replace(COUNTER, reopens=True, device_id="d2")
    assert closing([GIVEN, elsewhere]) == [GIVEN]


def test_the_office_opens_a_slot() -> None:
    assert closing([GIVEN], {"e1"}) == []


def test_what_stands_in_a_slot_is_listed_by_the_time_it_happened() -> None:
    later = replace(GIVEN, given_at=NOON + timedelta(hours=1), recorded_at=NOON)
    assert [e.id for e in standing_in_slot(GIVEN.slot, [later, NOT_MET])] == ["e0", "e1"]
