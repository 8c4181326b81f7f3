"""Handing out medicine: the round, the act, its counter-entry, and days without medicine.

A dose is stopped from being given twice by ``fieldapp.domain.medication`` and, behind it, by the
schema. What has already happened can always be recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from fieldapp.clock import OSLO
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.collation import sort_key
from fieldapp.domain.medication import (
    PART_ORDER,
    HandoutError,
    HandoutStatus,
    IdentityCheck,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    Part,
    Slot,
    SlotKey,
    check_handout,
    effective,
    same_treatment,
    slots,
    standing_in_slot,
)
from fieldapp.domain.missed_days import LONGEST, days_without
from fieldapp.domain.patients import Flag, Patient, Place, Role
from fieldapp.domain.reference import DayThreshold
from fieldapp.services import conflicts, people, reference
from fieldapp.services.session import NotFoundError, Session, UnitOfWork
from fieldapp.store import drafts, records
from fieldapp.store import medication as store
from fieldapp.store import patients as store_patients
from fieldapp.store.db import IntegrityError

DAY_CHANGES_AT = time(2)
"""Local time at which the round moves on: a dose of the night may be given just after midnight."""


@dataclass(frozen=True, slots=True)
class HandoutEntry:
    """What the giver has said about one slot. ``id`` becomes the event's id.

    ``given_at`` is None for "now". ``retrospective`` records what has already happened.
    ``request_revision`` is the revision of the order that the giver saw, None for the present one.
    """

    id: str
    slot: SlotKey
    status: HandoutStatus
    dose_mg: Decimal | None = None
    witnessed: bool = False
    identity_check: IdentityCheck | None = None
    observed_state: ObservedState | None = None
    reason: str | None = None
    reason_text: str = ""
    given_at: datetime | None = None
    retrospective: bool = False
    encounter_id: str | None = None
    request_revision: int | None = None


@dataclass(frozen=True, slots=True)
class RoundSlot:
    """A planned dose, what stands recorded in it, and the last dose of the same treatment.

    ``last_given`` may belong to another order (a former one, or the same medicine in another
    strength); ``last_given_order`` is that order then, and None when it is the slot's own.
    """

    slot: Slot
    standing: tuple[MedicationAdministration, ...]
    last_given: MedicationAdministration | None
    last_given_order: MedicationRequest | None = None


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


@dataclass(frozen=True, slots=True)
class MissedDays:
    """Days in a row without medicine, and the thresholds with their sources."""

    count: int
    warn: DayThreshold
    stop: DayThreshold

    @property
    def should_warn(self) -> bool:
        """True when the prescriber is to be contacted."""
        return self.count >= self.warn.days

    @property
    def should_stop(self) -> bool:
        """True when the treatment must be assessed again before a dose is given."""
        return self.count >= self.stop.days


# --- the round


def service_day(session: Session) -> date:
    """The day whose doses are handed out now.

    Until ``DAY_CHANGES_AT`` it is still yesterday for those who hand out doses of the night.
    """
    today = session.today()
    if not _small_hours(session):
        return today
    yesterday = today - timedelta(days=1)
    planned = _day_slots(session, yesterday, only_mine=True)
    has_night = any(entry.slot.key.part is Part.NIGHT for _, entry in planned)
    return yesterday if has_night else today


def _small_hours(session: Session) -> bool:
    return session.clock.now().astimezone(OSLO).time() < DAY_CHANGES_AT


def round_for(session: Session, day: date, *, only_mine: bool = True) -> list[RoundPatient]:
    """The patients with doses on ``day``, in Norwegian order.

    ``only_mine``: those whom this person follows, at the places where this person hands out;
    otherwise everybody on this laptop whose medicine the team hands out.
    """
    found = _day_slots(session, day, only_mine=only_mine)
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


def day_slots(session: Session, day: date) -> list[tuple[Patient, RoundSlot]]:
    """This person's doses of the day, by part of the day and then name."""
    found = _day_slots(session, day, only_mine=True)
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
    if only_mine:
        patients = store_patients.assigned_to(database, session.user.id)
        places = _places_of(session)
    else:
        patients = {patient.id: patient for patient in store_patients.active(database)}
        places = frozenset({Place.HOME, Place.HANDOUT_POINT})
    orders: dict[str, list[MedicationRequest]] = {}
    for request in store.requests_of(database, patients):
        orders.setdefault(request.patient_id, []).append(request)
    planned = slots(
        (order for own in orders.values() for order in own if order.place in places), day
    )
    related = {
        slot.key.request_id: [
            order for order in orders[slot.key.patient_id] if same_treatment(order, slot.request)
        ]
        for slot in planned
    }
    looked_up = {order.id: order for found in related.values() for order in found}
    doses = list(store.last_given(database, looked_up.values(), day).values())
    events = store.events_on(database, day)
    doses += [event for event in effective(events) if event.status is HandoutStatus.GIVEN]
    return [
        (
            patients[slot.key.patient_id],
            _round_slot(slot, related[slot.key.request_id], doses, events),
        )
        for slot in planned
    ]


def _round_slot(
    slot: Slot,
    related: Iterable[MedicationRequest],
    doses: Iterable[MedicationAdministration],
    events: Iterable[MedicationAdministration],
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
        return RoundSlot(slot, standing, last)
    return RoundSlot(slot, standing, last, orders[last.request_id])


def _places_of(session: Session) -> frozenset[Place]:
    if session.user.role is Role.LAR_STAFF:
        return frozenset({Place.HOME, Place.HANDOUT_POINT})
    return frozenset({Place.HOME})


# --- the act


def record(session: Session, entry: HandoutEntry) -> ChangeSet:
    """Record a handout, given or not. The same entry sent twice is one event.

    Raises HandoutError; nothing is written then.
    """
    try:
        with session.write() as unit:
            if records.exists(session.database, MedicationAdministration, entry.id):
                return unit.changes(entry.id)
            request = _request(session, entry.slot)
            event = _event(unit, entry, request)
            _check_day(session, event)
            check_handout(event, request, store.events_of_slot_family(session.database, event))
            unit.save(event, event.status.value)
            drafts.delete(session.database, entry.id)
    except IntegrityError as error:
        # The schema's own guard, in case the rule above ever fails to see the other event.
        if "slot_already_given" not in str(error):
            raise
        raise HandoutError("slot_already_given") from None
    session.settle()
    return unit.changes(entry.id)


def reverse(session: Session, event_id: str, reason_text: str) -> ChangeSet:
    """Take back an event that was recorded by mistake, by a counter-entry with a reason.

    The event itself stays as it is; its slot is open again. Raises HandoutError.
    """
    with session.write() as unit:
        target = records.get(session.database, MedicationAdministration, event_id)
        if target is None:
            raise HandoutError("nothing_to_reverse")
        counter_entry = MedicationAdministration(
            id=session.new_id(),
            patient_id=target.patient_id,
            request_id=target.request_id,
            request_revision=target.request_revision,
            day=target.day,
            part=target.part,
            status=HandoutStatus.ENTERED_IN_ERROR,
            given_at=unit.now,
            recorded_at=unit.now,
            author_id=session.user.id,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            reason_text=reason_text.strip(),
            reverses=target.id,
        )
        events = store.events_of_slot_family(session.database, target)
        request = _request(session, target.slot)
        check_handout(counter_entry, request, events)
        unit.save(counter_entry, "reverse")
    session.settle()
    return unit.changes(counter_entry.id)


def _event(
    unit: UnitOfWork, entry: HandoutEntry, request: MedicationRequest
) -> MedicationAdministration:
    return MedicationAdministration(
        id=entry.id,
        patient_id=entry.slot.patient_id,
        request_id=entry.slot.request_id,
        request_revision=(
            request.revision if entry.request_revision is None else entry.request_revision
        ),
        day=entry.slot.day,
        part=entry.slot.part,
        status=entry.status,
        given_at=entry.given_at or unit.now,
        recorded_at=unit.now,
        author_id=unit.session.user.id,
        device_id=unit.session.device_id,
        sequence=unit.next_sequence(),
        dose_mg=entry.dose_mg,
        dose_ml=None if entry.dose_mg is None else request.volume_ml(entry.dose_mg),
        witnessed=entry.witnessed,
        identity_check=entry.identity_check,
        observed_state=entry.observed_state,
        reason=entry.reason,
        reason_text=entry.reason_text.strip(),
        retrospective=entry.retrospective,
        encounter_id=entry.encounter_id,
    )


def _check_day(session: Session, event: MedicationAdministration) -> None:
    """A dose is given now in a slot of today, or of yesterday while midnight passes.

    A form that was left open over night must not put this morning's dose on yesterday.
    """
    if event.status is not HandoutStatus.GIVEN or event.retrospective:
        return
    today = session.today()
    oldest = today - timedelta(days=1) if _small_hours(session) else today
    if event.day < oldest:
        raise HandoutError("day_has_passed")
    if event.day > today:
        raise HandoutError("not_planned")


def _request(session: Session, key: SlotKey) -> MedicationRequest:
    request = records.get(session.database, MedicationRequest, key.request_id)
    if request is None or request.patient_id != key.patient_id:
        raise HandoutError("not_planned")
    return request


# --- looking back


def history(session: Session, patient_id: str, limit: int = 100) -> list[HandoutView]:
    """The newest events of a patient first; one that was taken back shows its counter-entry."""
    database = session.database
    events = store.history(database, patient_id, limit)
    counter_entries = store.counter_entries(database, [event.id for event in events])
    requests = {request.id: request for request in store.requests_of(database, [patient_id])}
    names = people.names(session)
    return [
        HandoutView(
            event=event,
            author_name=names.get(event.author_id, ""),
            reversed_by=counter_entries.get(event.id),
            request=requests.get(event.request_id),
        )
        for event in events
    ]


def missed_days(session: Session, patient_id: str, request_id: str, day: date) -> MissedDays:
    """How many days before ``day`` no dose of this order covers. Raises NotFoundError."""
    request = records.get(session.database, MedicationRequest, request_id)
    if request is None or request.patient_id != patient_id:
        raise NotFoundError(request_id)
    # One week more than is counted: a dose handed out weekly covers the days after it.
    since = day - timedelta(days=LONGEST + 7)
    events = store.events_of_request(session.database, patient_id, request_id, since)
    thresholds = reference.handout().missed_days
    return MissedDays(days_without(request, events, day), thresholds.warn, thresholds.stop)
