"""The invented team's past and its plans: day by day, so that everything comes in time order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from fieldapp.clock import OSLO
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    Part,
    PlannedDose,
    is_active,
)
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.domain.patients import Place, Role, Sex
from fieldapp.domain.screening.instruments import Instrument
from fieldapp.domain.screening.scoring import score
from fieldapp.domain.toxicology import Panel, Reading, blank_readings
from fieldapp.domain.visits import Appointment, Encounter, EncounterStatus, VisitKind
from sync.server.seed import texts
from sync.server.seed.people import Followed, IdSource, StaffMember, midday

_LINKED_DAYS = 14
"""So many days back, visits have the appointment that they were planned with."""
_LATE_DAYS = (1, 3)
"""So many days back, the first case manager has a planned visit that nobody has answered."""
_PLANNED_DAYS = 7
_PART_HOUR = {Part.MORNING: 8, Part.NOON: 12, Part.EVENING: 18, Part.NIGHT: 21}


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """A value to store, who made it and on which laptop (None: the server itself), and when."""

    value: object
    author_id: str | None
    device_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Reference:
    """The definition files that screenings and rapid tests refer to."""

    instruments: dict[str, Instrument]
    panel: Panel


_SITES = ("buttock", "thigh", "abdomen", "upper_arm")
"""Weekly injections go round them, so that none is used again within eight weeks (with sides)."""


class History:
    """Invents what happened between `start` and the day before `today`."""

    def __init__(
        self,
        dice: random.Random,
        ids: IdSource,
        staff: Sequence[StaffMember],
        patients: Sequence[Followed],
        orders: dict[str, MedicationRequest],
        reference: Reference,
        start: date,
        today: date,
    ) -> None:
        self._dice = dice
        self._ids = ids
        self._patients = patients
        self._orders = orders
        self._reference = reference
        self._start = start
        self._today = today
        self._managers = [member for member in staff if member.role is Role.CASE_MANAGER]
        lar_staff = [member for member in staff if member.role is Role.LAR_STAFF]
        self._point_staff = lar_staff or self._managers
        self._sequences: Counter[str] = Counter()
        self._next_contact: dict[str, date] = {}
        self._not_given_in_a_row: Counter[str] = Counter()
        self._instruments_of = {
            followed.id: self._instruments_for(followed) for followed in patients
        }
        self._screened: dict[str, date] = {}
        self._tested: dict[str, date] = {}

    def records(self) -> Iterator[SeedRecord]:
        """Yield every past event in the order of days."""
        day = self._start
        while day < self._today:
            for followed in self._patients:
                if followed.since <= day:
                    yield from self._day_of(followed, day)
            day += timedelta(1)

    def _day_of(self, followed: Followed, day: date) -> Iterator[SeedRecord]:
        order = self._orders.get(followed.id)
        every = order.interval_days if order is not None else None
        if order is not None and every is not None:
            if day >= order.valid_from and (day - order.valid_from).days % every == 0:
                yield self._injection(followed, order, day)
        elif order is not None and order.place is not Place.PHARMACY and is_active(order, day):
            yield self._handout(followed, order, day)
        due = self._next_contact.get(followed.id, followed.since)
        if day >= due and (day.isoweekday() <= 5 or (followed.is_act and self._chance(0.3))):
            interval = (2, 5) if followed.is_act else (7, 15)
            self._next_contact[followed.id] = day + timedelta(self._dice.randint(*interval))
            yield from self._contact(followed, day)

    # --- visits and notes

    def _contact(self, followed: Followed, day: date) -> Iterator[SeedRecord]:
        by = followed.manager if self._chance(0.8) else self._dice.choice(self._managers)
        kind = self._dice.choices(
            (VisitKind.HOME, VisitKind.PHONE, VisitKind.OFFICE, VisitKind.OUTDOORS),
            (66, 18, 9, 7),
        )[0]
        started = midday(day, self._dice.randint(9, 15), self._dice.randrange(0, 60, 5))
        appointment_id = None
        if (self._today - day).days <= _LINKED_DAYS and kind is not VisitKind.PHONE:
            appointment = self._appointment(followed, by, day, started, kind)
            appointment_id = appointment.id
            yield self._made(appointment, by, started - timedelta(3))
        met = kind is VisitKind.PHONE or self._chance(0.94)
        minutes = (
            self._dice.randint(6, 20) if kind is VisitKind.PHONE else 15 + _quarter(self._dice)
        )
        ended = started + timedelta(minutes=minutes)
        together = [by.id]
        if met and self._chance(0.12):
            together.append(
                self._dice.choice([m for m in self._managers if m is not by] or [by]).id
            )
        encounter = Encounter(
            id=self._ids.at(started),
            patient_id=followed.id,
            kind=kind,
            status=EncounterStatus.FINISHED if met else EncounterStatus.NO_SHOW,
            started_at=started,
            author_id=by.id,
            appointment_id=appointment_id,
            ended_at=ended if met else None,
            participants=tuple(dict.fromkeys(together)),
            travel_minutes=self._dice.randrange(5, 50, 5) if kind is VisitKind.HOME else None,
            recorded_at=ended,
        )
        yield self._made(encounter, by, ended)
        if not met:
            return
        yield from self._screenings(followed, by, encounter, ended)
        if self._chance(0.9):
            yield self._note(followed, by, encounter, ended)

    def _note(
        self, followed: Followed, by: StaffMember, encounter: Encounter, ended: datetime
    ) -> SeedRecord:
        template = "home_visit"
        if encounter.kind is VisitKind.PHONE:
            template = "phone"
        elif followed.lar is not None and self._chance(0.3):
            template = "lar_handout"
        elif encounter.kind is not VisitKind.HOME or self._chance(0.15):
            template = "generic"
        signed = ended + timedelta(minutes=self._dice.randint(3, 90))
        note = Note(
            id=self._ids.at(signed),
            patient_id=followed.id,
            author_id=by.id,
            template=template,
            text=self._note_text(template),
            signed_at=signed,
            recorded_at=signed,
            device_id=by.device_id,
            sequence=self._sequence(by),
            encounter_id=encounter.id,
        )
        return self._made(note, by, signed)

    def _note_text(self, template: str) -> str:
        paragraphs: list[str] = []
        for heading, sentences in texts.NOTE_PARTS[template].items():
            if template == "home_visit" and paragraphs and self._chance(0.2):
                continue
            how_many = min(len(sentences), self._dice.choice((1, 1, 2)))
            words = " ".join(self._dice.sample(sentences, how_many))
            paragraphs.append(f"{heading}:\n{words}")
        return "\n\n".join(paragraphs)

    # --- handouts

    def _handout(self, followed: Followed, order: MedicationRequest, day: date) -> SeedRecord:
        at_point = order.place is Place.HANDOUT_POINT
        by = self._dice.choice(self._point_staff) if at_point else followed.manager
        planned = order.doses[0]
        moment = midday(day, _PART_HOUR[planned.part])
        moment += timedelta(minutes=self._dice.randrange(110))
        status = self._status(order, day)
        given = status is HandoutStatus.GIVEN
        earlier = (day - order.valid_from).days < (self._today - order.valid_from).days // 2
        revision = 1 if earlier and order.revision > 1 else order.revision
        dose = _dose_at(planned, order, revision) if given else None
        state = None
        if given:
            state = ObservedState.UNAFFECTED
            if self._chance(0.03):
                state = ObservedState.POSSIBLY_AFFECTED
        elif status is HandoutStatus.WITHHELD:
            state = ObservedState.INTOXICATED
        event = MedicationAdministration(
            id=self._ids.at(moment),
            patient_id=followed.id,
            request_id=order.id,
            request_revision=revision,
            day=day,
            part=planned.part,
            status=status,
            given_at=moment,
            recorded_at=moment,
            author_id=by.id,
            device_id=by.device_id,
            sequence=self._sequence(by),
            dose_mg=dose,
            dose_ml=order.volume_ml(dose) if dose is not None else None,
            witnessed=given,
            identity_check=IdentityCheck.KNOWN if given else None,
            observed_state=state,
            reason=None if given else self._reason(status, at_point),
            reason_text="" if given else self._dice.choice(texts.NOT_GIVEN_TEXTS[status.value]),
        )
        return self._made(event, by, moment)

    def _injection(self, followed: Followed, order: MedicationRequest, day: date) -> SeedRecord:
        """A depot given on the day it was due."""
        assert order.interval_days is not None
        by, planned = followed.manager, order.doses[0]
        moment = midday(day, 10, 15)
        number = (day - order.valid_from).days // order.interval_days + 1
        event = MedicationAdministration(
            id=self._ids.at(moment),
            patient_id=followed.id,
            request_id=order.id,
            request_revision=order.revision,
            day=day,
            part=planned.part,
            status=HandoutStatus.GIVEN,
            given_at=moment,
            recorded_at=moment,
            author_id=by.id,
            device_id=by.device_id,
            sequence=self._sequence(by),
            dose_mg=planned.dose_mg,
            witnessed=True,
            identity_check=IdentityCheck.KNOWN,
            observed_state=ObservedState.UNAFFECTED,
            group="opioid",
            injection=Injection(
                occurrence=number,
                site=_SITES[number % len(_SITES)],
                side=("left", "right")[number // len(_SITES) % 2],
                lot=f"BX{number // 10:03}",
                expiry=day + timedelta(400),
                observed_minutes=15,
                next_due=day + timedelta(order.interval_days),
                legal_basis="voluntary",
            ),
        )
        return self._made(event, by, moment)

    def _status(self, order: MedicationRequest, day: date) -> HandoutStatus:
        status = self._dice.choices(
            (
                HandoutStatus.GIVEN,
                HandoutStatus.NOT_MET,
                HandoutStatus.REFUSED,
                HandoutStatus.WITHHELD,
            ),
            (945, 33, 11, 11),
        )[0]
        # Nobody is left without for long, and the last days are quiet: what the user sees today
        # must not begin with an alarm about invented neglect.
        quiet = (self._today - day).days <= 2 and self._chance(0.9)
        if self._not_given_in_a_row[order.id] >= 2 or quiet:
            status = HandoutStatus.GIVEN
        if status is HandoutStatus.GIVEN:
            self._not_given_in_a_row[order.id] = 0
        else:
            self._not_given_in_a_row[order.id] += 1
        return status

    def _reason(self, status: HandoutStatus, at_point: bool) -> str:
        key = status.value
        if status is HandoutStatus.NOT_MET and at_point:
            key = "not_met_at_point"
        return self._dice.choice(texts.NOT_GIVEN_REASONS[key])

    # --- screenings and rapid tests

    def _instruments_for(self, followed: Followed) -> tuple[str, ...]:
        if followed.severity == 0:
            return ()
        if followed.lar is not None:
            return ("dudit", "audit") if self._chance(0.3) else ("dudit",)
        return self._dice.choice((("audit",), ("audit",), ("dudit",), ("audit", "dudit")))

    def _screenings(
        self, followed: Followed, by: StaffMember, encounter: Encounter, ended: datetime
    ) -> Iterator[SeedRecord]:
        if followed.severity == 0 or encounter.kind is VisitKind.PHONE:
            return
        day = encounter.started_at.astimezone(OSLO).date()
        last = self._screened.get(followed.id)
        if last is None or (day - last).days >= 95:
            self._screened[followed.id] = day
            for name in self._instruments_of[followed.id]:
                instrument = self._reference.instruments[name]
                yield self._screening(followed, by, encounter, instrument, day, ended)
        interval = 40 if followed.lar is not None else 150
        tested = self._tested.get(followed.id)
        if tested is None or (day - tested).days >= interval:
            self._tested[followed.id] = day
            yield self._rapid_test(followed, by, encounter, day, ended)

    def _screening(
        self,
        followed: Followed,
        by: StaffMember,
        encounter: Encounter,
        instrument: Instrument,
        day: date,
        ended: datetime,
    ) -> SeedRecord:
        level = self._level(followed, day)
        answers = {}
        for item in instrument.items:
            wanted = item.highest * min(1.0, max(0.0, level + self._dice.uniform(-0.3, 0.3)))
            nearest = min(item.options, key=lambda option: abs(option.value - wanted))
            answers[item.id] = nearest.value
        patient = followed.patient
        norm_set = None if patient.sex is Sex.UNKNOWN else patient.sex.value
        outcome = score(instrument, answers, norm_set, patient.age_on(day))
        response = ScreeningResponse(
            id=self._ids.at(ended),
            patient_id=followed.id,
            author_id=by.id,
            instrument=instrument.id,
            instrument_version=instrument.version,
            language=instrument.language,
            scoring_hash=instrument.scoring_hash,
            answers=answers,
            authored_at=ended,
            recorded_at=ended,
            device_id=by.device_id,
            sequence=self._sequence(by),
            total=outcome.total,
            lowest=outcome.lowest,
            highest=outcome.highest,
            band=outcome.band,
            findings=outcome.findings,
            norm_set=norm_set,
            state_at_completion="unaffected",
            encounter_id=encounter.id,
        )
        return self._made(response, by, ended)

    def _rapid_test(
        self,
        followed: Followed,
        by: StaffMember,
        encounter: Encounter,
        day: date,
        ended: datetime,
    ) -> SeedRecord:
        panel, order = self._reference.panel, self._orders.get(followed.id)
        level = self._level(followed, day)
        blank = blank_readings(panel, [order.atc] if order is not None else [])
        readings = []
        for line in blank:
            likely = 0.97 if line.expected else level * 0.3
            result = Reading.PRELIMINARY_NEGATIVE
            if self._chance(likely):
                result = Reading.PRELIMINARY_POSITIVE
            elif self._chance(0.01):
                result = Reading.INVALID
            readings.append(
                type(line)(line.analyte, line.cutoff, line.unit, result.value, line.expected)
            )
        test = RapidTest(
            id=self._ids.at(ended),
            patient_id=followed.id,
            author_id=by.id,
            panel=panel.id,
            panel_version=panel.version,
            specimen=panel.specimen.value,
            supervised=self._chance(0.7),
            reason=self._dice.choice(("agreed_in_plan", "agreed_in_plan", "patient_wish")),
            reason_text="",
            readings=tuple(readings),
            taken_at=ended,
            recorded_at=ended,
            device_id=by.device_id,
            sequence=self._sequence(by),
            lot=f"R{day.year % 100}{self._dice.randrange(100, 999)}",
            expiry=date(day.year + 1, self._dice.randint(1, 12), 28),
            temperature_ok=True if self._chance(0.85) else None,
            encounter_id=encounter.id,
        )
        return self._made(test, by, ended)

    def _level(self, followed: Followed, day: date) -> float:
        """Severity of substance use on a day: a line from the first day to the last."""
        whole = max(1, (self._today - self._start).days)
        passed = (day - self._start).days / whole
        return min(0.95, max(0.03, followed.severity + followed.trend * passed))

    # --- plans

    def plans(self) -> Iterator[SeedRecord]:
        """Yield visits that nobody has answered, today's, and those of the coming week."""
        for number, manager in enumerate(self._managers):
            own = [followed for followed in self._patients if followed.manager is manager]
            if number == 0:
                for back, followed in zip(_LATE_DAYS, self._dice.sample(own, 2), strict=False):
                    yield self._plan(manager, followed, self._today - timedelta(back), 13)
            for ahead in range(_PLANNED_DAYS + 1):
                day = self._today + timedelta(ahead)
                if ahead and day.isoweekday() > 5:
                    continue
                count = self._dice.randint(4, 6) if ahead == 0 else self._dice.randint(3, 5)
                hours = sorted(self._dice.sample(range(9, 16), min(count, len(own))))
                for hour, followed in zip(hours, self._dice.sample(own, len(hours)), strict=True):
                    yield self._plan(manager, followed, day, hour)

    def _plan(self, manager: StaffMember, followed: Followed, day: date, hour: int) -> SeedRecord:
        moment = midday(day, hour, self._dice.choice((0, 0, 15, 30)))
        kind = self._dice.choices((VisitKind.HOME, VisitKind.OUTDOORS, VisitKind.OFFICE), (8, 1, 1))
        appointment = self._appointment(followed, manager, day, moment, kind[0])
        # Planned at the office, before the last day that has passed.
        planned = midday(min(day, self._today) - timedelta(self._dice.randint(2, 6)), 14)
        return self._made(appointment, manager, planned)

    def _appointment(
        self,
        followed: Followed,
        by: StaffMember,
        day: date,
        moment: datetime,
        kind: VisitKind,
    ) -> Appointment:
        return Appointment(
            id=self._ids.at(moment - timedelta(7)),
            patient_id=followed.id,
            practitioner_id=by.id,
            day=day,
            time=moment.strftime("%H:%M"),
            kind=kind,
            purpose=self._dice.choice(texts.PURPOSES),
            created_by=by.id,
        )

    # --- small parts

    def _made(self, value: object, by: StaffMember, at: datetime) -> SeedRecord:
        return SeedRecord(value, by.id, by.device_id, at)

    def _sequence(self, by: StaffMember) -> int:
        self._sequences[by.device_id] += 1
        return self._sequences[by.device_id]

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share


def _quarter(dice: random.Random) -> int:
    return dice.choice((5, 15, 15, 30, 30, 45, 60))


def _dose_at(planned: PlannedDose, order: MedicationRequest, revision: int) -> Decimal:
    """The dose of an earlier revision was one step lower."""
    if revision == order.revision:
        return planned.dose_mg
    step = Decimal(10) if order.concentration_mg_per_ml is not None else Decimal(4)
    return planned.dose_mg - step
