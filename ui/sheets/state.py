"""Paper sheets in words, and what is typed from one line as values; no widgets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.handout_events import SheetLine
from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    OtherDose,
    Part,
    slots,
)
from fieldapp.services.sheets import Draft, LineView, NotOnPaper, SheetView, short_name
from ui.widgets import Row, RowTag
from ui.words import clock_text, day_text, dose_text, near_day, word

translate = QCoreApplication.translate


class Outcome(StrEnum):
    """What the paper says of a line; UNUSED: nothing came of it."""

    GIVEN = "given"
    NOT_MET = "not_met"
    REFUSED = "refused"
    WITHHELD = "withheld"
    UNUSED = "unused"


class Collision(StrEnum):
    """Somebody's explicit word about a dose that stands in the slot already."""

    SAME = "same"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed of one line. `clock` is (hour, minute), None when it is no time."""

    outcome: Outcome | None = None
    clock: tuple[int, int] | None = None
    dose: str = ""
    witnessed: bool | None = None
    other_dose: OtherDose | None = None
    home_with: str = ""
    reason: str | None = None
    text: str = ""
    collision: Collision | None = None


def part_words(line: SheetLine) -> str:
    return word(Part(line.part))


def goes_home(line: LineView) -> bool:
    """True for a dose that the order sends home with an earlier one, of its day or another."""
    if line.order is None:
        return False
    planned = slots([line.order], line.line.day)
    return any(slot.take_home and slot.key.part == line.line.part for slot in planned)


def dose_words(line: LineView) -> str:
    """Return "60 mg = 30 mL"."""
    dose = line.line.dose_mg
    if dose is None:
        return ""
    return dose_text(dose, None if line.order is None else line.order.volume_ml(dose))


def name_of(line: LineView) -> str:
    if line.patient is not None:
        return line.patient.name
    return translate("sheets", "Pasienten er ikke på denne maskinen")


def line_row(line: LineView, today: date, unused: Collection[str]) -> Row:
    """Return one line of the list: code, patient, dose and whether it was entered."""
    details = [near_day(line.line.day, today), part_words(line.line).lower(), dose_words(line)]
    return Row(
        id=line.line.code,
        lead=line.line.code,
        title=name_of(line),
        detail=" · ".join(part for part in details if part),
        tags=(_tag(line, unused),),
    )


def _tag(line: LineView, unused: Collection[str]) -> RowTag:
    if line.event is not None:
        return RowTag(word(line.event.status), "ok", "circle-check")
    if line.line.code in unused:
        return RowTag(translate("sheets", "Ingenting"), "neutral", "circle-slash")
    if line.others:
        return RowTag(translate("sheets", "Dose finnes"), "danger", "triangle-alert")
    return RowTag(translate("sheets", "Gjenstår"), "warn", "clock")


def sheet_row(view: SheetView, today: date) -> Row:
    """Return one open sheet."""
    local = view.sheet.printed_at.astimezone(OSLO)
    when = f"{near_day(local.date(), today)} {local:%H:%M}"
    said = translate("sheets", "skrevet ut {when} · {done} av {all} linjer ført").format(
        when=when, done=view.entered, all=len(view.lines)
    )
    tags = () if view.mine else (RowTag(translate("sheets", "Fra en annen"), "neutral", "users"),)
    return Row(
        id=view.sheet.id,
        title=translate("sheets", "Papirark {0}").format(short_name(view.sheet)),
        detail=said,
        icon="printer",
        tags=tags,
    )


def draft_words(found: Draft) -> str:
    """Return how many doses a sheet would hold."""
    patients = len({one.patient.id for one in found.planned})
    if not found.planned:
        return translate("sheets", "Ingen reserverte doser å skrive ut. Reserver dem først.")
    doses = len(found.planned)
    said = translate("sheets", "{doses} doser til {patients} pasienter kommer på arket.")
    if doses == 1:
        said = translate("sheets", "1 dose kommer på arket.")
    return said.format(doses=doses, patients=patients)


def left_out_row(one: NotOnPaper, today: date) -> Row:
    """Return a dose that does not go on the paper, and why."""
    return Row(
        id=f"{one.slot.key.request_id}{one.slot.key.day}{one.slot.key.part}",
        title=f"{one.patient.name}, {near_day(one.slot.key.day, today)}",
        detail=f"{one.slot.request.product} · {_left_out(one.reason)}",
        icon="circle-slash",
        icon_tone="warn",
    )


_REASONS: dict[str, object] = {
    "injection": QT_TRANSLATE_NOOP("sheets", "sprøyter føres på skjermen"),
    "on_other_sheet": QT_TRANSLATE_NOOP("sheets", "står på et ark som ikke er ført"),
    "slot_already_given": QT_TRANSLATE_NOOP("sheets", "gitt allerede"),
    "held_by_other": QT_TRANSLATE_NOOP("sheets", "en annen har døgnet"),
    "unknown_day": QT_TRANSLATE_NOOP("sheets", "døgnet er ukjent"),
    "request_stopped": QT_TRANSLATE_NOOP("sheets", "ordinasjonen er stanset"),
    "request_on_hold": QT_TRANSLATE_NOOP("sheets", "ordinasjonen er på vent"),
    "not_planned": QT_TRANSLATE_NOOP("sheets", "ikke planlagt"),
    "missed_too_long": QT_TRANSLATE_NOOP("sheets", "for mange døgn uten medisin"),
    "pharmacy_day": QT_TRANSLATE_NOOP("sheets", "apoteket deler ut"),
    "not_claimed": QT_TRANSLATE_NOOP("sheets", "ikke reservert på denne maskinen"),
    "order_changed": QT_TRANSLATE_NOOP("sheets", "ordinasjonen er endret, synk først"),
    "not_pulled_since_claim": QT_TRANSLATE_NOOP("sheets", "synk først"),
    "pull_too_old": QT_TRANSLATE_NOOP("sheets", "lenge siden siste synk, synk først"),
    "marked_dose": QT_TRANSLATE_NOOP("sheets", "en dose er meldt feilført og ikke avgjort"),
    "possible_duplicate": QT_TRANSLATE_NOOP("sheets", "pasienten kan være registrert to ganger"),
    "clock_not_trusted": QT_TRANSLATE_NOOP("sheets", "klokken er usikker, synk først"),
    "store_set_back": QT_TRANSLATE_NOOP("sheets", "maskinen er satt tilbake, synk først"),
}


def _left_out(reason: str) -> str:
    text = _REASONS.get(reason)
    return reason if text is None else translate("sheets", str(text))


def other_words(dose: MedicationAdministration, today: date) -> str:
    """Return the dose that stands in the slot already."""
    local = dose.given_at.astimezone(OSLO)
    when = f"{near_day(local.date(), today)} {clock_text(dose.given_at)}"
    amount = dose_text(dose.dose_mg, dose.dose_ml) if dose.dose_mg is not None else ""
    return " · ".join(part for part in (when, amount) if part)


def entered_words(line: LineView, today: date) -> str:
    """Return what was entered of a line."""
    event = line.event
    assert event is not None
    if event.status is HandoutStatus.GIVEN:
        return translate("sheets", "Ført som gitt {0}.").format(other_words(event, today))
    return translate("sheets", "Ført: {0}.").format(word(event.status).lower())


def progress_words(view: SheetView, unused: Collection[str]) -> str:
    """Return how far the sheet is entered, and when it was printed."""
    open_lines = [code for code in open_codes(view, unused)]
    local = view.sheet.printed_at.astimezone(OSLO)
    printed = translate("sheets", "Skrevet ut {0}.").format(
        f"{day_text(local.date())} {local:%H:%M}"
    )
    if not open_lines:
        said = translate("sheets", "Alle linjer er gjort rede for.")
    else:
        said = translate("sheets", "{0} av {1} linjer gjenstår.").format(
            len(open_lines), len(view.lines)
        )
    return f"{printed} {said}"


def open_codes(view: SheetView, unused: Collection[str]) -> list[str]:
    """Return the codes of which nothing was said yet."""
    return [
        line.line.code for line in view.lines if line.event is None and line.line.code not in unused
    ]
