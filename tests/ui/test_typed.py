from __future__ import annotations

from decimal import Decimal

import pytest

from ui.typed import parse_clock, parse_decimal


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("37,5", "37.5"),
        ("37.5", "37.5"),
        (" 90 ", "90"),
        ("-3", "-3"),
        ("\u22123", "-3"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("0,10", "0.10"),
    ],
)
def test_figures_are_read_as_people_write_them(text: str, figure: str) -> None:
    assert parse_decimal(text) == Decimal(figure)


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "1,2,3", "1.234,5", "3 7", "12 34", "1e3", "NaN", "8 mg", "½", "٣", "--3"],
)
def test_what_is_no_figure_is_refused(text: str) -> None:
    assert parse_decimal(text) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [("08:30", (8, 30)), ("8.30", (8, 30)), ("830", (8, 30)), ("2359", (23, 59))],
)
def test_times_are_read_as_people_write_them(text: str, time: tuple[int, int]) -> None:
    assert parse_clock(text) == time


@pytest.mark.parametrize("text", ["", "8", "24:00", "8:60", "8:5", "x:30", "-1:30"])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert parse_clock(text) is None
