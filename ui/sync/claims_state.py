"""The reserving of days in words: how each stands, who has it, what giving up means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from fieldapp.domain.claims import occurrence_of
from fieldapp.services.claims import Unit
from fieldapp.services.trip_claims import (
    CAN_BE_ASKED_FOR,
    Denied,
    Holder,
    Own,
    Standing,
    TripDay,
    TripRow,
)
from ui.widgets import Row, RowTag, Tone
from ui.words import NO_BREAK, long_day, near_day

translate = QCoreApplication.translate

_STANDINGS: Final[dict[Standing, tuple[object, Tone, str]]] = {
    Standing.FREE: (QT_TRANSLATE_NOOP("claims", "ledig"), "neutral", "circle"),
    Standing.WISHED: (QT_TRANSLATE_NOOP("claims", "venter på synk"), "warn", "clock"),
    Standing.DENIED: (QT_TRANSLATE_NOOP("claims", "avslått"), "danger", "circle-slash"),
    Standing.MINE: (QT_TRANSLATE_NOOP("claims", "reservert"), "ok", "circle-check"),
    Standing.MINE_UNCONFIRMED: (
        QT_TRANSLATE_NOOP("claims", "reservert, synk igjen"),
        "warn",
        "refresh-cw",
    ),
    Standing.OTHER: (QT_TRANSLATE_NOOP("claims", "opptatt"), "danger", "lock"),
    Standing.UNKNOWN: (QT_TRANSLATE_NOOP("claims", "ukjent"), "danger", "triangle-alert"),
    Standing.GIVEN: (QT_TRANSLATE_NOOP("claims", "gitt"), "ok", "check"),
    Standing.PHARMACY: (QT_TRANSLATE_NOOP("claims", "apotek"), "neutral", "package"),
    Standing.STOPPED: (QT_TRANSLATE_NOOP("claims", "stanset"), "danger", "circle-slash"),
}

_REASONS: Final[dict[str, object]] = {
    "held": QT_TRANSLATE_NOOP("claims", "En annen har døgnet"),
    "unknown_day": QT_TRANSLATE_NOOP(
        "claims", "Ukjent: maskinen som hadde døgnet, er satt tilbake"
    ),
    "given": QT_TRANSLATE_NOOP("claims", "Alle dosene er gitt"),
    "not_planned": QT_TRANSLATE_NOOP("claims", "Ingen dose er planlagt"),
    "pharmacy": QT_TRANSLATE_NOOP("claims", "Apoteket deler ut dette døgnet"),
    "stopped": QT_TRANSLATE_NOOP("claims", "Ordinasjonen er stanset"),
    "too_far": QT_TRANSLATE_NOOP("claims", "Døgnet er over, eller for langt fram"),
    "not_assigned": QT_TRANSLATE_NOOP("claims", "Pasienten er ikke tildelt deg"),
    "possible_duplicate": QT_TRANSLATE_NOOP(
        "claims", "Pasienten kan være registrert to ganger. Kontoret må avklare det"
    ),
    "server_restored": QT_TRANSLATE_NOOP(
        "claims", "Serveren er gjenopprettet og venter til alle maskiner har synket"
    ),
    "unknown_group": QT_TRANSLATE_NOOP("claims", "Serveren kjenner ikke legemiddelgruppen"),
    "store_in_doubt": QT_TRANSLATE_NOOP(
        "claims", "To maskiner har vist samme identitet. Kontakt brukerstøtte"
    ),
}

RELEASE_TEXT: Final = QT_TRANSLATE_NOOP(
    "claims",
    "Du kan ikke lenger gi det du frigir, fra denne maskinen, heller ikke uten dekning. Etter "
    "neste synk kan andre reservere det. Angrer du, må det reserveres på nytt med dekning.",
)
PINNED_TEXT: Final = QT_TRANSLATE_NOOP(
    "claims", "Står på et utskrevet papirark. Før arket inn eller annuller det før du frigir."
)


def standing_words(standing: Standing) -> tuple[str, Tone, str]:
    """Return word, tone and icon."""
    word, tone, icon = _STANDINGS[standing]
    return translate("claims", str(word)), tone, icon


def reason_words(reason: str) -> str:
    """Return why a claim was denied; an unknown reason of a newer server by its code."""
    text = _REASONS.get(reason)
    return reason if text is None else translate("claims", str(text))


def short_day(day: date, today: date) -> str:
    """Return "i dag" or "tir. 24.11." on one line."""
    if day == today:
        return translate("claims", "i{0}dag").format(NO_BREAK)
    weekday = QLocale().dayName(day.isoweekday(), QLocale.FormatType.ShortFormat).rstrip(".")
    return f"{weekday}{NO_BREAK}{day.day}.{day.month}."


def can_be_ticked(day: TripDay) -> bool:
    return day.standing in CAN_BE_ASKED_FOR


def day_spoken(row: TripRow, day: TripDay) -> str:
    """Return what a screen reader says of one day."""
    word, _, _ = standing_words(day.standing)
    parts = [row.patient.name, row.group_name, long_day(day.day), doses_words(day.doses), word]
    return ", ".join(part for part in (*parts, holder_words(day.holder)) if part)


def day_words(day: TripDay, today: date) -> str:
    """Return "tir 24.11. · opptatt: Berit Åsheim" for a day that cannot be ticked."""
    word, _, _ = standing_words(day.standing)
    said = f"{short_day(day.day, today)} · {word}"
    return f"{said}: {day.holder.name}" if day.holder.name else said


def doses_words(count: int) -> str:
    if count == 1:
        return translate("claims", "1 dose")
    return translate("claims", "{0} doser").format(count)


def holder_words(holder: Holder) -> str:
    """Return "Berit Åsheim · tlf. 900 33 444 · Feltlaptop 2", as far as it is known."""
    phone = (
        translate("claims", "tlf. {0}").format(holder.phone.replace(" ", NO_BREAK))
        if holder.phone
        else ""
    )
    return " · ".join(part for part in (holder.name, phone, holder.laptop) if part)


def unit_words(unit: str, today: date) -> str:
    """Return a day as people say it, or which injection."""
    number = occurrence_of(unit)
    if number is not None:
        return translate("claims", "sprøyte nr. {0}").format(number)
    return near_day(date.fromisoformat(unit), today)


def denied_row(denied: Denied, today: date) -> Row:
    """Return one denial: whose day, why, and whom to ring."""
    said = [reason_words(denied.reason), holder_words(denied.holder)]
    return Row(
        id=denied.wish.unit,
        title=f"{_name(denied.patient)}, {unit_words(denied.unit, today)}",
        detail=" · ".join(part for part in (denied.group_name, *said) if part),
        icon="circle-slash",
        icon_tone="danger",
    )


def own_row(own: Own, today: date) -> Row:
    """Return one claim of this store."""
    tags: list[RowTag] = []
    if own.pinned:
        tags.append(RowTag(translate("claims", "På papirark"), "warn", "printer"))
    if not own.confirmed:
        tags.append(RowTag(translate("claims", "Synk igjen"), "warn", "refresh-cw"))
    return Row(
        id=own.claim.id,
        title=f"{_name(own.patient)}, {unit_words(own.claim.unit, today)}",
        detail=own.group_name,
        icon="lock",
        icon_tone="ok",
        tags=tuple(tags),
    )


def _name(patient: object) -> str:
    name = getattr(patient, "name", "")
    return str(name) or translate("claims", "Pasient som ikke er på maskinen")


def preset_units(rows: Sequence[TripRow]) -> set[Unit]:
    """Return what is ticked at first: the round planned for this person, as far as it is free."""
    return {
        unit
        for row in rows
        for day in row.days
        if can_be_ticked(day) and day.preset
        for unit in day.units
    }


def reserve_words(count: int, *, online: bool) -> str:
    """Return the words of the one button; `count` days."""
    if not count:
        return translate("claims", "Ingenting valgt")
    days = (
        translate("claims", "1 døgn")
        if count == 1
        else translate("claims", "{0} døgn").format(count)
    )
    said = (
        translate("claims", "Reserver {0} og synk")
        if online
        else translate("claims", "Be om {0} ved neste synk")
    )
    return said.format(days)


def summary(rows: Sequence[TripRow]) -> str:
    """Return "12 døgn: 8 reservert, 2 ledige, 1 opptatt, 1 hos apoteket"."""
    days = [day for row in rows for day in row.days]
    counts = [
        (
            {Standing.MINE, Standing.MINE_UNCONFIRMED},
            translate("claims", "{0} reservert"),
        ),
        ({Standing.FREE, Standing.WISHED}, translate("claims", "{0} ikke reservert")),
        ({Standing.DENIED}, translate("claims", "{0} avslått")),
        ({Standing.OTHER, Standing.UNKNOWN}, translate("claims", "{0} hos andre")),
        ({Standing.GIVEN}, translate("claims", "{0} gitt")),
        ({Standing.PHARMACY}, translate("claims", "{0} hos apoteket")),
        ({Standing.STOPPED}, translate("claims", "{0} stanset")),
    ]
    said = [
        words.format(number)
        for standings, words in counts
        if (number := sum(day.standing in standings for day in days))
    ]
    if not said:
        return ""
    return translate("claims", "Døgn: {0}").format(", ".join(said))
