"""The picture of a patient's medicine in words, shapes and letters; no widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from fieldapp.services.calendar import CalendarDay, GroupDays, Mark, MedicineDays
from ui.words import NO_BREAK, long_day, word

translate = QCoreApplication.translate

WEEKS: Final = 5
WEEKS_AHEAD: Final = 1
"""Of the newest picture: this many weeks after the present one."""


class Shape(StrEnum):
    """What a mark is drawn as. No two marks share both shape and letter."""

    DISC = "disc"
    SQUARE = "square"
    DIAMOND = "diamond"
    BAR = "bar"
    HALF = "half"
    RING = "ring"
    DASHED = "dashed"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class Look:
    """How a mark is drawn. `tone` is a colour token; `letter` stands in the shape."""

    shape: Shape
    letter: str
    tone: str
    words: object


LOOKS: Final[dict[Mark, Look]] = {
    Mark.SUPERVISED: Look(Shape.DISC, "O", "ok", QT_TRANSLATE_NOOP("calendar", "Overvåket")),
    Mark.TAKE_HOME: Look(Shape.SQUARE, "H", "accent", QT_TRANSLATE_NOOP("calendar", "Med hjem")),
    Mark.DEPOT: Look(Shape.DIAMOND, "D", "ink", QT_TRANSLATE_NOOP("calendar", "Depotsprøyte")),
    Mark.COVERED: Look(Shape.BAR, "", "muted", QT_TRANSLATE_NOOP("calendar", "Dekket")),
    Mark.PHARMACY: Look(Shape.SQUARE, "A", "ok", QT_TRANSLATE_NOOP("calendar", "Hentet på apotek")),
    Mark.PARTLY: Look(Shape.HALF, "", "warn", QT_TRANSLATE_NOOP("calendar", "Noe gitt")),
    Mark.MISSED: Look(Shape.RING, "×", "danger", QT_TRANSLATE_NOOP("calendar", "Ikke gitt")),
    Mark.UNKNOWN: Look(Shape.DASHED, "?", "warn", QT_TRANSLATE_NOOP("calendar", "Ukjent")),
    Mark.PLANNED: Look(Shape.DOT, "", "muted", QT_TRANSLATE_NOOP("calendar", "Planlagt")),
}
"""In the order of the legend. `Mark.NONE` is drawn as nothing."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one group's medicine was on a day; `mark` is NONE where there was none."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A day of the table, with a cell for each group in the order of the groups."""

    day: date
    when: str
    cells: tuple[Cell, ...]


def span(today: date, back: int = 0) -> tuple[date, date]:
    """Return Monday of the first and Sunday of the last week; `back` whole pictures earlier."""
    monday = today - timedelta(days=today.isoweekday() - 1)
    last = monday + timedelta(days=7 * (WEEKS_AHEAD + 1) - 1) - timedelta(weeks=WEEKS * back)
    return last - timedelta(days=7 * WEEKS - 1), last


def mark_words(mark: Mark) -> str:
    """Return the name of a mark as the legend and the table say it."""
    look = LOOKS.get(mark)
    return "" if look is None else translate("calendar", str(look.words))


def marks_shown(days: MedicineDays) -> tuple[Mark, ...]:
    """Return the marks that the picture has, in the order of the legend."""
    present = {day.mark for group in days.groups for day in group.days}
    return tuple(mark for mark in LOOKS if mark in present)


def has_alarm(day: CalendarDay) -> bool:
    """True for a day that somebody has to look at: a double dose, or an emergency handout."""
    return day.twice or day.forced


def detail(day: CalendarDay) -> str:
    """Return what the mark alone does not say."""
    return ", ".join([*_of_the_doses(day), *_of_the_news(day), *_of_the_plan(day)])


def _of_the_doses(day: CalendarDay) -> Iterator[str]:
    if day.twice:
        yield translate("calendar", "flere doser enn planlagt")
    if day.forced:
        yield translate("calendar", "nødutdeling")
    if day.mark is Mark.PARTLY or (day.planned > 1 and day.given):
        counts = translate("calendar", "{given} av {planned} doser")
        yield counts.format(given=day.given, planned=day.planned)
    if day.taken_home and day.mark is not Mark.TAKE_HOME:
        yield translate("calendar", "{count} med hjem").format(count=day.taken_home)
    if day.reason is not None:
        yield word(day.reason).lower()
    if day.retrospective:
        yield translate("calendar", "ført i etterkant")


def _of_the_news(day: CalendarDay) -> Iterator[str]:
    if day.taken_back and day.mark is Mark.UNKNOWN:
        yield translate("calendar", "feilført dose, til avklaring")
    elif day.holder:
        yield _holder_text(day)
    elif day.told_by:
        yield translate("calendar", "melding fra apotek: {name}").format(name=day.told_by)
    elif day.mark is Mark.UNKNOWN:
        yield translate("calendar", "ingen melding fra apoteket")


def _of_the_plan(day: CalendarDay) -> Iterator[str]:
    if day.depot_due:
        yield translate("calendar", "sprøyte skal settes")
    elif day.mark is Mark.MISSED and day.reason is None and not day.told_by:
        yield translate("calendar", "ingen dose er ført")


def _holder_text(day: CalendarDay) -> str:
    if day.holder == "?":
        return translate("calendar", "en annen har døgnet")
    return translate("calendar", "{name} har døgnet").format(name=day.holder)


def lines(days: MedicineDays) -> tuple[Line, ...]:
    """Return the table: every day on which a group has a mark."""
    found: list[Line] = []
    for per_day in zip(*(group.days for group in days.groups), strict=True):
        if any(day.mark is not Mark.NONE for day in per_day):
            day = per_day[0].day
            found.append(Line(day, _short(day, days.today), tuple(map(_cell, per_day))))
    return tuple(found)


def _cell(day: CalendarDay) -> Cell:
    text = "\n".join(part for part in (mark_words(day.mark), detail(day)) if part)
    return Cell(day.mark, text if day.mark is not Mark.NONE else "")


def _short(day: date, today: date) -> str:
    """Return "man. 23. nov." on one line."""
    if day == today:
        return translate("calendar", "i dag")
    short = QLocale.FormatType.ShortFormat
    weekday = QLocale().dayName(day.isoweekday(), short).rstrip(".")
    month = QLocale().monthName(day.month, short).rstrip(".")
    return f"{weekday} {day.day}. {month}".replace(" ", NO_BREAK)


def _when(day: date, today: date) -> str:
    said = long_day(day)
    if day == today:
        return translate("calendar", "{day} (i dag)").format(day=said)
    return said if day.year == today.year else f"{said} {day.year}"


def day_text(days: MedicineDays, day: date) -> str:
    """Return one day with all groups in a sentence, for the line under the picture."""
    parts: list[str] = []
    for group in days.groups:
        found = day_of(group, day)
        if found is None or found.mark is Mark.NONE:
            continue
        said = mark_words(found.mark)
        more = detail(found)
        said = f"{said} ({more})" if more else said
        parts.append(f"{group.name}: {said}" if len(days.groups) > 1 else said)
    if not parts:
        parts.append(translate("calendar", "ingen medisin planlagt"))
    return f"{_when(day, days.today).capitalize()}: {'; '.join(parts)}"


def day_of(group: GroupDays, day: date) -> CalendarDay | None:
    """Return a day of a group, None outside the picture."""
    return next((one for one in group.days if one.day == day), None)


def summary(days: MedicineDays) -> str:
    """Return the picture's name for a screen reader: the period and how many of what."""
    counts = Counter(day.mark for group in days.groups for day in group.days)
    said = [f"{mark_words(mark).lower()} {counts[mark]}" for mark in LOOKS if counts[mark]]
    return translate("calendar", "Medisinkalender {period}: {counts}").format(
        period=period(days.first, days.last),
        counts=", ".join(said) or translate("calendar", "ingenting planlagt"),
    )


def period(first: date, last: date) -> str:
    """Return "2. november – 6. desember 2026" with no break inside a date."""
    begin = long_day(first).split(maxsplit=1)[1].replace(" ", NO_BREAK)
    end = long_day(last).split(maxsplit=1)[1].replace(" ", NO_BREAK)
    return f"{begin} – {end}{NO_BREAK}{last.year}"
