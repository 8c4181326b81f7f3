"""Checks of an order before anybody may give by it. Pure; the screen and the server ask the same.

`check` says everything that is wrong at once. A problem is either an error, and the order is not
taken, or a warning that the person who enters it and the one who confirms it must both have seen.

Which forms can be halved and which are measured in millilitres is data
(`resources/reference/order_forms.json`, read by `fieldapp.domain.reference.order_forms`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fieldapp.domain.depots import Depot, Depots
from fieldapp.domain.medication import PART_ORDER, MedicationRequest, PlannedDose
from fieldapp.domain.strict_json import Source
from fieldapp.domain.substances import Substances

LONGEST_TEXT: Final = 200
"""Letters in one field of an order."""

_EVERY_DAY: Final = (1, 2, 3, 4, 5, 6, 7)
_ATC = re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")
_FIGURE = r"([0-9]+(?:[.,][0-9]+)?)"
_PER_ML = re.compile(rf"{_FIGURE}\s*mg\s*/\s*(?:1\s*)?ml")
_PER_PIECE = re.compile(rf"{_FIGURE}\s*(?:mg)?\s*(?:/\s*{_FIGURE}\s*)?mg")
_WITH_UNIT = re.compile(rf"{_FIGURE}\s*[^0-9\s].*")


class OrderCode(StrEnum):
    """What may be wrong with an order."""

    PRODUCT_MISSING = "product_missing"
    PRESCRIBER_MISSING = "prescriber_missing"
    ATC_MISSING = "atc_missing"
    ATC_UNREADABLE = "atc_unreadable"
    FORM_UNKNOWN = "form_unknown"
    STRENGTH_MISSING = "strength_missing"
    STRENGTH_UNREADABLE = "strength_unreadable"
    WRONG_UNIT = "wrong_unit"
    """A figure with another unit than the one that belongs there."""
    NOT_A_FIGURE = "not_a_figure"
    NOT_A_DAY = "not_a_day"
    NOT_WEEKDAYS = "not_weekdays"
    NOT_A_PLACE = "not_a_place"
    DOSE_MISSING = "dose_missing"
    DOSE_NOT_POSITIVE = "dose_not_positive"
    STRENGTH_DOES_NOT_DIVIDE = "strength_does_not_divide"
    """The dose is no whole number of tablets, or of halves where the form allows them."""
    CONCENTRATION_MISSING = "concentration_missing"
    """A liquid whose millilitres nobody can work out."""
    CONCENTRATION_NOT_POSITIVE = "concentration_not_positive"
    CONCENTRATION_DIFFERS = "concentration_differs"
    """Strength and concentration say different things."""
    CONCENTRATION_OF_SOLID = "concentration_of_solid"
    PART_TWICE = "part_twice"
    """Two doses in the same part of the same day would be one slot."""
    WEEKDAY_MISSING = "weekday_missing"
    WEEKDAY_UNKNOWN = "weekday_unknown"
    TAKE_HOME_NOT_A_DOSE_DAY = "take_home_not_a_dose_day"
    TAKE_HOME_WITHOUT_SUPERVISED = "take_home_without_supervised"
    TAKE_HOME_MORE_THAN_MAX = "take_home_more_than_max"
    TAKE_HOME_PART_UNKNOWN = "take_home_part_unknown"
    """A part of the day to take home that has no dose, or is no part of the day."""
    TAKE_HOME_PART_FIRST = "take_home_part_first"
    """The first dose of a supervised day is seen taken; only later ones go home with it."""
    MAX_TAKE_HOME_NEGATIVE = "max_take_home_negative"
    VALID_TO_BEFORE_FROM = "valid_to_before_from"
    NO_DAY_IN_PERIOD = "no_day_in_period"
    DEPOT_DOSES = "depot_doses"
    """A depot has exactly one dose."""
    DEPOT_TAKE_HOME = "depot_take_home"
    INTERVAL_MISSING = "interval_missing"
    INTERVAL_NOT_POSITIVE = "interval_not_positive"
    DEPOT_UNKNOWN = "depot_unknown"
    DEPOT_NOT_SCHEDULED = "depot_not_scheduled"
    """A short-acting one that is never a standing order."""
    DEPOT_ATC = "depot_atc"
    """The table's depot is another medicine than the order's ATC code."""
    TEXT_TOO_LONG = "text_too_long"
    PARALLEL_ORDER = "parallel_order"
    """Warning: another order of the same medicine runs in the same days."""
    TAKE_HOME_LONG = "take_home_long"
    """Warning: more days to take home than the reference data knows of."""
    BEGINS_IN_PAST = "begins_in_past"
    ALREADY_OVER = "already_over"
    DEPOT_WITHOUT_WINDOW = "depot_without_window"
    """Warning: no table says how early or late this depot may be given."""
    DEPOT_INTERVAL = "depot_interval"
    """Warning: another interval than the table's."""

    @property
    def is_warning(self) -> bool:
        return self in _WARNINGS


_WARNINGS: Final = frozenset(
    {
        OrderCode.PARALLEL_ORDER,
        OrderCode.TAKE_HOME_LONG,
        OrderCode.BEGINS_IN_PAST,
        OrderCode.ALREADY_OVER,
        OrderCode.DEPOT_WITHOUT_WINDOW,
        OrderCode.DEPOT_INTERVAL,
    }
)


@dataclass(frozen=True, slots=True)
class OrderProblem:
    """One thing about one field. `detail` goes into the sentence (a figure, another product)."""

    code: OrderCode
    field: str
    detail: str = ""

    @property
    def is_warning(self) -> bool:
        return self.code.is_warning


# --- the forms, as data


class Measured(StrEnum):
    """How a dose of a form is measured out."""

    PIECES = "pieces"
    MILLILITRES = "millilitres"
    EITHER = "either"
    """As the strength says: "200 mg/ml" in millilitres, "24 mg" in pieces."""


@dataclass(frozen=True, slots=True)
class OrderForm:
    """A form that medicines come in. `names` are spellings of the same; `parts` is 2 where a
    piece may be halved, else 1.
    """

    code: str
    names: tuple[str, ...]
    measured: Measured
    parts: int
    source: Source

    @property
    def name(self) -> str:
        return self.names[0]


@dataclass(frozen=True, slots=True)
class LongestTakeHome:
    """Days to take home at a time beyond which a warning is shown."""

    days: int
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class OrderForms:
    """All forms that an order can be written for."""

    version: str
    forms: tuple[OrderForm, ...]
    longest_take_home: LongestTakeHome

    def form(self, name: str) -> OrderForm | None:
        """Return a form by any of its spellings."""
        plain = " ".join(name.casefold().split())
        return next(
            (form for form in self.forms if plain in map(str.casefold, form.names)),
            None,
        )


# --- the strength


@dataclass(frozen=True, slots=True)
class Strength:
    """What a strength says: milligrams of the (first) substance in a piece, or in a millilitre."""

    mg: Decimal
    per_ml: bool


class StrengthError(ValueError):
    """A strength that cannot be read; `code` says why."""

    def __init__(self, code: OrderCode) -> None:
        super().__init__(code.value)
        self.code = code


def read_strength(text: str) -> Strength:
    """Read "8 mg", "8 mg/2 mg", "8/2 mg" or "5 mg/ml". Raises StrengthError."""
    plain = " ".join(text.casefold().split())
    if not plain:
        raise StrengthError(OrderCode.STRENGTH_MISSING)
    liquid = _PER_ML.fullmatch(plain)
    match = liquid or _PER_PIECE.fullmatch(plain)
    if match is None:
        wrong = _WITH_UNIT.fullmatch(plain) is not None
        raise StrengthError(OrderCode.WRONG_UNIT if wrong else OrderCode.STRENGTH_UNREADABLE)
    figure = Decimal(match[1].replace(",", "."))
    if figure <= 0:
        raise StrengthError(OrderCode.STRENGTH_UNREADABLE)
    return Strength(figure, per_ml=liquid is not None)


# --- the checks


def check(
    order: MedicationRequest,
    forms: OrderForms,
    *,
    today: date,
    others: Iterable[MedicationRequest] = (),
    previous: MedicationRequest | None = None,
    depots: Depots | None = None,
    substances: Substances | None = None,
) -> tuple[OrderProblem, ...]:
    """Return everything that is wrong with an order, errors before warnings.

    `others` are the patient's orders as they stand, `previous` the version that this one replaces.
    `depots` and `substances` are the tables of them, None where they are not known.
    """
    found = [
        *_texts(order),
        *_amounts(order, forms),
        *(_depot(order, depots) if _is_depot(order) else _pattern(order, forms, previous)),
        *_period(order, today, previous),
        *_parallel(order, others, substances),
    ]
    return tuple(sorted(found, key=lambda problem: problem.is_warning))


def errors_of(problems: Iterable[OrderProblem]) -> tuple[OrderProblem, ...]:
    """Return what keeps an order from being taken."""
    return tuple(problem for problem in problems if not problem.is_warning)


def dose_weekdays(order: MedicationRequest) -> tuple[int, ...]:
    """Return the weekdays on which an order plans at least one dose."""
    return tuple(
        day
        for day in _EVERY_DAY
        if day in order.weekdays
        and any(not dose.weekdays or day in dose.weekdays for dose in order.doses)
    )


def longest_take_home(order: MedicationRequest) -> int:
    """Return the most doses' days in a row that the pattern has taken home, week after week.

    Meaningful where at least one day is supervised.
    """
    days = dose_weekdays(order)
    longest = run = 0
    for day in (*days, *days):  # the week goes on into the next
        run = run + 1 if day in order.take_home_weekdays else 0
        longest = max(longest, run)
    return longest


def _is_depot(order: MedicationRequest) -> bool:
    return order.interval_days is not None or order.depot is not None


def _texts(order: MedicationRequest) -> Iterator[OrderProblem]:
    if not order.product.strip():
        yield OrderProblem(OrderCode.PRODUCT_MISSING, "product")
    if not order.prescriber.strip():
        yield OrderProblem(OrderCode.PRESCRIBER_MISSING, "prescriber")
    if not order.atc.strip():
        # Without one nothing says which other medicines it must be kept apart from.
        yield OrderProblem(OrderCode.ATC_MISSING, "atc")
    elif not _ATC.fullmatch(order.atc):
        yield OrderProblem(OrderCode.ATC_UNREADABLE, "atc", order.atc[:20])
    for name in ("product", "form", "strength", "prescriber", "source"):
        if len(getattr(order, name)) > LONGEST_TEXT:
            yield OrderProblem(OrderCode.TEXT_TOO_LONG, name)


def _amounts(order: MedicationRequest, forms: OrderForms) -> Iterator[OrderProblem]:
    if not order.doses:
        yield OrderProblem(OrderCode.DOSE_MISSING, "doses")
    for dose in order.doses:
        if dose.dose_mg <= 0:
            yield OrderProblem(OrderCode.DOSE_NOT_POSITIVE, _dose_field(dose), _plain(dose.dose_mg))
    form = forms.form(order.form)
    if form is None:
        yield OrderProblem(OrderCode.FORM_UNKNOWN, "form", order.form[:40])
    try:
        strength = read_strength(order.strength)
    except StrengthError as error:
        yield OrderProblem(error.code, "strength", order.strength[:40])
        return
    if form is not None:
        by_volume = form.measured is Measured.MILLILITRES or (
            form.measured is Measured.EITHER and strength.per_ml
        )
        if by_volume:
            yield from _liquid(order, strength)
        else:
            yield from _solid(order, form, strength)


def _liquid(order: MedicationRequest, strength: Strength) -> Iterator[OrderProblem]:
    concentration = order.concentration_mg_per_ml
    if not strength.per_ml:
        yield OrderProblem(OrderCode.WRONG_UNIT, "strength", order.strength[:40])
    if concentration is None:
        yield OrderProblem(OrderCode.CONCENTRATION_MISSING, "concentration_mg_per_ml")
    elif concentration <= 0:
        code = OrderCode.CONCENTRATION_NOT_POSITIVE
        yield OrderProblem(code, "concentration_mg_per_ml", _plain(concentration))
    elif strength.per_ml and concentration != strength.mg:
        code = OrderCode.CONCENTRATION_DIFFERS
        yield OrderProblem(code, "concentration_mg_per_ml", _plain(strength.mg))


def _solid(order: MedicationRequest, form: OrderForm, strength: Strength) -> Iterator[OrderProblem]:
    if strength.per_ml:
        yield OrderProblem(OrderCode.WRONG_UNIT, "strength", order.strength[:40])
        return
    if order.concentration_mg_per_ml is not None:
        yield OrderProblem(OrderCode.CONCENTRATION_OF_SOLID, "concentration_mg_per_ml")
    smallest = strength.mg / form.parts
    for dose in order.doses:
        if dose.dose_mg > 0 and dose.dose_mg % smallest != 0:
            code = OrderCode.STRENGTH_DOES_NOT_DIVIDE
            yield OrderProblem(code, _dose_field(dose), _plain(dose.dose_mg))


def _pattern(
    order: MedicationRequest, forms: OrderForms, previous: MedicationRequest | None
) -> Iterator[OrderProblem]:
    if not order.weekdays:
        yield OrderProblem(OrderCode.WEEKDAY_MISSING, "weekdays")
    named = {*order.weekdays, *order.take_home_weekdays}
    named.update(day for dose in order.doses for day in dose.weekdays)
    if not named <= set(_EVERY_DAY):
        yield OrderProblem(OrderCode.WEEKDAY_UNKNOWN, "weekdays")
    yield from _parts(order)
    yield from _take_home(order, forms, previous)


def _parts(order: MedicationRequest) -> Iterator[OrderProblem]:
    seen: set[tuple[str, int]] = set()
    for dose in order.doses:
        slots = {(dose.part.value, day) for day in dose.weekdays or order.weekdays or _EVERY_DAY}
        if seen & slots:
            yield OrderProblem(OrderCode.PART_TWICE, _dose_field(dose))
        seen |= slots


def _take_home(
    order: MedicationRequest, forms: OrderForms, previous: MedicationRequest | None
) -> Iterator[OrderProblem]:
    most, home = order.max_take_home_days, set(order.take_home_weekdays)
    if most < 0:
        yield OrderProblem(OrderCode.MAX_TAKE_HOME_NEGATIVE, "max_take_home_days", str(most))
    elif most > forms.longest_take_home.days:
        days = str(forms.longest_take_home.days)
        yield OrderProblem(OrderCode.TAKE_HOME_LONG, "max_take_home_days", days)
    planned = dose_weekdays(order)
    if any(_first_part_goes_home(order, day) for day in planned if day not in home):
        yield OrderProblem(OrderCode.TAKE_HOME_PART_FIRST, "take_home_parts")
    if not home or not planned:
        return
    if not home <= set(planned):
        yield OrderProblem(OrderCode.TAKE_HOME_NOT_A_DOSE_DAY, "take_home_weekdays")
    if home >= set(planned):
        yield OrderProblem(OrderCode.TAKE_HOME_WITHOUT_SUPERVISED, "take_home_weekdays")
        return
    if previous is None and _first_day(order, planned).isoweekday() in home:
        # Nobody has met the patient under this order yet: the first dose is always seen taken.
        yield OrderProblem(OrderCode.TAKE_HOME_WITHOUT_SUPERVISED, "valid_from")
    longest = longest_take_home(order)
    if longest > max(most, 0):
        yield OrderProblem(OrderCode.TAKE_HOME_MORE_THAN_MAX, "take_home_weekdays", str(longest))


def _first_part_goes_home(order: MedicationRequest, weekday: int) -> bool:
    doses = [dose for dose in order.doses if not dose.weekdays or weekday in dose.weekdays]
    return min(doses, key=lambda dose: PART_ORDER[dose.part]).take_home


def _first_day(order: MedicationRequest, planned: Sequence[int]) -> date:
    days = (order.valid_from + timedelta(days=ahead) for ahead in range(7))
    return next(day for day in days if day.isoweekday() in planned)


def _depot(order: MedicationRequest, depots: Depots | None) -> Iterator[OrderProblem]:
    if order.interval_days is None:
        yield OrderProblem(OrderCode.INTERVAL_MISSING, "interval_days")
    elif order.interval_days <= 0:
        code = OrderCode.INTERVAL_NOT_POSITIVE
        yield OrderProblem(code, "interval_days", str(order.interval_days))
    if len(order.doses) > 1:
        yield OrderProblem(OrderCode.DEPOT_DOSES, "doses")
    homeward = any(dose.take_home for dose in order.doses)
    if order.take_home_weekdays or order.max_take_home_days or homeward:
        yield OrderProblem(OrderCode.DEPOT_TAKE_HOME, "take_home_weekdays")
    if order.depot is None:
        yield OrderProblem(OrderCode.DEPOT_WITHOUT_WINDOW, "depot")
    elif depots is not None:
        yield from _of_the_table(order, depots.depot(order.depot))


def _of_the_table(order: MedicationRequest, depot: Depot | None) -> Iterator[OrderProblem]:
    if depot is None:
        yield OrderProblem(OrderCode.DEPOT_UNKNOWN, "depot", (order.depot or "")[:40])
        return
    if not depot.scheduled:
        yield OrderProblem(OrderCode.DEPOT_NOT_SCHEDULED, "depot", depot.name)
    if order.atc and order.atc != depot.atc:
        yield OrderProblem(OrderCode.DEPOT_ATC, "atc", depot.atc)
    usual, days = depot.interval, order.interval_days
    if days is not None and days > 0 and not usual.shortest_days <= days <= usual.longest_days:
        yield OrderProblem(OrderCode.DEPOT_INTERVAL, "interval_days", usual.text)


def _period(
    order: MedicationRequest, today: date, previous: MedicationRequest | None
) -> Iterator[OrderProblem]:
    last = order.valid_to
    if last is not None and last < order.valid_from:
        yield OrderProblem(OrderCode.VALID_TO_BEFORE_FROM, "valid_to")
        return
    planned = () if _is_depot(order) else dose_weekdays(order)
    if last is not None and planned and _first_day(order, planned) > last:
        yield OrderProblem(OrderCode.NO_DAY_IN_PERIOD, "valid_to")
    if last is not None and last < today:
        yield OrderProblem(OrderCode.ALREADY_OVER, "valid_to")
    elif previous is None and order.valid_from < today:
        yield OrderProblem(OrderCode.BEGINS_IN_PAST, "valid_from")


def _parallel(
    order: MedicationRequest,
    others: Iterable[MedicationRequest],
    substances: Substances | None,
) -> Iterator[OrderProblem]:
    for other in others:
        if other.id == order.id or not _overlap(order, other):
            continue
        if _same_medicine(order, other, substances):
            yield OrderProblem(OrderCode.PARALLEL_ORDER, "product", other.product[:80])


def _same_medicine(
    one: MedicationRequest, other: MedicationRequest, substances: Substances | None
) -> bool:
    """True for one product, or one group of substances: all opioids are one."""
    if one.product.strip().casefold() == other.product.strip().casefold():
        return True
    if not one.atc or not other.atc:
        return False
    if substances is None:
        return one.atc == other.atc
    return substances.group_code(one) == substances.group_code(other)


def _overlap(one: MedicationRequest, other: MedicationRequest) -> bool:
    first = max(one.valid_from, other.valid_from)
    return all(last is None or first <= last for last in (_last_day(one), _last_day(other)))


def _last_day(order: MedicationRequest) -> date | None:
    stopped = order.stopped_on - timedelta(days=1) if order.stopped_on is not None else None
    known = [day for day in (order.valid_to, stopped) if day is not None]
    return min(known, default=None)


def _dose_field(dose: PlannedDose) -> str:
    return f"dose_{dose.part.value}"


def _plain(figure: Decimal) -> str:
    return format(figure.normalize(), "f")
