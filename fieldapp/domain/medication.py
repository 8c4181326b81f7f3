"""Orders, dose slots and handouts.

A *slot* is one planned dose: patient, order, service day and part of the day. Handouts are events
that are never edited or deleted; a mistake is taken back by a counter-entry.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from fieldapp.domain.patients import Place


class Part(StrEnum):
    """Part of the day a dose belongs to, in order."""

    MORNING = "morning"
    NOON = "noon"
    EVENING = "evening"
    NIGHT = "night"


PART_ORDER = {part: number for number, part in enumerate(Part)}


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """Dose of one part of the day, in milligrams.

    `weekdays` (ISO numbers) narrows it to some of the order's days; empty means all of them.
    """

    part: Part
    dose_mg: Decimal
    weekdays: tuple[int, ...] = ()
    take_home: bool = False
    """Of a split dose: handed out with an earlier, supervised dose of the same day."""


@dataclass(frozen=True, slots=True)
class MedicationRequest:
    """An order by a prescriber (FHIR MedicationRequest). The server owns it.

    `concentration_mg_per_ml` is set for liquids only; `weekdays` are ISO numbers (1 = Monday).
    """

    id: str
    patient_id: str
    product: str
    atc: str
    form: str
    strength: str
    doses: tuple[PlannedDose, ...]
    weekdays: tuple[int, ...]
    place: Place
    valid_from: date
    prescriber: str
    revision: int = 1
    concentration_mg_per_ml: Decimal | None = None
    valid_to: date | None = None
    stopped_on: date | None = None
    source: str = ""
    """Where the list of orders came from ("Ordinasjon på papir", a CSV file's name)."""
    take_home_weekdays: tuple[int, ...] = ()
    """Those of `weekdays` whose dose is taken home with the dose of an earlier, supervised day."""
    max_take_home_days: int = 0
    """The most days that may be handed out ahead at a time; 0 for none."""
    on_hold: bool = False
    """The stop flag: nothing is given until the office has taken it away."""
    interval_days: int | None = None
    """Set for a depot: days from one injection to the next. Weekdays and parts then say nothing."""
    depot: str | None = None
    """Code of `resources/reference/depots.json`, for a depot that the table knows."""
    reassessed_on: date | None = None
    """The prescriber has looked at the dose again after days without it; they count from here."""
    recorded_at: datetime | None = None
    """When the office entered this version."""
    entered_by: str | None = None
    """Practitioner id of whoever entered this version."""
    confirmed_at: datetime | None = None
    """When the second person confirmed it; None for an act of one person (a stop, a hold)."""
    confirmed_by: str | None = None

    @property
    def is_depot(self) -> bool:
        return self.interval_days is not None

    def volume_ml(self, dose_mg: Decimal) -> Decimal | None:
        """Volume of a liquid dose in millilitres, or None for solid forms.

        None as well where the concentration is no possible figure: no volume is better than a
        wrong one, and the dose in milligrams stands.
        """
        if self.concentration_mg_per_ml is None or self.concentration_mg_per_ml <= 0:
            return None
        volume = dose_mg / self.concentration_mg_per_ml
        return volume.quantize(Decimal("0.01")).normalize()


@dataclass(frozen=True, slots=True, order=True)
class SlotKey:
    """Identity of a planned dose. `day` is the service day; of a depot, the day it is due."""

    patient_id: str
    request_id: str
    day: date
    part: Part


@dataclass(frozen=True, slots=True)
class Slot:
    key: SlotKey
    request: MedicationRequest
    dose_mg: Decimal
    take_home: bool = False
    """It is meant to be handed out ahead, on an earlier day or with an earlier dose of its day."""
    occurrence: int | None = None
    """Of a depot: the number of this injection in its substance group, from 1."""

    @property
    def dose_ml(self) -> Decimal | None:
        return self.request.volume_ml(self.dose_mg)


def slots(requests: Iterable[MedicationRequest], day: date) -> list[Slot]:
    """Return the doses planned for `day`, ordered by part of day, product and id.

    Depots are not among them: when one is due depends on the last (`fieldapp.domain.depots`).
    """
    weekday = day.isoweekday()
    found = [
        Slot(
            SlotKey(request.patient_id, request.id, day, dose.part),
            request,
            dose.dose_mg,
            take_home=dose.take_home or weekday in request.take_home_weekdays,
        )
        for request in requests
        if not request.is_depot and is_active(request, day)
        for dose in request.doses
        if not dose.weekdays or weekday in dose.weekdays
    ]
    found.sort(key=lambda slot: (PART_ORDER[slot.key.part], slot.request.product, slot.key))
    return found


def is_active(request: MedicationRequest, day: date) -> bool:
    """True when the order plans a dose on `day`; a depot may be given on any day it is valid."""
    return (
        (request.is_depot or day.isoweekday() in request.weekdays)
        and request.valid_from <= day
        and (request.valid_to is None or day <= request.valid_to)
        and (request.stopped_on is None or day < request.stopped_on)
    )


class HandoutStatus(StrEnum):
    """Outcome of a handout (FHIR MedicationAdministration.status with its reason)."""

    GIVEN = "given"
    WITHHELD = "withheld"
    REFUSED = "refused"
    NOT_MET = "not_met"
    ENTERED_IN_ERROR = "entered_in_error"
    """A counter-entry: takes back the event named in `reverses`."""


class IdentityCheck(StrEnum):
    KNOWN = "known"
    DOCUMENT = "document"
    PHOTO = "photo"


class ObservedState(StrEnum):
    """What the giver saw. Only the giver decides what follows from it."""

    UNAFFECTED = "unaffected"
    POSSIBLY_AFFECTED = "possibly_affected"
    INTOXICATED = "intoxicated"
    SEDATED = "sedated"


class OtherDose(StrEnum):
    """The answer to "annen dose siste døgn?", asked at every handout."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClaimUse:
    """The claim that a dose was given under, as the giver's store held it."""

    claim_id: str
    grant: int


@dataclass(frozen=True, slots=True)
class TakeHome:
    """A dose handed out ahead. All doses of one handing-over share `supply_id`.

    `bottles` and `empties_returned` are those of the whole handing-over, on its first dose.
    """

    supply_id: str
    bottles: int | None = None
    empties_returned: int | None = None


@dataclass(frozen=True, slots=True)
class CoSignature:
    """The second person. Without `by_code` it is a typed name, which counts as not witnessed."""

    practitioner_id: str | None = None
    name: str = ""
    by_code: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """How a buprenorphine tablet was watched."""

    dissolve_minutes: int | None = None
    mouth_checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Force:
    """An emergency handout: given although the light was not green.

    `findings` are the codes that stood in the way (`fieldapp.domain.readiness`).
    """

    reason: str
    findings: tuple[str, ...]
    reason_text: str = ""
    holder_id: str | None = None
    holder_called: bool | None = None
    holder_answered: bool | None = None
    holder_answer: str = ""
    prescriber: str = ""
    """Who among the prescribers said so, in words."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A depot injection."""

    occurrence: int
    site: str
    """Code of `resources/reference/depots.json` (buttock, thigh, deltoid …)."""
    side: str
    lot: str
    expiry: date
    needle: str = ""
    observed_minutes: int | None = None
    next_due: date | None = None
    legal_basis: str = ""
    """Voluntary, or a decision on treatment without consent (code)."""


@dataclass(frozen=True, slots=True)
class SupplyUse:
    """What a dose took out of which ledger; see `fieldapp.domain.supply`."""

    ledger_id: str
    units: Decimal


@dataclass(frozen=True, slots=True)
class MedicationAdministration:
    """One handout event, given or not given, or the counter-entry of one.

    Three times are kept: `given_at` (when it happened), `recorded_at` (when it was written) and,
    on the server, when it was received. `retrospective` marks something that had already happened
    elsewhere or earlier: it is recorded even where the slot is closed, always with a reason.
    """

    id: str
    patient_id: str
    request_id: str
    request_revision: int
    day: date
    part: Part
    status: HandoutStatus
    given_at: datetime
    recorded_at: datetime
    author_id: str
    device_id: str
    sequence: int
    dose_mg: Decimal | None = None
    dose_ml: Decimal | None = None
    witnessed: bool = False
    identity_check: IdentityCheck | None = None
    observed_state: ObservedState | None = None
    reason: str | None = None
    """Reason code of resources/reference/handout.json."""
    reason_text: str = ""
    retrospective: bool = False
    reverses: str | None = None
    encounter_id: str | None = None
    group: str | None = None
    """Substance group (`resources/reference/substances.json`) at the time."""
    claim: ClaimUse | None = None
    take_home: TakeHome | None = None
    witness: CoSignature | None = None
    intake: Intake | None = None
    other_dose: OtherDose | None = None
    other_dose_text: str = ""
    forced: Force | None = None
    injection: Injection | None = None
    supply: SupplyUse | None = None
    sheet_id: str | None = None
    """The paper sheet that it was entered from."""
    prescriber_contact: str = ""
    """Of a dose not given: who among the prescribers was told, in words."""
    reopens: bool = False
    """Of a counter-entry: "never happened", by the giver, before anything was sent."""

    @property
    def slot(self) -> SlotKey:
        return SlotKey(self.patient_id, self.request_id, self.day, self.part)


class HandoutError(ValueError):
    """A handout is refused before anything is written.

    Of what was said: dose_missing, dose_not_positive, dose_above_order, dose_on_not_given,
    identity_missing, state_missing, other_dose_missing, other_dose_text_missing, reason_missing,
    intake_missing, dissolve_not_positive, witness_unknown, witness_is_giver, given_in_future,
    back_dated (an act of some time ago: it must be told as such), order_changed, not_planned.
    Of doses to take home: take_home_days_wrong, too_many_take_home_days, not_a_take_home_day,
    not_a_take_home_part, first_dose_not_witnessed, bottles_missing, empties_missing, bottles_wrong.
    Of injections: injection_missing, site_missing, lot_missing, lot_expired, observation_wrong.
    Of an emergency handout: force_not_allowed, force_reason_missing, prescriber_missing,
    holder_call_missing, findings_changed (more stands in the way now than the giver saw),
    nothing_to_force.
    Of a counter-entry: nothing_to_reverse, already_reversed, not_own_handout,
    too_late_to_reverse (a wish to the office is left).
    Of the register: those of `fieldapp.domain.supply.SupplyError`. And every code of
    `fieldapp.domain.readiness.Code`, for an act that the light does not allow.
    `event_id` names the event that stands in the way, where there is one.
    """

    def __init__(self, code: str, event_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.event_id = event_id


def effective(events: Iterable[MedicationAdministration]) -> list[MedicationAdministration]:
    """Return the events that still stand: no counter-entries and nothing taken back by one."""
    known = list(events)
    counter_entries = [event for event in known if event.reverses is not None]
    return [
        event
        for event in known
        if event.status is not HandoutStatus.ENTERED_IN_ERROR
        and not any(takes_back(entry, event) for entry in counter_entries)
    ]


def takes_back(entry: MedicationAdministration, target: MedicationAdministration) -> bool:
    """True for its author's own counter-entry in its own slot.

    No laptop of ours writes another, but one may come from a changed program, and it would open the
    slot for a second dose.
    """
    return entry.reverses == target.id and (
        (entry.author_id, entry.request_id, entry.day, entry.part)
        == (target.author_id, target.request_id, target.day, target.part)
    )


def closing(
    events: Iterable[MedicationAdministration], reopened: Container[str] = ()
) -> list[MedicationAdministration]:
    """Return the doses that keep their slots closed, oldest first by time given.

    A dose that was taken back keeps its slot closed all the same, unless its giver did so at once
    in the same store (`reopens`) or the office has opened it (`reopened`: ids of events).
    """
    known = list(events)
    undone = {
        entry.reverses: entry for entry in known if entry.reverses is not None and entry.reopens
    }
    found = [
        event
        for event in known
        if event.status is HandoutStatus.GIVEN
        and event.id not in reopened
        and not (
            event.id in undone
            and takes_back(undone[event.id], event)
            and undone[event.id].device_id == event.device_id
        )
    ]
    return sorted(found, key=lambda event: (event.given_at, event.id))


def standing_in_slot(
    key: SlotKey, events: Iterable[MedicationAdministration]
) -> list[MedicationAdministration]:
    """Return what stands in a slot, oldest first by time given."""
    found = [event for event in effective(events) if event.slot == key]
    return sorted(found, key=lambda event: (event.given_at, event.id))
