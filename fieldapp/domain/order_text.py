"""An order as a person types it, field by field, and what the program understands of it.

The form on the screen and a row of a CSV file are both an `OrderSheet`; `read` makes the order or
says, field by field, what cannot be read. Nothing is guessed: "80 ml" in a field of milligrams is a
wrong unit and no figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Final

from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.orders import (
    OrderCode,
    OrderForms,
    OrderProblem,
    StrengthError,
    read_strength,
)
from fieldapp.domain.patients import Place

_EVERY_DAY: Final = (1, 2, 3, 4, 5, 6, 7)
_FIGURE = re.compile(r"([-+]?[0-9]{1,9}(?:[.,][0-9]{1,6})?)\s*(.*)")
_DAY_NAMES: Final = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_PARTS: Final = {
    "morgen": Part.MORNING,
    "midt på dagen": Part.NOON,
    "kveld": Part.EVENING,
    "natt": Part.NIGHT,
    **{part.value: part for part in Part},
}
_PLACES: Final = {
    "hjemme": Place.HOME,
    "hjem": Place.HOME,
    "utleveringssted": Place.HANDOUT_POINT,
    "utlevering": Place.HANDOUT_POINT,
    "apotek": Place.PHARMACY,
    "apoteket": Place.PHARMACY,
    **{place.value: place for place in Place},
}


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """Every field as typed; blank where nothing was.

    `morning` … `night` are milligrams a part of the day. `weekdays` and `take_home_weekdays` are
    written "1,3,5", "ma-fr" or "daglig"; `take_home_parts`, the parts of a split dose that go home
    with an earlier one of their day, "kveld" or "kveld, natt". `interval_days` and `depot` are of a
    depot alone.
    """

    product: str = ""
    atc: str = ""
    form: str = ""
    strength: str = ""
    concentration_mg_per_ml: str = ""
    morning: str = ""
    noon: str = ""
    evening: str = ""
    night: str = ""
    weekdays: str = ""
    take_home_weekdays: str = ""
    take_home_parts: str = ""
    max_take_home_days: str = ""
    place: str = ""
    valid_from: str = ""
    valid_to: str = ""
    prescriber: str = ""
    source: str = ""
    interval_days: str = ""
    depot: str = ""

    @property
    def is_depot(self) -> bool:
        return bool(self.interval_days.strip() or self.depot.strip())


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """The order, None where a field cannot be read; `problems` say which and why.

    `draft` has every field that could be read, so that what else is wrong can be told at once.
    """

    order: MedicationRequest | None
    problems: tuple[OrderProblem, ...]
    draft: MedicationRequest

    def beside(self, found: Iterable[OrderProblem]) -> tuple[OrderProblem, ...]:
        """Return, of a check of `draft`, what is not only there because a field is unreadable."""
        unread = {problem.field for problem in self.problems}
        if any(field.startswith("dose_") for field in unread):
            unread.add("doses")
        if "valid_from" in unread:
            unread.add("valid_to")
        if "weekdays" in unread:
            unread.add("take_home_weekdays")
        return tuple(problem for problem in found if problem.field not in unread)


def read(sheet: OrderSheet, order_id: str, patient_id: str, forms: OrderForms) -> ReadOrder:
    """Read a sheet. What can be read is not judged here: `fieldapp.domain.orders.check` does."""
    return _Reader(sheet, forms).read(order_id, patient_id)


def sheet_of(order: MedicationRequest) -> OrderSheet:
    """Return an order as a person would have typed it, to be changed.

    Doses that differ by weekday have no place on a sheet; `fits_a_sheet` tells.
    """
    doses = {dose.part: _text_of(dose.dose_mg) for dose in order.doses}
    concentration = order.concentration_mg_per_ml
    return OrderSheet(
        product=order.product,
        atc=order.atc,
        form=order.form,
        strength=order.strength,
        concentration_mg_per_ml="" if concentration is None else _text_of(concentration),
        morning=doses.get(Part.MORNING, ""),
        noon=doses.get(Part.NOON, ""),
        evening=doses.get(Part.EVENING, ""),
        night=doses.get(Part.NIGHT, ""),
        weekdays=_days_text(order.weekdays),
        take_home_weekdays=_days_text(order.take_home_weekdays),
        take_home_parts=",".join(dose.part.value for dose in order.doses if dose.take_home),
        max_take_home_days=str(order.max_take_home_days) if order.max_take_home_days else "",
        place=order.place.value,
        valid_from=f"{order.valid_from:%d.%m.%Y}",
        valid_to=f"{order.valid_to:%d.%m.%Y}" if order.valid_to is not None else "",
        prescriber=order.prescriber,
        source=order.source,
        interval_days="" if order.interval_days is None else str(order.interval_days),
        depot=order.depot or "",
    )


def fits_a_sheet(order: MedicationRequest) -> bool:
    """True when one dose a part of the day says it all."""
    parts = [dose.part for dose in order.doses]
    same = all(not dose.weekdays for dose in order.doses)
    return same and len(parts) == len(set(parts))


def read_weekdays(text: str) -> tuple[int, ...] | None:
    """Read "1,3,5", "ma-fr" or "daglig" into ISO numbers, None where it says no days."""
    plain = "".join(text.casefold().split()).strip(".,;")
    if plain in ("daglig", "alle", "alledager"):
        return _EVERY_DAY
    if plain in ("hverdager", "ukedager"):
        return _EVERY_DAY[:5]
    found: set[int] = set()
    for part in filter(None, re.split(r"[,;+/]|og", plain)):
        first, dash, last = part.replace("–", "-").partition("-")
        begins, ends = _weekday(first), _weekday(last) if dash else _weekday(first)
        if begins is None or ends is None:
            return None
        days = (
            range(begins, ends + 1) if begins <= ends else (*range(begins, 8), *range(1, ends + 1))
        )
        found.update(days)
    return tuple(sorted(found)) if plain else None


def read_day(text: str) -> date | None:
    """Read dd.mm.yyyy or yyyy-mm-dd, None for what is no day."""
    plain = text.strip()
    match = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", plain)
    try:
        if match:
            day, month, year = (int(part) for part in match.groups())
            return date(year, month, day)
        return date.fromisoformat(plain) if len(plain) == len("2026-01-01") else None
    except ValueError:
        return None


class _Reader:
    """Reads the fields and collects what is wrong with them."""

    def __init__(self, sheet: OrderSheet, forms: OrderForms) -> None:
        self._sheet = sheet
        self._forms = forms
        self.problems: list[OrderProblem] = []

    def read(self, order_id: str, patient_id: str) -> ReadOrder:
        sheet = self._sheet
        depot = sheet.is_depot
        weekdays = _EVERY_DAY if depot else self._weekdays("weekdays", sheet.weekdays)
        valid_from = self._day("valid_from", sheet.valid_from)
        if valid_from is None and not sheet.valid_from.strip():
            self._wrong(OrderCode.NOT_A_DAY, "valid_from")
        form = self._forms.form(sheet.form)
        made = MedicationRequest(
            id=order_id,
            patient_id=patient_id,
            product=_clean(sheet.product),
            atc=_clean(sheet.atc).upper(),
            form=form.name if form is not None else _clean(sheet.form),
            strength=_clean(sheet.strength),
            doses=self._doses(),
            weekdays=weekdays,
            place=self._place(),
            valid_from=valid_from or date.min,
            prescriber=_clean(sheet.prescriber),
            concentration_mg_per_ml=self._concentration(),
            valid_to=self._day("valid_to", sheet.valid_to),
            source=_clean(sheet.source),
            take_home_weekdays=self._weekdays("take_home_weekdays", sheet.take_home_weekdays),
            max_take_home_days=self._whole("max_take_home_days", sheet.max_take_home_days) or 0,
            interval_days=self._whole("interval_days", sheet.interval_days),
            depot=_clean(sheet.depot) or None,
        )
        return ReadOrder(None if self.problems else made, tuple(self.problems), made)

    def _wrong(self, code: OrderCode, field: str, detail: str = "") -> None:
        self.problems.append(OrderProblem(code, field, detail[:40]))

    def _doses(self) -> tuple[PlannedDose, ...]:
        found = []
        home = self._home_parts()
        for part in Part:
            text = getattr(self._sheet, part.value)
            amount = self._figure(f"dose_{part.value}", text, ("mg",))
            if amount is not None:
                found.append(PlannedDose(part, amount, take_home=part in home))
        if not home <= {dose.part for dose in found}:
            self._wrong(OrderCode.TAKE_HOME_PART_UNKNOWN, "take_home_parts")
        return tuple(found)

    def _home_parts(self) -> set[Part]:
        typed = self._sheet.take_home_parts.casefold()
        words = [word for word in re.split(r"[,;+/]|\bog\b", typed) if word.strip()]
        found = {_PARTS.get(" ".join(word.split())) for word in words}
        if None in found:
            self._wrong(OrderCode.TAKE_HOME_PART_UNKNOWN, "take_home_parts", typed)
        return {part for part in found if part is not None}

    def _concentration(self) -> Decimal | None:
        typed = self._sheet.concentration_mg_per_ml
        if typed.strip():
            return self._figure("concentration_mg_per_ml", typed, ("mg/ml",))
        try:
            strength = read_strength(self._sheet.strength)
        except StrengthError:
            return None  # `check` says what is wrong with the strength
        # "5 mg/ml" says it already; nobody has to type it twice.
        return strength.mg if strength.per_ml else None

    def _figure(self, field: str, text: str, units: tuple[str, ...]) -> Decimal | None:
        plain = " ".join(text.split())
        if not plain:
            return None
        match = _FIGURE.fullmatch(plain)
        if match is None:
            self._wrong(OrderCode.NOT_A_FIGURE, field, plain)
            return None
        unit = "".join(match[2].casefold().split())
        if unit and unit not in units:
            self._wrong(OrderCode.WRONG_UNIT, field, plain)
            return None
        return Decimal(match[1].replace(",", "."))

    def _whole(self, field: str, text: str) -> int | None:
        plain = text.casefold().removesuffix("dager").removesuffix("dag").strip()
        if not plain:
            return None
        if not re.fullmatch("[-+]?[0-9]{1,4}", plain):
            self._wrong(OrderCode.NOT_A_FIGURE, field, text)
            return None
        return int(plain)

    def _weekdays(self, field: str, text: str) -> tuple[int, ...]:
        if not text.strip():
            return ()  # `check` says where one is needed
        found = read_weekdays(text)
        if found is None:
            self._wrong(OrderCode.NOT_WEEKDAYS, field, text)
        return found or ()

    def _day(self, field: str, text: str) -> date | None:
        if not text.strip():
            return None
        found = read_day(text)
        if found is None:
            self._wrong(OrderCode.NOT_A_DAY, field, text)
        return found

    def _place(self) -> Place:
        found = _PLACES.get(self._sheet.place.casefold().strip())
        if found is None:
            self._wrong(OrderCode.NOT_A_PLACE, "place", self._sheet.place)
        return found or Place.HOME


def sheet_fields() -> tuple[str, ...]:
    """Return the names of a sheet's fields, in the order in which they are typed."""
    return tuple(field.name for field in fields(OrderSheet))


def _weekday(text: str) -> int | None:
    plain = text.strip(".")
    if plain in {"1", "2", "3", "4", "5", "6", "7"}:
        return int(plain)
    if len(plain) < 2:
        return None
    return next(
        (number for number, name in enumerate(_DAY_NAMES, 1) if name.startswith(plain)), None
    )


def _days_text(days: tuple[int, ...]) -> str:
    return ",".join(str(day) for day in sorted(days))


def _clean(text: str) -> str:
    return " ".join(text.split())


def _text_of(figure: Decimal) -> str:
    return format(figure.normalize(), "f").replace(".", ",")
