"""The invented team: its staff, its patients and what is always known about a patient."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fieldapp.clock import OSLO
from fieldapp.domain.identifiers import IdentifierError, make_synthetic
from fieldapp.domain.patients import (
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Level,
    Patient,
    Place,
    Practitioner,
    Relation,
    Role,
    Sex,
)
from sync.server.seed import names, texts

_OTHER_ROLES = (
    Role.TEAM_LEADER,
    Role.SECRETARY,
    Role.PRESCRIBER,
    Role.SPECIALIST,
    Role.LAR_STAFF,
    Role.PEER,
)
_MAIN_LAR_AT_HOME = 7
"""LAR patients whom the demo's case manager visits at home, every day of the week."""


class IdSource:
    """Ids that look like the app's own (UUIDv7) but follow from the seed alone."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def at(self, moment: datetime) -> str:
        """Return a new id that sorts by the moment."""
        number = int(moment.timestamp() * 1000) << 80
        number |= 0x7 << 76 | self._dice.getrandbits(12) << 64
        number |= 0b10 << 62 | self._dice.getrandbits(62)
        return str(uuid.UUID(int=number))


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A practitioner and the laptop that their records came from."""

    practitioner: Practitioner
    device_id: str

    @property
    def id(self) -> str:
        return self.practitioner.id

    @property
    def role(self) -> Role:
        return self.practitioner.role


@dataclass(frozen=True, slots=True)
class Followed:
    """A patient with what the history needs to know. `lar` is the place of handout, if any."""

    patient: Patient
    manager: StaffMember
    since: date
    lar: Place | None
    language: str | None
    severity: float
    """Substance use when the team got to know them, from 0 to 1."""
    trend: float
    """Change of severity over the whole time; below 0 is better."""

    @property
    def id(self) -> str:
        return self.patient.id

    @property
    def is_act(self) -> bool:
        return self.patient.level is Level.ACT


def midday(day: date, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of a day by the clock on the wall."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=OSLO)


def make_staff(dice: random.Random, ids: IdSource, start: date, count: int) -> list[StaffMember]:
    """Return the staff, the case managers first. At least one is a case manager."""
    managers = max(1, count - len(_OTHER_ROLES))
    roles = [*([Role.CASE_MANAGER] * managers), *_OTHER_ROLES][:count]
    found = []
    for number, role in enumerate(roles):
        username, name = names.STAFF[number % len(names.STAFF)]
        turn = number // len(names.STAFF)
        practitioner = Practitioner(
            id=ids.at(midday(start)),
            username=f"{username}{turn + 1}" if turn else username,
            name=name,
            role=role,
            phone=_phone(dice),
        )
        found.append(StaffMember(practitioner, device_id=ids.at(midday(start))))
    return found


def make_patients(
    dice: random.Random,
    ids: IdSource,
    staff: list[StaffMember],
    *,
    count: int,
    act_share: float,
    lar: int,
    lar_at_point: int,
    start: date,
    today: date,
) -> list[Followed]:
    """Return the patients in turn for the case managers, so that each has the same number."""
    managers = [member for member in staff if member.role is Role.CASE_MANAGER]
    act_every = round(1 / act_share) if act_share > 0 else 0
    places = _lar_places(count, len(managers), lar, lar_at_point)
    taken: set[str] = set()
    found = []
    for number in range(count):
        turn = number // len(managers)
        act = bool(act_every) and (turn + number) % act_every == 0
        span = (today - start).days
        # Two in three were there from the beginning, the rest came one by one.
        since = start if dice.random() < 0.66 else start + timedelta(dice.randrange(span * 4 // 5))
        if number in places:
            since = start + timedelta(dice.randrange(span // 4))
        patient, language = _patient(dice, ids, taken, Level.ACT if act else None, since, number)
        found.append(
            Followed(
                patient=patient,
                manager=managers[number % len(managers)],
                since=since,
                lar=places.get(number),
                language=language,
                severity=dice.uniform(0.35, 0.9) if number in places or dice.random() < 0.6 else 0,
                trend=dice.choice((-0.5, -0.4, -0.3, -0.15, 0.1, 0.25)),
            )
        )
    return found


def _lar_places(count: int, managers: int, lar: int, lar_at_point: int) -> dict[int, Place]:
    """Say which patients (by number) are in LAR and where they receive their medicine.

    The first case manager's come first: so many at home that a round has a length worth showing.
    """
    firsts = list(range(0, count, managers))
    others = [number for number in range(count) if number % managers]
    # Spread over the other case managers without regard to level.
    others = others[::3] + others[1::3] + others[2::3]
    elsewhere = lar - lar_at_point
    at_home = min(_MAIN_LAR_AT_HOME, elsewhere, len(firsts))
    # A few of the first manager's patients collect at the point too.
    collecting = firsts[at_home:][: 1 + lar_at_point // 7]
    queue = collecting + others + firsts[at_home + len(collecting) :]
    wanted = [Place.HANDOUT_POINT] * lar_at_point
    wanted += [
        Place.PHARMACY if turn % 2 == 0 else Place.HOME for turn in range(elsewhere - at_home)
    ]
    if len(wanted) > len(queue):
        raise ValueError("more LAR patients than patients")
    places = dict.fromkeys(firsts[:at_home], Place.HOME)
    places.update(zip(queue, wanted, strict=False))
    return places


def _patient(
    dice: random.Random,
    ids: IdSource,
    taken: set[str],
    level: Level | None,
    since: date,
    number: int,
) -> tuple[Patient, str | None]:
    (origin,) = dice.choices(names.ORIGINS, [origin.weight for origin in names.ORIGINS])
    sex = Sex.FEMALE if dice.random() < 0.42 else Sex.MALE
    given = dice.choice(origin.female if sex is Sex.FEMALE else origin.male)
    if origin.language is None and dice.random() < 0.2:
        given += " " + dice.choice(origin.female if sex is Sex.FEMALE else origin.male)
    born = date(1948, 1, 1) + timedelta(dice.randrange(57 * 365))
    postal_code, city = dice.choice(names.PLACES)
    patient = Patient(
        id=ids.at(midday(since)),
        family_name=dice.choice(origin.family),
        given_name=given,
        # One in fifty has no number yet, as when somebody was met for the first time.
        national_id=None if number % 50 == 37 else _number(dice, born, sex, taken, origin),
        birth_date=born,
        sex=sex,
        level=level or Level.CASE_MANAGEMENT,
        address=f"{dice.choice(names.ROADS)} {dice.randrange(1, 90)}{dice.choice(['', '', 'B'])}",
        postal_code=postal_code,
        city=city,
        phone=_phone(dice) if dice.random() < 0.9 else "",
        gp_name=dice.choice(names.DOCTORS),
        practical=tuple(dice.sample(texts.PRACTICAL, dice.choice((0, 0, 1, 1, 2)))),
    )
    needs_interpreter = origin.language is not None and dice.random() < 0.5
    return patient, origin.language if needs_interpreter else None


def _number(
    dice: random.Random, born: date, sex: Sex, taken: set[str], origin: names.Origin
) -> str:
    """Return an unused number of the tax administration's series for invented people."""
    first, last = (500, 999) if born.year >= 2000 else (0, 499)
    d_number = origin.language not in (None, "nordsamisk") and dice.random() < 0.3
    while True:
        individual = dice.randrange(first, last)
        # The last of the three digits is even for a woman and odd for a man.
        individual += (individual % 2 == 0) != (sex is Sex.FEMALE)
        try:
            number = make_synthetic(born, individual, d_number=d_number)
        except IdentifierError:
            continue
        if number not in taken:
            taken.add(number)
            return number


def _phone(dice: random.Random) -> str:
    # No Norwegian subscriber's number begins with 0.
    return f"0{dice.randrange(10, 100)} {dice.randrange(10, 100)} {dice.randrange(100, 1000)}"


# --- critical information and contacts

_CHANCES = {
    # category: (present, none known); the rest was never asked
    FlagCategory.ALLERGY: (0.22, 0.60),
    FlagCategory.VIOLENCE_RISK: (0.14, 0.66),
    FlagCategory.SUICIDE_RISK: (0.20, 0.62),
    FlagCategory.TWO_TOGETHER: (0.08, 0.55),
    FlagCategory.LEGAL_BASIS: (0.18, 0.60),
    FlagCategory.CHILDREN: (0.22, 0.60),
    FlagCategory.CRISIS_PLAN: (0.45, 0.15),
}


def make_flags(
    dice: random.Random, ids: IdSource, followed: Followed, today: date
) -> Iterator[Flag]:
    """Yield what is known, what is known not to be, and nothing where nobody has asked."""
    for category in FlagCategory:
        if category is FlagCategory.INTERPRETER:
            present, none_known = (1.0, 0.0) if followed.language else (0.0, 0.7)
        else:
            present, none_known = _CHANCES[category]
        roll = dice.random()
        if roll >= present + none_known:
            continue
        known = roll < present
        text = dice.choice(texts.FLAGS[category.value]) if known else ""
        confirmed = max(followed.since, today - timedelta(dice.randrange(20, 400)))
        yield Flag(
            id=ids.at(midday(confirmed)),
            patient_id=followed.id,
            category=category,
            state=FlagState.PRESENT if known else FlagState.NONE_KNOWN,
            text=text.format(language=followed.language),
            confirmed_on=confirmed,
            confirmed_by=followed.manager.id,
        )


def make_contacts(dice: random.Random, ids: IdSource, followed: Followed) -> Iterator[Contact]:
    """Yield the general practitioner, perhaps relatives, perhaps a service."""
    patient, moment = followed.patient, midday(followed.since)
    yield Contact(
        id=ids.at(moment),
        patient_id=patient.id,
        name=patient.gp_name,
        relation=Relation.GP,
        phone=_phone(dice),
        may_be_informed=True,
    )
    relatives = (Relation.PARENT, Relation.SIBLING, Relation.PARTNER, Relation.CHILD)
    for relation in dice.sample(relatives, dice.choice((0, 1, 1, 2))):
        given = dice.choice(names.ORIGINS[0].female + names.ORIGINS[0].male)
        yield Contact(
            id=ids.at(moment),
            patient_id=patient.id,
            name=f"{given} {patient.family_name}",
            relation=relation,
            phone=_phone(dice),
            may_be_informed=dice.choice((True, True, False, None)),
            note=dice.choice(texts.CONTACT_NOTES),
        )
    if dice.random() < 0.4:
        yield Contact(
            id=ids.at(moment),
            patient_id=patient.id,
            name=dice.choice(("Boligtjenesten", "NAV", "Hjemmetjenesten", "Gjeldsrådgiver")),
            relation=Relation.SERVICE,
            phone=_phone(dice),
        )
