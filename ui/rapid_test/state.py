"""A rapid test while it is being filled in, as plain values, and what it says in words."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.observations import AnalyteReading, RapidTest
from fieldapp.domain.reference import RapidTestReference
from fieldapp.domain.toxicology import (
    FINDINGS,
    Panel,
    Reading,
    ReadingMeaning,
    Specimen,
    SpecimenProblem,
    doubts,
    meaning,
)
from fieldapp.services.rapid_tests import RapidTestEntry
from ui.widgets import Tone
from ui.words import clock_text, day_text

translate = QCoreApplication.translate

TEMPERATURES: dict[str, bool | None] = {"ok": True, "outside": False, "not_measured": None}


@dataclass(frozen=True, slots=True)
class RapidForm:
    """What the form holds. None means "not said yet"; `readings` is analyte -> Reading value."""

    panel: str | None = None
    specimen: str | None = None
    supervised: bool | None = None
    temperature: str | None = None
    reason: str | None = None
    reason_text: str = ""
    lot: str = ""
    expiry: str = ""
    """As typed, so that nothing typed is lost."""
    comment: str = ""
    readings: Mapping[str, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return self == RapidForm()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the device in words."""

    label: str
    words: str
    tone: Tone
    cutoff: str


_SPECIMENS: dict[str, object] = {
    Specimen.URINE: QT_TRANSLATE_NOOP("rapid_test", "Urin"),
    Specimen.SALIVA: QT_TRANSLATE_NOOP("rapid_test", "Spytt"),
}
_READINGS: dict[str, object] = {
    Reading.PRELIMINARY_POSITIVE: QT_TRANSLATE_NOOP("rapid_test", "Foreløpig positiv"),
    Reading.PRELIMINARY_NEGATIVE: QT_TRANSLATE_NOOP("rapid_test", "Foreløpig negativ"),
    Reading.INVALID: QT_TRANSLATE_NOOP("rapid_test", "Ugyldig"),
}
_MEANINGS: dict[ReadingMeaning, tuple[object, Tone]] = {
    ReadingMeaning.EXPECTED_POSITIVE: (
        QT_TRANSLATE_NOOP("rapid_test", "foreløpig positiv, forventet av forordnet legemiddel"),
        "ok",
    ),
    ReadingMeaning.UNEXPECTED_POSITIVE: (
        QT_TRANSLATE_NOOP("rapid_test", "foreløpig positiv, ikke forklart av forordnet legemiddel"),
        "warn",
    ),
    ReadingMeaning.EXPECTED_MISSING: (
        QT_TRANSLATE_NOOP(
            "rapid_test", "foreløpig negativ, men forordnet legemiddel skulle gitt utslag"
        ),
        "warn",
    ),
    ReadingMeaning.NEGATIVE: (QT_TRANSLATE_NOOP("rapid_test", "foreløpig negativ"), "neutral"),
    ReadingMeaning.INVALID: (
        QT_TRANSLATE_NOOP("rapid_test", "ugyldig, kan ikke brukes"),
        "warn",
    ),
    ReadingMeaning.NOT_READ: (QT_TRANSLATE_NOOP("rapid_test", "ikke avlest"), "neutral"),
}
_DOUBTS: dict[SpecimenProblem, object] = {
    SpecimenProblem.DEVICE_EXPIRED: QT_TRANSLATE_NOOP(
        "rapid_test", "Testen er gått ut på dato. Resultatet er mindre pålitelig."
    ),
    SpecimenProblem.NOT_OBSERVED: QT_TRANSLATE_NOOP(
        "rapid_test", "Prøvetakingen ble ikke observert."
    ),
    SpecimenProblem.TEMPERATURE_OUTSIDE: QT_TRANSLATE_NOOP(
        "rapid_test", "Temperaturen er utenfor det vanlige. Prøven kan være byttet eller fortynnet."
    ),
    SpecimenProblem.TEMPERATURE_NOT_MEASURED: QT_TRANSLATE_NOOP(
        "rapid_test", "Temperaturen ble ikke målt."
    ),
}


def specimen_word(specimen: str) -> str:
    return translate("rapid_test", str(_SPECIMENS[specimen]))


def reading_options() -> list[tuple[str, str]]:
    """(value, words) of what a line of the device can show."""
    return [(value, translate("rapid_test", str(words))) for value, words in _READINGS.items()]


# --- filling in


def with_panel(form: RapidForm, panel: Panel) -> RapidForm:
    """Choose a device: the specimen follows, and readings of another device are forgotten."""
    same = form.panel == panel.id
    return replace(
        form,
        panel=panel.id,
        specimen=panel.specimen.value,
        readings=form.readings if same else {},
        temperature=form.temperature if panel.specimen is Specimen.URINE else None,
    )


def with_specimen(form: RapidForm, specimen: str, panel: Panel | None) -> RapidForm:
    """Choose the specimen; a device for another one is no longer chosen."""
    if panel is None or panel.specimen == specimen:
        return replace(form, specimen=specimen)
    return replace(form, specimen=specimen, panel=None, readings={}, temperature=None)


def with_reading(form: RapidForm, analyte: str, value: str) -> RapidForm:
    return replace(form, readings={**form.readings, analyte: value})


def with_text(form: RapidForm, field_name: str, text: str) -> RapidForm:
    """Keep what was typed in "lot", "expiry", "reason_text" or "comment"."""
    match field_name:
        case "lot":
            return replace(form, lot=text)
        case "expiry":
            return replace(form, expiry=text)
        case "reason_text":
            return replace(form, reason_text=text)
        case _:
            return replace(form, comment=text)


def expiry_date(text: str) -> date | None:
    """Read "31.03.2027", "03.2027" or "2027-03" (the last day of the month), "2027-03-31".

    None for an empty text. Raises ValueError for anything else.
    """
    plain = text.strip()
    if not plain:
        return None
    if match := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", plain):
        day, month, year = (int(part) for part in match.groups())
        return date(year, month, day)
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", plain):
        year, month, day = (int(part) for part in match.groups())
        return date(year, month, day)
    if match := re.fullmatch(r"(\d{1,2})[./-](\d{4})", plain):
        month, year = (int(part) for part in match.groups())
    elif match := re.fullmatch(r"(\d{4})[.-](\d{1,2})", plain):
        year, month = (int(part) for part in match.groups())
    else:
        raise ValueError("not a date")
    if not 1 <= month <= 12 or year < 1:
        raise ValueError("not a month")
    return date(year, month, calendar.monthrange(year, month)[1])


def missing(form: RapidForm, known: RapidTestReference) -> list[tuple[str, str]]:
    """(name of the field, words) of what must be said before the test can be saved."""
    found = []
    if form.panel is None:
        found.append(("panel", translate("rapid_test", "hvilken test som er brukt")))
    if form.supervised is None:
        found.append(("supervised", translate("rapid_test", "om prøvetakingen ble observert")))
    if form.reason is None:
        found.append(("reason", translate("rapid_test", "hvorfor testen tas")))
    elif needs_text(form.reason, known) and not form.reason_text.strip():
        found.append(("reason_text", translate("rapid_test", "årsaken med egne ord")))
    try:
        expiry_date(form.expiry)
    except ValueError:
        found.append(("expiry", translate("rapid_test", "en dato som kan leses (mm.åååå)")))
    if form.panel is not None and not form.readings:
        found.append(("readings", translate("rapid_test", "avlesning av minst én linje")))
    return found


def needs_text(reason: str, known: RapidTestReference) -> bool:
    return any(entry.code == reason and entry.needs_text for entry in known.reasons)


def unread(form: RapidForm, panel: Panel) -> list[str]:
    """The labels of the lines that were not read."""
    return [analyte.label for analyte in panel.analytes if analyte.code not in form.readings]


def entry_of(
    form: RapidForm,
    test_id: str,
    patient_id: str,
    blank: tuple[AnalyteReading, ...],
    encounter_id: str | None,
) -> RapidTestEntry:
    """The form as the service takes it; call it when nothing is `missing`."""
    assert form.panel is not None
    return RapidTestEntry(
        id=test_id,
        patient_id=patient_id,
        panel=form.panel,
        supervised=bool(form.supervised),
        reason=form.reason or "",
        reason_text=form.reason_text,
        readings=tuple(
            replace(line, result=form.readings.get(line.analyte, line.result)) for line in blank
        ),
        lot=form.lot,
        expiry=expiry_date(form.expiry),
        temperature_ok=TEMPERATURES.get(form.temperature or "not_measured"),
        comment=form.comment,
        encounter_id=encounter_id,
    )


def form_doubts(form: RapidForm, today: date) -> list[str]:
    """What weakens the test, as far as it has been said; it never stops anything."""
    found = []
    try:
        expiry = expiry_date(form.expiry)
    except ValueError:
        expiry = None
    if expiry is not None and expiry < today:
        found.append(SpecimenProblem.DEVICE_EXPIRED)
    if form.supervised is False:
        found.append(SpecimenProblem.NOT_OBSERVED)
    if form.temperature == "outside":
        found.append(SpecimenProblem.TEMPERATURE_OUTSIDE)
    if form.temperature == "not_measured":
        found.append(SpecimenProblem.TEMPERATURE_NOT_MEASURED)
    return [translate("rapid_test", str(_DOUBTS[problem])) for problem in found]


def to_draft(form: RapidForm) -> dict[str, object]:
    return {
        "panel": form.panel,
        "specimen": form.specimen,
        "supervised": form.supervised,
        "temperature": form.temperature,
        "reason": form.reason,
        "reason_text": form.reason_text,
        "lot": form.lot,
        "expiry": form.expiry,
        "comment": form.comment,
        "readings": dict(form.readings),
    }


def from_draft(body: Mapping[str, Any], known: RapidTestReference) -> RapidForm:
    """The form of a draft; a device or a line that this version lacks is left out."""
    panel = known.panel(str(body.get("panel")))
    readings = body.get("readings") or {}
    reason = body.get("reason")
    return RapidForm(
        panel=panel.id if panel is not None else None,
        specimen=body.get("specimen"),
        supervised=body.get("supervised"),
        temperature=body.get("temperature"),
        reason=reason if any(entry.code == reason for entry in known.reasons) else None,
        reason_text=str(body.get("reason_text") or ""),
        lot=str(body.get("lot") or ""),
        expiry=str(body.get("expiry") or ""),
        comment=str(body.get("comment") or ""),
        readings={
            code: value
            for code, value in readings.items()
            if panel is not None and panel.analyte(code) is not None
        },
    )


# --- a recorded test in words


def finding_lines(test: RapidTest, panel: Panel | None) -> tuple[Finding, ...]:
    """Every line of the device in words; those that call for something come first."""
    lines = []
    for reading in test.readings:
        said = meaning(reading)
        words, tone = _MEANINGS[said]
        analyte = panel.analyte(reading.analyte) if panel is not None else None
        label = analyte.label if analyte is not None else reading.analyte
        cutoff = translate("rapid_test", "grense {value} {unit}").format(
            value=reading.cutoff, unit=reading.unit
        )
        line = Finding(label, translate("rapid_test", str(words)), tone, cutoff)
        lines.append((said not in FINDINGS, line))
    return tuple(line for _, line in sorted(lines, key=lambda entry: entry[0]))


def headline(test: RapidTest) -> tuple[str, Tone]:
    """What the whole test comes to, in one sentence."""
    meanings = [meaning(reading) for reading in test.readings]
    count = sum(found in FINDINGS for found in meanings)
    if count == 1:
        return translate("rapid_test", "1 foreløpig funn å snakke om"), "warn"
    if count:
        return translate("rapid_test", "{count} foreløpige funn å snakke om").format(
            count=count
        ), "warn"
    if any(found is ReadingMeaning.INVALID for found in meanings):
        return translate("rapid_test", "Ingen foreløpige funn, men noe er ugyldig"), "warn"
    return translate("rapid_test", "Ingen foreløpige funn"), "ok"


def recorded_doubts(test: RapidTest) -> list[str]:
    """What weakens a recorded test."""
    taken_on = test.taken_at.astimezone(OSLO).date()
    return [translate("rapid_test", str(_DOUBTS[found])) for found in doubts(test, taken_on)]


def provenance(
    test: RapidTest, panel: Panel | None, known: RapidTestReference, author: str
) -> list[tuple[str, str]]:
    """(what, answer) of how the test came to be."""
    reason = next((entry.text for entry in known.reasons if entry.code == test.reason), "")
    if test.reason_text:
        reason = f"{reason}: {test.reason_text}" if reason else test.reason_text
    nothing = translate("rapid_test", "ikke oppgitt")
    taken = test.taken_at
    rows = [
        (
            translate("rapid_test", "Tatt"),
            f"{day_text(taken.astimezone(OSLO).date())} {clock_text(taken)} · {author}",
        ),
        (translate("rapid_test", "Test"), panel.name if panel is not None else test.panel),
        (translate("rapid_test", "Prøve"), specimen_word(test.specimen)),
        (
            translate("rapid_test", "Observert"),
            translate("rapid_test", "ja") if test.supervised else translate("rapid_test", "nei"),
        ),
        (translate("rapid_test", "Årsak"), reason or test.reason or nothing),
        (translate("rapid_test", "Lotnummer"), test.lot or nothing),
        (translate("rapid_test", "Holdbar til"), day_text(test.expiry) if test.expiry else nothing),
    ]
    if test.comment:
        rows.append((translate("rapid_test", "Merknad"), test.comment))
    return rows
