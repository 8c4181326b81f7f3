"""An order as it is typed, and as a row of a file: read whole, or named field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fieldapp.domain.csv_import import read_table
from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.order_csv import ColumnsError, guess_columns, heading_of, read_rows
from fieldapp.domain.order_text import (
    OrderSheet,
    fits_a_sheet,
    read,
    read_weekdays,
    sheet_of,
)
from fieldapp.domain.orders import check
from fieldapp.domain.patients import Place
from fieldapp.services import reference

FORMS = reference.order_forms()
MONDAY = date(2026, 11, 23)

SHEET = OrderSheet(
    product="Metadon",
    atc="n07bc02",
    form="Mikstur",
    strength="2 mg/ml",
    morning="80",
    evening="20,5 mg",
    weekdays="daglig",
    take_home_weekdays="lø-sø",
    max_take_home_days="2",
    place="Hjemme",
    valid_from="23.11.2026",
    prescriber="Hanne Rud",
    source="Papir",
)


def made(sheet: OrderSheet) -> MedicationRequest:
    found = read(sheet, "o1", "p1", FORMS)
    assert found.problems == ()
    assert found.order is not None
    return found.order


def wrong(sheet: OrderSheet) -> set[tuple[str, str]]:
    found = read(sheet, "o1", "p1", FORMS)
    assert found.order is None
    return {(problem.code.value, problem.field) for problem in found.problems}


def test_a_sheet_becomes_an_order_word_for_word() -> None:
    order = made(SHEET)
    assert order.doses == (
        PlannedDose(Part.MORNING, Decimal(80)),
        PlannedDose(Part.EVENING, Decimal("20.5")),
    )
    assert (order.atc, order.form, order.place) == ("N07BC02", "mikstur", Place.HOME)
    assert order.concentration_mg_per_ml == Decimal(2)
    assert (order.take_home_weekdays, order.max_take_home_days) == ((6, 7), 2)
    assert check(order, FORMS, today=MONDAY) == ()


def test_an_order_put_back_on_a_sheet_reads_as_the_same_order() -> None:
    order = made(SHEET)
    assert fits_a_sheet(order)
    assert made(sheet_of(order)) == order
    depot = made(
        replace(SHEET, interval_days="28 dager", depot="x", weekdays="", take_home_weekdays="")
    )
    assert (depot.interval_days, depot.weekdays) == (28, (1, 2, 3, 4, 5, 6, 7))
    assert made(sheet_of(depot)) == depot


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"morning": "80 ml"}, ("wrong_unit", "dose_morning")),
        ({"morning": "80 g"}, ("wrong_unit", "dose_morning")),
        ({"evening": "litt"}, ("not_a_figure", "dose_evening")),
        ({"concentration_mg_per_ml": "2 mg"}, ("wrong_unit", "concentration_mg_per_ml")),
        ({"weekdays": "av og til"}, ("not_weekdays", "weekdays")),
        ({"take_home_weekdays": "8"}, ("not_weekdays", "take_home_weekdays")),
        ({"max_take_home_days": "to"}, ("not_a_figure", "max_take_home_days")),
        ({"place": "bilen"}, ("not_a_place", "place")),
        ({"valid_from": ""}, ("not_a_day", "valid_from")),
        ({"valid_from": "31.02.2026"}, ("not_a_day", "valid_from")),
        ({"valid_to": "i morgen"}, ("not_a_day", "valid_to")),
    ],
)
def test_what_cannot_be_read_is_named_by_its_field(
    fields: dict[str, str], problem: tuple[str, str]
) -> None:
    assert wrong(replace(SHEET, **fields)) == {problem}


def test_the_evening_of_a_split_dose_can_be_ordered_to_go_home_with_the_morning() -> None:
    order = made(replace(SHEET, take_home_parts="Kveld"))
    assert [(dose.part, dose.take_home) for dose in order.doses] == [
        (Part.MORNING, False),
        (Part.EVENING, True),
    ]
    assert check(order, FORMS, today=MONDAY) == ()
    assert made(sheet_of(order)) == order
    for unreadable in ("natt", "siden", "kveld og frokost"):
        found = wrong(replace(SHEET, take_home_parts=unreadable))
        assert found == {("take_home_part_unknown", "take_home_parts")}


def test_every_wrong_field_of_a_sheet_is_told_at_once() -> None:
    assert len(wrong(replace(SHEET, morning="x", place="", valid_from="x", weekdays="x"))) == 4


@pytest.mark.parametrize("figure", ["0", "-80"])
def test_a_zero_or_negative_amount_is_read_as_it_stands_and_refused_by_the_check(
    figure: str,
) -> None:
    order = made(replace(SHEET, morning=figure))
    found = {problem.code.value for problem in check(order, FORMS, today=MONDAY)}
    assert "dose_not_positive" in found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daglig", (1, 2, 3, 4, 5, 6, 7)),
        ("hverdager", (1, 2, 3, 4, 5)),
        ("1,3, 5", (1, 3, 5)),
        ("ma-fr", (1, 2, 3, 4, 5)),
        ("fre–man", (1, 5, 6, 7)),
        ("Mandag og torsdag", (1, 4)),
        ("lø+sø", (6, 7)),
        ("", None),
        ("1-9", None),
        ("m", None),
    ],
)
def test_weekdays_are_read_as_people_write_them(text: str, days: tuple[int, ...] | None) -> None:
    assert read_weekdays(text) == days


# --- files

FILE = (
    "sep=;\r\n"
    "Fnr;Preparat;ATC-kode;Legemiddelform;Styrke;Dose;Dager;Sted;Fra;Rekvirent\r\n"
    '="01010199999";Metadon;N07BC02;mikstur;2 mg/ml;80;daglig;hjemme;23.11.2026;Hanne Rud\r\n'
    ";;;;;;;;;\r\n"
    "02020299999;Metadon;N07BC02\r\n"
)


def test_a_row_is_read_under_whatever_heading_and_guard_a_spreadsheet_writes() -> None:
    table = read_table(FILE)
    rows, errors = read_rows(table, "liste.csv")
    (row,) = rows
    assert (row.number, row.patient) == (3, "01010199999")
    assert (row.sheet.morning, row.sheet.source) == ("80", "liste.csv")
    assert [(error.number, error.code) for error in errors] == [(5, "too_few_columns")]
    assert heading_of(table, "dose_morning") == "Dose"
    assert heading_of(table, "valid_to") == ""


def test_a_file_without_the_columns_that_make_an_order_names_those_that_are_missing() -> None:
    with pytest.raises(ColumnsError) as found:
        guess_columns(["Fødselsnummer", "Legemiddel", "Form"])
    assert found.value.missing == ("atc", "strength", "place", "valid_from", "prescriber")
