"""The light of a dose: every reason to stop, at the edges of days and nights of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.clock import OSLO
from fieldapp.domain.claims import (
    Claim,
    ClaimState,
    Store,
    begins,
    claim_id,
    day_unit,
    ends,
    moment_on,
    occurrence_unit,
    service_day,
)
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import (
    HandoutStatus,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    Part,
    PlannedDose,
    Slot,
    TakeHome,
    slots,
)
from fieldapp.domain.patients import Place
from fieldapp.domain.readiness import (
    Code,
    Light,
    Pull,
    Situation,
    Window,
    days_missed,
    intake_at,
    judge,
    order_versions,
    units_of,
)
from fieldapp.services import reference

ME = Store("d-1", "u-me")
MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)
SUNDAY = MONDAY - timedelta(days=1)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)

DAILY = MedicationRequest(
    id="r1",
    patient_id="p1",
    product="Metadon",
    atc="N07BC02",
    form="mikstur",
    strength="5 mg/mL",
    doses=(PlannedDose(Part.MORNING, Decimal(90)),),
    weekdays=EVERY_DAY,
    place=Place.HOME,
    valid_from=MONDAY,
    prescriber="Lege",
    concentration_mg_per_ml=Decimal(5),
)
TWICE = replace(
    DAILY,
    doses=(PlannedDose(Part.MORNING, Decimal(40)), PlannedDose(Part.EVENING, Decimal(30))),
)
DEPOT = replace(
    DAILY, id="r9", atc="N07BC01", interval_days=7, depot="buvidal_weekly", doses=DAILY.doses
)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=OSLO).astimezone(UTC)


def claim(unit: date | str, orders: dict[str, int], **changes: Any) -> Claim:
    name = day_unit(unit) if isinstance(unit, date) else unit
    values: dict[str, Any] = {
        "state": ClaimState.HELD,
        "grant": 10,
        "held_since": 10,
        "holder_device_id": ME.device_id,
        "holder_id": ME.practitioner_id,
        "orders": orders,
    }
    return Claim(claim_id("p1", "opioid", name), "p1", "opioid", name, **{**values, **changes})


def theirs(unit: date | str, **changes: Any) -> Claim:
    return claim(unit, {}, holder_device_id="d-2", holder_id="u-other", **changes)


def dose(order: MedicationRequest, day: date, given_at: datetime, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "id": f"e-{day}-{given_at:%H%M}",
        "patient_id": "p1",
        "request_id": order.id,
        "request_revision": 1,
        "day": day,
        "part": Part.MORNING,
        "status": HandoutStatus.GIVEN,
        "given_at": given_at,
        "recorded_at": given_at,
        "author_id": "u-me",
        "device_id": "d-1",
        "sequence": 1,
        "dose_mg": Decimal(90),
    }
    return MedicationAdministration(**{**values, **changes})


def situation(
    now: datetime | None, *orders: MedicationRequest, own: tuple[date | str, ...] = (), **more: Any
) -> Situation:
    """A store that holds the units `own` (without any: the service day) and has pulled since."""
    given = orders or (DAILY,)
    chosen = own or (() if now is None else (service_day(now),))
    claims = {one.id: one for one in (claim(unit, order_versions(given)) for unit in chosen)}
    claims |= {one.id: one for one in more.pop("others", ())}
    values: dict[str, Any] = {
        "me": ME,
        "now": now,
        "group": reference.substances().group("opioid"),
        "group_code": "opioid",
        "orders": given,
        "events": (),
        "claims": claims,
        "pull": Pull(set(claims), timedelta(hours=1), timedelta(hours=72)),
    }
    return Situation(**{**values, **more})


def slot_of(order: MedicationRequest = DAILY, day: date = MONDAY, number: int = 0) -> Slot:
    return slots([order], day)[number]


def depot_slot(day: date = MONDAY, occurrence: int = 1) -> Slot:
    one = slots([replace(DEPOT, interval_days=None)], day)[0]
    return replace(one, request=DEPOT, occurrence=occurrence)


def codes(found: Situation, slot: Slot | None = None, **more: Any) -> list[Code]:
    verdict = judge(found, slot or slot_of(), **more)
    return [finding.code for finding in verdict.findings]


NINE = at(MONDAY, 9)


def test_a_claimed_planned_fresh_dose_of_today_is_green_by_its_claim() -> None:
    verdict = judge(situation(NINE), slot_of())
    assert (verdict.light, verdict.findings, verdict.warn_missed) == (Light.GREEN, (), None)
    assert verdict.claim == claim(MONDAY, {"r1": 1})


STOPPED = replace(DAILY, stopped_on=MONDAY)
HELD_BACK = replace(DAILY, on_hold=True)
AT_PHARMACY = replace(DAILY, place=Place.PHARMACY)
LONG = replace(DAILY, valid_from=date(2026, 11, 1))

CASES: dict[Code, tuple[Situation, Slot]] = {
    Code.GIVEN: (situation(NINE, events=[dose(DAILY, MONDAY, at(MONDAY, 8))]), slot_of()),
    Code.HELD_BY_OTHER: (situation(NINE, others=[theirs(MONDAY)]), slot_of()),
    Code.UNKNOWN_DAY: (
        situation(NINE, others=[theirs(MONDAY, state=ClaimState.UNKNOWN)]),
        slot_of(),
    ),
    Code.STOPPED: (situation(NINE, STOPPED), replace(slot_of(), request=STOPPED)),
    Code.ON_HOLD: (situation(NINE, HELD_BACK), slot_of(HELD_BACK)),
    Code.NOT_PLANNED: (
        situation(NINE),
        replace(slot_of(), key=replace(slot_of().key, part=Part.NIGHT)),
    ),
    Code.NOT_SERVED_NOW: (situation(NINE, own=(TUESDAY,)), slot_of(day=TUESDAY)),
    Code.OUTSIDE_WINDOW: (
        situation(
            NINE, DEPOT, own=(MONDAY, "#1"), window=Window(TUESDAY, TUESDAY + timedelta(days=3))
        ),
        depot_slot(),
    ),
    Code.MISSED_TOO_LONG: (situation(NINE, LONG), slot_of(LONG)),
    Code.INTERVAL: (situation(NINE, events=[dose(DAILY, SUNDAY, at(MONDAY, 1))]), slot_of()),
    Code.PHARMACY: (situation(NINE, AT_PHARMACY), slot_of(AT_PHARMACY)),
    Code.NOT_CLAIMED: (situation(NINE, claims={}), slot_of()),
    Code.ORDER_CHANGED: (situation(NINE, orders=[replace(DAILY, revision=2)]), slot_of()),
    Code.NOT_PULLED: (
        situation(NINE, pull=Pull((), timedelta(), timedelta(hours=1))),
        slot_of(),
    ),
    Code.PULL_TOO_OLD: (
        situation(NINE, pull=Pull(set(situation(NINE).claims), None, timedelta(hours=1))),
        slot_of(),
    ),
    Code.MARKED_DOSE: (situation(NINE, marked_doses={"event-1"}), slot_of()),
    Code.POSSIBLE_DUPLICATE: (situation(NINE, possible_duplicate=True), slot_of()),
    Code.CLOCK: (situation(None, own=(MONDAY,)), slot_of()),
    Code.STORE_SET_BACK: (situation(NINE, set_back=True), slot_of()),
}


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_stops_a_dose_with_its_own_light(code: Code) -> None:
    found, slot = CASES[code]
    verdict = judge(found, slot)
    assert code in [finding.code for finding in verdict.findings]
    assert verdict.light is not Light.GREEN
    if len(verdict.findings) == 1:
        assert verdict.light is code.light


def test_the_gravest_comes_first_and_decides_the_light() -> None:
    found = situation(NINE, set_back=True, events=[dose(DAILY, MONDAY, at(SUNDAY, 9))])
    verdict = judge(found, slot_of())
    assert verdict.codes == ("slot_already_given", "store_set_back")
    assert verdict.light is Light.RED


# --- the service day, at the edges


@pytest.mark.parametrize(
    ("now", "served"),
    [
        (at(MONDAY, 5, 59), False),
        (at(MONDAY, 6), True),
        (at(MONDAY, 23, 59), True),
        (at(TUESDAY, 0), True),
        (at(TUESDAY, 5, 59), True),
        (at(TUESDAY, 6), False),
    ],
)
def test_a_claim_serves_its_day_from_six_to_six(now: datetime, served: bool) -> None:
    found = codes(situation(now, own=(MONDAY,)))
    assert (Code.NOT_SERVED_NOW in found) is not served


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 10, 24), 25), (date(2027, 3, 27), 23), (MONDAY, 24), (date(2026, 12, 31), 24)],
)
def test_service_days_follow_each_other_without_gap_on_the_nights_of_the_clocks(
    day: date, hours: int
) -> None:
    assert ends(day) == begins(day + timedelta(days=1))
    assert ends(day) - begins(day) == timedelta(hours=hours)
    assert service_day(begins(day)) == day
    assert service_day(ends(day) - timedelta(milliseconds=1)) == day


@pytest.mark.parametrize(
    ("clock", "now", "told"),
    [
        (time(9, 15), at(MONDAY, 10), at(MONDAY, 9, 15)),
        (time(1, 0), at(TUESDAY, 1, 30), at(TUESDAY, 1)),  # after midnight, the same service day
        (time(5, 30), at(MONDAY, 9), at(MONDAY, 5, 30)),  # met before the day began
        (time(23, 0), at(MONDAY, 9), at(MONDAY, 23)),  # still ahead: refused later by its own rule
    ],
)
def test_a_clock_time_is_told_of_the_service_day(
    clock: time, now: datetime, told: datetime
) -> None:
    assert moment_on(MONDAY, clock, now) == told


def test_a_service_day_that_begins_in_the_hour_that_comes_twice_begins_once() -> None:
    day, start = date(2026, 10, 25), time(2, 30)
    first = begins(day, start)
    for minutes in (0, 29, 30, 59, 60, 120):
        assert service_day(first + timedelta(minutes=minutes), start) == day
    assert service_day(first - timedelta(minutes=1), start) == day - timedelta(days=1)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 10, 25, 2, 30, tzinfo=OSLO, fold=0),
        datetime(2026, 10, 25, 2, 30, tzinfo=OSLO, fold=1),
        datetime(2027, 3, 28, 3, 0, tzinfo=OSLO),
    ],
)
def test_in_the_nights_of_the_clocks_yesterdays_dose_is_served(now: datetime) -> None:
    day = service_day(now)
    order = replace(DAILY, valid_from=day)
    assert day == now.date() - timedelta(days=1)
    assert codes(situation(now.astimezone(UTC), order), slot_of(order, day)) == []


@pytest.mark.parametrize(
    ("given", "now", "red"),
    [
        # The clock goes back at three: 01:30 to 12:30 by the wall are twelve hours, not eleven.
        (datetime(2026, 10, 25, 1, 30), datetime(2026, 10, 25, 12, 29), True),
        (datetime(2026, 10, 25, 1, 30), datetime(2026, 10, 25, 12, 30), False),
        # It goes forward at two: 01:30 to 13:30 by the wall are eleven.
        (datetime(2027, 3, 28, 1, 30), datetime(2027, 3, 28, 13, 30), True),
        (datetime(2027, 3, 28, 1, 30), datetime(2027, 3, 28, 14, 30), False),
    ],
)
def test_the_interval_counts_true_hours_through_the_nights_of_the_clocks(
    given: datetime, now: datetime, red: bool
) -> None:
    taken = given.replace(tzinfo=OSLO).astimezone(UTC)
    moment = now.replace(tzinfo=OSLO).astimezone(UTC)
    day = service_day(moment)
    order = replace(DAILY, valid_from=day)
    yesterday = dose(order, day - timedelta(days=1), taken)
    found = codes(situation(moment, order, events=[yesterday]), slot_of(order, day))
    assert found == ([Code.INTERVAL] if red else [])


def test_the_organisation_may_begin_its_day_at_another_hour() -> None:
    found = situation(at(MONDAY, 5), own=(MONDAY,), service_day_begins=time(5))
    assert codes(found) == []


# --- the slot


def test_parts_of_a_day_that_the_order_plans_keep_the_shorter_interval() -> None:
    morning = dose(TWICE, MONDAY, at(MONDAY, 14))
    evening = slot_of(TWICE, MONDAY, 1)
    assert codes(situation(at(MONDAY, 17, 59), TWICE, events=[morning]), evening) == [Code.INTERVAL]
    early = judge(situation(at(MONDAY, 17, 59), TWICE, events=[morning]), evening)
    (finding,) = early.findings
    assert finding.interval == reference.substances().group("opioid").between_parts, (
        "the screen names the figure that was used"
    )
    assert codes(situation(at(MONDAY, 18), TWICE, events=[morning]), evening) == []


def test_whoever_got_todays_dose_under_a_former_order_does_not_get_the_new_ones_beside_it() -> None:
    former = replace(DAILY, id="r0", stopped_on=MONDAY)
    new = replace(DAILY, atc="N07BC51")
    events = [dose(former, MONDAY, at(SUNDAY, 9))]
    assert codes(situation(NINE, former, new, events=events), slot_of(new)) == [Code.GIVEN]


def test_orders_that_run_side_by_side_are_given_at_the_same_time() -> None:
    other = replace(DAILY, id="r2", atc="N02AA01", product="Morfin")
    events = [dose(other, MONDAY, at(MONDAY, 8, 55))]
    assert codes(situation(NINE, DAILY, other, events=events)) == []


def test_a_dose_in_the_slot_that_says_it_was_an_injection_closes_it_all_the_same() -> None:
    odd = Injection(1, "abdomen", "left", "L1", date(2027, 1, 1))
    events = [dose(DAILY, MONDAY, at(SUNDAY, 9), injection=odd)]
    assert codes(situation(NINE, events=events)) == [Code.GIVEN]


def test_a_dose_that_was_taken_back_later_keeps_its_slot_closed() -> None:
    given = dose(DAILY, MONDAY, at(SUNDAY, 9), id="e1")
    back = replace(given, id="e2", status=HandoutStatus.ENTERED_IN_ERROR, reverses="e1")
    assert codes(situation(NINE, events=[given, back])) == [Code.GIVEN]
    assert codes(situation(NINE, events=[given, replace(back, reopens=True)])) == []
    assert codes(situation(NINE, events=[given, back], reopened={"e1"})) == []


# --- taken home


def test_a_dose_to_take_home_is_handed_out_with_the_day_before_and_counts_at_noon() -> None:
    found = situation(NINE, own=(MONDAY, TUESDAY))
    tuesday = slot_of(day=TUESDAY)
    assert codes(found, tuesday) == [Code.NOT_SERVED_NOW]
    with_today = replace(found, events=[dose(DAILY, MONDAY, NINE)])
    assert codes(with_today, tuesday, handed_out_on=MONDAY) == []
    late = replace(found, events=[dose(DAILY, MONDAY, at(TUESDAY, 1))], now=at(TUESDAY, 1))
    assert codes(late, tuesday, handed_out_on=MONDAY) == [Code.INTERVAL]


def test_a_dose_taken_home_bears_on_the_doses_beside_it_as_if_taken_at_noon_of_its_day() -> None:
    order = replace(DAILY, valid_from=SUNDAY)
    home = dose(order, MONDAY, at(SUNDAY - timedelta(days=1), 9), take_home=TakeHome("s1"))
    sunday = slot_of(order, SUNDAY)
    midnight = situation(at(MONDAY, 0), order, events=[home])
    assert codes(midnight, sunday) == []
    assert codes(replace(midnight, now=at(MONDAY, 0, 1)), sunday) == [Code.INTERVAL]


SPLIT = replace(
    TWICE, doses=(TWICE.doses[0], replace(TWICE.doses[1], take_home=True)), valid_from=SUNDAY
)


def test_the_evening_of_a_split_dose_goes_home_with_the_morning_and_counts_in_the_evening() -> None:
    morning, evening = slots([SPLIT], MONDAY)
    assert [morning.take_home, evening.take_home] == [False, True]
    given = dose(SPLIT, MONDAY, at(MONDAY, 16))
    found = situation(at(MONDAY, 16), replace(SPLIT, valid_from=MONDAY), events=[given])
    assert codes(found, evening, handed_out_on=MONDAY) == []
    late = replace(found, events=[replace(given, given_at=at(MONDAY, 16, 1))])
    assert codes(replace(late, now=at(MONDAY, 16, 1)), evening, handed_out_on=MONDAY) == [
        Code.INTERVAL
    ]


def test_an_evening_dose_taken_home_bears_on_the_next_dose_as_if_taken_in_the_evening() -> None:
    home = dose(SPLIT, SUNDAY, at(SUNDAY, 9), part=Part.EVENING, take_home=TakeHome("s1"))
    assert intake_at(reference.substances().group("opioid"), home) == at(SUNDAY, 20)
    handed_over_late = replace(home, given_at=at(SUNDAY, 21))
    assert intake_at(reference.substances().group("opioid"), handed_over_late) == at(SUNDAY, 21)
    single = replace(DAILY, id="r2", valid_from=SUNDAY)
    found = situation(at(MONDAY, 7, 59), single, events=[home])
    assert codes(found, slot_of(single)) == [Code.INTERVAL]
    assert codes(replace(found, now=at(MONDAY, 8)), slot_of(single)) == []


def test_all_parts_of_a_day_can_be_taken_home_however_near_their_reference_times() -> None:
    night = replace(SPLIT.doses[1], part=Part.NIGHT)
    doses = (*SPLIT.doses, night)
    order = replace(SPLIT, doses=doses, take_home_weekdays=(2,), valid_from=MONDAY)
    events = [dose(order, MONDAY, NINE)]
    found = situation(NINE, order, own=(MONDAY, TUESDAY))
    for slot in slots([order], TUESDAY):
        assert codes(replace(found, events=events), slot, handed_out_on=MONDAY) == []
        home = dose(order, TUESDAY, NINE, part=slot.key.part, take_home=TakeHome("s1"))
        events.append(replace(home, id=slot.key.part))


def test_days_taken_home_are_no_missed_days() -> None:
    order = replace(DAILY, valid_from=date(2026, 11, 1))
    days = [MONDAY - timedelta(days=number) for number in (4, 3, 2, 1)]
    events = [
        dose(order, day, at(days[0], 9), take_home=TakeHome("s1") if day != days[0] else None)
        for day in days
    ]
    found = situation(NINE, order, events=events)
    assert days_missed(found, MONDAY) == 0
    assert days_missed(found, MONDAY + timedelta(days=3)) == 3


# --- days without medicine


@pytest.mark.parametrize(
    ("missed", "warned", "red"), [(2, None, False), (3, 3, False), (4, 4, False), (5, 5, True)]
)
def test_missed_days_warn_and_stop_by_the_reference_data(
    missed: int, warned: int | None, red: bool
) -> None:
    order = replace(DAILY, valid_from=date(2026, 11, 1))
    last = MONDAY - timedelta(days=missed + 1)
    found = situation(NINE, order, events=[dose(order, last, at(last, 9))])
    verdict = judge(found, slot_of(order))
    assert verdict.warn_missed == warned
    assert (verdict.codes == ("missed_too_long",)) is red
    assert days_missed(replace(found, orders=[replace(order, reassessed_on=MONDAY)]), MONDAY) == 0


@pytest.mark.parametrize("weekdays", [(1, 3, 5), (2, 4, 6), (1, 3, 5, 7)])
def test_the_days_between_doses_of_a_weekday_pattern_are_not_missed(
    weekdays: tuple[int, ...],
) -> None:
    """A double dose every second day, or three a week: the plan's own gaps are no missed days."""
    order = replace(DAILY, atc="N07BC01", weekdays=weekdays, valid_from=date(2026, 10, 1))
    days = [date(2026, 10, 1) + timedelta(days=number) for number in range(60)]
    planned = [day for day in days if day.isoweekday() in weekdays and day < MONDAY]
    given = [dose(order, day, at(day, 9)) for day in planned]
    found = situation(NINE, order, events=given)
    assert {days_missed(found, day) for day in days if day <= MONDAY} == {0}
    # One that was left out counts from its own day on, the gap after it too.
    without = replace(found, events=given[:-1])
    assert days_missed(without, planned[-1]) == 0
    assert days_missed(without, planned[-1] + timedelta(days=1)) == 1
    assert days_missed(without, MONDAY) == (MONDAY - planned[-1]).days


def test_a_gap_of_the_former_orders_plan_is_not_missed_under_the_order_that_replaces_it() -> None:
    friday, saturday = MONDAY - timedelta(days=3), MONDAY - timedelta(days=2)
    thrice = replace(DAILY, id="r0", weekdays=(1, 3, 5), valid_from=date(2026, 10, 1))
    last = [dose(thrice, friday, at(friday, 9))]
    for former in (replace(thrice, stopped_on=MONDAY), replace(thrice, valid_to=SUNDAY)):
        found = situation(NINE, former, DAILY, events=last)
        assert days_missed(found, MONDAY) == 0
        assert codes(found) == []
    # And the other way round: the daily order planned the days before the change.
    daily = replace(DAILY, id="r0", valid_from=date(2026, 10, 1), stopped_on=MONDAY)
    rarer = replace(DAILY, weekdays=(1, 3, 5))
    missed = situation(NINE, daily, rarer, events=[dose(daily, friday, at(friday, 9))])
    assert days_missed(missed, MONDAY) == (MONDAY - saturday).days
    # A new version of one order counts by the present pattern; its doses stay known.
    version = replace(thrice, id="r1", revision=2, weekdays=(1, 2, 4, 6))
    again = situation(NINE, version, events=[dose(version, saturday, at(saturday, 9))])
    assert days_missed(again, MONDAY) == 0


def test_a_day_without_news_from_the_pharmacy_is_missed_for_the_stop_rule() -> None:
    order = replace(DAILY, valid_from=date(2026, 11, 16))
    found = situation(NINE, order)
    assert days_missed(found, MONDAY) == 7
    collected = [_report(SUNDAY, collected=True)]
    assert days_missed(replace(found, reports=collected), MONDAY) == 0


# --- the pharmacy


def _report(day: date, *, collected: bool, minute: int = 0) -> PharmacyReport:
    recorded = at(day, 12, minute)
    return PharmacyReport(
        f"a-{minute}", "p1", "opioid", day, collected, "Apoteket", recorded, "u", "d", minute
    )


def test_a_pharmacy_day_without_news_is_given_for_the_interval_rule() -> None:
    weekend = replace(
        DAILY, id="r2", weekdays=(7,), place=Place.PHARMACY, valid_from=date(2026, 11, 22)
    )
    seven = at(MONDAY, 7)
    found = situation(seven, DAILY, weekend)
    assert codes(found) == [Code.INTERVAL]
    assert codes(replace(found, reports=[_report(SUNDAY, collected=False)])) == []
    assert codes(replace(found, now=at(MONDAY, 8))) == []


def test_the_pharmacys_newest_word_counts_and_a_collected_dose_closes_the_day() -> None:
    first, second = (
        _report(MONDAY, collected=True),
        _report(MONDAY, collected=False, minute=5),
    )
    assert codes(situation(NINE, reports=[first])) == [Code.GIVEN]
    assert codes(situation(NINE, reports=[first, second])) == []


# --- claims of the day and of the days beside it


def test_what_was_given_up_is_not_held_whatever_the_server_says() -> None:
    mine = claim(MONDAY, {"r1": 1})
    assert codes(situation(NINE, dropped={mine.id: 10})) == [Code.NOT_CLAIMED]
    assert codes(situation(NINE, dropped={mine.id: 9})) == []


def test_the_same_user_on_another_laptop_is_another_store() -> None:
    elsewhere = claim(MONDAY, {"r1": 1}, holder_device_id="d-2")
    assert codes(situation(NINE, others=[elsewhere])) == [Code.HELD_BY_OTHER]


@pytest.mark.parametrize("state", [ClaimState.FREE, ClaimState.ENDED])
def test_a_claim_that_nobody_holds_is_no_claim(state: ClaimState) -> None:
    assert codes(situation(NINE, others=[theirs(MONDAY, state=state)])) == [Code.NOT_CLAIMED]


def test_of_two_holders_of_days_beside_each_other_the_later_one_keeps_away() -> None:
    earlier, later = theirs(SUNDAY, held_since=9), theirs(SUNDAY, held_since=11)
    assert codes(situation(NINE, others=[earlier])) == [Code.INTERVAL]
    assert codes(situation(NINE, others=[later])) == []
    (finding,) = judge(situation(NINE, others=[earlier]), slot_of()).findings
    assert finding.until == at(MONDAY, 18), "Sunday is served until six, and twelve hours later"
    assert finding.claim == earlier


def test_the_later_holder_keeps_away_from_the_day_after_as_well() -> None:
    earlier = theirs(TUESDAY, held_since=9)
    assert codes(situation(at(MONDAY, 18), others=[earlier])) == []
    assert codes(situation(at(MONDAY, 18, 1), others=[earlier])) == [Code.INTERVAL]


def test_a_renewed_claim_keeps_its_place_by_when_it_was_first_held() -> None:
    renewed = replace(claim(MONDAY, {"r1": 1}), grant=50, held_since=10)
    found = situation(NINE, others=[theirs(SUNDAY, held_since=20, grant=20), renewed])
    assert codes(found) == []


def test_without_a_claim_of_ones_own_every_neighbour_is_kept_away_from() -> None:
    found = situation(NINE, claims={theirs(SUNDAY).id: theirs(SUNDAY, held_since=99)})
    assert codes(found) == [Code.INTERVAL, Code.NOT_CLAIMED]


def test_an_unknown_day_beside_is_kept_away_from() -> None:
    unknown = theirs(SUNDAY, state=ClaimState.UNKNOWN, held_since=99)
    assert codes(situation(NINE, others=[unknown])) == [Code.INTERVAL]


# --- injections


def test_an_injection_needs_its_number_and_the_day_it_is_given_on() -> None:
    assert units_of(depot_slot(occurrence=4), MONDAY) == (occurrence_unit(4), day_unit(MONDAY))
    window = Window(MONDAY, MONDAY)
    assert codes(situation(NINE, DEPOT, own=(MONDAY, "#1"), window=window), depot_slot()) == []
    for own in ((MONDAY,), ("#1",)):
        found = situation(NINE, DEPOT, own=own, window=window)
        assert codes(found, depot_slot()) == [Code.NOT_CLAIMED]


def test_an_injection_is_given_once_whatever_day_it_was_due() -> None:
    given = dose(
        DEPOT,
        SUNDAY,
        at(SUNDAY - timedelta(days=3), 9),
        injection=Injection(1, "thigh", "left", "A", date(2027, 1, 1)),
    )
    found = situation(
        NINE, DEPOT, own=(MONDAY, "#1"), events=[given], window=Window(MONDAY, MONDAY)
    )
    assert codes(found, depot_slot()) == [Code.GIVEN]


def test_a_daily_dose_keeps_the_interval_from_an_injection_of_its_group() -> None:
    given = dose(
        DEPOT,
        MONDAY,
        at(MONDAY, 8),
        injection=Injection(1, "thigh", "left", "A", date(2027, 1, 1)),
    )
    assert codes(situation(NINE, DAILY, DEPOT, events=[given])) == [Code.INTERVAL]


def test_of_an_injection_the_days_claim_says_who_keeps_away_from_whom() -> None:
    # The number was held long before the day was asked for; the other one got Sunday in between.
    number = claim("#1", order_versions((DEPOT,)), held_since=5)
    day = claim(MONDAY, order_versions((DEPOT,)), held_since=30)
    found = situation(
        at(MONDAY, 6),
        DEPOT,
        claims={one.id: one for one in (number, day, theirs(SUNDAY, held_since=20))},
        pull=Pull({number.id, day.id}, timedelta(hours=1), timedelta(hours=72)),
        window=Window(MONDAY, MONDAY),
    )
    assert codes(found, depot_slot()) == [Code.INTERVAL]


def test_a_dose_taken_home_in_the_night_counts_on_its_own_day() -> None:
    group = reference.substances().group("opioid")
    home = dose(DAILY, TUESDAY, at(TUESDAY, 1), take_home=TakeHome("e-monday"))
    counted = group.take_home_counted.parts[Part.MORNING]
    assert intake_at(group, home) == at(TUESDAY, counted.hour, counted.minute)
