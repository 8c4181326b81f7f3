"""An act says all that it must; a record of the past is never stopped by what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fieldapp.clock import OSLO
from fieldapp.domain.handout_checks import (
    check_bottles,
    check_handout,
    check_light,
    check_reversal,
    check_take_home,
)
from fieldapp.domain.medication import (
    CoSignature,
    Force,
    HandoutError,
    HandoutStatus,
    Injection,
    Intake,
    MedicationAdministration,
    OtherDose,
    Slot,
    SupplyUse,
    TakeHome,
)
from fieldapp.domain.readiness import Code, Finding, Light, Verdict
from fieldapp.services import reference
from tests.fieldapp.domain.test_medication import COUNTER, GIVEN, METHADONE, MONDAY, NOON, NOT_MET

ACT = replace(GIVEN, other_dose=OtherDose.NO)
SLOT = Slot(GIVEN.slot, METHADONE, Decimal(90))
OPIOID = reference.substances().group("opioid")
QUARTER = reference.handout().same_moment.length
TOLD = replace(ACT, retrospective=True, reason_text="Gitt på legevakten")

BUPRENORPHINE = replace(METHADONE, atc="N07BC51", concentration_mg_per_ml=None)
DEPOT = replace(METHADONE, atc="N07BC01", interval_days=7, depot="buvidal_weekly")
INJECTION = Injection(3, "thigh", "left", "A12", date(2027, 1, 1))


def refused_with(
    code: str, new: MedicationAdministration, slot: Slot = SLOT, now: datetime = NOON
) -> None:
    with pytest.raises(HandoutError) as caught:
        check_handout(new, slot, OPIOID, now, same_moment=QUARTER)
    assert caught.value.code == code


def test_a_complete_act_passes() -> None:
    check_handout(ACT, SLOT, OPIOID, NOON, same_moment=QUARTER)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("dose_missing", {"dose_mg": None}),
        ("dose_not_positive", {"dose_mg": Decimal(0)}),
        ("dose_not_positive", {"dose_mg": Decimal(-5)}),
        ("dose_not_positive", {"dose_ml": Decimal(0)}),
        ("dose_not_positive", {"supply": SupplyUse("bag:1", Decimal(0))}),
        ("dose_above_order", {"dose_mg": Decimal(91)}),
        ("identity_missing", {"identity_check": None}),
        ("state_missing", {"observed_state": None}),
        ("other_dose_missing", {"other_dose": None}),
        ("other_dose_text_missing", {"other_dose": OtherDose.YES}),
        ("given_in_future", {"given_at": NOON + timedelta(minutes=1)}),
        ("back_dated", {"given_at": NOON - timedelta(minutes=16)}),
        ("order_changed", {"request_revision": 2}),
        ("witness_unknown", {"witness": CoSignature(by_code=True, name="Berit")}),
        ("witness_is_giver", {"witness": CoSignature("u1", by_code=True)}),
        ("not_planned", {"injection": INJECTION}),
    ],
)
def test_an_incomplete_or_impossible_act_is_refused_by_name(
    code: str, change: dict[str, object]
) -> None:
    refused_with(code, replace(ACT, **change))  # type: ignore[arg-type]


def test_another_dose_of_the_last_day_is_told_in_words_and_stops_nothing_by_itself() -> None:
    told = replace(ACT, other_dose=OtherDose.YES, other_dose_text="20 mg på legevakten i går kveld")
    check_handout(told, SLOT, OPIOID, NOON, same_moment=QUARTER)


def test_a_typed_name_of_a_witness_is_kept_and_proves_nothing() -> None:
    check_handout(
        replace(ACT, witness=CoSignature(name="Berit")), SLOT, OPIOID, NOON, same_moment=QUARTER
    )


def test_what_has_happened_needs_a_dose_and_a_reason_and_nothing_else() -> None:
    bare = replace(
        TOLD,
        identity_check=None,
        observed_state=None,
        other_dose=None,
        request_revision=7,
        given_at=NOON - timedelta(days=3),
        dose_mg=Decimal(200),
    )
    check_handout(bare, SLOT, OPIOID, NOON, same_moment=QUARTER)
    refused_with("reason_missing", replace(bare, reason_text=" "))
    refused_with("dose_missing", replace(bare, dose_mg=None))


def test_not_given_needs_a_reason_and_has_no_dose() -> None:
    check_handout(NOT_MET, SLOT, OPIOID, NOON, same_moment=QUARTER)
    refused_with("reason_missing", replace(NOT_MET, reason=None))
    refused_with("dose_on_not_given", replace(NOT_MET, dose_mg=Decimal(5)))
    refused_with("dose_on_not_given", replace(NOT_MET, take_home=TakeHome("e0")))


def test_a_tablet_under_the_tongue_is_timed_and_the_mouth_is_checked() -> None:
    slot = Slot(GIVEN.slot, BUPRENORPHINE, Decimal(90))
    refused_with("intake_missing", ACT, slot)
    refused_with("intake_missing", replace(ACT, intake=Intake(6, None)), slot)
    refused_with("dissolve_not_positive", replace(ACT, intake=Intake(0, True)), slot)
    check_handout(replace(ACT, intake=Intake(6, False)), slot, OPIOID, NOON, same_moment=QUARTER)
    check_handout(replace(ACT, witnessed=False), slot, OPIOID, NOON, same_moment=QUARTER)


def test_a_liquid_is_not_timed() -> None:
    check_handout(replace(ACT, intake=None), SLOT, OPIOID, NOON, same_moment=QUARTER)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("not_planned", {"occurrence": 4}),
        ("site_missing", {"site": ""}),
        ("site_missing", {"side": " "}),
        ("lot_missing", {"lot": ""}),
        ("lot_expired", {"expiry": MONDAY - timedelta(days=1)}),
        ("observation_wrong", {"observed_minutes": -1}),
    ],
)
def test_an_injection_names_its_site_and_a_lot_that_is_still_good(
    code: str, change: dict[str, object]
) -> None:
    slot = Slot(GIVEN.slot, DEPOT, Decimal(90), occurrence=3)
    check_handout(replace(ACT, injection=INJECTION), slot, OPIOID, NOON, same_moment=QUARTER)
    refused_with("injection_missing", ACT, slot)
    wrong = replace(INJECTION, **change)  # type: ignore[arg-type]
    refused_with(code, replace(ACT, injection=wrong), slot)


def test_a_lot_is_over_at_midnight_in_norway() -> None:
    slot = Slot(GIVEN.slot, DEPOT, Decimal(90), occurrence=3)
    after_midnight = datetime(2026, 11, 24, 0, 30, tzinfo=OSLO).astimezone(UTC)
    injection = replace(INJECTION, expiry=date(2026, 11, 23))
    act = replace(ACT, injection=injection, given_at=after_midnight)
    refused_with("lot_expired", act, slot, after_midnight)


# --- the light


def _verdict(*codes: Code) -> Verdict:
    lights = {code.light for code in codes}
    light = next((one for one in (Light.RED, Light.AMBER) if one in lights), Light.GREEN)
    return Verdict(light, tuple(Finding(code, event_id="e9") for code in codes))


def _force(*codes: Code, **changes: object) -> Force:
    values: dict[str, object] = {"reason": "other", "findings": tuple(map(str, codes))}
    return Force(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("code", list(Code))
def test_whatever_stands_in_the_way_stops_a_handout_by_name(code: Code) -> None:
    with pytest.raises(HandoutError) as caught:
        check_light([_verdict(), _verdict(code)], None, may_force=True)
    assert (caught.value.code, caught.value.event_id) == (code.value, "e9")


def test_green_needs_no_force_and_takes_none() -> None:
    check_light([_verdict()], None, may_force=False)
    with pytest.raises(HandoutError, match="nothing_to_force"):
        check_light([_verdict()], _force(), may_force=True)


@pytest.mark.parametrize(
    ("code", "found", "force"),
    [
        ("findings_changed", [Code.NOT_CLAIMED, Code.INTERVAL], _force(Code.NOT_CLAIMED)),
        ("force_reason_missing", [Code.CLOCK], _force(Code.CLOCK, reason=" ")),
        ("prescriber_missing", [Code.GIVEN], _force(Code.GIVEN)),
        ("prescriber_missing", [Code.STOPPED], _force(Code.STOPPED)),
        ("prescriber_missing", [Code.MISSED_TOO_LONG], _force(Code.MISSED_TOO_LONG)),
        ("holder_call_missing", [Code.HELD_BY_OTHER], _force(Code.HELD_BY_OTHER)),
        (
            "holder_call_missing",
            [Code.HELD_BY_OTHER],
            _force(Code.HELD_BY_OTHER, holder_called=True),
        ),
    ],
)
def test_an_emergency_handout_is_complete_or_refused_by_name(
    code: str, found: list[Code], force: Force
) -> None:
    with pytest.raises(HandoutError) as caught:
        check_light([_verdict(*found)], force, may_force=True)
    assert caught.value.code == code


def test_a_complete_emergency_handout_passes_for_a_role_that_may() -> None:
    force = _force(
        Code.HELD_BY_OTHER, Code.GIVEN, holder_called=True, holder_answered=False, prescriber="Lege"
    )
    found = [_verdict(Code.GIVEN, Code.HELD_BY_OTHER)]
    check_light(found, force, may_force=True)
    with pytest.raises(HandoutError, match="force_not_allowed"):
        check_light(found, force, may_force=False)


# --- doses to take home

WEEK = replace(METHADONE, weekdays=(1, 2, 3, 4, 5, 6, 7), max_take_home_days=3)


def _days(*offsets: int) -> list[date]:
    return [MONDAY + timedelta(days=offset) for offset in offsets]


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("too_many_take_home_days", _days(1, 2, 3, 4)),
        ("too_many_take_home_days", _days(4)),
        ("take_home_days_wrong", _days(0, 1)),
        ("take_home_days_wrong", _days(2, 1)),
        ("take_home_days_wrong", _days(1, 1)),
        ("take_home_days_wrong", _days(-1, 1)),
    ],
)
def test_no_more_days_are_taken_home_than_the_order_lets(code: str, days: list[date]) -> None:
    with pytest.raises(HandoutError) as caught:
        check_take_home(WEEK, MONDAY, days, witnessed=True)
    assert caught.value.code == code


def test_days_up_to_the_orders_limit_are_taken_home_with_a_witnessed_dose() -> None:
    check_take_home(WEEK, MONDAY, _days(1, 2, 3), witnessed=True)
    with pytest.raises(HandoutError, match="first_dose_not_witnessed"):
        check_take_home(WEEK, MONDAY, _days(1), witnessed=False)
    with pytest.raises(HandoutError, match="too_many_take_home_days"):
        check_take_home(replace(WEEK, max_take_home_days=0), MONDAY, _days(1), witnessed=True)


def test_a_day_that_the_order_wants_supervised_is_not_taken_home() -> None:
    weekend = replace(WEEK, take_home_weekdays=(6, 7))
    with pytest.raises(HandoutError, match="not_a_take_home_day"):
        check_take_home(weekend, MONDAY, _days(1), witnessed=True)


def test_nothing_is_taken_home_of_a_depot() -> None:
    with pytest.raises(HandoutError, match="take_home_days_wrong"):
        check_take_home(replace(DEPOT, max_take_home_days=7), MONDAY, _days(1), witnessed=True)


@pytest.mark.parametrize(
    ("code", "bottles", "empties"),
    [
        ("bottles_missing", None, 0),
        ("empties_missing", 2, None),
        ("bottles_wrong", 0, 0),
        ("bottles_wrong", 2, -1),
    ],
)
def test_bottles_and_empties_are_counted(
    code: str, bottles: int | None, empties: int | None
) -> None:
    check_bottles(2, 0)
    with pytest.raises(HandoutError) as caught:
        check_bottles(bottles, empties)
    assert caught.value.code == code


# --- counter-entries


def test_a_counter_entry_is_made_once_with_a_reason_by_the_one_who_made_the_handout() -> None:
    check_reversal(COUNTER, GIVEN, [GIVEN])
    for code, new, target, events in (
        ("reason_missing", replace(COUNTER, reason_text=""), GIVEN, [GIVEN]),
        ("nothing_to_reverse", COUNTER, None, [GIVEN]),
        ("nothing_to_reverse", COUNTER, COUNTER, [GIVEN]),
        ("already_reversed", replace(COUNTER, id="e4"), GIVEN, [GIVEN, COUNTER]),
        ("not_own_handout", replace(COUNTER, author_id="colleague"), GIVEN, [GIVEN]),
    ):
        with pytest.raises(HandoutError) as caught:
            check_reversal(new, target, events)
        assert caught.value.code == code


def test_the_status_of_a_dose_decides_what_is_asked() -> None:
    refused = replace(NOT_MET, status=HandoutStatus.REFUSED, reason=None)
    refused_with("reason_missing", refused)
