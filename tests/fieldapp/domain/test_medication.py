"""Slots come from one pure function; handouts are stopped as acts, never as records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fieldapp.domain.medication import (
    HandoutError,
    HandoutStatus,
    IdentityCheck,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    Part,
    PlannedDose,
    check_handout,
    effective,
    same_treatment,
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


def refused_with(
    code: str, new: MedicationAdministration, *events: MedicationAdministration
) -> str:
    with pytest.raises(HandoutError) as caught:
        check_handout(new, METHADONE, events)
    assert caught.value.code == code
    return caught.value.event_id or ""


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


def test_a_second_given_in_a_slot_is_stopped_and_names_the_first() -> None:
    assert refused_with("slot_already_given", replace(GIVEN, id="e2"), GIVEN) == "e1"


def test_the_same_part_next_day_and_another_part_the_same_day_are_other_slots() -> None:
    check_handout(replace(GIVEN, id="e2", part=Part.EVENING), METHADONE, [GIVEN])
    check_handout(replace(GIVEN, id="e2", day=MONDAY + timedelta(days=1)), METHADONE, [GIVEN])


def test_a_dose_given_after_a_not_met_is_allowed() -> None:
    check_handout(GIVEN, METHADONE, [NOT_MET])


def test_a_dose_that_really_happened_is_recorded_with_a_reason_even_in_a_closed_slot() -> None:
    happened = replace(GIVEN, id="e2", retrospective=True, identity_check=None)
    refused_with("reason_missing", happened, GIVEN)
    check_handout(replace(happened, reason_text="Gitt på legevakten"), METHADONE, [GIVEN])


def test_a_counter_entry_reopens_the_slot_and_is_given_once_with_a_reason() -> None:
    counter = replace(
        GIVEN, id="e3", status=HandoutStatus.ENTERED_IN_ERROR, reverses="e1", dose_mg=None
    )
    refused_with("reason_missing", counter, GIVEN)
    counter = replace(counter, reason_text="Feil pasient")
    check_handout(counter, METHADONE, [GIVEN])
    refused_with("nothing_to_reverse", replace(counter, reverses="unknown"), GIVEN)
    refused_with("already_reversed", replace(counter, id="e4"), GIVEN, counter)
    assert effective([GIVEN, counter]) == []
    check_handout(replace(GIVEN, id="e5"), METHADONE, [GIVEN, counter])


def test_a_counter_entry_is_made_by_the_one_who_made_the_handout() -> None:
    counter = replace(
        GIVEN,
        id="e3",
        author_id="colleague",
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses="e1",
        dose_mg=None,
        reason_text="Feil pasient",
    )
    assert refused_with("not_own_handout", counter, GIVEN) == "e1"
    check_handout(replace(counter, author_id=GIVEN.author_id), METHADONE, [GIVEN])


def test_a_counter_entry_of_somebody_else_or_of_another_slot_takes_nothing_back() -> None:
    own = replace(
        GIVEN,
        id="e3",
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses="e1",
        dose_mg=None,
        reason_text="Feil pasient",
    )
    forged = replace(own, id="e4", author_id="colleague")
    elsewhere = replace(own, id="e5", request_id="another order")
    assert effective([GIVEN, forged, elsewhere]) == [GIVEN]
    refused_with("slot_already_given", replace(GIVEN, id="e6"), GIVEN, forged, elsewhere)
    check_handout(own, METHADONE, [GIVEN, forged, elsewhere])


def test_a_dose_measured_out_by_an_order_that_was_changed_meanwhile_is_stopped() -> None:
    changed = replace(METHADONE, revision=2)
    with pytest.raises(HandoutError, match="order_changed"):
        check_handout(GIVEN, changed, [])
    happened = replace(GIVEN, retrospective=True, reason_text="Gitt før endringen kom")
    check_handout(happened, changed, [])


@pytest.mark.parametrize(
    ("first", "second", "bears"),
    [
        ("N07BC02", "N07BC01", True),
        ("N07BC02", "N02AA01", True),
        ("N05BA01", "N05BA01", True),
        ("N05BA01", "N07BC02", False),
        ("", "", False),
    ],
)
def test_orders_of_one_treatment_are_seen_together(first: str, second: str, bears: bool) -> None:
    one, other = replace(METHADONE, atc=first), replace(METHADONE, id="r2", atc=second)
    assert same_treatment(one, other) is bears
    assert same_treatment(one, one)
    assert not same_treatment(one, replace(other, patient_id="p2"))


@pytest.mark.parametrize("concentration", ["0", "-5"])
def test_an_impossible_concentration_gives_no_volume(concentration: str) -> None:
    order = replace(METHADONE, concentration_mg_per_ml=Decimal(concentration))
    assert order.volume_ml(Decimal(90)) is None


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("dose_missing", {"dose_mg": None}),
        ("dose_not_positive", {"dose_mg": Decimal("0")}),
        ("dose_not_positive", {"dose_mg": Decimal("-5")}),
        ("dose_not_positive", {"dose_ml": Decimal("0")}),
        ("identity_missing", {"identity_check": None}),
        ("state_missing", {"observed_state": None}),
        ("given_in_future", {"given_at": NOON + timedelta(minutes=1)}),
        ("not_planned", {"part": Part.NIGHT}),
        ("reason_missing", {"status": HandoutStatus.REFUSED, "dose_mg": None}),
    ],
)
def test_an_incomplete_or_impossible_handout_is_refused_by_name(
    code: str, change: dict[str, object]
) -> None:
    refused_with(code, replace(GIVEN, **change))  # type: ignore[arg-type]


def test_a_handout_under_a_stopped_order_is_refused() -> None:
    with pytest.raises(HandoutError) as caught:
        check_handout(GIVEN, replace(METHADONE, stopped_on=MONDAY), [])
    assert caught.value.code == "request_stopped"


def test_what_stands_in_a_slot_is_listed_by_the_time_it_happened() -> None:
    later = replace(GIVEN, given_at=NOON + timedelta(hours=1), recorded_at=NOON)
    assert [e.id for e in standing_in_slot(GIVEN.slot, [later, NOT_MET])] == ["e0", "e1"]
