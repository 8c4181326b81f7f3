"""What the patient header says, as plain values: never merged, never cut, three answers apart.

For every category there are three answers: something is present, a person asked and none is known,
or nobody asked. The header tells them apart in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.patients import (
    SEVERE_CATEGORIES,
    Flag,
    FlagCategory,
    FlagState,
    Patient,
)
from fieldapp.services.patients import is_closed_mark
from ui.words import address_text, age_text, day_text, initials, masked_id, word

translate = QCoreApplication.translate


class Answer(Enum):
    """What is known about one category of critical information."""

    PRESENT = auto()
    NONE_KNOWN = auto()
    NOT_ASKED = auto()


@dataclass(frozen=True, slots=True)
class CriticalItem:
    """One category with its answer; `texts` holds every present flag's own words."""

    category: FlagCategory
    answer: Answer
    texts: tuple[str, ...]

    @property
    def title(self) -> str:
        return word(self.category)

    @property
    def sentence(self) -> str:
        """The item in one line: "Allergi: penicillin", "Tolk: ikke spurt"."""
        if self.answer is Answer.NONE_KNOWN:
            return translate("patient", "{what}: ingen kjent").format(what=self.title)
        if self.answer is Answer.NOT_ASKED:
            return translate("patient", "{what}: ikke spurt").format(what=self.title)
        said = "; ".join(text for text in self.texts if text)
        return f"{self.title}: {said}" if said else self.title


@dataclass(frozen=True, slots=True)
class HeaderView:
    initials: str
    name: str
    age_and_sex: str
    id_masked: str
    id_full: str
    address: str
    phone: str
    severe: tuple[CriticalItem, ...]
    calm: tuple[CriticalItem, ...]
    practical: tuple[str, ...]
    confirmed: str
    """When the oldest severe answer was confirmed; empty when none was ever given."""

    @property
    def present(self) -> tuple[CriticalItem, ...]:
        return tuple(item for item in self.severe if item.answer is Answer.PRESENT)

    @property
    def none_known(self) -> tuple[CriticalItem, ...]:
        return tuple(item for item in self.severe if item.answer is Answer.NONE_KNOWN)

    @property
    def not_asked(self) -> tuple[CriticalItem, ...]:
        return tuple(item for item in self.severe if item.answer is Answer.NOT_ASKED)


def header(patient: Patient, flags: Sequence[Flag], today: date) -> HeaderView:
    """Put together the header of `patient` from the active `flags` of that patient."""
    if is_closed_mark(flags):
        return _closed(patient, today)
    items = [critical_item(category, flags) for category in FlagCategory]
    return HeaderView(
        initials=initials(patient),
        name=patient.name,
        age_and_sex=f"{age_text(patient, today)} · {word(patient.sex)}",
        id_masked=_number_in_short(patient),
        id_full=spaced_id(patient.national_id),
        address=address_text(patient),
        phone=patient.phone,
        severe=tuple(item for item in items if item.category in SEVERE_CATEGORIES),
        calm=tuple(item for item in items if item.category not in SEVERE_CATEGORIES),
        practical=patient.practical,
        confirmed=_confirmed(flags),
    )


def _closed(patient: Patient, today: date) -> HeaderView:
    """Who it is, and that the rest is closed: never "not asked" of what may not be read."""
    closed = translate("patient", "Kritisk informasjon er lukket: logg inn for å se den")
    return HeaderView(
        initials=initials(patient),
        name=patient.name,
        age_and_sex=age_text(patient, today),
        id_masked="",
        id_full="",
        address="",
        phone="",
        severe=(),
        calm=(),
        practical=(closed,),
        confirmed="",
    )


def _number_in_short(patient: Patient) -> str:
    """The national number with its end hidden, or the temporary one, which hides nothing."""
    if patient.national_id is None and patient.temporary_number is not None:
        return translate("patient", "midlertidig {number}").format(number=patient.temporary_number)
    return masked_id(patient.national_id)


def critical_item(category: FlagCategory, flags: Sequence[Flag]) -> CriticalItem:
    """The answer in one category. A present flag outweighs a "none known" beside it.

    Two flags with one id are two sides of a conflict, ours first: both are shown, whatever they
    say, until a person has chosen.
    """
    own = [flag for flag in flags if flag.category is category]
    both_sides = [flag for flag in own if sum(other.id == flag.id for other in own) > 1]
    agreed = [flag for flag in own if flag.active and flag not in both_sides]
    present = [flag.text.strip() for flag in agreed if flag.state is FlagState.PRESENT]
    disputed = _disputed(both_sides)
    if present or disputed:
        return CriticalItem(category, Answer.PRESENT, (*present, *disputed))
    return CriticalItem(category, Answer.NONE_KNOWN if agreed else Answer.NOT_ASKED, ())


def _disputed(sides: Sequence[Flag]) -> list[str]:
    """Each side's own words, and whose they are."""
    first_seen: set[str] = set()
    said = []
    for flag in sides:
        here = flag.id not in first_seen
        first_seen.add(flag.id)
        whose = (
            translate("patient", "{text} (skrevet her)")
            if here
            else translate("patient", "{text} (skrevet av kollega, ikke avgjort)")
        )
        said.append(whose.format(text=_claim(flag)))
    return said


def _claim(flag: Flag) -> str:
    if not flag.active:
        return translate("patient", "tatt bort")
    if flag.state is FlagState.NONE_KNOWN:
        return translate("patient", "ingen kjent")
    return flag.text.strip() or translate("patient", "ja")


def spaced_id(national_id: str | None) -> str:
    """Six digits, a blank, five digits; the empty text without a number."""
    return f"{national_id[:6]} {national_id[6:]}" if national_id else ""


def _confirmed(flags: Sequence[Flag]) -> str:
    days = [flag.confirmed_on for flag in flags if flag.active and _is_severe(flag)]
    return translate("patient", "bekreftet {day}").format(day=day_text(min(days))) if days else ""


def _is_severe(flag: Flag) -> bool:
    return flag.category in SEVERE_CATEGORIES
