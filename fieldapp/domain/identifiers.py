"""Norwegian identity numbers of persons.

A person's number is read by the rule in use today and by the one of 2032 at the same time, since
both kinds will circulate together. Sex is never read from a number: numbers issued from 2032 on
carry none, and clinical cut-offs must not hang on it.

Sources: Skatteetaten's documentation of the national registry (structure, 2032 rule, worked
examples), Norsk helsenett (common help numbers), NAV's public validator (synthetic series).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

NEW_RULE_IN_FORCE = date(2032, 1, 1)

_FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)

# The weighted sum with the check digit itself (weight 1) leaves one of these when divided by 11.
_OLD_REMAINDERS = frozenset({0})
_NEW_REMAINDERS = frozenset({0, 1, 2, 3})

_PERSON_LENGTH = 11

_D_NUMBER_DAY_SHIFT = 40
_H_NUMBER_MONTH_SHIFT = 40


class Kind(StrEnum):
    """What sort of number a person is known by."""

    FODSELSNUMMER = "fodselsnummer"
    D_NUMMER = "d_nummer"
    H_NUMMER = "h_nummer"
    FH_NUMMER = "fh_nummer"


class Series(StrEnum):
    """Real people, or one of the series set apart for invented ones."""

    REAL = "real"
    TENOR = "tenor"
    NHN = "nhn"
    DOLLY = "dolly"


class Rule(StrEnum):
    """The check-digit rule that a number satisfies; ``OLD`` wins where both do."""

    OLD = "old"
    NEW_2032 = "2032"


class Reason(StrEnum):
    """Why a number is refused; the texts shown to the user are chosen by these codes."""

    NOT_DIGITS = "not_digits"
    LENGTH = "length"
    DATE = "date"
    FUTURE_DATE = "future_date"
    CHECK_DIGIT = "check_digit"
    SERIES_NOT_ALLOWED = "series_not_allowed"


class IdentifierError(ValueError):
    """A number is not what it claims to be. Holds the reason, never the number."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"identifier refused: {reason.value}")
        self.reason = reason


AllowedSeries = frozenset[Series]

PRODUCTION: AllowedSeries = frozenset({Series.REAL})
DEMO: AllowedSeries = frozenset({Series.TENOR, Series.NHN, Series.DOLLY})

_MONTH_SHIFTS = {Series.REAL: 0, Series.DOLLY: 40, Series.NHN: 65, Series.TENOR: 80}


@dataclass(frozen=True, slots=True)
class NationalId:
    """A checked identity number.

    ``series`` is None for common help numbers (FH), whose digits mean nothing and which no series
    marks. ``birth_date`` is None where it cannot be known from the number: FH numbers, numbers of
    the 2032 rule, and every number read after that rule is in force.
    """

    value: str = field(repr=False)
    kind: Kind
    series: Series | None
    rule: Rule
    birth_date: date | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Written:
    """The date part of a number as written, with the shifts taken away."""

    day: int
    month: int
    year_of_century: int
    individual: int
    is_d_number: bool
    series: Series


def parse_national_id(text: str, *, on: date, allow: AllowedSeries) -> NationalId:
    """Check a person's identity number and say what it is.

    Blanks are ignored. ``on`` is today: nobody is born later. ``allow`` is PRODUCTION, DEMO or a
    set of one's own. Raises IdentifierError with a Reason.
    """
    value = _digits(text)
    if len(value) != _PERSON_LENGTH:
        raise IdentifierError(Reason.LENGTH)
    if value[0] in "89":
        return _common_help_number(value)

    written = _take_apart(value)
    rule = _rule_of(value)
    kind, series = _classify(written, allow)
    born = None
    if rule is Rule.OLD and on < NEW_RULE_IN_FORCE:
        born = _birth_date(written)
        if born > on:
            raise IdentifierError(Reason.FUTURE_DATE)
    return NationalId(value=value, kind=kind, series=series, rule=rule, birth_date=born)


def make_synthetic(birth_date: date, individual: int, *, d_number: bool = False) -> str:
    """Build the Tenor number (month + 80) of an invented person.

    ``individual`` (0 to 999) must belong to the series of the birth year (DATE if not). About one
    in six has no valid check digits and is never issued (CHECK_DIGIT).
    """
    if not 0 <= individual <= 999:
        raise IdentifierError(Reason.LENGTH)
    if _birth_year(birth_date.year % 100, individual) != birth_date.year:
        raise IdentifierError(Reason.DATE)
    day = birth_date.day + (_D_NUMBER_DAY_SHIFT if d_number else 0)
    month = birth_date.month + _MONTH_SHIFTS[Series.TENOR]
    stem = f"{day:02}{month:02}{birth_date.year % 100:02}{individual:03}"
    return _with_check_digits(stem)


def synthetic_numbers(birth_date: date, *, start: int = 0, step: int = 1) -> Iterator[str]:
    """Yield the valid Tenor numbers of a birth date, by rising individual number from ``start``."""
    for individual in range(start, 1000, step):
        try:
            yield make_synthetic(birth_date, individual)
        except IdentifierError:
            continue


def _digits(text: str) -> str:
    value = "".join(text.split())
    # str.isdigit alone would also accept the digits of other scripts.
    if not (value.isascii() and value.isdigit()):
        raise IdentifierError(Reason.NOT_DIGITS if value else Reason.LENGTH)
    return value


def _weighted_sum(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _rule_of(value: str) -> Rule:
    second = (_weighted_sum(value, _SECOND_WEIGHTS) + int(value[10])) % 11
    first = (_weighted_sum(value, _FIRST_WEIGHTS) + int(value[9])) % 11
    if second != 0 or first not in _NEW_REMAINDERS:
        raise IdentifierError(Reason.CHECK_DIGIT)
    return Rule.OLD if first in _OLD_REMAINDERS else Rule.NEW_2032


def _with_check_digits(stem: str) -> str:
    first = -_weighted_sum(stem, _FIRST_WEIGHTS) % 11
    second = -_weighted_sum(f"{stem}{first % 10}", _SECOND_WEIGHTS) % 11
    if 10 in (first, second):
        raise IdentifierError(Reason.CHECK_DIGIT)
    return f"{stem}{first}{second}"


def _common_help_number(value: str) -> NationalId:
    # Nothing tells an invented FH number from an issued one, so every policy lets it through.
    return NationalId(
        value=value, kind=Kind.FH_NUMMER, series=None, rule=_rule_of(value), birth_date=None
    )


def _take_apart(value: str) -> _Written:
    day, month = int(value[0:2]), int(value[2:4])
    is_d_number = day > _D_NUMBER_DAY_SHIFT
    if is_d_number:
        day -= _D_NUMBER_DAY_SHIFT
    series = _series_of_month(month)
    written = _Written(
        day=day,
        month=month - _MONTH_SHIFTS[series],
        year_of_century=int(value[4:6]),
        individual=int(value[6:9]),
        is_d_number=is_d_number,
        series=series,
    )
    centuries = (1800, 1900, 2000)
    if not any(_is_date(century + written.year_of_century, written) for century in centuries):
        raise IdentifierError(Reason.DATE)
    return written


def _series_of_month(month: int) -> Series:
    for series, shift in _MONTH_SHIFTS.items():
        if 1 <= month - shift <= 12:
            return series
    raise IdentifierError(Reason.DATE)


def _is_date(year: int, written: _Written) -> bool:
    try:
        date(year, written.month, written.day)
    except ValueError:
        return False
    return True


def _classify(written: _Written, allow: AllowedSeries) -> tuple[Kind, Series]:
    kind = Kind.D_NUMMER if written.is_d_number else Kind.FODSELSNUMMER
    series = written.series
    if series is Series.DOLLY and Series.REAL in allow:
        # Month + 40 is a hospital's own help number in production and an invented person in a
        # test environment; only the environment tells them apart.
        return Kind.H_NUMMER, Series.REAL
    if series not in allow:
        raise IdentifierError(Reason.SERIES_NOT_ALLOWED)
    return kind, series


def _birth_year(year_of_century: int, individual: int) -> int | None:
    if individual <= 499:
        return 1900 + year_of_century
    if year_of_century <= 39:
        return 2000 + year_of_century
    if individual <= 749 and year_of_century >= 54:
        return 1800 + year_of_century
    if individual >= 900:
        return 1900 + year_of_century
    return None


def _birth_date(written: _Written) -> date:
    year = _birth_year(written.year_of_century, written.individual)
    if year is None or not _is_date(year, written):
        raise IdentifierError(Reason.DATE)
    return date(year, written.month, written.day)
