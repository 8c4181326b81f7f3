"""The light of a dose: may it be given here and now?

`judge` is the one rule. It is asked for the screen, and again inside the transaction that writes.

- GREEN: it may be given.
- AMBER: it is not given; with a line it is claimed first.
- RED: it is not given; the emergency handout (`Force`) is left, as with amber without a line.

What this store cannot know, it takes to be the worse of the two: a day that another holds counts as
given for the interval rule, and as missed for the rule on days without medicine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from fieldapp.clock import OSLO
from fieldapp.domain.claims import (
    SERVICE_DAY_BEGINS,
    Claim,
    ClaimState,
    Store,
    begins,
    claim_id,
    day_unit,
    ends,
    occurrence_unit,
    service_day,
)
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import (
    MedicationAdministration,
    MedicationRequest,
    Part,
    Slot,
    SlotKey,
    closing,
    is_active,
    slots,
)
from fieldapp.domain.patients import Place
from fieldapp.domain.substances import Interval, SubstanceGroup

LONGEST: Final = 60
"""Days looked back for doses; beyond this a count of days without medicine says "very long"."""


class Light(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Code(StrEnum):
    """What stands in the way, the gravest first; the codes of a `Force`, and of HandoutError."""

    GIVEN = "slot_already_given"
    HELD_BY_OTHER = "held_by_other"
    UNKNOWN_DAY = "unknown_day"
    """It was held by a store that was set back; what that one gave is not known."""
    STOPPED = "request_stopped"
    ON_HOLD = "request_on_hold"
    NOT_PLANNED = "not_planned"
    NOT_SERVED_NOW = "not_served_now"
    """The service day has not begun, or is over."""
    OUTSIDE_WINDOW = "outside_window"
    """Of a depot: before the first or after the last day of its window."""
    MISSED_TOO_LONG = "missed_too_long"
    INTERVAL = "interval"
    PHARMACY = "pharmacy_day"
    """The pharmacy gives this day; it cannot be claimed."""
    NOT_CLAIMED = "not_claimed"
    ORDER_CHANGED = "order_changed"
    """The orders are not those that the claim was given out for."""
    NOT_PULLED = "not_pulled_since_claim"
    PULL_TOO_OLD = "pull_too_old"
    MARKED_DOSE = "marked_dose"
    """A dose is said to stand on the wrong patient: here, or as this one's elsewhere."""
    POSSIBLE_DUPLICATE = "possible_duplicate"
    CLOCK = "clock_not_trusted"
    STORE_SET_BACK = "store_set_back"

    @property
    def light(self) -> Light:
        return Light.RED if self in _RED else Light.AMBER


_RED = frozenset(
    {
        Code.GIVEN,
        Code.HELD_BY_OTHER,
        Code.UNKNOWN_DAY,
        Code.STOPPED,
        Code.ON_HOLD,
        Code.NOT_PLANNED,
        Code.NOT_SERVED_NOW,
        Code.OUTSIDE_WINDOW,
        Code.MISSED_TOO_LONG,
        Code.INTERVAL,
    }
)

NEEDS_PRESCRIBER = frozenset(
    {Code.GIVEN, Code.STOPPED, Code.ON_HOLD, Code.MISSED_TOO_LONG, Code.OUTSIDE_WINDOW}
)
"""Findings for which a `Force` must name the prescriber who said so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in the way. `until`: the instant from which it no longer is, where that is known.

    `event_id` is the dose, `claim` the other's claim, `days` the count that it is about. `interval`
    is the least time between two known doses that is not kept.
    """

    code: Code
    event_id: str | None = None
    claim: Claim | None = None
    until: datetime | None = None
    days: int | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`warn_missed` counts days without medicine where the prescriber is to be contacted."""

    light: Light
    findings: tuple[Finding, ...] = ()
    warn_missed: int | None = None
    claim: Claim | None = None
    """The own claim that it is green by."""

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(finding.code.value for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Pull:
    """How fresh this store is.

    `confirmed` are ids of the own claims after which a pull was completed. `age` is the time since
    the last complete pull by a clock that cannot jump, None when nobody knows.
    """

    confirmed: Collection[str]
    age: timedelta | None
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day on which a depot may be given."""

    opens: date
    closes: date


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is known of one patient's medicine of one group.

    `now` is None when the clock is not to be trusted. `orders` are those of the group; `events` its
    handouts of the last `LONGEST` days; `claims` the server's word by id; `dropped` the grants that
    this store has given up (claim id: grant) whether or not the server has heard.
    """

    me: Store
    now: datetime | None
    group: SubstanceGroup
    group_code: str
    orders: Sequence[MedicationRequest]
    events: Sequence[MedicationAdministration]
    claims: Mapping[str, Claim]
    pull: Pull
    dropped: Mapping[str, int] = field(default_factory=dict)
    reopened: Collection[str] = ()
    reports: Sequence[PharmacyReport] = ()
    window: Window | None = None
    """Of a depot's next injection."""
    marked_doses: Collection[str] = ()
    """Doses that somebody has marked as written on the wrong patient, until that is decided. Those
    of this patient count as given all the same, and it is this patient's as well where the mark
    says so."""
    possible_duplicate: bool = False
    set_back: bool = False
    service_day_begins: time = SERVICE_DAY_BEGINS

    def own(self, patient_id: str, unit: str) -> Claim | None:
        """Return this store's claim of a unit, if it holds it and has not given it up."""
        claim = self.claims.get(claim_id(patient_id, self.group_code, unit))
        if claim is None or not claim.held_by(self.me):
            return None
        return claim if claim.grant > self.dropped.get(claim.id, 0) else None

    def held_by_other(self, patient_id: str, unit: str) -> Claim | None:
        """Return a claim under which another may have given a dose, or may give one."""
        claim = self.claims.get(claim_id(patient_id, self.group_code, unit))
        if claim is None or claim.state not in (ClaimState.HELD, ClaimState.UNKNOWN):
            return None
        return None if claim.held_by(self.me) else claim


def judge(situation: Situation, slot: Slot, *, handed_out_on: date | None = None) -> Verdict:
    """Say whether a dose may be given now.

    `handed_out_on` is the service day on which a dose to take home is handed out, with the others
    of that day; its own day then need not have begun. It is that very day for the later part of a
    split dose that goes home with the earlier one.
    """
    findings = [
        *_of_the_order(situation, slot),
        *_of_the_slot(situation, slot),
        *_of_the_time(situation, slot, handed_out_on),
        *_of_the_claims(situation, slot),
        *(Finding(Code.MARKED_DOSE, event_id=one) for one in sorted(situation.marked_doses)[:1]),
        *_of_this_store(situation, slot),
    ]
    missed = days_missed(situation, slot.key.day)
    stop, warn = situation.group.missed_stop, situation.group.missed_warn
    if stop is not None and missed >= stop.days:
        findings.append(Finding(Code.MISSED_TOO_LONG, days=missed))
    order = list(Code)
    findings.sort(key=lambda finding: order.index(finding.code))
    lights = [finding.code.light for finding in findings]
    light = next((light for light in (Light.RED, Light.AMBER) if light in lights), Light.GREEN)
    return Verdict(
        light,
        tuple(findings),
        warn_missed=missed if warn is not None and missed >= warn.days else None,
        claim=_own_claim(situation, slot),
    )


def units_of(slot: Slot, given_on: date) -> tuple[str, ...]:
    """Return the units whose claims a dose needs.

    A depot needs its numbered injection and the day it is given on: another may give a daily dose
    of the same group that day.
    """
    if slot.occurrence is None:
        return (day_unit(slot.key.day),)
    return (occurrence_unit(slot.occurrence), day_unit(given_on))


# --- what stands in the way


def _of_the_order(situation: Situation, slot: Slot) -> Iterator[Finding]:
    order, day = slot.request, slot.key.day
    if order.stopped_on is not None and _given_day(situation, slot) >= order.stopped_on:
        yield Finding(Code.STOPPED)
    if order.on_hold:
        yield Finding(Code.ON_HOLD)
    if order.is_depot:
        if not is_active(order, _given_day(situation, slot)):
            yield Finding(Code.NOT_PLANNED)
        window, today = situation.window, _given_day(situation, slot)
        if window is not None and not window.opens <= today <= window.closes:
            yield Finding(Code.OUTSIDE_WINDOW)
    elif not any(planned.key == slot.key for planned in slots([order], day)):
        yield Finding(Code.NOT_PLANNED)
    if order.place is Place.PHARMACY:
        yield Finding(Code.PHARMACY)


def _of_the_slot(situation: Situation, slot: Slot) -> Iterator[Finding]:
    """A dose in this slot, or one of the same day that the present orders do not plan: whoever got
    the morning's dose under a former order does not get the new one's beside it.
    """
    doses = closing(situation.events, situation.reopened)
    if slot.occurrence is not None:
        for dose in doses:
            if dose.injection is not None and dose.injection.occurrence == slot.occurrence:
                yield Finding(Code.GIVEN, event_id=dose.id)
                return
        return
    in_the_way = in_the_way_of(slot.key, situation.orders, doses)
    if in_the_way:
        yield Finding(Code.GIVEN, event_id=in_the_way[0].id)
        return
    report = _report(situation, slot.key.day)
    if report is not None and report.collected:
        yield Finding(Code.GIVEN, event_id=report.id)


def _of_the_time(situation: Situation, slot: Slot, handed_out_on: date | None) -> Iterator[Finding]:
    now, start = situation.now, situation.service_day_begins
    if now is None:
        return  # `_of_this_store` says so
    if slot.occurrence is None:
        day = handed_out_on or slot.key.day
        if now < begins(day, start):
            yield Finding(Code.NOT_SERVED_NOW, until=begins(day, start))
            return
        if now >= ends(day, start):
            yield Finding(Code.NOT_SERVED_NOW)
            return
    at = now
    if handed_out_on is not None:
        at = _taken_at_home(situation.group, slot.key.day, slot.key.part, now)
    worst: Finding | None = None
    near = _too_near_doses(situation, slot, at, home=handed_out_on is not None)
    for finding in (*near, *_too_near_unknown(situation, slot, at)):
        # The one that lasts longest; one without an end lasts longer than any.
        if worst is None or (worst.until is not None and _later(finding.until, worst.until)):
            worst = finding
    if worst is not None:
        yield worst


def _later(one: datetime | None, other: datetime) -> bool:
    return one is None or one > other


def _too_near_doses(
    situation: Situation, slot: Slot, at: datetime, *, home: bool
) -> Iterator[Finding]:
    for dose in closing(situation.events, situation.reopened):
        if _same_moment_of_plan(situation, dose, slot):
            continue
        if home and dose.take_home is not None and _are_planned_parts(situation, slot, dose):
            continue  # nobody sees either of them taken, and the plan keeps them apart
        taken = intake_at(situation.group, dose)
        rule = _least(situation, slot, dose)
        if abs(at - taken) < rule.least:
            until = taken + rule.least
            yield Finding(Code.INTERVAL, event_id=dose.id, until=until, interval=rule)
    for report in _newest_reports(situation):
        if report.collected and report.day != slot.key.day:
            taken = _local(report.day, situation.group.pharmacy_counted.at)
            least = situation.group.between_days.least
            if timedelta() <= at - taken < least:
                yield Finding(Code.INTERVAL, event_id=report.id, until=taken + least)


def _too_near_unknown(situation: Situation, slot: Slot, at: datetime) -> Iterator[Finding]:
    """Days on which somebody else may have given a dose, or may give one, that nobody knows of
    here. Of two holders of days beside each other the later one keeps away: it was told of the
    earlier one with its grant.
    """
    start, least = situation.service_day_begins, situation.group.between_days.least
    patient_id, day = slot.key.patient_id, _given_day(situation, slot)
    # Of an injection, too, the day's claim: its number may have been held long before the day.
    own = situation.own(patient_id, day_unit(day))
    since = own.held_since if own is not None else None
    reach = timedelta(days=1) + least
    for offset in range(-reach.days - 1, reach.days + 2):
        other = day + timedelta(days=offset)
        if offset == 0:
            continue
        claim = situation.held_by_other(patient_id, day_unit(other))
        keeps_away = (
            claim is not None
            and claim.state is ClaimState.HELD
            and since is not None
            and claim.held_since > since
        )
        if claim is not None and not keeps_away:
            if other < day and at < ends(other, start) + least:
                yield Finding(Code.INTERVAL, claim=claim, until=ends(other, start) + least)
            if other > day and at > begins(other, start) - least:
                yield Finding(Code.INTERVAL, claim=claim)
        elif other < day and _is_unreported_pharmacy_day(situation, other):
            taken = _local(other, situation.group.pharmacy_counted.at)
            if timedelta() <= at - taken < least:
                yield Finding(Code.INTERVAL, until=taken + least)


def _of_the_claims(situation: Situation, slot: Slot) -> Iterator[Finding]:
    patient_id = slot.key.patient_id
    for unit in units_of(slot, _given_day(situation, slot)):
        other = situation.held_by_other(patient_id, unit)
        own = situation.own(patient_id, unit)
        if other is not None:
            unknown = other.state is ClaimState.UNKNOWN
            yield Finding(Code.UNKNOWN_DAY if unknown else Code.HELD_BY_OTHER, claim=other)
        elif own is None:
            yield Finding(Code.NOT_CLAIMED)
        else:
            if own.id not in situation.pull.confirmed:
                yield Finding(Code.NOT_PULLED)
            if own.orders != order_versions(situation.orders):
                yield Finding(Code.ORDER_CHANGED)


def _of_this_store(situation: Situation, slot: Slot) -> Iterator[Finding]:
    pull = situation.pull
    if situation.now is None:
        yield Finding(Code.CLOCK)
    elif pull.age is None or pull.age > pull.limit:
        yield Finding(Code.PULL_TOO_OLD)
    if situation.possible_duplicate:
        yield Finding(Code.POSSIBLE_DUPLICATE)
    if situation.set_back:
        yield Finding(Code.STORE_SET_BACK)


# --- figures


def in_the_way_of(
    key: SlotKey, orders: Iterable[MedicationRequest], doses: Iterable[MedicationAdministration]
) -> list[MedicationAdministration]:
    """Return the doses that close a slot: its own, and those of its day that no order plans now.

    `orders` and `doses` (those that close slots) are the patient's of one substance group.
    """
    planned = {slot.key for slot in slots(orders, key.day)}
    return [
        dose
        for dose in doses
        if dose.slot == key
        or (dose.injection is None and dose.day == key.day and dose.slot not in planned)
    ]


def order_versions(orders: Iterable[MedicationRequest]) -> dict[str, int]:
    """Return what a claim notes of a group's orders: every one in the list, with its revision.

    All of them, whatever their days: after a change anywhere in the group somebody looks again
    before the next dose.
    """
    return {order.id: order.revision for order in orders}


def intake_at(group: SubstanceGroup, dose: MedicationAdministration) -> datetime:
    """Return when a dose counts as taken: given, or for one to take home a time on its day."""
    if dose.take_home is not None:
        return _taken_at_home(group, dose.day, dose.part, dose.given_at)
    return dose.given_at


def _taken_at_home(group: SubstanceGroup, day: date, part: Part, handed_over: datetime) -> datetime:
    return max(_local(day, group.take_home_counted.parts[part]), handed_over)


def _are_planned_parts(situation: Situation, slot: Slot, dose: MedicationAdministration) -> bool:
    """True for two parts of one day that the present orders plan."""
    if dose.day != slot.key.day:
        return False
    planned = {one.key for one in slots(situation.orders, dose.day)}
    return {slot.key, dose.slot} <= planned


def days_missed(situation: Situation, day: date) -> int:
    """Count the days in a row before `day` for which no dose is known, at most `LONGEST`.

    A dose covers its day and the days up to the next planned one. A day without news (a pharmacy's,
    another holder's) counts as missed. Depots have windows instead: 0.
    """
    daily = [order for order in situation.orders if not order.is_depot]
    if not daily:
        return 0
    covered = {
        dose.day
        for dose in closing(situation.events, situation.reopened)
        if dose.injection is None and dose.day < day
    }
    covered |= {report.day for report in _newest_reports(situation) if report.collected}
    first = min(order.valid_from for order in daily)
    looked_at = [order.reassessed_on for order in daily if order.reassessed_on is not None]
    start = max([first, day - timedelta(days=LONGEST), *looked_at])
    before = [given for given in covered if given < day]
    uncovered = max(start, max(before) + timedelta(days=1)) if before else start
    while uncovered < day and not slots(daily, uncovered):
        uncovered += timedelta(days=1)
    return max((day - uncovered).days, 0)


def _least(situation: Situation, slot: Slot, dose: MedicationAdministration) -> Interval:
    """Return the least time between two doses: the shorter one where both are planned, on days
    that have several parts.
    """
    group = situation.group
    if slot.occurrence is not None or dose.injection is not None:
        return group.between_days
    there = slots(situation.orders, dose.day)
    here = slots(situation.orders, slot.key.day)
    several = any(len({one.key.part for one in day}) > 1 for day in (there, here))
    planned = any(one.key == dose.slot for one in there)
    return group.between_parts if several and planned else group.between_days


def _same_moment_of_plan(situation: Situation, dose: MedicationAdministration, slot: Slot) -> bool:
    """True for a dose of a parallel order that the present orders plan for the same part."""
    if dose.injection is not None or slot.occurrence is not None:
        return False
    if (dose.day, dose.part) != (slot.key.day, slot.key.part) or dose.slot == slot.key:
        return False
    return any(planned.key == dose.slot for planned in slots(situation.orders, dose.day))


def _is_unreported_pharmacy_day(situation: Situation, day: date) -> bool:
    planned = slots(situation.orders, day)
    at_pharmacy = any(slot.request.place is Place.PHARMACY for slot in planned)
    return at_pharmacy and _report(situation, day) is None


def _newest_reports(situation: Situation) -> list[PharmacyReport]:
    """Return the newest word of the pharmacy about each day."""
    newest = sorted(situation.reports, key=lambda report: (report.recorded_at, report.id))
    return list({report.day: report for report in newest}.values())


def _report(situation: Situation, day: date) -> PharmacyReport | None:
    return next((found for found in _newest_reports(situation) if found.day == day), None)


def _own_claim(situation: Situation, slot: Slot) -> Claim | None:
    units = units_of(slot, _given_day(situation, slot))
    claims = [situation.own(slot.key.patient_id, unit) for unit in units]
    return next((claim for claim in claims if claim is not None), None)


def _given_day(situation: Situation, slot: Slot) -> date:
    """Return the service day of an injection given now; of a dose, its own day."""
    if slot.occurrence is None or situation.now is None:
        return slot.key.day
    return service_day(situation.now, situation.service_day_begins)


def _local(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=OSLO).astimezone(UTC)
