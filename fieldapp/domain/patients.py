"""Patients, the critical information about them, their contacts and the staff assigned to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Sex(StrEnum):
    """Registered sex (FHIR AdministrativeGender). Never derived from a national number."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """FACT level: ACT is the whole team every day, case management is every fourteen days."""

    ACT = "act"
    CASE_MANAGEMENT = "case_management"


class Place(StrEnum):
    """Where a patient receives medicine handed out under supervision."""

    HOME = "home"
    HANDOUT_POINT = "handout_point"
    PHARMACY = "pharmacy"


@dataclass(frozen=True, slots=True)
class Patient:
    """A person followed by the team (FHIR Patient)."""

    id: str
    family_name: str
    given_name: str
    national_id: str | None = None
    birth_date: date | None = None
    sex: Sex = Sex.UNKNOWN
    level: Level = Level.CASE_MANAGEMENT
    address: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    gp_name: str = ""
    practical: tuple[str, ...] = ()
    """Practical hints for the visit ("ring twice"), never clinical."""
    active: bool = True
    temporary_number: str | None = None
    """For a person met without a national number; see `fieldapp.domain.temporary`."""
    replaced_by: str | None = None
    """Id of the patient that this one was joined with at the office (FHIR Patient.link)."""

    @property
    def name(self) -> str:
        """Family name first, as lists in Norwegian health care are sorted."""
        return f"{self.family_name}, {self.given_name}"

    def age_on(self, day: date) -> int | None:
        """Whole years on `day`, or None without a birth date."""
        if self.birth_date is None:
            return None
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday


class FlagCategory(StrEnum):
    """What the header of the patient page must always answer, in the order it is shown."""

    ALLERGY = "allergy"
    VIOLENCE_RISK = "violence_risk"
    SUICIDE_RISK = "suicide_risk"
    TWO_TOGETHER = "two_together"
    LEGAL_BASIS = "legal_basis"
    CHILDREN = "children"
    CRISIS_PLAN = "crisis_plan"
    INTERPRETER = "interpreter"


class FlagState(StrEnum):
    """No flag at all means "not asked", which is different from "none known"."""

    PRESENT = "present"
    NONE_KNOWN = "none_known"


@dataclass(frozen=True, slots=True)
class Flag:
    """One piece of critical information (FHIR Flag). Never merged away, never cut silently."""

    id: str
    patient_id: str
    category: FlagCategory
    state: FlagState
    text: str
    confirmed_on: date
    confirmed_by: str
    """Practitioner id."""
    active: bool = True


SEVERE_CATEGORIES = frozenset(
    {
        FlagCategory.ALLERGY,
        FlagCategory.VIOLENCE_RISK,
        FlagCategory.SUICIDE_RISK,
        FlagCategory.TWO_TOGETHER,
    }
)
"""Categories shown in the red band when present; the others are shown as calm chips."""


class Relation(StrEnum):
    """Who a contact is to the patient (own codes, FHIR RelatedPerson / CareTeam)."""

    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    PARTNER = "partner"
    FRIEND = "friend"
    GUARDIAN = "guardian"
    GP = "gp"
    SPECIALIST = "specialist"
    SERVICE = "service"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Contact:
    """A relative or a service around the patient. Lives inside the patient, never as own record."""

    id: str
    patient_id: str
    name: str
    relation: Relation
    phone: str = ""
    may_be_informed: bool | None = None
    """Consent to inform this person; None means not asked."""
    note: str = ""
    active: bool = True


class Role(StrEnum):
    """Roles of the team; a witness signs with somebody else, an auditor reads the log."""

    CASE_MANAGER = "case_manager"
    LAR_STAFF = "lar_staff"
    WITNESS = "witness"
    PRESCRIBER = "prescriber"
    TEAM_LEADER = "team_leader"
    SECRETARY = "secretary"
    SPECIALIST = "specialist"
    PEER = "peer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    RECOVERY_OFFICER = "recovery_officer"
    RECORD_RESPONSIBLE = "record_responsible"


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A member of staff as colleagues see them. `id` is also the server's user id."""

    id: str
    username: str
    name: str
    role: Role
    phone: str = ""
    active: bool = True
    language: str = ""
    """The language in which the organisation wants the program to meet them ("nb", "nn", "en");
    empty: nobody has said, and the person's own choice stands."""
    team: str = ""
    """The team's name in the organisation's own words; empty for a body of an older version."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The server's word that a practitioner follows a patient; its end purges the laptop.

    `access` and `until` are those of a patient opened outside the list: why (ETREAT or BTG), and
    when the server ends it by itself. Empty for whoever follows the patient.
    """

    id: str
    patient_id: str
    practitioner_id: str
    primary: bool = False
    active: bool = True
    access: str = ""
    until: datetime | None = None
