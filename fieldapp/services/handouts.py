"""The act of handing out, and taking it back.

Whatever the screen has shown: the light is judged again here, inside the transaction that writes,
by the same rule (`fieldapp.domain.readiness`), and behind it stands the schema.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from fieldapp.domain import depots, handout_checks
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import service_day
from fieldapp.domain.medication import (
    ClaimUse,
    CoSignature,
    Force,
    HandoutError,
    HandoutStatus,
    IdentityCheck,
    Injection,
    Intake,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    OtherDose,
    Part,
    Slot,
    SlotKey,
    SupplyUse,
    TakeHome,
    slots,
)
from fieldapp.domain.proposals import Proposal
from fieldapp.domain.readiness import Verdict, judge
from fieldapp.domain.rights import Right, may
from fieldapp.domain.supply import SupplyError
from fieldapp.services import reference, register, situations, trusted_time
from fieldapp.services.rights import needs, require
from fieldapp.services.session import Session, UnitOfWork
from fieldapp.store import claims as store_claims
from fieldapp.store import drafts, records
from fieldapp.store import medication as store
from fieldapp.store.db import IntegrityError

_TAKEN_HOME: Final = uuid.UUID("6a4d1c1e-5d0b-4b57-8a83-0d2f5f3f7b21")
_OF_SCHEMA: Final = {"slot_already_given": "slot_already_given", "dose_not_claimed": "not_claimed"}


@dataclass(frozen=True, slots=True)
class HandoutEntry:
    """What the giver has said about one slot. ``id`` becomes the event's id.

    ``given_at`` is None for "now". ``retrospective`` records what has already happened, always with
    a ``reason_text``. ``request_revision`` is the revision of the order that the giver saw, None
    for the present one.

    ``take_home_days`` are the days after the slot's own whose doses are handed out with it, and
    ``take_home_parts`` the later parts of its own day that the order has go home; each becomes an
    event of its own. ``bottles`` and ``empties_returned`` belong to them. ``supply`` is
    what the dose of the slot took out of which ledger; those taken home come from the same one.
    ``forced`` makes it an emergency handout.
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
    take_home_days: tuple[date, ...] = ()
    take_home_parts: tuple[Part, ...] = ()
    bottles: int | None = None
    empties_returned: int | None = None
    intake: Intake | None = None
    other_dose: OtherDose | None = None
    other_dose_text: str = ""
    witness: CoSignature | None = None
    forced: Force | None = None
    injection: Injection | None = None
    supply: SupplyUse | None = None
    sheet_id: str | None = None
    prescriber_contact: str = ""
    taken_home_with: str | None = None
    """Of one dose from a paper sheet: the event that it was handed over with."""


def record(session: Session, entry: HandoutEntry) -> ChangeSet:
    """Record a handout, given or not. The same entry sent twice is one event.

    Raises HandoutError; nothing is written then. Whoever writes care may record what was given
    before, on paper or in another role; to give now needs the right to.
    """
    require(session, Right.RECORD_CARE if entry.retrospective else Right.HAND_OUT)
    try:
        with session.write() as unit:
            if records.exists(session.database, MedicationAdministration, entry.id):
                return unit.changes(entry.id)
            for event in _Act(unit, entry).events():
                unit.save(event, event.status.value)
                if event.supply is not None:
                    register.hand_out(unit, event, event.supply)
            drafts.delete(session.database, entry.id)
    except IntegrityError as error:
        # The schema's own guard, in case the rule above ever fails to see what stands in the way.
        code = next((code for name, code in _OF_SCHEMA.items() if name in str(error)), None)
        if code is None:
            raise
        raise HandoutError(code) from None
    session.settle()
    return unit.changes(entry.id)


class _Act:
    """One handing-over being worked out: what is known, and the events that come of it."""

    def __init__(self, unit: UnitOfWork, entry: HandoutEntry) -> None:
        self._unit = unit
        self._session = unit.session
        self._entry = entry
        self._order = order_of(self._session, entry.slot)
        code = situations.group_of(self._order)
        found = situations.situation(self._session, entry.slot.patient_id, code)
        self._now = found.now or unit.now
        self._situation = found
        self._group_code = code

    def events(self) -> list[MedicationAdministration]:
        """Return what is to be written, in order. Raises HandoutError."""
        entry = self._entry
        slot = self._own_slot()
        first = self._first_event(slot)
        handout_checks.check_handout(
            first,
            slot,
            self._situation.group,
            self._now,
            same_moment=reference.handout().same_moment.length,
        )
        home = self._slots_taken_home(slot)
        verdicts: list[Verdict] = []
        written: list[MedicationAdministration] = []
        for planned in [slot, *home]:
            # Each dose is judged with those before it as if they were written already.
            known = replace(
                self._situation,
                now=self._judged_at(first.given_at),
                events=[*self._situation.events, *written],
            )
            ahead = slot.key.day if planned is not slot else None
            verdict = judge(situations.for_slot(known, planned), planned, handed_out_on=ahead)
            verdicts.append(verdict)
            event = first if planned is slot else self._taken_home(first, planned)
            written.append(replace(event, claim=_claim_use(verdict)))
        if entry.status is HandoutStatus.GIVEN and not entry.retrospective:
            right = may(self._session.user.role, Right.FORCE_HANDOUT)
            handout_checks.check_light(verdicts, entry.forced, may_force=right)
        return _with_bottles(written, entry.bottles, entry.empties_returned)

    def _judged_at(self, given_at: datetime) -> datetime | None:
        """Return the time given: some minutes ago it may still have been too early."""
        return None if self._situation.now is None else given_at

    # --- which doses

    def _own_slot(self) -> Slot:
        entry, order = self._entry, self._order
        if order.is_depot:
            return self._injection_slot()
        planned = next(
            (one for one in slots([order], entry.slot.day) if one.key == entry.slot), None
        )
        if planned is not None:
            return planned
        # Not planned: `judge` says so, and only an emergency or a record of the past goes on.
        return Slot(entry.slot, order, entry.dose_mg or Decimal(0))

    def _injection_slot(self) -> Slot:
        entry = self._entry
        given = depots.injections(self._situation.events, self._situation.reopened)
        due = depots.next_slot(self._order, given)
        if due is None:
            raise HandoutError("not_planned")
        if entry.retrospective and entry.injection is not None:
            return replace(due, key=entry.slot, occurrence=entry.injection.occurrence)
        if entry.status is HandoutStatus.GIVEN and due.key != entry.slot:
            # Somebody's injection has moved the due day since the form was opened.
            raise HandoutError("not_planned")
        return due

    def _slots_taken_home(self, slot: Slot) -> list[Slot]:
        entry = self._entry
        if not entry.take_home_days and not entry.take_home_parts:
            return []
        if entry.status is not HandoutStatus.GIVEN:
            raise HandoutError("dose_on_not_given")
        first = slot.key.day
        if entry.retrospective:
            handout_checks.check_days(self._order, first, entry.take_home_days)
        else:
            handout_checks.check_take_home(
                self._order, first, entry.take_home_days, witnessed=entry.witnessed
            )
            handout_checks.check_take_home_parts(
                self._order, slot.key, entry.take_home_parts, witnessed=entry.witnessed
            )
            handout_checks.check_bottles(entry.bottles, entry.empties_returned)
        today = [self._slot_of_part(slot, part) for part in entry.take_home_parts]
        return today + [one for day in entry.take_home_days for one in self._slots_of(slot, day)]

    def _slot_of_part(self, slot: Slot, part: Part) -> Slot:
        key = replace(slot.key, part=part)
        planned = slots([self._order], key.day)
        # What has happened is recorded, whether or not the order planned it.
        return next((one for one in planned if one.key == key), replace(slot, key=key))

    def _slots_of(self, slot: Slot, day: date) -> list[Slot]:
        planned = slots([self._order], day)
        if planned:
            return planned
        if self._entry.retrospective:
            # It was handed out although no order planned it.
            return [replace(slot, key=replace(slot.key, day=day))]
        raise HandoutError("take_home_days_wrong")

    # --- which events

    def _first_event(self, slot: Slot) -> MedicationAdministration:
        entry, unit, order = self._entry, self._unit, self._order
        given_at = entry.given_at or self._now
        return MedicationAdministration(
            id=entry.id,
            patient_id=entry.slot.patient_id,
            request_id=entry.slot.request_id,
            request_revision=(
                order.revision if entry.request_revision is None else entry.request_revision
            ),
            day=entry.slot.day,
            part=entry.slot.part,
            status=entry.status,
            given_at=given_at,
            recorded_at=unit.now,
            author_id=self._session.user.id,
            device_id=self._session.device_id,
            sequence=unit.next_sequence(),
            dose_mg=entry.dose_mg,
            dose_ml=None if entry.dose_mg is None else order.volume_ml(entry.dose_mg),
            witnessed=entry.witnessed,
            identity_check=entry.identity_check,
            observed_state=entry.observed_state,
            reason=entry.reason,
            reason_text=entry.reason_text.strip(),
            retrospective=entry.retrospective,
            encounter_id=entry.encounter_id,
            group=self._group_code,
            witness=entry.witness,
            intake=entry.intake,
            other_dose=entry.other_dose,
            other_dose_text=entry.other_dose_text.strip(),
            forced=entry.forced,
            injection=self._injection(given_at),
            supply=entry.supply,
            sheet_id=entry.sheet_id,
            prescriber_contact=entry.prescriber_contact.strip(),
            take_home=_of_paper(entry),
        )

    def _injection(self, given_at: datetime) -> Injection | None:
        injection = self._entry.injection
        if injection is None or injection.next_due is not None:
            return injection
        given_on = service_day(given_at, self._situation.service_day_begins)
        interval = timedelta(days=self._order.interval_days or 0)
        return replace(injection, next_due=given_on + interval)

    def _taken_home(self, first: MedicationAdministration, slot: Slot) -> MedicationAdministration:
        name = f"{first.id}|{slot.key.day}|{slot.key.part}"
        return replace(
            first,
            id=str(uuid.uuid5(_TAKEN_HOME, name)),
            day=slot.key.day,
            part=slot.key.part,
            sequence=self._unit.next_sequence(),
            dose_mg=slot.dose_mg,
            dose_ml=slot.dose_ml,
            witnessed=False,
            intake=None,
            take_home=TakeHome(first.id),
            supply=self._supply_of(slot),
        )

    def _supply_of(self, slot: Slot) -> SupplyUse | None:
        supply = self._entry.supply
        if supply is None:
            return None
        try:
            return register.use_of(self._order, slot.dose_mg, supply.ledger_id)
        except SupplyError as error:
            raise HandoutError(error.code) from None


def _of_paper(entry: HandoutEntry) -> TakeHome | None:
    if entry.taken_home_with is None or entry.taken_home_with == entry.id:
        return None
    return TakeHome(entry.taken_home_with)


def _claim_use(verdict: Verdict) -> ClaimUse | None:
    claim = verdict.claim
    return None if claim is None else ClaimUse(claim.id, claim.grant)


def _with_bottles(
    events: list[MedicationAdministration], bottles: int | None, empties: int | None
) -> list[MedicationAdministration]:
    """Put the counts of the whole handing-over on the first dose that is taken home."""
    for position, event in enumerate(events):
        if event.take_home is not None:
            counted = replace(event.take_home, bottles=bottles, empties_returned=empties)
            events[position] = replace(event, take_home=counted)
            break
    return events


@needs(Right.READ_PATIENTS)
def order_of(session: Session, key: SlotKey) -> MedicationRequest:
    """Return the order of a slot. Raises HandoutError when it is not on this laptop."""
    request = records.get(session.database, MedicationRequest, key.request_id)
    if request is None or request.patient_id != key.patient_id:
        raise HandoutError("not_planned")
    return request


# --- taking back


@needs(Right.READ_PATIENTS)
def can_reopen(session: Session, event_id: str) -> bool:
    """True while a dose can be taken back so that its slot opens again: `reverse` would do it."""
    event = records.get(session.database, MedicationAdministration, event_id)
    return event is not None and _reopens(session, event)


@needs(Right.RECORD_CARE)
def reverse(session: Session, event_id: str, reason: str) -> ChangeSet:
    """Write "never happened" of an event, by a counter-entry with a reason.

    The event itself stays. A dose can be taken back by its giver only, in the same store, while
    that holds the claim, and before the dose has left the laptop; its slot is open again then.
    Otherwise HandoutError too_late_to_reverse: `propose_reversal` is left. Raises HandoutError.
    """
    with session.write() as unit:
        entry = _reverse(unit, event_id, reason)
    session.settle()
    return unit.changes(entry.id)


@needs(Right.RECORD_CARE)
def reverse_handing_over(session: Session, event_id: str, reason: str) -> ChangeSet:
    """Take back an event with all that was handed out beside it, or nothing of it.

    `event_id` is any event of the handing-over. Raises HandoutError as `reverse` does.
    """
    with session.write() as unit:
        entries = [_reverse(unit, one, reason) for one in _together(session, event_id)]
    session.settle()
    return unit.changes(entries[0].id)


@needs(Right.RECORD_CARE)
def propose_reversal(session: Session, event_id: str, reason: str) -> ChangeSet:
    """Ask the office to decide that a dose never happened; until then its slot stays closed.

    Raises HandoutError for an event that is not here, was taken back, or without a reason.
    """
    with session.write() as unit:
        target = records.get(session.database, MedicationAdministration, event_id)
        if target is None or target.status is HandoutStatus.ENTERED_IN_ERROR:
            raise HandoutError("nothing_to_reverse")
        if not reason.strip():
            raise HandoutError("reason_missing")
        proposal = Proposal(
            id=session.new_id(),
            patient_id=target.patient_id,
            target_kind="medication_administration",
            target_id=target.id,
            author_id=session.user.id,
            proposed_at=unit.now,
            reason=reason.strip(),
            values={"never_happened": True},
        )
        unit.save(proposal, "propose")
    return unit.changes(proposal.id)


def _reverse(unit: UnitOfWork, event_id: str, reason: str) -> MedicationAdministration:
    session = unit.session
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
        given_at=trusted_time.now(session) or unit.now,
        recorded_at=unit.now,
        author_id=session.user.id,
        device_id=session.device_id,
        sequence=unit.next_sequence(),
        reason_text=reason.strip(),
        reverses=target.id,
        group=target.group,
        reopens=_reopens(session, target),
    )
    events = store.events_on_day(session.database, target.patient_id, target.day)
    handout_checks.check_reversal(counter_entry, target, events)
    if target.status is HandoutStatus.GIVEN and not counter_entry.reopens:
        raise HandoutError("too_late_to_reverse", target.id)
    unit.save(counter_entry, "reverse")
    register.take_back(unit, counter_entry)
    return counter_entry


def _reopens(session: Session, event: MedicationAdministration) -> bool:
    own = situations.own_store(session)
    if event.status is not HandoutStatus.GIVEN or event.claim is None:
        return False
    if (event.device_id, event.author_id) != (own.device_id, own.practitioner_id):
        return False
    held = {claim.id: claim.grant for claim in store_claims.held(session.database, own)}
    if held.get(event.claim.claim_id) != event.claim.grant:
        return False
    return store.was_never_offered(session.database, event.id)


def _together(session: Session, event_id: str) -> list[str]:
    """Return the ids of what was handed out together with an event, itself included."""
    event = records.get(session.database, MedicationAdministration, event_id)
    if event is None:
        raise HandoutError("nothing_to_reverse")
    first = event.id if event.take_home is None else event.take_home.supply_id
    home = store.events_of_supply(session.database, event.patient_id, first)
    return [first, *(one.id for one in sorted(home, key=lambda one: one.sequence))]


@needs(Right.READ_PATIENTS)
def store_events(session: Session, ids: Iterable[str]) -> list[MedicationAdministration]:
    """Return these events as they stand in the store, as far as they are here."""
    return store.events_by_ids(session.database, ids)
