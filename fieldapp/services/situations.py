"""Gathers what `fieldapp.domain.readiness` judges by: all that is known here of a patient's group.

Everything is read for several patients at once: a round has thirty of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from fieldapp.domain import claims as domain
from fieldapp.domain import depots
from fieldapp.domain.claims import Claim, Store
from fieldapp.domain.corrections import EntryCorrection
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import (
    MedicationAdministration,
    MedicationRequest,
    Slot,
)
from fieldapp.domain.readiness import LONGEST, Pull, Situation, Verdict, judge
from fieldapp.domain.rights import Right
from fieldapp.services import reference, trusted_time
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import claims as store_claims
from fieldapp.store import corrections, state
from fieldapp.store import medication as store
from fieldapp.store import patients as store_patients

Key = tuple[str, str]
"""(patient id, substance group)."""


def own_store(session: Session) -> Store:
    """Return this user on this laptop."""
    return Store(session.device_id, session.user.id)


def moment(session: Session) -> datetime:
    """Return the trusted time, or the machine's own clock where that is all there is."""
    return trusted_time.now(session) or session.clock.now()


def service_day(session: Session) -> date:
    """Return the service day that it is now; it begins by the organisation's rule."""
    return domain.service_day(moment(session), state.rules(session.database).day_begins)


def group_of(request: MedicationRequest) -> str:
    """Return the code of the substance group an order belongs to."""
    return reference.substances().group_code(request)


@needs(Right.READ_PATIENTS)
def situation(session: Session, patient_id: str, group_code: str) -> Situation:
    """Return all that is known of one patient's medicine of one group."""
    return situations(session, [patient_id]).of(patient_id, group_code)


@needs(Right.READ_PATIENTS)
def verdict(session: Session, slot: Slot, handed_out_on: date | None = None) -> Verdict:
    """Return the light of one dose. `handed_out_on` is for a dose to take home; see `judge`."""
    key = slot.key
    found = situation(session, key.patient_id, group_of(slot.request))
    return judge(for_slot(found, slot), slot, handed_out_on=handed_out_on)


def for_slot(found: Situation, slot: Slot) -> Situation:
    """Return the situation with the window of the injection in question."""
    if slot.occurrence is None:
        return found
    given = depots.injections(found.events, found.reopened)
    giving = reference.depots().giving_window(slot.request.depot)
    return replace(found, window=depots.window_of(giving, slot, given))


@dataclass(frozen=True, slots=True)
class Situations:
    """What was read for several patients. `orders` and `events` are theirs, of all groups."""

    common: Situation
    """What is the same for everybody: the store, the time, the pull."""
    orders: dict[str, list[MedicationRequest]]
    events: dict[str, list[MedicationAdministration]]
    claims: dict[str, list[Claim]]
    reports: dict[str, list[PharmacyReport]]
    reopened: dict[str, set[str]]
    duplicates: Collection[str]
    marked: Mapping[str, Sequence[EntryCorrection]] = field(default_factory=dict)
    """Marks of doses that wait for a decision, by the patient whose dose it is or may be."""

    def of(self, patient_id: str, group_code: str) -> Situation:
        """Return one patient's situation."""
        substances = reference.substances()
        orders = substances.of_group(self.orders.get(patient_id, []), group_code)
        ids = {order.id for order in orders}
        events = [
            event
            for event in self.events.get(patient_id, [])
            # An order may have left the laptop, or changed its product: then the event says its
            # group. It may not say itself out of its order's.
            if event.request_id in ids or event.group == group_code
        ]
        claims = [one for one in self.claims.get(patient_id, []) if one.group == group_code]
        return replace(
            self.common,
            group=substances.group(group_code),
            group_code=group_code,
            orders=orders,
            events=events,
            claims={claim.id: claim for claim in claims},
            reopened=self.reopened.get(patient_id, set()),
            reports=[one for one in self.reports.get(patient_id, []) if one.group == group_code],
            marked_doses=self._marked(patient_id, events),
            possible_duplicate=patient_id in self.duplicates,
        )

    def _marked(
        self, patient_id: str, events: Sequence[MedicationAdministration]
    ) -> frozenset[str]:
        """The marked doses among these, and those that may be this patient's after all."""
        own = {event.id for event in events}
        return frozenset(
            mark.target_id
            for mark in self.marked.get(patient_id, ())
            if mark.patient_id != patient_id or mark.target_id in own
        )


@needs(Right.READ_PATIENTS)
def situations(session: Session, patient_ids: Iterable[str]) -> Situations:
    """Read what is known of these patients' medicine."""
    database = session.database
    wanted = sorted(set(patient_ids))
    rules = state.rules(database)
    since = service_day(session) - timedelta(days=LONGEST)
    claims = store_claims.standing_of(database, wanted)
    ids = [claim.id for claim in claims]
    events = [
        *store.events_since(database, wanted, since),
        *store.injections_before(database, wanted, since),
    ]
    common = Situation(
        me=own_store(session),
        now=trusted_time.now(session),
        group=reference.substances().other,
        group_code="",
        orders=(),
        events=(),
        claims={},
        pull=Pull(
            store_claims.confirmed(database, ids),
            trusted_time.pull_age(session),
            rules.pull_max_age,
        ),
        dropped=store_claims.dropped(database, ids),
        set_back=store_claims.is_set_back(database),
        service_day_begins=rules.day_begins,
    )
    return Situations(
        common,
        _by_patient(store.requests_of(database, wanted)),
        _by_patient(events),
        _by_patient(claims),
        _by_patient(store.reports_since(database, wanted, since)),
        store.reopened(database, wanted),
        store_patients.possible_duplicates(database, wanted),
        corrections.marked_doses(database, wanted),
    )


@needs(Right.READ_PATIENTS)
def judged_on(session: Session, slots: Sequence[Slot]) -> dict[Slot, Verdict]:
    """Return the light of each of these doses, given now."""
    read = situations(session, {slot.key.patient_id for slot in slots})
    known: dict[Key, Situation] = {}
    found: dict[Slot, Verdict] = {}
    for slot in slots:
        key = (slot.key.patient_id, group_of(slot.request))
        if key not in known:
            known[key] = read.of(*key)
        found[slot] = judge(for_slot(known[key], slot), slot)
    return found


Owned = TypeVar("Owned", MedicationRequest, MedicationAdministration, Claim, PharmacyReport)


def _by_patient(values: Iterable[Owned]) -> dict[str, list[Owned]]:
    found: dict[str, list[Owned]] = defaultdict(list)
    for value in values:
        found[value.patient_id].append(value)
    return found
