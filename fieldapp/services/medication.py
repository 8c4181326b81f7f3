"""Handing out medicine, the front door: the round, the light of each dose, and looking back.

The act stands in `fieldapp.services.handouts`, what is known of a patient in `situations`, the
injections in `depots`; all of it is reached through this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.claims import Claim, day_unit, occurrence_unit
from fieldapp.domain.collation import sort_key
from fieldapp.domain.depots import given_on
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import (
    PART_ORDER,
    HandoutError,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    Slot,
    effective,
    slots,
    standing_in_slot,
)
from fieldapp.domain.patients import Flag, Patient, Place, Role
from fieldapp.domain.readiness import Code, Finding, Light, Situation, Verdict
from fieldapp.domain.rights import Right
from fieldapp.services import conflicts, lease, people, witness
from fieldapp.services.corrections import MarkView, Veil
from fieldapp.services.depots import DepotDue, all_due, depot_due
from fieldapp.services.handouts import (
    HandoutEntry,
    can_reopen,
    propose_reversal,
    record,
    reverse,
    reverse_handing_over,
    store_events,
)
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.services.situations import (
    group_of,
    judged_on,
    service_day,
    situation,
    verdict,
)
from fieldapp.services.witness import Standing
from fieldapp.store import claims as store_claims
from fieldapp.store import medication as store
from fieldapp.store import patients as store_patients

__all__ = [
    "Code",
    "DepotDue",
    "Finding",
    "HandoutEntry",
    "HandoutError",
    "HandoutView",
    "Light",
    "PlannedUnit",
    "RoundPatient",
    "RoundSlot",
    "Situation",
    "Verdict",
    "can_reopen",
    "day_slots",
    "depot_due",
    "group_of",
    "history",
    "orders_of",
    "planned_units_of",
    "propose_reversal",
    "record",
    "reverse",
    "reverse_handing_over",
    "round_for",
    "service_day",
    "situation",
    "store_events",
    "verdict",
]

PlannedUnit = tuple[Patient, str, str, tuple[Slot, ...], Verdict, Claim | None]
"""(patient, substance group, unit, doses, gravest verdict, the claim that stands)."""


@dataclass(frozen=True, slots=True)
class RoundSlot:
    """A planned dose, what stands recorded in it, and the last dose of the same substance group.

    ``last_given`` may belong to another order (a former one, or the same medicine in another
    strength); ``last_given_order`` is that order then, and None when it is the slot's own.
    ``verdict`` is the light as things stood when this was read.
    """

    slot: Slot
    standing: tuple[MedicationAdministration, ...]
    last_given: MedicationAdministration | None
    last_given_order: MedicationRequest | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class RoundPatient:
    """A patient of the round with the doses of the day in order."""

    patient: Patient
    flags_severe: tuple[Flag, ...]
    slots: tuple[RoundSlot, ...]


@dataclass(frozen=True, slots=True)
class HandoutView:
    """An event as history shows it. ``request`` is None when the order is not on this laptop."""

    event: MedicationAdministration
    author_name: str
    reversed_by: MedicationAdministration | None
    request: MedicationRequest | None
    witness: Standing = Standing.NONE
    """How its second person stands."""
    mark: MarkView | None = None
    """How it stands where somebody said that it is on the wrong patient."""
    hidden: bool = False
    """Then nothing but its day and that it counts is shown."""


# --- the round


@needs(Right.READ_PATIENTS)
def round_for(session: Session, day: date, *, only_mine: bool = True) -> list[RoundPatient]:
    """The patients with doses on ``day``, in Norwegian order.

    ``only_mine``: those whom this person follows, at the places where this person hands out;
    otherwise everybody on this laptop whose medicine the team hands out.
    """
    found = lease.narrowed(
        session,
        Area.ORDERS,
        _day_slots(session, day, only_mine=only_mine),
        lambda entry: entry[0].id,
    )
    flags = conflicts.with_severe(
        session, store_patients.severe_flags(session.database, {patient.id for patient, _ in found})
    )
    per_patient: dict[str, list[RoundSlot]] = {}
    patients: dict[str, Patient] = {}
    for patient, entry in found:
        patients[patient.id] = patient
        per_patient.setdefault(patient.id, []).append(entry)
    rows = [
        RoundPatient(patients[patient_id], flags[patient_id], tuple(entries))
        for patient_id, entries in per_patient.items()
    ]
    return sorted(rows, key=lambda row: (sort_key(row.patient.name), row.patient.id))


@needs(Right.READ_PATIENTS)
def day_slots(session: Session, day: date) -> list[tuple[Patient, RoundSlot]]:
    """This person's doses of the day, by part of the day and then name."""
    found = lease.narrowed(
        session,
        Area.ORDERS,
        _day_slots(session, day, only_mine=True),
        lambda entry: entry[0].id,
    )
    found.sort(
        key=lambda entry: (
            PART_ORDER[entry[1].slot.key.part],
            sort_key(entry[0].name),
            entry[1].slot.key,
        )
    )
    return found


def _day_slots(session: Session, day: date, *, only_mine: bool) -> list[tuple[Patient, RoundSlot]]:
    database = session.database
    patients, places = _whose(session, only_mine=only_mine)
    orders = _orders_of(session, patients)
    events = store.events_on(database, day)
    planned = _planned_on(orders, places, day)
    planned += _injection_slots(orders, places, _due_injections(session, orders), events, day)
    related = {
        slot.key.request_id: [
            order
            for order in orders[slot.key.patient_id]
            if group_of(order) == group_of(slot.request)
        ]
        for slot in planned
    }
    looked_up = {order.id: order for found in related.values() for order in found}
    doses = list(store.last_given(database, looked_up.values(), day).values())
    doses += [event for event in effective(events) if event.status is HandoutStatus.GIVEN]
    lights = judged_on(session, planned)
    return [
        (
            patients[slot.key.patient_id],
            _round_slot(slot, related[slot.key.request_id], doses, events, lights[slot]),
        )
        for slot in planned
    ]


def _whose(session: Session, *, only_mine: bool) -> tuple[dict[str, Patient], frozenset[Place]]:
    if only_mine:
        return store_patients.assigned_to(session.database, session.user.id), _places_of(session)
    everybody = {patient.id: patient for patient in store_patients.active(session.database)}
    return everybody, frozenset({Place.HOME, Place.HANDOUT_POINT})


def _orders_of(session: Session, patient_ids: Iterable[str]) -> dict[str, list[MedicationRequest]]:
    orders: dict[str, list[MedicationRequest]] = {}
    for request in store.requests_of(session.database, patient_ids):
        orders.setdefault(request.patient_id, []).append(request)
    return orders


def _planned_on(
    orders: dict[str, list[MedicationRequest]], places: frozenset[Place], day: date
) -> list[Slot]:
    return slots((order for own in orders.values() for order in own if order.place in places), day)


def _due_injections(session: Session, orders: dict[str, list[MedicationRequest]]) -> list[DepotDue]:
    with_depot = [who for who, own in orders.items() if any(order.is_depot for order in own)]
    return all_due(session, sorted(with_depot)) if with_depot else []


def _injection_slots(
    orders: dict[str, list[MedicationRequest]],
    places: frozenset[Place],
    all_that_are_due: Iterable[DepotDue],
    events: Iterable[MedicationAdministration],
    day: date,
) -> list[Slot]:
    """The injections that may be given on a day, and those that were given on it."""
    depots = {order.id: order for own in orders.values() for order in own if order.is_depot}
    due = [
        found.slot
        for found in all_that_are_due
        if found.slot.request.place in places and found.is_due_on(day)
    ]
    # An injection stands in the slot of its due day, which may be another than the day it is given.
    given = [
        Slot(
            event.slot,
            depots[event.request_id],
            event.dose_mg or depots[event.request_id].doses[0].dose_mg,
            occurrence=event.injection.occurrence,
        )
        for event in effective(events)
        if event.injection is not None and event.request_id in depots and given_on(event) == day
    ]
    here = {slot.key for slot in due}
    return due + [slot for slot in given if slot.key not in here]


def _round_slot(
    slot: Slot,
    related: Iterable[MedicationRequest],
    doses: Iterable[MedicationAdministration],
    events: Iterable[MedicationAdministration],
    light: Verdict,
) -> RoundSlot:
    """Put a slot together with the dose before it, under whichever order that was given.

    ``doses`` are the last ones of earlier days and all of this day, also in slots that a changed
    order does not plan any more.
    """
    standing = tuple(standing_in_slot(slot.key, events))
    own = next((event for event in standing if event.status is HandoutStatus.GIVEN), None)
    orders = {order.id: order for order in related}
    before = [
        dose
        for dose in doses
        if dose.request_id in orders
        and dose.slot != slot.key
        and (own is None or dose.given_at < own.given_at)
    ]
    last = max(before, key=lambda dose: (dose.day, dose.given_at), default=None)
    if last is None or last.request_id == slot.key.request_id:
        return RoundSlot(slot, standing, last, verdict=light)
    return RoundSlot(slot, standing, last, orders[last.request_id], light)


def _places_of(session: Session) -> frozenset[Place]:
    if session.user.role is Role.LAR_STAFF:
        return frozenset({Place.HOME, Place.HANDOUT_POINT})
    return frozenset({Place.HOME})


@needs(Right.READ_PATIENTS)
@lease.reads(Area.ORDERS)
def orders_of(session: Session, patient_id: str) -> list[MedicationRequest]:
    """Return a patient's orders, past ones too."""
    return store.requests_of(session.database, [patient_id])


# --- what a day of the round takes


@needs(Right.READ_PATIENTS)
def planned_units_of(session: Session, days: Sequence[date]) -> dict[date, list[PlannedUnit]]:
    """Return the same of several days; the store is read once for all of them."""
    if not days:
        return {}
    patients, places = _whose(session, only_mine=True)
    orders = _orders_of(session, patients)
    due = _due_injections(session, orders)
    have_depots = any(order.is_depot for own in orders.values() for order in own)
    planned: dict[date, list[Slot]] = {}
    for day in days:
        events = store.events_on(session.database, day) if have_depots else []
        injections = _injection_slots(orders, places, due, events, day)
        planned[day] = _planned_on(orders, places, day) + injections
    lights = judged_on(session, [slot for found in planned.values() for slot in found])
    whose = {slot.key.patient_id for slot in lights}
    standing = {claim.id: claim for claim in store_claims.standing_of(session.database, whose)}
    return {
        day: _as_units(patients, standing, day, {slot: lights[slot] for slot in found})
        for day, found in planned.items()
    }


def _as_units(
    patients: Mapping[str, Patient],
    standing: Mapping[str, Claim],
    day: date,
    lights: Mapping[Slot, Verdict],
) -> list[PlannedUnit]:
    grouped: dict[tuple[str, str, str], list[Slot]] = {}
    for slot in lights:
        units = [day_unit(day)]
        if slot.occurrence is not None:
            units.append(occurrence_unit(slot.occurrence))
        for unit in units:
            key = (slot.key.patient_id, group_of(slot.request), unit)
            grouped.setdefault(key, []).append(slot)
    found = [
        (
            patients[patient_id],
            group,
            unit,
            tuple(own),
            _gravest([lights[slot] for slot in own]),
            standing.get(store_claims.Name(patient_id, group, unit).claim_id),
        )
        for (patient_id, group, unit), own in grouped.items()
    ]
    return sorted(found, key=lambda one: (sort_key(one[0].name), one[0].id, one[1], one[2]))


def _gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the gravest light of some doses, leaving aside that their day has not begun."""
    found = [_without_the_hour(verdict) for verdict in verdicts]
    order = [Light.RED, Light.AMBER, Light.GREEN]
    return min(found, key=lambda one: order.index(one.light))


def _without_the_hour(light: Verdict) -> Verdict:
    findings = tuple(one for one in light.findings if one.code is not Code.NOT_SERVED_NOW)
    lights = {one.code.light for one in findings}
    worst = next((one for one in (Light.RED, Light.AMBER) if one in lights), Light.GREEN)
    return Verdict(worst, findings, light.warn_missed, light.claim)


# --- looking back


@needs(Right.READ_PATIENTS)
@lease.reads(Area.HANDOUTS)
def history(session: Session, patient_id: str, limit: int = 100) -> list[HandoutView]:
    """The newest events of a patient first; one that was taken back shows its counter-entry."""
    database = session.database
    events = store.history(database, patient_id, limit)
    counter_entries = store.counter_entries(database, [event.id for event in events])
    requests = {request.id: request for request in store.requests_of(database, [patient_id])}
    names = people.names(session)
    signed = witness.statements(session, [event.id for event in events])
    veil = Veil(session, patient_id)
    return [
        HandoutView(
            event=event,
            author_name=names.get(event.author_id, ""),
            reversed_by=counter_entries.get(event.id),
            request=requests.get(event.request_id),
            witness=witness.standing_of(event, signed),
            mark=veil.view("medication_administration", event.id, event.author_id),
            hidden=veil.hides("medication_administration", event.id, event.author_id),
        )
        for event in events
    ]
