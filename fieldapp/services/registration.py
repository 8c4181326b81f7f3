"""Registering one patient by hand, also out of coverage and without a national number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.collation import fold
from fieldapp.domain.identifiers import DEMO, PRODUCTION, AllowedSeries, parse_national_id
from fieldapp.domain.patients import Level, Patient, Sex
from fieldapp.domain.rights import Right
from fieldapp.domain.temporary import temporary_number
from fieldapp.services import setup
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import patients as store


class RegistrationError(ValueError):
    """A patient cannot be registered so; `code` names why, `patient` is who is here already."""

    def __init__(self, code: str, patient: Patient | None = None) -> None:
        super().__init__(code if patient is None else patient.id)
        self.code = code
        self.patient = patient


@dataclass(frozen=True, slots=True)
class NewPatient:
    """What is known of a person at the first meeting. Only the names are needed."""

    family_name: str
    given_name: str
    national_id: str = ""
    birth_date: date | None = None
    sex: Sex = Sex.UNKNOWN
    level: Level = Level.CASE_MANAGEMENT
    phone: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""


def read_day(text: str) -> date | None:
    """Read dd.mm.yyyy; None for anything else, also for two digits of a year."""
    written = re.fullmatch(r"\s*(\d{1,2})\.(\d{1,2})\.(\d{4})\s*", text)
    if written is None:
        return None
    day, month, year = (int(part) for part in written.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


@needs(Right.REGISTER_PATIENTS)
def alike(session: Session, new: NewPatient) -> Patient | None:
    """Somebody here with the same name and the same birth date, where one is known."""
    born = _born(session, new)
    if born is None:
        return None
    name = (fold(new.family_name.strip()), fold(new.given_name.strip()))
    return next(
        (
            patient
            for patient in store.active(session.database)
            if patient.birth_date == born
            and (fold(patient.family_name), fold(patient.given_name)) == name
        ),
        None,
    )


@needs(Right.REGISTER_PATIENTS)
def register(session: Session, new: NewPatient, *, although_alike: bool = False) -> ChangeSet:
    """Write a new patient. Without a national number a temporary one is given.

    Raises IdentifierError for a number that is none, and RegistrationError: name_missing,
    born_in_future, birth_date_differs (number and date disagree), number_taken (one number is one
    patient), and alike unless ``although_alike``.
    """
    if not new.family_name.strip() or not new.given_name.strip():
        raise RegistrationError("name_missing")
    number = _number(session, new)
    born = _born(session, new)
    if born is not None and born > session.today():
        raise RegistrationError("born_in_future")
    with session.write() as unit:
        if number is not None:
            taken = store.with_national_ids(session.database, [number])
            if taken:
                found = store.by_ids(session.database, taken.values())
                raise RegistrationError("number_taken", next(iter(found.values()), None))
        same = alike(session, new)
        if same is not None and not although_alike:
            raise RegistrationError("alike", same)
        patient_id = session.new_id()
        patient = Patient(
            id=patient_id,
            family_name=new.family_name.strip(),
            given_name=new.given_name.strip(),
            national_id=number,
            birth_date=born,
            sex=new.sex,
            level=new.level,
            address=new.address.strip(),
            postal_code=new.postal_code.strip(),
            city=new.city.strip(),
            phone=new.phone.strip(),
            temporary_number=None if number is not None else temporary_number(patient_id),
        )
        unit.save(patient)
    return unit.changes(patient_id)


def _number(session: Session, new: NewPatient) -> str | None:
    if not new.national_id.strip():
        return None
    return parse_national_id(new.national_id, on=session.today(), allow=_allowed(session)).value


def _born(session: Session, new: NewPatient) -> date | None:
    """The birth date, typed or from the number; both must say the same."""
    if not new.national_id.strip():
        return new.birth_date
    known = parse_national_id(new.national_id, on=session.today(), allow=_allowed(session))
    if known.birth_date is None:
        return new.birth_date
    if new.birth_date is not None and new.birth_date != known.birth_date:
        raise RegistrationError("birth_date_differs")
    return known.birth_date


def _allowed(session: Session) -> AllowedSeries:
    return PRODUCTION | DEMO if setup.takes_synthetic_numbers(session.database) else PRODUCTION
