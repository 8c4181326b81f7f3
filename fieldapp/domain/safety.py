"""What is dangerous about a dose when everything that was written of a patient has met. Pure.

The server asks this for every dose that arrives, in the transaction that stores it. Nothing here
stops anything: it has happened. It names what a person must look at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from fieldapp.domain.claims import (
    SERVICE_DAY_BEGINS,
    Claim,
    ClaimState,
    claim_id,
    day_unit,
    occurrence_unit,
    service_day,
)
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import (
    MedicationAdministration,
    MedicationRequest,
    SlotKey,
    closing,
    slots,
)
from fieldapp.domain.readiness import Code, intake_at
from fieldapp.domain.substances import SubstanceGroup

DOUBLE_HANDOUT: Final = "double_handout"
"""Two doses in one slot, or two of one group on one day that no plan sets beside each other."""
FORCED: Final = "forced"
"""Given although the light was not green."""
INTERVAL: Final = "interval"
"""Two doses nearer to each other than the group's least time."""
SUPERSEDED_ORDER: Final = "superseded_order"
"""Given by an order that had been changed, held back or stopped before."""
UNCLAIMED: Final = "unclaimed"
"""Given without force on a day that another store holds."""
RETROSPECTIVE_COLLISION: Final = "retrospective_collision"
"""Written down afterwards on a day that another store holds, and may give."""
CLAIM_CONFLICT: Final = "claim_conflict"
"""Two stores hold one day, after the server was set back."""

CODES: Final = (
    DOUBLE_HANDOUT,
    FORCED,
    INTERVAL,
    SUPERSEDED_ORDER,
    UNCLAIMED,
    RETROSPECTIVE_COLLISION,
    CLAIM_CONFLICT,
)
"""Every code, the gravest first."""

LONGEST_REACH: Final = timedelta(days=3)
"""So far from its day a dose is looked at together with others; injections farther."""
INJECTION_REACH: Final = timedelta(days=45)

OrdersAt = Callable[[datetime], Sequence[MedicationRequest]]
"""The orders of a patient's group as the server had them at an instant."""


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing to look at. `subject` makes its id: the same danger is the same item for ever.

    `evidence` are ids of events, `involved` those who wrote them and cannot answer for it.
    """

    code: str
    subject: tuple[str, ...]
    evidence: tuple[str, ...]
    involved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the server holds of one patient's medicine of one group, around the new doses."""

    patient_id: str
    group: SubstanceGroup
    group_code: str
    events: Sequence[MedicationAdministration]
    orders_at: OrdersAt
    reopened: Collection[str] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)
    reports: Sequence[PharmacyReport] = ()
    service_day_begins: time = SERVICE_DAY_BEGINS
    registered: Mapping[str, str] = field(default_factory=dict)
    """The patient whom a dose itself names (event id: patient id); another one since a join."""


def dangers(around: Surroundings, new: Collection[str]) -> list[Danger]:
    """Return what the new events (ids of doses or of the pharmacy's words) have brought about."""
    standing = closing(around.events, around.reopened)
    doses = [dose for dose in standing if dose.id in new]
    days = {dose.day for dose in doses if dose.injection is None}
    days |= {report.day for report in around.reports if report.id in new}
    doubled = [
        *_doubled_days(around, standing, days),
        *_doubled_injections(around, standing, doses),
    ]
    together = [frozenset(danger.evidence) for danger in doubled]
    return [
        *doubled,
        *_too_near(around, standing, doses, together),
        *(found for dose in doses for found in _of_one(around, standing, dose)),
    ]


# --- two doses


def _doubled_days(
    around: Surroundings, standing: Sequence[MedicationAdministration], days: Iterable[date]
) -> Iterator[Danger]:
    for day in sorted(days):
        doses = [dose for dose in standing if dose.day == day and dose.injection is None]
        collected = [report for report in _newest(around.reports, day) if report.collected]
        if collected and doses:
            yield _double(around, day_unit(day), doses, collected)
            continue
        by_slot: dict[SlotKey, list[MedicationAdministration]] = {}
        for dose in doses:
            by_slot.setdefault(dose.slot, []).append(dose)
        if len(by_slot) > 1 and not _planned_together(around, day, doses):
            yield _double(around, day_unit(day), doses)
            continue
        for key, found in by_slot.items():
            if len(found) > 1:
                yield Danger(DOUBLE_HANDOUT, _slot_subject(key), _ids(found), _authors(found))


def _doubled_injections(
    around: Surroundings,
    standing: Sequence[MedicationAdministration],
    new: Sequence[MedicationAdministration],
) -> Iterator[Danger]:
    numbers = {dose.injection.occurrence for dose in new if dose.injection is not None}
    for number in sorted(numbers):
        doses = [
            dose
            for dose in standing
            if dose.injection is not None and dose.injection.occurrence == number
        ]
        if len(doses) > 1:
            yield _double(around, occurrence_unit(number), doses)


def _planned_together(
    around: Surroundings, day: date, doses: Sequence[MedicationAdministration]
) -> bool:
    """True when the orders as they stood at the last of these doses plan every one of them.

    An order that the server does not have says nothing against its dose. Orders of two
    registrations of one person were never meant to stand beside each other.
    """
    if len({around.registered.get(dose.id, dose.patient_id) for dose in doses}) > 1:
        return False
    orders = around.orders_at(max(dose.given_at for dose in doses))
    known = {order.id for order in orders}
    planned = {slot.key for slot in slots(orders, day)}
    return all(dose.slot in planned or dose.request_id not in known for dose in doses)


def _too_near(
    around: Surroundings,
    standing: Sequence[MedicationAdministration],
    new: Sequence[MedicationAdministration],
    together: Sequence[frozenset[str]],
) -> Iterator[Danger]:
    """Every new dose against every other; what is doubled already is not said a second time."""
    told: set[frozenset[str]] = set()
    for dose in new:
        for other in standing:
            pair = frozenset((dose.id, other.id))
            if len(pair) == 1 or pair in told or any(pair <= one for one in together):
                continue
            told.add(pair)
            first, second = sorted((dose, other), key=lambda one: (_taken(around, one), one.id))
            gap = _taken(around, second) - _taken(around, first)
            if gap < _least(around, first, second):
                subject = (around.patient_id, around.group_code, day_unit(second.day))
                found = (first, second)
                yield Danger(INTERVAL, subject, _ids(found), _authors(found))


def _taken(around: Surroundings, dose: MedicationAdministration) -> datetime:
    return intake_at(around.group, dose)


def _least(
    around: Surroundings, first: MedicationAdministration, second: MedicationAdministration
) -> timedelta:
    """Return the least time between two doses, as `readiness` asks for it before they are given."""
    days, parts = around.group.between_days.least, around.group.between_parts.least
    if first.injection is not None or second.injection is not None:
        return days
    orders = around.orders_at(max(first.given_at, second.given_at))
    there, here = slots(orders, first.day), slots(orders, second.day)
    both = {slot.key for slot in (*there, *here)}
    if not {first.slot, second.slot} <= both:
        known = {order.id for order in orders}
        return days if {first.request_id, second.request_id} & known else timedelta()
    if (first.day, first.part) == (second.day, second.part):
        return timedelta()  # parallel orders that plan the same part
    if first.day == second.day and first.take_home and second.take_home:
        return timedelta()  # nobody saw either of them taken, and the plan keeps them apart
    several = any(len({slot.key.part for slot in day}) > 1 for day in (there, here))
    return parts if several else days


# --- one dose by itself


def _of_one(
    around: Surroundings,
    standing: Sequence[MedicationAdministration],
    dose: MedicationAdministration,
) -> Iterator[Danger]:
    me = (dose.author_id,)
    if dose.forced is not None:
        beside = [other for other in standing if _bears_on(dose, other)]
        subject = dose.take_home.supply_id if dose.take_home is not None else dose.id
        evidence = tuple(dict.fromkeys((dose.id, *(other.id for other in beside))))
        yield Danger(FORCED, (subject,), evidence, me)
    elif _held_by_other(around, dose):
        code = RETROSPECTIVE_COLLISION if dose.retrospective else UNCLAIMED
        yield Danger(code, (dose.id,), (dose.id,), me)
    if _is_superseded(around, dose):
        yield Danger(SUPERSEDED_ORDER, (dose.id,), (dose.id,), me)


def _bears_on(dose: MedicationAdministration, other: MedicationAdministration) -> bool:
    if dose.injection is not None or other.injection is not None:
        return (
            dose.injection is not None
            and other.injection is not None
            and dose.injection.occurrence == other.injection.occurrence
        )
    return dose.day == other.day


def _held_by_other(around: Surroundings, dose: MedicationAdministration) -> bool:
    me = (dose.device_id, dose.author_id)
    for unit in _units(around, dose):
        claim = around.claims.get(claim_id(around.patient_id, around.group_code, unit))
        if claim is None or claim.state not in (ClaimState.HELD, ClaimState.UNKNOWN):
            continue
        if (claim.holder_device_id, claim.holder_id) != me:
            return True
    return False


def units(dose: MedicationAdministration, service_day_begins: time) -> tuple[str, ...]:
    """Return the units whose claims a dose that was given bears on."""
    if dose.injection is None:
        return (day_unit(dose.day),)
    given = service_day(dose.given_at, service_day_begins)
    return (occurrence_unit(dose.injection.occurrence), day_unit(given))


def _units(around: Surroundings, dose: MedicationAdministration) -> tuple[str, ...]:
    return units(dose, around.service_day_begins)


def _is_superseded(around: Surroundings, dose: MedicationAdministration) -> bool:
    if dose.forced is not None and _ORDER_CODES & set(dose.forced.findings):
        return False  # the giver knew, and the forced handout is looked at
    orders = around.orders_at(dose.given_at)
    order = next((one for one in orders if one.id == dose.request_id), None)
    if order is None:
        return False
    day = dose.day
    if dose.injection is not None:
        day = service_day(dose.given_at, around.service_day_begins)
    stopped = order.stopped_on is not None and day >= order.stopped_on
    return stopped or order.on_hold or dose.request_revision < order.revision


_ORDER_CODES: Final = frozenset(
    code.value for code in (Code.ORDER_CHANGED, Code.STOPPED, Code.ON_HOLD)
)


# --- small helpers


def _double(
    around: Surroundings,
    unit: str,
    doses: Sequence[MedicationAdministration],
    collected: Sequence[PharmacyReport] = (),
) -> Danger:
    evidence = (*_ids(doses), *(report.id for report in collected))
    authors = (*_authors(doses), *(report.author_id for report in collected))
    return Danger(
        DOUBLE_HANDOUT,
        (around.patient_id, around.group_code, unit),
        evidence,
        tuple(dict.fromkeys(authors)),
    )


def _slot_subject(key: SlotKey) -> tuple[str, ...]:
    return (key.patient_id, key.request_id, key.day.isoformat(), key.part.value)


def _newest(reports: Iterable[PharmacyReport], day: date) -> list[PharmacyReport]:
    found = [report for report in reports if report.day == day]
    return [max(found, key=lambda report: (report.recorded_at, report.id))] if found else []


def _ids(doses: Iterable[MedicationAdministration]) -> tuple[str, ...]:
    return tuple(sorted(dose.id for dose in doses))


def _authors(doses: Iterable[MedicationAdministration]) -> tuple[str, ...]:
    """In the order of the ids, as the evidence stands."""
    return tuple(dict.fromkeys(d.author_id for d in sorted(doses, key=lambda one: one.id)))
