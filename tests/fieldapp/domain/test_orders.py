"""What is wrong with an order is named before anybody may give by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.orders import (
    OrderCode,
    StrengthError,
    check,
    errors_of,
    longest_take_home,
    read_strength,
)
from fieldapp.domain.patients import Place
from fieldapp.services import reference

FORMS = reference.order_forms()
MONDAY = date(2026, 11, 23)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)

TABLET = MedicationRequest(
    id="o1",
    patient_id="p1",
    product="Metadon tablett",
    atc="N07BC02",
    form="tablett",
    strength="20 mg",
    doses=(PlannedDose(Part.MORNING, Decimal(60)),),
    weekdays=EVERY_DAY,
    place=Place.HOME,
    valid_from=MONDAY,
    prescriber="Lege",
)
LIQUID = replace(
    TABLET,
    product="Metadon mikstur",
    form="mikstur",
    strength="2 mg/ml",
    concentration_mg_per_ml=Decimal(2),
)
DEPOT = replace(
    TABLET,
    product="Buvidal",
    atc="N07BC01",
    form="injeksjonsvæske, depot",
    strength="24 mg",
    doses=(PlannedDose(Part.MORNING, Decimal(24)),),
    interval_days=7,
    depot="buvidal_weekly",
)


def doses(*figures: str) -> tuple[PlannedDose, ...]:
    return tuple(
        PlannedDose(part, Decimal(figure)) for part, figure in zip(Part, figures, strict=False)
    )


def codes(order: MedicationRequest, **more: Any) -> set[str]:
    more.setdefault("today", MONDAY)
    more.setdefault("depots", reference.depots())
    return {problem.code.value for problem in check(order, FORMS, **more)}


@pytest.mark.parametrize("order", [TABLET, LIQUID, DEPOT])
def test_a_good_order_has_no_problem(order: MedicationRequest) -> None:
    assert codes(order) == set()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"product": " "}, OrderCode.PRODUCT_MISSING),
        ({"prescriber": ""}, OrderCode.PRESCRIBER_MISSING),
        ({"atc": ""}, OrderCode.ATC_MISSING),
        ({"atc": "metadon"}, OrderCode.ATC_UNREADABLE),
        ({"form": "pulver"}, OrderCode.FORM_UNKNOWN),
        ({"strength": ""}, OrderCode.STRENGTH_MISSING),
        ({"strength": "mye"}, OrderCode.STRENGTH_UNREADABLE),
        ({"strength": "0 mg"}, OrderCode.STRENGTH_UNREADABLE),
        ({"strength": "20 g"}, OrderCode.WRONG_UNIT),
        ({"strength": "20 mikrog"}, OrderCode.WRONG_UNIT),
        ({"strength": "2 mg/ml"}, OrderCode.WRONG_UNIT),
        ({"doses": ()}, OrderCode.DOSE_MISSING),
        ({"doses": doses("0")}, OrderCode.DOSE_NOT_POSITIVE),
        ({"doses": doses("-20")}, OrderCode.DOSE_NOT_POSITIVE),
        ({"doses": doses("65")}, OrderCode.STRENGTH_DOES_NOT_DIVIDE),
        ({"concentration_mg_per_ml": Decimal(2)}, OrderCode.CONCENTRATION_OF_SOLID),
        ({"weekdays": ()}, OrderCode.WEEKDAY_MISSING),
        ({"weekdays": (1, 8)}, OrderCode.WEEKDAY_UNKNOWN),
        ({"doses": (*doses("60"), *doses("40"))}, OrderCode.PART_TWICE),
        ({"valid_to": MONDAY - timedelta(days=1)}, OrderCode.VALID_TO_BEFORE_FROM),
        ({"weekdays": (5,), "valid_to": MONDAY}, OrderCode.NO_DAY_IN_PERIOD),
        ({"max_take_home_days": -1}, OrderCode.MAX_TAKE_HOME_NEGATIVE),
        ({"prescriber": "L" * 201}, OrderCode.TEXT_TOO_LONG),
    ],
)
def test_a_wrong_order_is_named_and_refused(fields: dict[str, Any], code: OrderCode) -> None:
    order = replace(TABLET, **fields)
    assert code in {problem.code for problem in errors_of(check(order, FORMS, today=MONDAY))}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"concentration_mg_per_ml": None}, OrderCode.CONCENTRATION_MISSING),
        ({"concentration_mg_per_ml": Decimal(0)}, OrderCode.CONCENTRATION_NOT_POSITIVE),
        ({"concentration_mg_per_ml": Decimal(5)}, OrderCode.CONCENTRATION_DIFFERS),
        ({"strength": "2 mg"}, OrderCode.WRONG_UNIT),
    ],
)
def test_a_liquid_whose_millilitres_are_not_sure_is_refused(
    fields: dict[str, Any], code: OrderCode
) -> None:
    assert code.value in codes(replace(LIQUID, **fields))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"interval_days": None}, OrderCode.INTERVAL_MISSING),
        ({"interval_days": 0}, OrderCode.INTERVAL_NOT_POSITIVE),
        ({"depot": "unknown"}, OrderCode.DEPOT_UNKNOWN),
        ({"atc": "N05AX13"}, OrderCode.DEPOT_ATC),
        ({"interval_days": 14}, OrderCode.DEPOT_INTERVAL),
        ({"depot": None}, OrderCode.DEPOT_WITHOUT_WINDOW),
        ({"doses": doses("24", "24")}, OrderCode.DEPOT_DOSES),
        ({"take_home_weekdays": (1,)}, OrderCode.DEPOT_TAKE_HOME),
        ({"doses": doses("20")}, OrderCode.STRENGTH_DOES_NOT_DIVIDE),
    ],
)
def test_a_depot_that_nobody_can_give_is_named(fields: dict[str, Any], code: OrderCode) -> None:
    assert codes(replace(DEPOT, **fields)) == {code.value}


def test_a_depot_in_an_ampoule_is_measured_in_millilitres() -> None:
    ampoule = replace(
        DEPOT,
        product="Cisordinol Depot",
        atc="N05AF05",
        strength="200 mg/ml",
        concentration_mg_per_ml=Decimal(200),
        doses=doses("300"),
        depot=None,
    )
    assert codes(ampoule) == {"depot_without_window"}
    without = replace(ampoule, concentration_mg_per_ml=None)
    assert "concentration_missing" in codes(without)


def test_a_short_acting_injection_is_never_a_standing_order() -> None:
    for depot in reference.depots().depots:
        order = replace(DEPOT, depot=depot.code, atc=depot.atc)
        assert ("depot_not_scheduled" in codes(order)) is not depot.scheduled


def test_halves_are_for_forms_that_the_data_allows_to_be_halved() -> None:
    half = replace(TABLET, doses=doses("30"))
    assert codes(half) == set()
    assert codes(replace(half, form="kapsel")) == {"strength_does_not_divide"}
    assert codes(replace(half, doses=doses("35"))) == {"strength_does_not_divide"}
    wafer = replace(half, form="resoriblett", strength="8 mg/2 mg", doses=doses("12"))
    assert codes(wafer) == {"strength_does_not_divide"}
    assert codes(replace(wafer, doses=doses("16"))) == set()


# --- days to take home


def test_days_to_take_home_need_a_supervised_day_before_them() -> None:
    all_home = replace(TABLET, take_home_weekdays=EVERY_DAY, max_take_home_days=6)
    assert codes(all_home) == {"take_home_without_supervised"}
    begins_at_home = replace(TABLET, take_home_weekdays=(1,), max_take_home_days=1)
    assert codes(begins_at_home) == {"take_home_without_supervised"}
    assert codes(begins_at_home, previous=TABLET) == set()


def test_the_first_dose_of_a_supervised_day_is_never_ordered_to_go_home() -> None:
    twenty = Decimal(20)
    evening = PlannedDose(Part.EVENING, twenty, take_home=True)
    split = replace(TABLET, doses=(PlannedDose(Part.MORNING, twenty), evening))
    assert codes(split) == set()
    assert codes(replace(split, doses=(evening,))) == {"take_home_part_first"}
    only_some_days = replace(split.doses[0], weekdays=(1, 2))
    assert codes(replace(split, doses=(only_some_days, evening))) == {"take_home_part_first"}
    depot = replace(DEPOT, doses=(replace(DEPOT.doses[0], take_home=True),))
    assert "depot_take_home" in codes(depot)


def test_days_to_take_home_must_be_days_of_the_order() -> None:
    order = replace(TABLET, weekdays=(1, 2), take_home_weekdays=(2, 3), max_take_home_days=2)
    assert codes(order) == {"take_home_not_a_dose_day"}


def test_more_days_in_a_row_than_the_order_allows_are_refused_also_over_the_weekend() -> None:
    order = replace(TABLET, take_home_weekdays=(2, 6, 7), max_take_home_days=2)
    assert codes(order) == set()
    assert codes(replace(order, max_take_home_days=1)) == {"take_home_more_than_max"}
    over = replace(order, valid_from=MONDAY + timedelta(days=1), take_home_weekdays=(6, 7, 1))
    assert longest_take_home(over) == 3
    assert codes(over) == {"take_home_more_than_max"}
    assert codes(replace(over, max_take_home_days=3)) == set()


def test_days_without_a_dose_do_not_count_as_taken_home() -> None:
    order = replace(TABLET, weekdays=(1, 3, 5), take_home_weekdays=(3, 5), max_take_home_days=2)
    assert longest_take_home(order) == 2
    assert codes(order) == set()


def test_more_to_take_home_than_the_reference_data_knows_of_is_a_warning() -> None:
    order = replace(TABLET, max_take_home_days=FORMS.longest_take_home.days + 1)
    assert codes(order) == {"take_home_long"}
    assert check(order, FORMS, today=MONDAY)[0].detail == "6"


# --- warnings


@pytest.mark.parametrize(
    ("other", "warned"),
    [
        (replace(TABLET, id="o2"), True),
        (replace(DEPOT, id="o2"), True),
        (replace(TABLET, id="o2", valid_to=MONDAY - timedelta(days=1)), False),
        (replace(TABLET, id="o2", stopped_on=MONDAY), False),
        (replace(TABLET, id="o2", stopped_on=MONDAY + timedelta(days=1)), True),
        (replace(TABLET, id="o2", product="OxyContin", atc="N02AA05"), True),
        (replace(TABLET, id="o2", product="Vival", atc="N05BA01"), False),
        (replace(TABLET, id="o2", product="Uten kode", atc=""), False),
        (replace(TABLET, id="o2", product="METADON TABLETT ", atc="X01XX01"), True),
        (TABLET, False),
    ],
)
def test_another_order_of_the_same_medicine_in_the_same_days_is_a_warning(
    other: MedicationRequest, warned: bool
) -> None:
    known = reference.substances()
    problems = check(TABLET, FORMS, today=MONDAY, others=[other], substances=known)
    assert errors_of(problems) == ()
    assert bool(problems) is warned


def test_an_order_that_lies_in_the_past_is_a_warning() -> None:
    early = replace(TABLET, valid_from=MONDAY - timedelta(days=9))
    assert codes(early) == {"begins_in_past"}
    assert codes(early, previous=TABLET) == set()
    assert codes(replace(early, valid_to=MONDAY - timedelta(days=1))) == {"already_over"}


def test_errors_stand_before_warnings() -> None:
    order = replace(TABLET, valid_from=MONDAY - timedelta(days=9), doses=())
    problems = check(order, FORMS, today=MONDAY)
    assert [problem.is_warning for problem in problems] == [False, True]


@pytest.mark.parametrize(
    ("text", "mg", "per_ml"),
    [
        ("8 mg", "8", False),
        ("8 mg/2 mg", "8", False),
        ("8/2 mg", "8", False),
        ("0,4 MG", "0.4", False),
        ("5 mg/mL", "5", True),
        ("5mg / ml", "5", True),
    ],
)
def test_a_strength_is_read_as_it_is_written_on_packs(text: str, mg: str, per_ml: bool) -> None:
    strength = read_strength(text)
    assert (strength.mg, strength.per_ml) == (Decimal(mg), per_ml)


def test_a_strength_in_another_unit_is_told_apart_from_one_that_is_no_strength() -> None:
    for text, code in (("8 µg", OrderCode.WRONG_UNIT), ("åtte", OrderCode.STRENGTH_UNREADABLE)):
        with pytest.raises(StrengthError) as found:
            read_strength(text)
        assert found.value.code is code


def test_every_form_and_limit_names_its_source_and_owner() -> None:
    for source in (FORMS.longest_take_home.source, *(form.source for form in FORMS.forms)):
        assert source.text
        assert source.owner
