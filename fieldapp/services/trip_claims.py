"""The coming days as somebody reserves them: each patient's days, who has them, what was denied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import Claim, ClaimState
from fieldapp.domain.collation import sort_key
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import Slot, slots
from fieldapp.domain.patients import Patient, Place, Practitioner
from fieldapp.domain.readiness import Code, Light, Verdict
from fieldapp.domain.rights import Right
from fieldapp.services import claims, lease, medication, people, reference, rules
from fieldapp.services.claims import Unit, Wish
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import claims as store_claims
from fieldapp.store import medication as store_medication
from fieldapp.store import patients as store_patients


class Standing(StrEnum):
    """How a patient's day stands for this store."""

    FREE = "free"
    WISHED = "wished"
    DENIED = "denied"
    MINE = "mine"
    MINE_UNCONFIRMED = "mine_unconfirmed"
    """Granted, but nothing may be given before the next complete sync."""
    OTHER = "other"
    UNKNOWN = "unknown"
    """Its holder's laptop was set back; nobody knows what was given."""
    GIVEN = "given"
    PHARMACY = "pharmacy"
    STOPPED = "stopped"


CAN_BE_ASKED_FOR = frozenset({Standing.FREE, Standing.WISHED, Standing.DENIED})


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom to ring. Empty texts are not known here."""

    name: str = ""
    phone: str = ""
    laptop: str = ""


@dataclass(frozen=True, slots=True)
class TripDay:
    """One patient's day of one group. `units` are what it takes: the day, and a depot's number.

    `preset` when it belongs to the round planned for this person. `reason` is the server's, of a
    day that was denied.
    """

    day: date
    units: tuple[Unit, ...]
    doses: int
    standing: Standing
    preset: bool = False
    holder: Holder = Holder()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TripRow:
    """A patient's days of one substance group, in order; days without a dose are left out."""

    patient: Patient
    group: str
    group_name: str
    days: tuple[TripDay, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """A wish that was not granted, or whose day somebody else has."""

    patient: Patient | None
    group_name: str
    unit: str
    reason: str
    holder: Holder
    wish: Wish


@dataclass(frozen=True, slots=True)
class Own:
    """A claim of this store. `pinned` by a printed sheet; `confirmed` by a complete sync since."""

    claim: Claim
    patient: Patient | None
    group_name: str
    pinned: bool
    confirmed: bool


@needs(Right.HAND_OUT)
def rows(session: Session, days: int) -> list[TripRow]:
    """Return the round of this person for this service day and the following, by the names.

    Days at the pharmacy are there too, so that nobody wonders where they are; and the days beyond
    the trip that are taken home from it, because a handout needs the claim of every day it covers.
    Raises ValueError for fewer than 1 day or more than the organisation's longest trip.
    """
    longest = rules.longest_trip(session)
    if not 1 <= days <= longest:
        raise ValueError("longer than the organisation's longest trip, or no day")
    first = medication.service_day(session)
    view = _View(session)
    found: dict[tuple[str, str], list[TripDay]] = {}
    patients: dict[str, Patient] = {}
    for patient, group, trip_day in view.of_days(first, days):
        patients[patient.id] = patient
        found.setdefault((patient.id, group), []).append(trip_day)
    for key, trip_day in view.taken_home(first + timedelta(days=days), longest - days):
        if key in found:
            found[key].append(trip_day)
    made = [
        TripRow(patients[patient_id], group, group_name(session, patient_id, group), tuple(own))
        for (patient_id, group), own in found.items()
    ]
    order = {patient_id: number for number, patient_id in enumerate(_by_name(patients.values()))}
    made = lease.narrowed(session, Area.CLAIMS, made, lambda row: row.patient.id)
    return sorted(made, key=lambda row: (order[row.patient.id], row.group_name))


@needs(Right.HAND_OUT)
def reserve(session: Session, units: Iterable[Unit]) -> ChangeSet:
    """Ask for exactly these units from now on; other wishes are taken back."""
    wanted = set(units)
    before = {(one.patient_id, one.group, one.unit) for one in claims.wishes(session)}
    changes = claims.withdraw_wish(session, before - wanted)
    asked = claims.wish(session, sorted(wanted))
    return ChangeSet((*changes.changes, *asked.changes))


@needs(Right.HAND_OUT)
def denied(session: Session) -> list[Denied]:
    """Return the wishes that the server has answered with no."""
    staff = people.everyone(session)
    found = [wish for wish in claims.wishes(session) if wish.denied]
    patients = store_patients.by_ids(session.database, {wish.patient_id for wish in found})
    return [
        Denied(
            patients.get(wish.patient_id),
            group_name(session, wish.patient_id, wish.group),
            wish.unit,
            wish.denied,
            _holder_of_wish(wish, staff),
            wish,
        )
        for wish in found
    ]


@needs(Right.HAND_OUT)
def own(session: Session) -> list[Own]:
    """Return what this store holds, by day and then name."""
    held = claims.held(session)
    confirmed = store_claims.confirmed(session.database, [claim.id for claim in held])
    pinned = store_claims.pinned(session.database, claims.own_store(session))
    patients = store_patients.by_ids(session.database, {claim.patient_id for claim in held})
    found = [
        Own(
            claim,
            patients.get(claim.patient_id),
            group_name(session, claim.patient_id, claim.group),
            claim.id in pinned,
            claim.id in confirmed,
        )
        for claim in held
    ]
    order = {patient_id: number for number, patient_id in enumerate(_by_name(patients.values()))}
    return sorted(found, key=lambda one: (one.claim.unit, order.get(one.claim.patient_id, -1)))


@needs(Right.READ_PATIENTS)
def group_name(session: Session, patient_id: str, code: str) -> str:
    """Return a group's name; a medicine that no group names goes by its product."""
    if not code.startswith("atc:"):
        return reference.substances().group(code).name
    orders = medication.orders_of(session, patient_id)
    return next((one.product for one in orders if medication.group_of(one) == code), code)


def _by_name(patients: Iterable[Patient]) -> list[str]:
    return [one.id for one in sorted(patients, key=lambda one: (sort_key(one.name), one.id))]


def _holder_of_wish(wish: Wish, staff: Mapping[str, Practitioner]) -> Holder:
    person = staff.get(wish.holder_id)
    return Holder(
        wish.holder_name or (person.name if person else ""),
        wish.holder_phone or (person.phone if person else ""),
        wish.holder_device,
    )


class _View:
    """What is the same for every day: wishes, own claims, the staff's phones."""

    def __init__(self, session: Session) -> None:
        self._session = session
        held = claims.held(session)
        self._own = {claim.id for claim in held}
        self._confirmed = store_claims.confirmed(session.database, self._own)
        self._staff = people.everyone(session)
        self._wishes = {
            (one.patient_id, one.group, one.unit): one for one in claims.wishes(session)
        }
        self._assigned = store_patients.assigned_to(session.database, session.user.id)
        self._orders = store_medication.requests_of(session.database, self._assigned)

    def of_days(self, first: date, days: int) -> Iterable[tuple[Patient, str, TripDay]]:
        """Yield each patient's days by group, day after day."""
        planned = medication.planned_units_of(self._session, _days_from(first, days))
        for day, units in planned.items():
            yield from self._of_day(day, units)

    def _of_day(
        self, day: date, planned: Iterable[medication.PlannedUnit]
    ) -> Iterable[tuple[Patient, str, TripDay]]:
        per_day: dict[tuple[str, str], list[medication.PlannedUnit]] = {}
        patients = dict(self._assigned)
        for unit in planned:
            per_day.setdefault((unit[0].id, unit[1]), []).append(unit)
            patients[unit[0].id] = unit[0]
        for (patient_id, group), units in per_day.items():
            yield patients[patient_id], group, self._trip_day(day, units)
        yield from self._pharmacy(day, set(per_day))

    def taken_home(self, first: date, days: int) -> Iterable[tuple[tuple[str, str], TripDay]]:
        """Yield the days from `first` on that are handed out before it, by patient and group."""
        carrying = [order for order in self._orders if order.take_home_weekdays]
        # How many more days each may be handed out ahead; the next dose that is seen ends it.
        left = {
            (order.patient_id, medication.group_of(order)): order.max_take_home_days
            for order in carrying
        }
        ahead = _days_from(first, days if carrying else 0)
        for day, units in medication.planned_units_of(self._session, ahead).items():
            for one in units:
                key = (one[0].id, one[1])
                if not all(slot.take_home for slot in one[3]):
                    left.pop(key, None)
                elif left.get(key, 0) > 0:
                    left[key] -= 1
                    yield key, self._trip_day(day, [one])

    def _trip_day(self, day: date, planned: list[medication.PlannedUnit]) -> TripDay:
        doses: set[Slot] = {slot for one in planned for slot in one[3]}
        units = tuple((one[0].id, one[1], one[2]) for one in planned)
        wish = next((self._wishes[unit] for unit in units if unit in self._wishes), None)
        claims_here = [one[5] for one in planned if one[5] is not None]
        standing = self._standing(planned, wish)
        other = next((claim for claim in claims_here if claim.id not in self._own), None)
        return TripDay(
            day,
            units,
            len(doses),
            standing,
            preset=True,
            holder=self._holder(other, wish),
            reason=wish.denied if wish is not None else "",
        )

    def _standing(self, planned: list[medication.PlannedUnit], wish: Wish | None) -> Standing:
        codes = _codes(one[4] for one in planned)
        found = [one[5] for one in planned]
        if Code.GIVEN in codes:
            return Standing.GIVEN
        if codes & {Code.STOPPED, Code.ON_HOLD}:
            return Standing.STOPPED
        others = [claim for claim in found if claim is not None and claim.id not in self._own]
        if any(claim.state is ClaimState.UNKNOWN for claim in others):
            return Standing.UNKNOWN
        me = claims.own_store(self._session)
        if any(not claim.held_by(me) for claim in others):
            return Standing.OTHER
        if all(claim is not None and claim.id in self._own for claim in found):
            unread = any(claim is not None and claim.id not in self._confirmed for claim in found)
            return Standing.MINE_UNCONFIRMED if unread else Standing.MINE
        if wish is None:
            return Standing.FREE
        return Standing.DENIED if wish.denied else Standing.WISHED

    def _holder(self, claim: Claim | None, wish: Wish | None) -> Holder:
        if wish is not None and wish.denied:
            return _holder_of_wish(wish, self._staff)
        person = self._staff.get(claim.holder_id or "") if claim is not None else None
        return Holder() if person is None else Holder(person.name, person.phone)

    def _pharmacy(
        self, day: date, shown: Collection[tuple[str, str]]
    ) -> Iterable[tuple[Patient, str, TripDay]]:
        at_pharmacy = [order for order in self._orders if order.place is Place.PHARMACY]
        counts: dict[tuple[str, str], int] = {}
        for slot in slots(at_pharmacy, day):
            key = (slot.key.patient_id, medication.group_of(slot.request))
            counts[key] = counts.get(key, 0) + 1
        for key, count in counts.items():
            if key not in shown:
                patient = self._assigned[key[0]]
                yield patient, key[1], TripDay(day, (), count, Standing.PHARMACY)


def _codes(verdicts: Iterable[Verdict]) -> set[Code]:
    return {
        finding.code
        for verdict in verdicts
        if verdict.light is not Light.GREEN
        for finding in verdict.findings
    }


def _days_from(first: date, days: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(days)]
