"""Identity numbers: every computed example, the policies, and what no typing slip gets past."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fieldapp.domain.identifiers import (
    DEMO,
    PRODUCTION,
    IdentifierError,
    Kind,
    Reason,
    Rule,
    Series,
    make_synthetic,
    parse_national_id,
    synthetic_numbers,
)

TODAY = date(2026, 11, 22)
ANY_SERIES = frozenset(Series)


def reason_for(text: str, *, on: date = TODAY, allow: frozenset[Series] = DEMO) -> Reason:
    with pytest.raises(IdentifierError) as caught:
        parse_national_id(text, on=on, allow=allow)
    return caught.value.reason


@pytest.mark.parametrize(
    ("number", "kind", "series", "born"),
    [
        ("17858512387", Kind.FODSELSNUMMER, Series.TENOR, date(1985, 5, 17)),
        ("03917224098", Kind.FODSELSNUMMER, Series.TENOR, date(1972, 11, 3)),
        ("29820477535", Kind.FODSELSNUMMER, Series.TENOR, date(2004, 2, 29)),
        ("12884831049", Kind.FODSELSNUMMER, Series.TENOR, date(1948, 8, 12)),
        ("49849045619", Kind.D_NUMMER, Series.TENOR, date(1990, 4, 9)),
        ("24777940143", Kind.FODSELSNUMMER, Series.NHN, date(1979, 12, 24)),
        ("01669522033", Kind.FODSELSNUMMER, Series.NHN, date(1995, 1, 1)),
        ("06466615577", Kind.FODSELSNUMMER, Series.DOLLY, date(1966, 6, 6)),
        ("10915596784", Kind.FODSELSNUMMER, Series.TENOR, date(1955, 11, 10)),
        ("68467038838", Kind.D_NUMMER, Series.DOLLY, date(1970, 6, 28)),
        ("50846202355", Kind.D_NUMMER, Series.TENOR, date(1962, 4, 10)),
    ],
)
def test_a_synthetic_example_is_read_in_a_demo(
    number: str, kind: Kind, series: Series, born: date
) -> None:
    found = parse_national_id(number, on=TODAY, allow=DEMO)
    assert (found.kind, found.series, found.rule) == (kind, series, Rule.OLD)
    assert found.birth_date == born
    assert found.value == number


@pytest.mark.parametrize("number", ["17858512387", "24777940143", "49849045619", "10915596784"])
def test_production_rejects_synthetic_numbers(number: str) -> None:
    assert reason_for(number, allow=PRODUCTION) is Reason.SERIES_NOT_ALLOWED


@pytest.mark.parametrize("number", ["30108299920", "30108299939"])
def test_a_demo_rejects_unmarked_numbers(number: str) -> None:
    assert reason_for(number, allow=DEMO) is Reason.SERIES_NOT_ALLOWED


def test_month_plus_forty_is_a_help_number_in_production() -> None:
    found = parse_national_id("06466615577", on=TODAY, allow=PRODUCTION)
    assert (found.kind, found.series) == (Kind.H_NUMMER, Series.REAL)
    assert found.birth_date == date(1966, 6, 6)


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("14898899978", Rule.OLD),
        ("14898899986", Rule.NEW_2032),
        ("14898899994", Rule.NEW_2032),
    ],
)
def test_numbers_of_the_2032_rule_are_read_beside_the_old_ones(number: str, rule: Rule) -> None:
    found = parse_national_id(number, on=TODAY, allow=DEMO)
    assert found.rule is rule
    assert (found.birth_date is None) is (rule is Rule.NEW_2032)


@pytest.mark.parametrize("number", ["02013299997", "02013299903", "30108299920", "30108299939"])
def test_the_published_worked_examples_are_valid_once_the_new_rule_is_in_force(number: str) -> None:
    found = parse_national_id(number, on=date(2032, 1, 3), allow=PRODUCTION)
    assert found.kind is Kind.FODSELSNUMMER
    assert found.birth_date is None


def test_no_birth_date_is_derived_when_the_century_can_no_longer_be_known() -> None:
    assert parse_national_id("17858512387", on=date(2031, 12, 31), allow=DEMO).birth_date
    assert parse_national_id("17858512387", on=date(2032, 1, 1), allow=DEMO).birth_date is None


@pytest.mark.parametrize("number", ["81234567802", "99887766513", "90000012385", "85551234024"])
@pytest.mark.parametrize("allow", [DEMO, PRODUCTION])
def test_a_common_help_number_tells_nothing_about_the_person(
    number: str, allow: frozenset[Series]
) -> None:
    found = parse_national_id(number, on=TODAY, allow=allow)
    assert (found.kind, found.series, found.birth_date) == (Kind.FH_NUMMER, None, None)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("17858512317", Reason.CHECK_DIGIT),
        ("17858512397", Reason.CHECK_DIGIT),
        ("17858512388", Reason.CHECK_DIGIT),
        ("32858512387", Reason.DATE),
        ("81234567803", Reason.CHECK_DIGIT),
        ("1785851238", Reason.LENGTH),
        ("178585123870", Reason.LENGTH),
        ("", Reason.LENGTH),
        ("1785851238A", Reason.NOT_DIGITS),
        ("1785851238٧", Reason.NOT_DIGITS),
        ("17 585-12387", Reason.NOT_DIGITS),
        ("00858512387", Reason.DATE),
        ("17138512387", Reason.DATE),
    ],
)
def test_a_bad_number_is_refused_with_its_reason(number: str, reason: Reason) -> None:
    assert reason_for(number) is reason


def test_blanks_between_the_digits_are_ignored() -> None:
    found = parse_national_id(" 178585\u00a012387 ", on=TODAY, allow=DEMO)
    assert found.value == "17858512387"


def test_nobody_is_born_after_today() -> None:
    tomorrow = next(synthetic_numbers(date(2026, 11, 23), start=500))
    assert reason_for(tomorrow) is Reason.FUTURE_DATE
    assert parse_national_id(tomorrow, on=date(2026, 11, 23), allow=DEMO).birth_date


def test_the_leap_day_needs_a_leap_year_in_the_century_of_the_number() -> None:
    # 29 February 00: a date in 2000, none in 1900.
    assert parse_national_id(
        next(synthetic_numbers(date(2000, 2, 29), start=500)), on=TODAY, allow=DEMO
    ).birth_date == date(2000, 2, 29)
    with pytest.raises(IdentifierError):
        make_synthetic(date(2000, 2, 29), 100)


def test_an_error_and_a_value_never_show_the_number() -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_national_id("17858512388", on=TODAY, allow=DEMO)
    assert "17858512388" not in str(caught.value)
    assert "17858512387" not in repr(parse_national_id("17858512387", on=TODAY, allow=DEMO))


def test_a_national_id_has_no_sex() -> None:
    found = parse_national_id("17858512387", on=TODAY, allow=DEMO)
    assert not hasattr(found, "sex")


births = st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 1, 1))


@given(births, st.integers(0, 999), st.booleans())
def test_every_generated_number_parses_to_its_birth_date(
    birth: date, individual: int, d_number: bool
) -> None:
    number = generated(birth, individual, d_number=d_number)
    found = parse_national_id(number, on=TODAY, allow=ANY_SERIES)
    assert found.birth_date == birth
    assert found.series is Series.TENOR
    assert found.kind is (Kind.D_NUMMER if d_number else Kind.FODSELSNUMMER)
    with pytest.raises(IdentifierError):
        parse_national_id(number, on=TODAY, allow=PRODUCTION)


@given(births, st.integers(0, 999), st.integers(0, 10), st.integers(1, 9))
def test_any_single_wrong_digit_is_caught(
    birth: date, individual: int, position: int, change: int
) -> None:
    number = generated(birth, individual)
    wrong = str((int(number[position]) + change) % 10)
    with pytest.raises(IdentifierError):
        parse_national_id(
            number[:position] + wrong + number[position + 1 :], on=TODAY, allow=ANY_SERIES
        )


@given(births, st.integers(0, 999))
def test_exactly_the_four_first_check_digits_of_the_2032_rule_are_accepted(
    birth: date, individual: int
) -> None:
    stem = f"{birth.day:02}{birth.month + 80}{birth.year % 100:02}{individual:03}"
    weights = (3, 7, 6, 1, 8, 9, 4, 5, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(stem, weights, strict=True)) % 11
    # Skatteetaten: 11, 12, 13 or 14 minus the rest, less 11 if above 10, not used if 10.
    allowed = {(base - rest) - (11 if base - rest > 10 else 0) for base in (11, 12, 13, 14)} - {10}
    accepted = set()
    for ending in range(100):
        with contextlib.suppress(IdentifierError):
            # From 2032 on no century series is asked for, so every individual number counts.
            parse_national_id(f"{stem}{ending:02}", on=date(2032, 1, 1), allow=DEMO)
            accepted.add(ending // 10)
    assert accepted <= allowed
    for first in allowed - accepted:
        assert second_check_digit(f"{stem}{first}") == 10


def second_check_digit(digits: str) -> int:
    weights = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return (11 - rest) % 11


@given(st.text(max_size=14))
def test_any_text_is_read_or_refused_but_never_crashes(text: str) -> None:
    with contextlib.suppress(IdentifierError):
        parse_national_id(text, on=TODAY, allow=ANY_SERIES)


def generated(birth: date, individual: int, *, d_number: bool = False) -> str:
    number = None
    with contextlib.suppress(IdentifierError):
        number = make_synthetic(birth, individual, d_number=d_number)
    assume(number is not None)
    assert number is not None
    return number
