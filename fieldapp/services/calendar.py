"""A patient's days with and without medicine, one mark for each day of each substance group.

What stands in history is shown as it is known here; what another laptop may have done is *unknown*,
never guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fieldapp.domain.claims import Claim, ClaimState, Store
from fieldapp.domain.depots import given_on
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    Slot,
    closing,
    effective,
    slots,
)
from fieldapp.domain.patients import Place
from fieldapp.domain.rights import Right
from fieldapp.services import lease, medication, people, reference
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import calendar as store
from fieldapp.store import claims as store_claims
from fieldapp.store import medication as store_medication

LOOK_BACK: Final = timedelta(days=190)
"""Longer than between two injections of any depot: the last one before the picture covers days."""


class Mark(StrEnum):
    """What a day was. One letter and one shape each on the screen, never a colour alone."""

    SUPERVISED = "supervised"
    TAKE_HOME = "take_home"
    """Handed out ahead, or not seen taken."""
    DEPOT = "depot"
    COVERED = "covered"
    """Nothing to hand out: an injection works, or the dose before reaches until the next."""
    PHARMACY = "pharmacy"
    """Collected at the pharmacy, by its word."""
    PARTLY = "partly"
    """Some of the day's doses."""
    MISSED = "missed"
    UNKNOWN = "unknown"
    """A pharmacy's day without news, a day that another laptop has, or a dose taken back late."""
    PLANNED = "planned"
    """Today without a handout yet, or ahead."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of one group. `given` of `planned` doses stand as given.

    `reason` is the code of why nothing was given (a HandoutStatus), `holder` the name of whoever
    else has the day, `twice` more doses than one in a slot, `forced` an emergency handout.
    """

    day: date
    mark: Mark
    given: int = 0
    planned: int = 0
    reason: HandoutStatus | None = None
    holder: str = ""
    told_by: str = ""
    twice: bool = False
    forced: bool = False
    retrospective: bool = False
    taken_back: bool = False
    taken_home: int = 0
    """So many of the day's doses were handed out to take home."""
    depot_due: bool = False
    """The day on which the next injection is due."""


@dataclass(frozen=True, slots=True)
class GroupDays:
    """The days of one substance group, oldest first, without a gap."""

    code: str
    name: str
    days: tuple[CalendarDay, ...]
    depot_only: bool = False


@dataclass(frozen=True, slots=True)
class MedicineDays:
    """`today` is the service day that runs now."""

    first: date
    last: date
    today: date
    groups: tuple[GroupDays, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one group of one patient; the figures of `of_group`."""

    orders: Sequence[MedicationRequest]
    events: Sequence[MedicationAdministration]
    reopened: Collection[str]
    reports: Sequence[PharmacyReport]
    claims: Sequence[Claim]
    me: Store
    names: Mapping[str, str]
    late_days: Mapping[str, int] = field(default_factory=dict)
    """Of each depot order: days after the due day on which it may still be given."""


@needs(Right.READ_PATIENTS)
@lease.reads(Area.HANDOUTS)
def read(session: Session, patient_id: str, first: date, last: date) -> MedicineDays:
    """Return the days from `first` to `last` of every group that the patient has had orders in.

    Groups in which nothing happened and nothing was planned in the time are left out.
    """
    database = session.database
    today = medication.service_day(session)
    orders = store_medication.requests_of(database, [patient_id])
    events = store.events_since(database, patient_id, first - LOOK_BACK)
    reports = store.reports_since(database, patient_id, first - LOOK_BACK)
    reopened = store.reopened(database, patient_id)
    claims = store_claims.standing_of(database, [patient_id])
    substances = reference.substances()
    names = people.names(session)
    late_days = {
        due.slot.request.id: max(0, (due.window.closes - due.due).days)
        for due in medication.depot_due(session, patient_id)
    }
    groups: list[GroupDays] = []
    for code in dict.fromkeys(substances.group_code(order) for order in orders):
        own = [order for order in orders if substances.group_code(order) == code]
        ids = {order.id for order in own}
        known = Known(
            orders=own,
            events=[event for event in events if event.request_id in ids],
            reopened=reopened,
            reports=[report for report in reports if report.group == code],
            claims=[claim for claim in claims if claim.group == code],
            me=Store(session.device_id, session.user.id),
            names=names,
            late_days=late_days,
        )
        days = of_group(known, first, last, today)
        if any(day.mark is not Mark.NONE for day in days):
            name = _name(code, substances.group(code).name, own)
            groups.append(GroupDays(code, name, days, all(order.is_depot for order in own)))
    groups.sort(key=lambda group: (group.depot_only, group.name))
    return MedicineDays(first, last, today, tuple(groups))


def of_group(known: Known, first: date, last: date, today: date) -> tuple[CalendarDay, ...]:
    """Return one value for each day; pure."""
    count = (last - first).days + 1
    history = _History(
        known, tuple(effective(known.events)), tuple(closing(known.events, known.reopened))
    )
    return tuple(_day(history, first + timedelta(days=n), today) for n in range(count))


@dataclass(frozen=True, slots=True)
class _History:
    """What is known, with what stands in history and what keeps slots closed worked out once."""

    known: Known
    standing: tuple[MedicationAdministration, ...]
    closing: tuple[MedicationAdministration, ...]


def _name(code: str, name: str, orders: Sequence[MedicationRequest]) -> str:
    """A medicine that no group names goes by its product."""
    return orders[0].product if code.startswith("atc:") else name


# --- one day


def _day(history: _History, day: date, today: date) -> CalendarDay:
    injection = _injection_on(history, day)
    if injection is not None:
        return CalendarDay(
            day,
            Mark.DEPOT,
            given=1,
            planned=1,
            forced=injection.forced is not None,
            retrospective=injection.retrospective,
        )
    daily = _daily(history, day, today)
    return daily if daily is not None else _without_plan(history, day, today)


def _daily(history: _History, day: date, today: date) -> CalendarDay | None:
    """Return a day on which doses were planned or given, None for any other."""
    planned = slots(history.known.orders, day)
    standing = [event for event in history.standing if event.day == day and event.injection is None]
    given = [event for event in standing if event.status is HandoutStatus.GIVEN]
    kept_closed = [
        event
        for event in history.closing
        if event.day == day and event.injection is None and event not in given
    ]
    report = _report(history, day)
    if not planned and not given and not kept_closed and report is None:
        return None
    filled = {event.slot for event in given}
    refused = [event for event in standing if event.status is not HandoutStatus.GIVEN]
    holder = _holder(history, day)
    mark = _mark(planned, given, kept_closed, report, holder, refused, day, today)
    return CalendarDay(
        day,
        mark,
        given=len(filled),
        planned=max(len(planned), len(filled)),
        reason=refused[-1].status if refused and not given else None,
        holder=holder if not given else "",
        told_by="" if report is None else report.told_by,
        twice=len(given) > len(filled) or _of_several_orders(given, planned),
        forced=any(event.forced is not None for event in given),
        retrospective=any(event.retrospective for event in given),
        taken_back=bool(kept_closed),
        taken_home=sum(event.take_home is not None for event in given),
    )


def _mark(
    planned: Sequence[Slot],
    given: Sequence[MedicationAdministration],
    kept_closed: Sequence[MedicationAdministration],
    report: PharmacyReport | None,
    holder: str,
    refused: Sequence[MedicationAdministration],
    day: date,
    today: date,
) -> Mark:
    if given:
        filled = {event.slot for event in given}
        if day < today and any(slot.key not in filled for slot in planned):
            return Mark.PARTLY
        return Mark.SUPERVISED if _is_supervised(given) else Mark.TAKE_HOME
    if kept_closed:
        return Mark.UNKNOWN
    if report is not None:
        return Mark.PHARMACY if report.collected else Mark.MISSED
    if day > today:
        return Mark.PLANNED
    if holder or any(slot.request.place is Place.PHARMACY for slot in planned):
        return Mark.UNKNOWN
    return Mark.MISSED if day < today or refused else Mark.PLANNED


def _is_supervised(given: Sequence[MedicationAdministration]) -> bool:
    """True for a day whose doses were seen taken, but for a later part that went home with them."""
    here = [event for event in given if event.take_home is None]
    return bool(here) and all(event.witnessed for event in here)


def _of_several_orders(given: Sequence[MedicationAdministration], planned: Sequence[Slot]) -> bool:
    """True for a dose that the orders do not plan beside one of another order."""
    keys = {slot.key for slot in planned}
    orders = {event.request_id for event in given}
    return len(orders) > 1 and any(event.slot not in keys for event in given)


def _report(history: _History, day: date) -> PharmacyReport | None:
    """Return the newest word about a day."""
    found = [report for report in history.known.reports if report.day == day]
    return max(found, key=lambda report: (report.recorded_at, report.id), default=None)


def _holder(history: _History, day: date) -> str:
    """Return the name of whoever else has the day, or has had it and is not known of."""
    for claim in history.known.claims:
        if claim.day != day or claim.held_by(history.known.me):
            continue
        if claim.state in (ClaimState.HELD, ClaimState.UNKNOWN):
            return history.known.names.get(claim.holder_id or "", "") or "?"
    return ""


# --- depots, and days between doses


def _without_plan(history: _History, day: date, today: date) -> CalendarDay:
    last = _last_injection(history, day)
    order = next(
        (one for one in history.known.orders if one.is_depot and _is_valid(one, day)), None
    )
    if order is not None:
        late = history.known.late_days.get(order.id, 0)
        return _between_injections(order, last, day, today, late)
    if last is not None and day < _due(last, history.known.orders):
        return CalendarDay(day, Mark.COVERED)
    if day <= today and _is_covered_by_dose_before(history, day):
        return CalendarDay(day, Mark.COVERED)
    return CalendarDay(day, Mark.NONE)


def _between_injections(
    order: MedicationRequest,
    last: MedicationAdministration | None,
    day: date,
    today: date,
    late_days: int,
) -> CalendarDay:
    due = order.valid_from if last is None else _due(last, [order])
    if day < due:
        return CalendarDay(day, Mark.NONE if last is None else Mark.COVERED)
    if (day == due and day >= today) or (day <= today and (day - due).days <= late_days):
        return CalendarDay(day, Mark.PLANNED, planned=1, depot_due=True)
    if day > today:
        return CalendarDay(day, Mark.NONE)
    return CalendarDay(day, Mark.MISSED, planned=1, depot_due=day == due)


def _is_valid(order: MedicationRequest, day: date) -> bool:
    return (
        order.valid_from <= day
        and (order.valid_to is None or day <= order.valid_to)
        and (order.stopped_on is None or day < order.stopped_on)
    )


def _injections(history: _History) -> Iterable[MedicationAdministration]:
    return (
        event
        for event in history.standing
        if event.injection is not None and event.status is HandoutStatus.GIVEN
    )


def _injection_on(history: _History, day: date) -> MedicationAdministration | None:
    return next((event for event in _injections(history) if given_on(event) == day), None)


def _last_injection(history: _History, day: date) -> MedicationAdministration | None:
    before = [event for event in _injections(history) if given_on(event) < day]
    return max(before, key=lambda event: event.given_at, default=None)


def _due(injection: MedicationAdministration, orders: Sequence[MedicationRequest]) -> date:
    """Return when the next one is due: the giver's word, else the order's interval."""
    assert injection.injection is not None
    if injection.injection.next_due is not None:
        return injection.injection.next_due
    interval = next((order.interval_days for order in orders if order.interval_days), 0) or 0
    return given_on(injection) + timedelta(days=interval)


def _is_covered_by_dose_before(history: _History, day: date) -> bool:
    """A dose covers the days without a plan after it, up to the next planned one."""
    looked_at = day - timedelta(days=1)
    while (day - looked_at).days <= 7:
        if any(
            event.day == looked_at
            and event.injection is None
            and event.status is HandoutStatus.GIVEN
            for event in history.standing
        ):
            return any(_is_valid(order, day) for order in history.known.orders)
        if slots(history.known.orders, looked_at):
            return False
        looked_at -= timedelta(days=1)
    return False
