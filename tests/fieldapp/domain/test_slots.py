"""Slots of orders, whatever the clocks, the changes and the patterns: one pure function.

The properties are drawn with a fixed seed, so that a failure comes back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, seed, settings
from hypothesis import strategies as some

from fieldapp.clock import OSLO
from fieldapp.domain.claims import begins, ends, service_day
from fieldapp.domain.medication import (
    PART_ORDER,
    MedicationRequest,
    Part,
    PlannedDose,
    Slot,
    is_active,
    slots,
)
from fieldapp.domain.patients import Place

SPRING = date(2026, 3, 29)
"""The night in which Oslo's clocks go from 02:00 to 03:00."""
AUTUMN = date(2026, 10, 25)
"""The night in which they go from 03:00 back to 02:00."""
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)

ORDER = MedicationRequest(
    id="o1",
    patient_id="p1",
    product="Metadon",
    atc="N07BC02",
    form="mikstur",
    strength="2 mg/ml",
    doses=(PlannedDose(Part.MORNING, Decimal(80)), PlannedDose(Part.EVENING, Decimal(20))),
    weekdays=EVERY_DAY,
    place=Place.HOME,
    valid_from=date(2026, 1, 1),
    prescriber="Lege",
    concentration_mg_per_ml=Decimal(2),
)

days = some.dates(date(2026, 1, 1), date(2027, 12, 31))
weekdays = some.sets(some.integers(1, 7)).map(lambda found: tuple(sorted(found)))
one_dose = some.builds(
    PlannedDose,
    part=some.sampled_from(list(Part)),
    dose_mg=some.decimals(1, 200, places=1),
    weekdays=weekdays,
)


@some.composite
def orders(draw: some.DrawFn) -> MedicationRequest:
    """Any order, also a stopped, ended, empty or depot one."""
    first = draw(days)
    length = some.none() | some.integers(-5, 400)
    last, stop = draw(length), draw(length)
    parts = draw(some.lists(one_dose, max_size=4, unique_by=lambda dose: dose.part))
    return replace(
        ORDER,
        id=draw(some.sampled_from(["o1", "o2", "o3"])),
        doses=tuple(parts),
        weekdays=draw(weekdays),
        take_home_weekdays=draw(weekdays),
        valid_from=first,
        valid_to=None if last is None else first + timedelta(days=last),
        stopped_on=None if stop is None else first + timedelta(days=stop),
        on_hold=draw(some.booleans()),
        interval_days=draw(some.none() | some.integers(1, 90)),
    )


def of_week(order: MedicationRequest, monday: date) -> list[Slot]:
    return [slot for ahead in range(7) for slot in slots([order], monday + timedelta(days=ahead))]


# --- properties


@seed(4)
@settings(max_examples=400, deadline=None, database=None)
@given(order=orders(), day=days)
def test_a_slot_is_planned_by_its_order_for_its_day_and_by_nothing_else(
    order: MedicationRequest, day: date
) -> None:
    weekday = day.isoweekday()
    expected = {
        dose.part: dose.dose_mg
        for dose in order.doses
        if not dose.weekdays or weekday in dose.weekdays
    }
    planned = (
        order.interval_days is None
        and weekday in order.weekdays
        and order.valid_from <= day
        and (order.valid_to is None or day <= order.valid_to)
        and (order.stopped_on is None or day < order.stopped_on)
    )
    found = slots([order], day)
    assert {slot.key.part: slot.dose_mg for slot in found} == (expected if planned else {})
    assert all(slot.take_home == (weekday in order.take_home_weekdays) for slot in found)
    assert all(slot.key.day == day for slot in found)
    if found:
        assert is_active(order, day)


@seed(4)
@settings(max_examples=200, deadline=None, database=None)
@given(
    several=some.lists(orders(), max_size=4, unique_by=lambda order: order.id),
    day=days,
    data=some.data(),
)
def test_slots_are_the_same_in_whatever_order_the_orders_come_and_each_has_its_own_key(
    several: list[MedicationRequest], day: date, data: some.DataObject
) -> None:
    found = slots(several, day)
    mixed = data.draw(some.permutations(several))
    assert slots(mixed, day) == found
    assert len({slot.key for slot in found}) == len(found)
    assert sorted(PART_ORDER[slot.key.part] for slot in found) == [
        PART_ORDER[slot.key.part] for slot in found
    ]
    alone = [slot for order in several for slot in slots([order], day)]
    assert {slot.key for slot in alone} == {slot.key for slot in found}


@seed(4)
@settings(max_examples=300, deadline=None, database=None)
@given(
    moment=some.datetimes(datetime(2026, 1, 2), datetime(2027, 12, 31), timezones=some.just(UTC))
)
def test_every_moment_belongs_to_one_service_day_that_begins_at_six_and_has_its_slots(
    moment: datetime,
) -> None:
    day = service_day(moment)
    assert begins(day) <= moment < ends(day)
    assert begins(day).astimezone(OSLO).hour == 6
    assert ends(day) == begins(day + timedelta(days=1))
    assert [slot.key.part for slot in slots([ORDER], day)] == [Part.MORNING, Part.EVENING]


@seed(4)
@settings(max_examples=100, deadline=None, database=None)
@given(order=orders(), stop=days, day=days)
def test_a_stop_takes_slots_away_from_its_day_on_and_touches_none_before_it(
    order: MedicationRequest, stop: date, day: date
) -> None:
    running = replace(order, stopped_on=None)
    stopped = replace(order, stopped_on=stop)
    before = [slot.key for slot in slots([running], day)]
    assert [slot.key for slot in slots([stopped], day)] == (before if day < stop else [])


@seed(4)
@settings(max_examples=100, deadline=None, database=None)
@given(order=orders(), day=days, dose=some.decimals(1, 99, places=1))
def test_a_new_version_keeps_the_keys_so_that_no_slot_can_be_given_once_in_each(
    order: MedicationRequest, day: date, dose: Decimal
) -> None:
    changed = replace(
        order,
        revision=order.revision + 1,
        doses=tuple(replace(one, dose_mg=dose) for one in order.doses),
    )
    assert [slot.key for slot in slots([changed], day)] == [
        slot.key for slot in slots([order], day)
    ]


# --- the nights in which the clocks change


def test_a_service_day_over_the_night_in_spring_is_an_hour_shorter_and_has_all_its_slots() -> None:
    before = SPRING - timedelta(days=1)
    assert ends(before) - begins(before) == timedelta(hours=23)
    assert ends(SPRING) - begins(SPRING) == timedelta(hours=24)
    for day in (before, SPRING, SPRING + timedelta(days=1)):
        assert len(slots([ORDER], day)) == 2


def test_a_service_day_over_the_night_in_autumn_is_an_hour_longer_and_has_no_slot_twice() -> None:
    before = AUTUMN - timedelta(days=1)
    assert ends(before) - begins(before) == timedelta(hours=25)
    keys = [
        slot.key for ahead in range(-1, 2) for slot in slots([ORDER], AUTUMN + timedelta(ahead))
    ]
    assert len(keys) == len(set(keys)) == 6


def test_the_hour_that_comes_twice_belongs_to_the_same_service_day_both_times() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    again = first + timedelta(hours=1)
    assert first.astimezone(OSLO).hour == again.astimezone(OSLO).hour == 2
    assert service_day(first) == service_day(again) == AUTUMN - timedelta(days=1)


def test_the_hour_that_never_comes_moves_no_slot_into_another_day() -> None:
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert service_day(before) == service_day(before + timedelta(minutes=2))
    assert service_day(before) == SPRING - timedelta(days=1)


# --- midnight


def test_a_dose_at_night_after_midnight_belongs_to_the_day_before() -> None:
    late = datetime(2026, 11, 24, 1, 15, tzinfo=OSLO)
    day = service_day(late)
    assert day == date(2026, 11, 23)
    night = replace(ORDER, doses=(PlannedDose(Part.NIGHT, Decimal(20)),))
    assert [slot.key.day for slot in slots([night], day)] == [date(2026, 11, 23)]


def test_the_minute_at_six_begins_the_next_day_and_the_minute_before_does_not() -> None:
    six = datetime(2026, 11, 24, 6, 0, tzinfo=OSLO)
    assert service_day(six) == date(2026, 11, 24)
    assert service_day(six - timedelta(minutes=1)) == date(2026, 11, 23)


# --- changed, replaced, parallel, stopped


def test_an_order_that_is_replaced_by_another_leaves_no_day_with_both_and_none_without() -> None:
    change = date(2026, 11, 25)
    old = replace(ORDER, valid_to=change - timedelta(days=1))
    new = replace(ORDER, id="o2", valid_from=change)
    for ahead in range(-3, 4):
        day = change + timedelta(days=ahead)
        found = {slot.key.request_id for slot in slots([old, new], day)}
        assert found == ({"o1"} if day < change else {"o2"})


def test_parallel_orders_of_one_patient_have_their_slots_beside_each_other() -> None:
    other = replace(ORDER, id="o2", product="Buprenorfin", doses=ORDER.doses[:1])
    found = slots([ORDER, other], date(2026, 11, 23))
    assert [(slot.key.part, slot.key.request_id) for slot in found] == [
        (Part.MORNING, "o2"),
        (Part.MORNING, "o1"),
        (Part.EVENING, "o1"),
    ]


def test_an_order_that_was_stopped_before_it_began_never_has_a_slot() -> None:
    order = replace(ORDER, valid_from=date(2026, 11, 25), stopped_on=date(2026, 11, 24))
    assert of_week(order, date(2026, 11, 23)) == []


def test_a_hold_hides_no_slot_for_what_is_held_must_be_seen() -> None:
    assert len(slots([replace(ORDER, on_hold=True)], date(2026, 11, 23))) == 2


def test_weekdays_to_take_home_are_marked_and_planned_all_the_same() -> None:
    order = replace(ORDER, take_home_weekdays=(6, 7), doses=ORDER.doses[:1])
    week = of_week(order, date(2026, 11, 23))
    assert [slot.take_home for slot in week] == [False] * 5 + [True] * 2
    only_mondays = replace(order, doses=(replace(ORDER.doses[0], weekdays=(1,)),))
    assert [slot.key.day.isoweekday() for slot in of_week(only_mondays, date(2026, 11, 23))] == [1]


def test_a_depot_has_no_slot_of_a_weekday() -> None:
    assert of_week(replace(ORDER, interval_days=28), date(2026, 11, 23)) == []
