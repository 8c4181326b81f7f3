"""The days with and without medicine: pure, and read from a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.claims import ClaimState, Store
from fieldapp.domain.medication import (
    Force,
    HandoutStatus,
    MedicationAdministration,
    Part,
    PlannedDose,
    TakeHome,
)
from fieldapp.domain.patients import Place
from fieldapp.services import calendar
from fieldapp.services.calendar import CalendarDay, Known, Mark
from tests.helpers.medicine_days import (
    ODD,
    ago,
    claim,
    depot_order,
    dose,
    fill,
    injection,
    order,
    report,
)
from tests.helpers.ward import BERIT, NILS, TODAY, Ward, at, make_ward

HERE = Store("d-1", NILS.id)


def known(**changes: Any) -> Known:
    made = Known([order()], [], frozenset(), [], [], HERE, {BERIT.id: BERIT.name})
    return replace(made, **changes)


def day_of(found: Known, day: date) -> CalendarDay:
    return calendar.of_group(found, day, day, TODAY)[0]


def mark_of(found: Known, day: date) -> Mark:
    return day_of(found, day).mark


def test_a_dose_seen_taken_is_supervised() -> None:
    assert mark_of(known(events=[dose(ago(1))]), ago(1)) is Mark.SUPERVISED


def test_a_dose_handed_out_ahead_is_taken_home_on_its_own_day() -> None:
    ahead = dose(ago(1), given_at=at(ago(2), 9), take_home=TakeHome("dose-first"))
    assert mark_of(known(events=[ahead]), ago(1)) is Mark.TAKE_HOME


def test_a_dose_that_nobody_saw_taken_is_not_called_supervised() -> None:
    assert mark_of(known(events=[dose(ago(1), witnessed=False)]), ago(1)) is Mark.TAKE_HOME


def test_a_past_day_without_a_dose_is_missed_and_today_is_planned() -> None:
    assert mark_of(known(), ago(1)) is Mark.MISSED
    assert mark_of(known(), TODAY) is Mark.PLANNED
    assert mark_of(known(), TODAY + timedelta(days=1)) is Mark.PLANNED


def test_a_day_refused_is_missed_with_its_reason_today_as_well() -> None:
    refused = dose(TODAY, status=HandoutStatus.REFUSED, dose_mg=None, witnessed=False)
    found = day_of(known(events=[refused]), TODAY)
    assert (found.mark, found.reason) == (Mark.MISSED, HandoutStatus.REFUSED)


@pytest.mark.parametrize("state", [ClaimState.HELD, ClaimState.UNKNOWN])
def test_a_day_that_another_laptop_has_is_unknown_until_it_has_told(state: ClaimState) -> None:
    found = day_of(known(claims=[claim(ago(1), state=state)]), ago(1))
    assert (found.mark, found.holder) == (Mark.UNKNOWN, BERIT.name)


@pytest.mark.parametrize("state", [ClaimState.FREE, ClaimState.ENDED])
def test_a_day_that_its_holder_has_released_without_a_dose_is_missed(state: ClaimState) -> None:
    assert mark_of(known(claims=[claim(ago(1), state=state)]), ago(1)) is Mark.MISSED


def test_an_own_claim_hides_nothing() -> None:
    own = claim(ago(1), holder_device_id=HERE.device_id, holder_id=HERE.practitioner_id)
    assert mark_of(known(claims=[own]), ago(1)) is Mark.MISSED


def test_a_pharmacy_day_is_unknown_until_the_pharmacy_has_told() -> None:
    there = [order(place=Place.PHARMACY)]
    assert mark_of(known(orders=there), ago(1)) is Mark.UNKNOWN
    collected = known(orders=there, reports=[report(ago(1), collected=True)])
    assert mark_of(collected, ago(1)) is Mark.PHARMACY
    not_collected = known(orders=there, reports=[report(ago(1), collected=False)])
    assert mark_of(not_collected, ago(1)) is Mark.MISSED


def test_the_pharmacy_s_newest_word_counts() -> None:
    later = replace(report(ago(1), collected=True), id="later", recorded_at=at(TODAY, 9))
    found = known(reports=[later, report(ago(1), collected=False)])
    assert mark_of(found, ago(1)) is Mark.PHARMACY


def test_some_of_a_day_s_doses_is_partly() -> None:
    morning, evening = order().doses[0], replace(order().doses[0], part=Part.EVENING)
    found = day_of(known(orders=[order(doses=(morning, evening))], events=[dose(ago(1))]), ago(1))
    assert (found.mark, found.given, found.planned) == (Mark.PARTLY, 1, 2)


def test_two_doses_in_a_slot_and_an_emergency_dose_are_pointed_out() -> None:
    twice = day_of(known(events=[dose(ago(1)), dose(ago(1), id="second")]), ago(1))
    assert twice.twice
    forced = dose(ago(1), forced=Force("no_line", ("not_claimed",)))
    assert day_of(known(events=[forced]), ago(1)).forced


def test_a_dose_taken_back_late_leaves_its_day_unknown_until_the_office_has_decided() -> None:
    entry = _counter_entry(reopens=False)
    found = known(events=[dose(ago(1)), entry])
    assert mark_of(found, ago(1)) is Mark.UNKNOWN
    assert mark_of(replace(found, reopened={dose(ago(1)).id}), ago(1)) is Mark.MISSED


def test_a_dose_taken_back_at_once_never_was() -> None:
    assert (
        mark_of(known(events=[dose(ago(1)), _counter_entry(reopens=True)]), ago(1)) is Mark.MISSED
    )


def _counter_entry(*, reopens: bool) -> MedicationAdministration:
    return dose(
        ago(1),
        id="counter",
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses=dose(ago(1)).id,
        reopens=reopens,
        dose_mg=None,
    )


def test_a_day_without_a_plan_is_covered_by_the_dose_before_it() -> None:
    weekdays = [order(weekdays=(1, 2, 3, 4, 5))]  # TODAY is a Monday
    friday, saturday, sunday = ago(3), ago(2), ago(1)
    given = known(orders=weekdays, events=[dose(friday)])
    assert [mark_of(given, day) for day in (saturday, sunday)] == [Mark.COVERED, Mark.COVERED]
    assert mark_of(known(orders=weekdays), sunday) is Mark.NONE


def test_an_injection_covers_the_days_until_the_next_is_due() -> None:
    given = injection(ago(15))
    found = known(orders=[depot_order()], events=[given])
    assert mark_of(found, ago(15)) is Mark.DEPOT
    assert mark_of(found, ago(14)) is Mark.COVERED
    assert mark_of(found, TODAY + timedelta(days=12)) is Mark.COVERED
    due = day_of(found, TODAY + timedelta(days=13))
    assert (due.mark, due.depot_due) == (Mark.PLANNED, True)
    assert mark_of(found, TODAY + timedelta(days=14)) is Mark.NONE


def test_an_injection_within_its_window_is_still_planned_and_after_it_missed() -> None:
    found = known(
        orders=[depot_order()], events=[injection(ago(31))], late_days={depot_order().id: 2}
    )
    assert [mark_of(found, ago(days)) for days in (3, 2, 1, 0)] == [
        Mark.PLANNED,
        Mark.PLANNED,
        Mark.PLANNED,
        Mark.MISSED,
    ]


def test_a_stopped_order_plans_nothing_after_its_day() -> None:
    stopped = [order(stopped_on=ago(2))]
    assert mark_of(known(orders=stopped), ago(3)) is Mark.MISSED
    assert mark_of(known(orders=stopped), ago(2)) is Mark.NONE


def test_doses_of_two_parallel_orders_are_not_two_doses() -> None:
    parallel = order(id="r-evening", doses=(PlannedDose(Part.EVENING, order().doses[0].dose_mg),))
    evening = dose(ago(1), id="evening", request_id=parallel.id, part=Part.EVENING)
    found = day_of(known(orders=[order(), parallel], events=[dose(ago(1)), evening]), ago(1))
    assert (found.mark, found.given, found.twice) == (Mark.SUPERVISED, 2, False)


# --- from the store


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "store")
    yield made
    made.vault.lock()


def test_one_picture_holds_every_kind_of_day(ward: Ward) -> None:
    fill(ward)
    found = calendar.read(ward.session, ODD, ago(21), TODAY + timedelta(days=13))
    marks = {day.mark for group in found.groups for day in group.days}
    assert marks == set(Mark) - {Mark.PARTLY, Mark.NONE}
    assert [group.code for group in found.groups] == ["opioid", "paliperidone"]
    assert all(len(group.days) == 35 for group in found.groups)


def test_a_patient_without_medicine_has_no_groups(ward: Ward) -> None:
    assert calendar.read(ward.session, ODD, ago(7), TODAY).groups == ()
