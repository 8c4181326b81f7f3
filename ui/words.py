"""Bokmål words for the codes of the domain, in one place so that every page says the same."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from fieldapp.clock import OSLO
from fieldapp.domain.medication import HandoutStatus, IdentityCheck, ObservedState, Part
from fieldapp.domain.patients import (
    FlagCategory,
    FlagState,
    Level,
    Patient,
    Place,
    Relation,
    Role,
    Sex,
)
from fieldapp.domain.proposals import ProposalStatus
from fieldapp.domain.visits import AppointmentStatus, EncounterStatus, VisitKind

NO_BREAK = "\u00a0"

# Keyed by type first: members of two StrEnums with the same value are equal and would collide.
_WORDS: dict[type[Enum], dict[Enum, object]] = {
    Sex: {
        Sex.FEMALE: QT_TRANSLATE_NOOP("words", "kvinne"),
        Sex.MALE: QT_TRANSLATE_NOOP("words", "mann"),
        Sex.UNKNOWN: QT_TRANSLATE_NOOP("words", "kjønn ikke oppgitt"),
    },
    Level: {
        Level.ACT: QT_TRANSLATE_NOOP("words", "ACT"),
        Level.CASE_MANAGEMENT: QT_TRANSLATE_NOOP("words", "Case management"),
    },
    Place: {
        Place.HOME: QT_TRANSLATE_NOOP("words", "hjemme"),
        Place.HANDOUT_POINT: QT_TRANSLATE_NOOP("words", "utleveringssted"),
        Place.PHARMACY: QT_TRANSLATE_NOOP("words", "apotek"),
    },
    FlagCategory: {
        FlagCategory.ALLERGY: QT_TRANSLATE_NOOP("words", "Allergi"),
        FlagCategory.VIOLENCE_RISK: QT_TRANSLATE_NOOP("words", "Voldsrisiko"),
        FlagCategory.SUICIDE_RISK: QT_TRANSLATE_NOOP("words", "Selvmordsrisiko"),
        FlagCategory.TWO_TOGETHER: QT_TRANSLATE_NOOP("words", "Gå to sammen"),
        FlagCategory.LEGAL_BASIS: QT_TRANSLATE_NOOP("words", "Hjemmel"),
        FlagCategory.CHILDREN: QT_TRANSLATE_NOOP("words", "Barn i hjemmet"),
        FlagCategory.CRISIS_PLAN: QT_TRANSLATE_NOOP("words", "Kriseplan"),
        FlagCategory.INTERPRETER: QT_TRANSLATE_NOOP("words", "Tolk"),
    },
    FlagState: {
        FlagState.PRESENT: QT_TRANSLATE_NOOP("words", "Ja"),
        FlagState.NONE_KNOWN: QT_TRANSLATE_NOOP("words", "Ingen kjent"),
    },
    Relation: {
        Relation.PARENT: QT_TRANSLATE_NOOP("words", "Forelder"),
        Relation.CHILD: QT_TRANSLATE_NOOP("words", "Barn"),
        Relation.SIBLING: QT_TRANSLATE_NOOP("words", "Søsken"),
        Relation.PARTNER: QT_TRANSLATE_NOOP("words", "Partner"),
        Relation.FRIEND: QT_TRANSLATE_NOOP("words", "Venn"),
        Relation.GUARDIAN: QT_TRANSLATE_NOOP("words", "Verge"),
        Relation.GP: QT_TRANSLATE_NOOP("words", "Fastlege"),
        Relation.SPECIALIST: QT_TRANSLATE_NOOP("words", "Spesialist"),
        Relation.SERVICE: QT_TRANSLATE_NOOP("words", "Tjeneste"),
        Relation.OTHER: QT_TRANSLATE_NOOP("words", "Annen"),
    },
    Role: {
        Role.CASE_MANAGER: QT_TRANSLATE_NOOP("words", "saksansvarlig"),
        Role.LAR_STAFF: QT_TRANSLATE_NOOP("words", "LAR-personell"),
        Role.WITNESS: QT_TRANSLATE_NOOP("words", "vitne"),
        Role.PRESCRIBER: QT_TRANSLATE_NOOP("words", "lege"),
        Role.TEAM_LEADER: QT_TRANSLATE_NOOP("words", "teamleder"),
        Role.SECRETARY: QT_TRANSLATE_NOOP("words", "sekretær"),
        Role.SPECIALIST: QT_TRANSLATE_NOOP("words", "spesialist"),
        Role.PEER: QT_TRANSLATE_NOOP("words", "erfaringskonsulent"),
        Role.AUDITOR: QT_TRANSLATE_NOOP("words", "revisor"),
        Role.ADMINISTRATOR: QT_TRANSLATE_NOOP("words", "administrator"),
        Role.RECOVERY_OFFICER: QT_TRANSLATE_NOOP("words", "gjenopprettingsansvarlig"),
        Role.RECORD_RESPONSIBLE: QT_TRANSLATE_NOOP("words", "journalansvarlig"),
    },
    VisitKind: {
        VisitKind.HOME: QT_TRANSLATE_NOOP("words", "Hjemmebesøk"),
        VisitKind.OUTDOORS: QT_TRANSLATE_NOOP("words", "Ute"),
        VisitKind.OFFICE: QT_TRANSLATE_NOOP("words", "På kontoret"),
        VisitKind.PHONE: QT_TRANSLATE_NOOP("words", "Telefon"),
        VisitKind.VIDEO: QT_TRANSLATE_NOOP("words", "Video"),
    },
    AppointmentStatus: {
        AppointmentStatus.PLANNED: QT_TRANSLATE_NOOP("words", "Planlagt"),
        AppointmentStatus.CANCELLED: QT_TRANSLATE_NOOP("words", "Avlyst"),
    },
    ProposalStatus: {
        ProposalStatus.OPEN: QT_TRANSLATE_NOOP("words", "Venter på kontoret"),
        ProposalStatus.ACCEPTED: QT_TRANSLATE_NOOP("words", "Godtatt"),
        ProposalStatus.DECLINED: QT_TRANSLATE_NOOP("words", "Avslått"),
    },
    EncounterStatus: {
        EncounterStatus.IN_PROGRESS: QT_TRANSLATE_NOOP("words", "Pågår"),
        EncounterStatus.FINISHED: QT_TRANSLATE_NOOP("words", "Utført"),
        EncounterStatus.NO_SHOW: QT_TRANSLATE_NOOP("words", "Ikke møtt"),
    },
    Part: {
        Part.MORNING: QT_TRANSLATE_NOOP("words", "Morgen"),
        Part.NOON: QT_TRANSLATE_NOOP("words", "Midt på dagen"),
        Part.EVENING: QT_TRANSLATE_NOOP("words", "Kveld"),
        Part.NIGHT: QT_TRANSLATE_NOOP("words", "Natt"),
    },
    HandoutStatus: {
        HandoutStatus.GIVEN: QT_TRANSLATE_NOOP("words", "Gitt"),
        HandoutStatus.WITHHELD: QT_TRANSLATE_NOOP("words", "Holdt tilbake"),
        HandoutStatus.REFUSED: QT_TRANSLATE_NOOP("words", "Takket nei"),
        HandoutStatus.NOT_MET: QT_TRANSLATE_NOOP("words", "Ikke møtt"),
        HandoutStatus.ENTERED_IN_ERROR: QT_TRANSLATE_NOOP("words", "Feilført"),
    },
    IdentityCheck: {
        IdentityCheck.KNOWN: QT_TRANSLATE_NOOP("words", "kjent fra før"),
        IdentityCheck.DOCUMENT: QT_TRANSLATE_NOOP("words", "legitimasjon"),
        IdentityCheck.PHOTO: QT_TRANSLATE_NOOP("words", "bilde"),
    },
    ObservedState: {
        ObservedState.UNAFFECTED: QT_TRANSLATE_NOOP("words", "upåvirket"),
        ObservedState.POSSIBLY_AFFECTED: QT_TRANSLATE_NOOP("words", "mulig påvirket"),
        ObservedState.INTOXICATED: QT_TRANSLATE_NOOP("words", "ruspåvirket"),
        ObservedState.SEDATED: QT_TRANSLATE_NOOP("words", "sløv"),
    },
}

_KINDS: dict[str, object] = {
    "patient": QT_TRANSLATE_NOOP("words", "Pasientopplysninger"),
    "practitioner": QT_TRANSLATE_NOOP("words", "Ansatt"),
    "assignment": QT_TRANSLATE_NOOP("words", "Tildeling"),
    "flag": QT_TRANSLATE_NOOP("words", "Kritisk informasjon"),
    "contact": QT_TRANSLATE_NOOP("words", "Kontakt"),
    "medication_request": QT_TRANSLATE_NOOP("words", "Forordning"),
    "appointment": QT_TRANSLATE_NOOP("words", "Avtale"),
    "encounter": QT_TRANSLATE_NOOP("words", "Besøk"),
    "medication_administration": QT_TRANSLATE_NOOP("words", "Utlevering"),
    "note": QT_TRANSLATE_NOOP("words", "Notat"),
    "screening_response": QT_TRANSLATE_NOOP("words", "Kartlegging"),
    "screening": QT_TRANSLATE_NOOP("words", "Kartlegging"),
    "rapid_test": QT_TRANSLATE_NOOP("words", "Hurtigtest"),
    "handout": QT_TRANSLATE_NOOP("words", "Utlevering"),
    "draft": QT_TRANSLATE_NOOP("words", "Utkast"),
    "proposal": QT_TRANSLATE_NOOP("words", "Ønske til kontoret"),
    "detected_issue": QT_TRANSLATE_NOOP("words", "Sikkerhetssak"),
    "dose_incident": QT_TRANSLATE_NOOP("words", "Hendelse med dose"),
    "pharmacy_report": QT_TRANSLATE_NOOP("words", "Melding fra apotek"),
    "communication": QT_TRANSLATE_NOOP("words", "Kontakt med rekvirent"),
    "medication_dispense": QT_TRANSLATE_NOOP("words", "Nalokson delt ut"),
    "adverse_event": QT_TRANSLATE_NOOP("words", "Overdose"),
    "deviation": QT_TRANSLATE_NOOP("words", "Avviksmelding"),
    "slot_reopening": QT_TRANSLATE_NOOP("words", "Dag åpnet igjen"),
    "claim": QT_TRANSLATE_NOOP("words", "Reservert dag"),
    "witness_code": QT_TRANSLATE_NOOP("words", "Vitnekode"),
    "witness_statement": QT_TRANSLATE_NOOP("words", "Vitnets bekreftelse"),
    "paper_sheet": QT_TRANSLATE_NOOP("words", "Papirliste"),
    "supply_movement": QT_TRANSLATE_NOOP("words", "Linje i regnskapet"),
    "entry_correction": QT_TRANSLATE_NOOP("words", "Melding om feilføring"),
    "deletion": QT_TRANSLATE_NOOP("words", "Avgjørelse om sletting"),
}

_FIELDS: dict[str, object] = {
    "active": QT_TRANSLATE_NOOP("words", "Gjelder"),
    "answer": QT_TRANSLATE_NOOP("words", "Svar"),
    "appointment_id": QT_TRANSLATE_NOOP("words", "Avtale"),
    "category": QT_TRANSLATE_NOOP("words", "Gjelder"),
    "decision": QT_TRANSLATE_NOOP("words", "Avgjørelse"),
    "practical": QT_TRANSLATE_NOOP("words", "Praktisk"),
    "reason": QT_TRANSLATE_NOOP("words", "Årsak"),
    "relation": QT_TRANSLATE_NOOP("words", "Forhold"),
    "sex": QT_TRANSLATE_NOOP("words", "Kjønn"),
    "temporary_number": QT_TRANSLATE_NOOP("words", "Midlertidig nummer"),
    "family_name": QT_TRANSLATE_NOOP("words", "Etternavn"),
    "given_name": QT_TRANSLATE_NOOP("words", "Fornavn"),
    "national_id": QT_TRANSLATE_NOOP("words", "Fødselsnummer"),
    "birth_date": QT_TRANSLATE_NOOP("words", "Fødselsdato"),
    "address": QT_TRANSLATE_NOOP("words", "Adresse"),
    "postal_code": QT_TRANSLATE_NOOP("words", "Postnummer"),
    "city": QT_TRANSLATE_NOOP("words", "Poststed"),
    "phone": QT_TRANSLATE_NOOP("words", "Telefon"),
    "gp_name": QT_TRANSLATE_NOOP("words", "Fastlege"),
    "level": QT_TRANSLATE_NOOP("words", "Nivå"),
    "text": QT_TRANSLATE_NOOP("words", "Tekst"),
    "state": QT_TRANSLATE_NOOP("words", "Svar"),
    "confirmed_on": QT_TRANSLATE_NOOP("words", "Bekreftet"),
    "confirmed_by": QT_TRANSLATE_NOOP("words", "Bekreftet av"),
    "name": QT_TRANSLATE_NOOP("words", "Navn"),
    "note": QT_TRANSLATE_NOOP("words", "Merknad"),
    "may_be_informed": QT_TRANSLATE_NOOP("words", "Samtykke"),
    "day": QT_TRANSLATE_NOOP("words", "Dag"),
    "time": QT_TRANSLATE_NOOP("words", "Klokkeslett"),
    "kind": QT_TRANSLATE_NOOP("words", "Form"),
    "purpose": QT_TRANSLATE_NOOP("words", "Formål"),
    "status": QT_TRANSLATE_NOOP("words", "Status"),
    "participants": QT_TRANSLATE_NOOP("words", "Deltakere"),
    "started_at": QT_TRANSLATE_NOOP("words", "Start"),
    "ended_at": QT_TRANSLATE_NOOP("words", "Slutt"),
    "travel_minutes": QT_TRANSLATE_NOOP("words", "Reisetid"),
    "practitioner_id": QT_TRANSLATE_NOOP("words", "Ansatt"),
}


def word(code: Enum) -> str:
    """The word for a domain code, in the language of the window."""
    return QCoreApplication.translate("words", str(_WORDS[type(code)][code]))


def kind_word(kind: str) -> str:
    """The word for a kind of record or a form; an unknown kind is named by its code."""
    text = _KINDS.get(kind)
    return QCoreApplication.translate("words", str(text)) if text is not None else kind


def field_word(field: str) -> str:
    """The word for a field of a record; one that a newer version wrote is named by its code."""
    text = _FIELDS.get(field)
    return QCoreApplication.translate("words", str(text)) if text is not None else field


def age_text(patient: Patient, today: date) -> str:
    """The age in words, or a word saying that no birth date is known."""
    age = patient.age_on(today)
    if age is None:
        return QCoreApplication.translate("words", "alder ukjent")
    return QCoreApplication.translate("words", "{age} år").format(age=age)


def address_text(patient: Patient) -> str:
    """Street, postal code and city on one line, or the empty text."""
    place = f"{patient.postal_code} {patient.city}".strip()
    return ", ".join(part for part in (patient.address, place) if part)


def masked_id(national_id: str | None) -> str:
    """The birth part of a national number with the rest hidden, for a screen others can see."""
    if not national_id:
        return QCoreApplication.translate("words", "uten fødselsnummer")
    return f"{national_id[:6]} •••••"


def initials(patient: Patient) -> str:
    """First letters of given and family name, for the round mark beside the name."""
    return f"{patient.given_name[:1]}{patient.family_name[:1]}".upper()


def amount(number: Decimal) -> str:
    """A figure with the decimal mark of the language and no trailing zeros: "7,5"."""
    plain = format(number.normalize(), "f")
    return plain.replace(".", QLocale().decimalPoint())


def dose_text(dose_mg: Decimal, dose_ml: Decimal | None = None) -> str:
    """A dose written out: "80 mg", or "80 mg = 8 mL" for a liquid.

    A no-break space holds figure and unit together: no line may end between them.
    """
    if dose_ml is None:
        return f"{amount(dose_mg)}{NO_BREAK}mg"
    return f"{amount(dose_mg)}{NO_BREAK}mg = {amount(dose_ml)}{NO_BREAK}mL"


def day_text(day: date) -> str:
    """A date as Norwegian papers write it: "05.03.2026"."""
    return f"{day:%d.%m.%Y}"


def long_day(day: date) -> str:
    """A day in words: "torsdag 5. mars"."""
    return f"{QLocale().dayName(day.isoweekday())} {day.day}. {QLocale().monthName(day.month)}"


def clock_text(moment: datetime) -> str:
    """The local time of an instant: "08:15"."""
    return f"{moment.astimezone(OSLO):%H:%M}"


def near_day(day: date, today: date) -> str:
    """A day as people say it: "i dag", "i går", "i morgen", else "tirsdag 3. mars" or a date."""
    days = (day - today).days
    if days == 0:
        return QCoreApplication.translate("words", "i dag")
    if days == -1:
        return QCoreApplication.translate("words", "i går")
    if days == 1:
        return QCoreApplication.translate("words", "i morgen")
    return long_day(day) if abs(days) < 60 else day_text(day)


def weekdays_text(weekdays: tuple[int, ...]) -> str:
    """ISO weekdays as words: "hver dag", "mandag–fredag", "man., ons., fre."."""
    days = sorted(set(weekdays))
    if days == list(range(1, 8)):
        return QCoreApplication.translate("words", "hver dag")
    consecutive = len(days) > 2 and days[-1] - days[0] == len(days) - 1
    if consecutive:
        return f"{QLocale().dayName(days[0])}–{QLocale().dayName(days[-1])}"
    short = QLocale.FormatType.ShortFormat
    return ", ".join(QLocale().dayName(day, short) for day in days)
