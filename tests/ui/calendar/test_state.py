"""The picture of a patient's medicine in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from fieldapp.services.calendar import CalendarDay, GroupDays, Mark, MedicineDays
from tests.helpers.ward import TODAY
from ui.calendar.state import LOOKS, day_text, detail, lines, marks_shown, span, summary


def picture(*days: CalendarDay) -> MedicineDays:
    return MedicineDays(
        days[0].day, days[-1].day, TODAY, (GroupDays("opioid", "Opioidagonist", days),)
    )


def test_every_mark_has_a_shape_and_letter_of_its_own() -> None:
    signs = [(look.shape, look.letter) for look in LOOKS.values()]
    assert len(set(signs)) == len(signs)
    assert set(LOOKS) == set(Mark) - {Mark.NONE}


def test_the_newest_picture_ends_a_week_ahead_and_begins_on_a_monday() -> None:
    first, last = span(TODAY)
    assert (first.isoweekday(), last.isoweekday()) == (1, 7)
    assert (first, last) == (date(2026, 11, 2), date(2026, 12, 6))


def test_the_picture_before_ends_the_day_before() -> None:
    first, _ = span(TODAY)
    assert span(TODAY, 1)[1] == first - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (CalendarDay(TODAY, Mark.UNKNOWN, planned=1, holder="Berit"), "Berit har døgnet"),
        (CalendarDay(TODAY, Mark.UNKNOWN, planned=1, holder="?"), "en annen har døgnet"),
        (CalendarDay(TODAY, Mark.UNKNOWN, planned=1), "ingen melding fra apoteket"),
        (CalendarDay(TODAY, Mark.UNKNOWN, taken_back=True), "feilført dose, til avklaring"),
        (CalendarDay(TODAY, Mark.PARTLY, given=1, planned=2), "1 av 2 doser"),
        (CalendarDay(TODAY, Mark.SUPERVISED, given=1, planned=1, twice=True), "flere doser"),
        (CalendarDay(TODAY, Mark.SUPERVISED, given=1, planned=1, forced=True), "nødutdeling"),
        (CalendarDay(TODAY, Mark.PLANNED, planned=1, depot_due=True), "sprøyte skal settes"),
        (CalendarDay(TODAY, Mark.MISSED, planned=1), "ingen dose er ført"),
    ],
)
def test_what_a_mark_alone_does_not_say_is_told(day: CalendarDay, said: str) -> None:
    assert said in detail(day)


def test_the_table_has_the_days_with_a_mark_only() -> None:
    days = picture(
        CalendarDay(TODAY - timedelta(days=1), Mark.NONE),
        CalendarDay(TODAY, Mark.SUPERVISED, given=1, planned=1),
    )
    (line,) = lines(days)
    assert (line.when, line.cells[0].text) == ("i dag", "Overvåket")
    assert marks_shown(days) == (Mark.SUPERVISED,)


def test_the_picture_is_told_with_its_period_and_counts() -> None:
    days = picture(
        CalendarDay(TODAY - timedelta(days=1), Mark.MISSED, planned=1),
        CalendarDay(TODAY, Mark.SUPERVISED, given=1, planned=1),
    )
    said = summary(days)
    assert "overvåket 1, ikke gitt 1" in said
    assert day_text(days, TODAY) == "Mandag 23. november (i dag): Overvåket"
