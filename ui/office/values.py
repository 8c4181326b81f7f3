"""Fields of a record in words, and what a person types back into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO, from_iso
from fieldapp.domain.medication import HandoutStatus, IdentityCheck, ObservedState, Part
from fieldapp.domain.patients import FlagState, Level, Place, Sex
from fieldapp.domain.visits import AppointmentStatus, EncounterStatus, VisitKind
from ui.words import day_text, field_word, word

translate = QCoreApplication.translate

Body = Mapping[str, Any]

_FIELDS: dict[str, object] = {
    "accommodation": QT_TRANSLATE_NOOP("office", "Bolig"),
    "active": QT_TRANSLATE_NOOP("office", "Aktiv"),
    "atc": QT_TRANSLATE_NOOP("office", "ATC-kode"),
    "category": QT_TRANSLATE_NOOP("office", "Gjelder"),
    "concentration_mg_per_ml": QT_TRANSLATE_NOOP("office", "Styrke, mg per ml"),
    "dose_mg": QT_TRANSLATE_NOOP("office", "Dose, mg"),
    "dose_ml": QT_TRANSLATE_NOOP("office", "Dose, ml"),
    "doses": QT_TRANSLATE_NOOP("office", "Doser"),
    "form": QT_TRANSLATE_NOOP("office", "Legemiddelform"),
    "given_at": QT_TRANSLATE_NOOP("office", "Gitt"),
    "happened_at": QT_TRANSLATE_NOOP("office", "Skjedde"),
    "incident": QT_TRANSLATE_NOOP("office", "Hendelse"),
    "prescriber_contact": QT_TRANSLATE_NOOP("office", "Kontakt med rekvirent"),
    "identity_check": QT_TRANSLATE_NOOP("office", "Identitet sjekket ved"),
    "instrument": QT_TRANSLATE_NOOP("office", "Skjema"),
    "legal_basis": QT_TRANSLATE_NOOP("office", "Hjemmel"),
    "observed_state": QT_TRANSLATE_NOOP("office", "Tilstand"),
    "part": QT_TRANSLATE_NOOP("office", "Del av dagen"),
    "place": QT_TRANSLATE_NOOP("office", "Sted"),
    "prescriber": QT_TRANSLATE_NOOP("office", "Forskriver"),
    "primary": QT_TRANSLATE_NOOP("office", "Hovedansvarlig"),
    "product": QT_TRANSLATE_NOOP("office", "Legemiddel"),
    "reason": QT_TRANSLATE_NOOP("office", "Årsak"),
    "reason_text": QT_TRANSLATE_NOOP("office", "Årsak med egne ord"),
    "recorded_at": QT_TRANSLATE_NOOP("office", "Ført"),
    "relation": QT_TRANSLATE_NOOP("office", "Forhold"),
    "retrospective": QT_TRANSLATE_NOOP("office", "Ført i ettertid"),
    "role": QT_TRANSLATE_NOOP("office", "Rolle"),
    "sex": QT_TRANSLATE_NOOP("office", "Kjønn"),
    "signed_at": QT_TRANSLATE_NOOP("office", "Signert"),
    "source": QT_TRANSLATE_NOOP("office", "Kilde"),
    "stopped_on": QT_TRANSLATE_NOOP("office", "Stanset"),
    "strength": QT_TRANSLATE_NOOP("office", "Styrke"),
    "taken_at": QT_TRANSLATE_NOOP("office", "Tatt"),
    "template": QT_TRANSLATE_NOOP("office", "Mal"),
    "valid_from": QT_TRANSLATE_NOOP("office", "Gjelder fra"),
    "valid_to": QT_TRANSLATE_NOOP("office", "Gjelder til"),
    "weekdays": QT_TRANSLATE_NOOP("office", "Ukedager"),
    "witnessed": QT_TRANSLATE_NOOP("office", "Bevitnet"),
}

_CODES: dict[str, type[Enum]] = {
    "identity_check": IdentityCheck,
    "kind": VisitKind,
    "level": Level,
    "observed_state": ObservedState,
    "part": Part,
    "place": Place,
    "sex": Sex,
    "state": FlagState,
}

_STATUS: tuple[type[Enum], ...] = (AppointmentStatus, EncounterStatus, HandoutStatus)

_DAYS = (
    QT_TRANSLATE_NOOP("office", "mandag"),
    QT_TRANSLATE_NOOP("office", "tirsdag"),
    QT_TRANSLATE_NOOP("office", "onsdag"),
    QT_TRANSLATE_NOOP("office", "torsdag"),
    QT_TRANSLATE_NOOP("office", "fredag"),
    QT_TRANSLATE_NOOP("office", "lørdag"),
    QT_TRANSLATE_NOOP("office", "søndag"),
)

_HIDDEN = frozenset(
    {
        "answers",
        "id",
        "instrument_version",
        "language",
        "panel_version",
        "request_revision",
        "revision",
        "scoring_hash",
        "sequence",
        "template",
        "version",
    }
)
"""Fields that say nothing to a person; ids of others are hidden too, by their ending."""

_FIGURES = frozenset({"dose_mg", "dose_ml", "concentration_mg_per_ml"})

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

LONG = 40
"""Letters above which a text is shown and typed over several lines."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of which the two sides say different things; `mine` and `theirs` in words."""

    field: str
    label: str
    mine: str
    theirs: str
    value: object
    """As it stands in the body that came from the laptop."""

    @property
    def editable(self) -> bool:
        """True for what can be typed: text, numbers, days and nothing at all."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | None):
            return False
        coded = self.field in _CODES or self.field == "status"
        return not coded and not _MOMENT.match(str(self.value))

    @property
    def long(self) -> bool:
        return isinstance(self.value, str) and (len(self.value) > LONG or "\n" in self.value)


def label_of(field: str) -> str:
    """The word for a field of a body."""
    own = _FIELDS.get(field)
    return translate("office", str(own)) if own is not None else field_word(field)


NOBODY: Mapping[str, str] = {}


def shown(value: object, field: str = "", names: Mapping[str, str] = NOBODY) -> str:
    """A value of a body in words; an unknown code is shown as it is. `names`: staff by id."""
    if value is None or value == "" or value == []:
        return translate("office", "tomt")
    if isinstance(value, bool):
        return translate("office", "ja") if value else translate("office", "nei")
    if field == "weekdays" and isinstance(value, list):
        return ", ".join(_weekday(day) for day in value)
    if isinstance(value, Mapping):
        # Inside a list nothing is said of what is empty: "Morgen · 70 mg".
        filled = [name for name in value if value[name] not in (None, "", [])]
        return " · ".join(_part(name, value[name], names) for name in filled)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(shown(part, field, names) for part in value)
    text = str(value)
    return names.get(text) or _code_word(field, text) or _time_text(text)


def differences(
    mine: Body,
    theirs: Body | None,
    fields: Sequence[str] = (),
    names_of: Mapping[str, str] = NOBODY,
) -> tuple[Difference, ...]:
    """The fields to compare: those named, else all that a person can read and that differ."""
    names = [name for name in fields if name in mine or name in (theirs or {})]
    if not names:
        names = [name for name in mine if _readable(name)]
        names = [name for name in names if theirs is None or mine[name] != theirs.get(name)]
    if theirs is None:
        names = [name for name in names if mine.get(name) not in (None, "", [], False)]
    return tuple(
        Difference(
            name,
            label_of(name),
            shown(mine.get(name), name, names_of),
            shown(theirs.get(name), name, names_of) if theirs is not None else "",
            mine.get(name),
        )
        for name in names
    )


def typed(difference: Difference, text: str) -> object:
    """What stands in the body when a person types this.

    Raises ValueError for a number or a day that is none.
    """
    clean, before = text.strip(), difference.value
    if isinstance(before, int):
        return int(clean)
    if not clean:
        return None if before is None else ""
    if isinstance(before, str) and _DAY.fullmatch(before):
        return datetime.strptime(clean, "%d.%m.%Y").date().isoformat()
    if difference.field in _FIGURES:
        return clean.replace(",", ".")
    return clean


def _part(name: str, value: object, names: Mapping[str, str]) -> str:
    """A field inside a list, where no label tells the unit."""
    words = shown(value, name, names)
    return translate("office", "{0} mg").format(words) if name == "dose_mg" else words


def _readable(field: str) -> bool:
    return field not in _HIDDEN and not field.endswith("_id")


def _weekday(day: object) -> str:
    if isinstance(day, int) and 1 <= day <= len(_DAYS):
        return translate("office", str(_DAYS[day - 1]))
    return str(day)


def _code_word(field: str, text: str) -> str:
    for kind in _STATUS if field == "status" else (_CODES[field],) if field in _CODES else ():
        try:
            return word(kind(text))
        except (ValueError, KeyError):
            continue
    return ""


def _time_text(text: str) -> str:
    if _MOMENT.match(text):
        try:
            return f"{from_iso(text).astimezone(OSLO):%d.%m.%Y %H:%M}"
        except ValueError:
            return text
    if _DAY.fullmatch(text):
        try:
            return day_text(date.fromisoformat(text))
        except ValueError:
            return text
    return text
