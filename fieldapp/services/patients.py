"""The list of patients, a patient's page with its timeline, and edits of what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.collation import fold, sort_key
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
)
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.domain.patients import (
    SEVERE_CATEGORIES,
    Assignment,
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Patient,
    Practitioner,
)
from fieldapp.domain.rights import Right
from fieldapp.domain.toxicology import Reading
from fieldapp.domain.visits import Appointment, Encounter
from fieldapp.errors import UserError
from fieldapp.services import conflicts, event_facts, lease, people, reference
from fieldapp.services.corrections import MarkView, Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import drafts, medication, records, visits
from fieldapp.store import patients as store
from fieldapp.store import timeline as store_timeline
from fieldapp.store.timeline import TimelineRecord

_LAR = "opioid"
"""The substance group of opioid agonist treatment."""

Edited = TypeVar("Edited", Contact, Patient)


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One line of the list. ``search_text`` is folded; ``sort_key`` gives Norwegian order."""

    patient: Patient
    search_text: str
    sort_key: str
    severe: tuple[FlagCategory, ...]
    lar: bool
    next_visit: date | None


_CLOSED_MARK = Flag("", "", FlagCategory.ALLERGY, FlagState.PRESENT, "", date.min, "")


def is_closed_mark(flags: Sequence[Flag]) -> bool:
    """True when these are the flags of a patient whom the offline lease has closed."""
    return _CLOSED_MARK in flags


@dataclass(frozen=True, slots=True)
class PatientPage:
    """What stands around a patient's timeline.

    ``requests`` are all orders, newest first; ``draft_ids`` name unsigned work, newest first.
    ``other_sides`` are flags as a colleague wrote them where that is in conflict with ours; each
    has the id of ours.
    """

    patient: Patient
    flags: tuple[Flag, ...]
    contacts: tuple[Contact, ...]
    staff: tuple[Practitioner, ...]
    primary: Practitioner | None
    requests: tuple[MedicationRequest, ...]
    next_appointment: Appointment | None
    draft_ids: tuple[str, ...]
    other_sides: tuple[Flag, ...] = ()
    closed: bool = False
    """The offline lease has closed this patient: only name and birth date are told."""

    @property
    def flags_shown(self) -> tuple[Flag, ...]:
        """Every flag in both its sides: what the header has to show.

        Of a closed patient one flag that is none (`is_closed_mark`), so that no screen can say
        "nothing known" of what it may not read.
        """
        if self.closed:
            return (_CLOSED_MARK,)
        return (*self.flags, *self.other_sides)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened. ``title_code`` is the kind's own code (template, status, panel …).

    ``status`` is the encounter's status, "reversed", "addendum", "incomplete", "preliminary" or
    blank. ``detail`` holds the facts of one line, as text and numbers. ``mark`` says how an entry
    stands that was marked as one on the wrong patient; of a ``hidden`` one nothing else is told.
    """

    at: datetime
    kind: str
    id: str
    author_name: str
    title_code: str
    detail: dict[str, Any]
    status: str
    mark: MarkView | None = None
    hidden: bool = False

    @property
    def blocked(self) -> bool:
        """True while the entry waits for the record-responsible."""
        return self.mark is not None and self.mark.blocked


# --- the list


@needs(Right.READ_PATIENTS)
def rows(session: Session) -> list[PatientRow]:
    """All patients on this laptop, in Norwegian order, those of the trip alone once the lease has
    ended. Read once; filter with ``filter_rows``."""
    database, today = session.database, session.today()
    severe = store.severe_categories(database)
    others = conflicts.other_sides(session)
    planned = store.next_visits(database, today)
    substances = reference.substances()
    lar = {
        patient_id
        for patient_id, atc in medication.current_products(database, today)
        if substances.group_of_atc(atc) == _LAR
    }
    found = [
        PatientRow(
            patient=patient,
            search_text=_search_text(patient),
            sort_key=f"{sort_key(patient.family_name)}\x00{sort_key(patient.given_name)}",
            severe=_with_other_sides(severe.get(patient.id, ()), others.get(patient.id, ())),
            lar=patient.id in lar,
            next_visit=planned.get(patient.id),
        )
        for patient in lease.narrowed(
            session, Area.CRITICAL, store.active(database), lambda patient: patient.id
        )
    ]
    found.sort(key=lambda row: (row.sort_key, row.patient.id))
    return found


@needs(Right.READ_PATIENTS)
def closed_row(session: Session, typed: str) -> PatientRow | None:
    """The patient whom the lease has closed and whose full name or national number was typed.

    Only name and birth date are told, and only to whoever knew the name or the number: what
    happens to a patient outside the trip can be recorded, and nobody browses.
    """
    wanted, digits = fold(typed).split(), "".join(typed.split())
    if not wanted or not lease.has_ended(session):
        return None
    for patient in store.active(session.database):
        names = fold(f"{patient.given_name} {patient.family_name}").split()
        by_name = sorted(wanted) == sorted(names)
        if by_name or digits in (patient.national_id, patient.temporary_number):
            shown = _closed_page(session, patient).patient
            return PatientRow(shown, "", "", (), lar=False, next_visit=None)
    return None


def _with_other_sides(
    categories: tuple[FlagCategory, ...], others: Sequence[Flag]
) -> tuple[FlagCategory, ...]:
    """The severe categories, with those that only a colleague's side of a conflict names."""
    named = {
        flag.category for flag in others if flag.active and flag.state is FlagState.PRESENT
    } & SEVERE_CATEGORIES
    return tuple(
        category for category in FlagCategory if category in named or category in categories
    )


def filter_rows(found: Sequence[PatientRow], query: str) -> list[PatientRow]:
    """The rows that hold every word of ``query`` in name, number, address or telephone."""
    words = fold(query).split()
    if len(words) > 1 and all(word.isdigit() for word in words):
        words = ["".join(words)]  # a number typed in groups: "010190 12345", "912 34 567"
    for word in words:
        found = [row for row in found if word in row.search_text]
    return list(found)


def _search_text(patient: Patient) -> str:
    parts = (
        patient.family_name,
        patient.given_name,
        patient.family_name,  # so that both orders of the name are found as typed
        patient.national_id or patient.temporary_number or "",
        patient.address,
        patient.postal_code,
        patient.city,
        "".join(character for character in patient.phone if character.isdigit()),
    )
    return fold(" ".join(parts))


# --- one patient


@needs(Right.READ_PATIENTS)
def page(session: Session, patient_id: str) -> PatientPage:
    """What stands around a patient's timeline. Raises NotFoundError.

    Of a patient whom the offline lease has closed only who it is, so that what happens can still be
    recorded on the right person.
    """
    database = session.database
    patient = records.get(database, Patient, patient_id)
    if patient is None:
        raise NotFoundError(patient_id)
    if lease.is_closed(session, Area.CRITICAL, patient_id):
        return _closed_page(session, patient)
    team = {person.id: person for person in store.staff(database)}
    team.setdefault(session.user.id, session.user)
    assigned = store.assignments(database, patient_id)
    followers = [team[entry.practitioner_id] for entry in assigned if entry.practitioner_id in team]
    primary = next((entry.practitioner_id for entry in assigned if entry.primary), None)
    own_flags = store.flags(database, patient_id)
    order = list(FlagCategory)
    return PatientPage(
        patient=patient,
        flags=tuple(sorted(own_flags, key=lambda flag: order.index(flag.category))),
        contacts=tuple(
            sorted(store.contacts(database, patient_id), key=lambda contact: sort_key(contact.name))
        ),
        staff=tuple(followers),
        primary=None if primary is None else team.get(primary),
        requests=tuple(medication.requests_of(database, [patient_id])),
        next_appointment=visits.next_planned(database, patient_id, session.today()),
        draft_ids=tuple(draft.id for draft in drafts.of_patient(database, patient_id)),
        other_sides=conflicts.other_sides(session).get(patient_id, ()),
    )


def _closed_page(session: Session, patient: Patient) -> PatientPage:
    return PatientPage(
        patient=Patient(
            patient.id, patient.family_name, patient.given_name, birth_date=patient.birth_date
        ),
        flags=(),
        contacts=(),
        staff=(),
        primary=None,
        requests=(),
        next_appointment=None,
        draft_ids=tuple(draft.id for draft in drafts.of_patient(session.database, patient.id)),
        closed=True,
    )


@needs(Right.READ_PATIENTS)
def opened(
    session: Session, patient_id: str, place: str = "patient", at: datetime | None = None
) -> None:
    """Log that this person opened the patient's page, or another `place` that shows the patient
    (visit, screening, rapid_test, handout), and why: care of somebody whom they follow, or the
    reason by which they opened somebody outside their list. `at` is when, for a line that the
    store did not take at once; None for now.
    """
    with session.write() as unit:
        access = _access(session, patient_id)
        reason = AccessReason.TREAT if access is None else AccessReason(access.access)
        unit.audit("open", place, patient_id, patient_id, reason=reason, at=at)


@needs(Right.READ_PATIENTS)
def outside_list(session: Session, patient_id: str) -> Assignment | None:
    """Return why and until when a patient outside one's list is here; None for one's own."""
    return _access(session, patient_id)


def _access(session: Session, patient_id: str) -> Assignment | None:
    codes = {reason.value for reason in AccessReason}
    return next(
        (
            one
            for one in store.assignments(session.database, patient_id)
            if one.practitioner_id == session.user.id and one.access in codes
        ),
        None,
    )


@needs(Right.REGISTER_PATIENTS)
def update(session: Session, patient: Patient, opened: Patient | None = None) -> ChangeSet:
    """Save what is known about a patient who is on this laptop. Raises NotFoundError.

    ``opened`` is the patient as the person saw it; see ``save_contact``.
    """
    with session.write() as unit:
        present = records.get(session.database, Patient, patient.id)
        if present is None:
            raise NotFoundError(patient.id)
        unit.save(patient if opened is None else _joined(opened, present, patient))
    return unit.changes()


@needs(Right.RECORD_CARE)
def set_flag(
    session: Session,
    category: FlagCategory,
    state: FlagState,
    text: str,
    patient_id: str,
    flag_id: str | None = None,
    opened: Flag | None = None,
) -> ChangeSet:
    """Answer a category of critical information, confirmed by this person today.

    ``opened`` is the flag as the person saw it: where somebody else has changed it since,
    ChangedMeanwhileError is raised, so that nobody's words are overwritten unseen.

    With ``flag_id`` that flag is answered anew. Without it another one is added, but there is only
    ever one "none known" in a category, and "present" takes its place.
    """
    with session.write() as unit:
        same = [
            flag
            for flag in store.flags(session.database, patient_id)
            if flag.category is category
            and (flag.id == flag_id or FlagState.NONE_KNOWN in (flag.state, state))
        ]
        kept = next((flag for flag in same if flag.id == flag_id), None) or next(iter(same), None)
        if flag_id is not None and (kept is None or kept.id != flag_id):
            raise NotFoundError(flag_id)
        if opened is not None and kept is not None and _said(kept) != _said(opened):
            raise ChangedMeanwhileError(kept)
        answered = Flag(
            id=kept.id if kept else session.new_id(),
            patient_id=patient_id,
            category=category,
            state=state,
            text=text.strip(),
            confirmed_on=session.today(),
            confirmed_by=session.user.id,
        )
        unit.save(answered)
        if state is FlagState.NONE_KNOWN:
            for other in same:
                if other.id != answered.id:
                    unit.save(_ended(other), "end")
    return unit.changes(answered.id)


@needs(Right.RECORD_CARE)
def end_flag(session: Session, flag_id: str, opened: Flag | None = None) -> ChangeSet:
    """Take a flag out of force; it stays in the record. Raises NotFoundError, and
    ChangedMeanwhileError where it is not any more as it was ``opened``."""
    with session.write() as unit:
        flag = records.get(session.database, Flag, flag_id)
        if flag is None:
            raise NotFoundError(flag_id)
        if opened is not None and _said(flag) != _said(opened):
            raise ChangedMeanwhileError(flag)
        if flag.active:
            unit.save(_ended(flag), "end")
    return unit.changes()


@needs(Right.REGISTER_PATIENTS)
def save_contact(session: Session, contact: Contact, opened: Contact | None = None) -> ChangeSet:
    """Save a new or an edited contact; ``active=False`` takes it out of the list.

    ``opened`` is the contact as the person saw it. What somebody else has changed since is kept;
    where it is the same field, ChangedMeanwhileError is raised and nothing is written.
    """
    with session.write() as unit:
        present = records.get(session.database, Contact, contact.id)
        if opened is not None and present is not None:
            contact = _joined(opened, present, contact)
        unit.save(contact)
    return unit.changes(contact.id)


class ChangedMeanwhileError(UserError):
    """Somebody else changed the same while the form was open; ``present`` is how it stands."""

    code = "changed_meanwhile"

    def __init__(self, present: Flag | Contact | Patient) -> None:
        super().__init__(present.id)
        self.present = present


def _joined(opened: Edited, present: Edited, wanted: Edited) -> Edited:
    """The edit from ``opened`` to ``wanted``, made on what stands there now."""
    mine: dict[str, Any] = {}
    for field in fields(wanted):
        before, now, new = (getattr(one, field.name) for one in (opened, present, wanted))
        if new in (before, now):
            continue
        if now != before:
            raise ChangedMeanwhileError(present)
        mine[field.name] = new
    return replace(present, **mine)


def _said(flag: Flag) -> tuple[object, ...]:
    return flag.state, flag.text, flag.active


def _ended(flag: Flag) -> Flag:
    return replace(flag, active=False)


# --- the timeline


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def timeline(
    session: Session, patient_id: str, limit: int = 100, before: datetime | None = None
) -> list[TimelineEntry]:
    """What happened to a patient, newest first; go on with ``before`` = the last entry's ``at``."""
    database = session.database
    found = store_timeline.page(database, patient_id, limit, before)
    names = people.names(session)
    events = [entry.value for entry in found if entry.kind == "medication_administration"]
    facts = _Facts(
        reversed_ids=frozenset(
            medication.counter_entries(database, [event.id for event in events])
        ),
        products={
            request.id: request.product
            for request in medication.requests_of(database, [patient_id])
        },
    )
    veil = Veil(session, patient_id)
    return [_entry_of(entry, names, facts, veil) for entry in found]


def _entry_of(
    entry: TimelineRecord, names: Mapping[str, str], facts: _Facts, veil: Veil
) -> TimelineEntry:
    author_id = event_facts.author_of(entry.value)
    name = (entry.kind, entry.id)
    hidden = veil.hides(*name, author_id)
    mark = veil.view(*name, author_id)
    if isinstance(entry.value, Note) and entry.value.addendum_to is not None and not hidden:
        # An addition is blocked with its note.
        hidden = veil.hides("note", entry.value.addendum_to, author_id)
        mark = mark or veil.view("note", entry.value.addendum_to, author_id)
    shown = TimelineEntry(
        at=entry.at,
        kind=entry.kind,
        id=entry.id,
        author_name=names.get(author_id, ""),
        title_code="",
        detail={},
        status="",
        mark=mark,
        hidden=hidden,
    )
    if hidden:
        return shown
    return replace(
        shown,
        title_code=_title_code(entry.value),
        detail=_detail(entry.value, facts),
        status=_status(entry.value, facts),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    reversed_ids: frozenset[str]
    products: dict[str, str]


def _title_code(value: Any) -> str:
    match value:
        case Encounter():
            return value.kind.value
        case Note():
            return value.template
        case MedicationAdministration():
            return value.status.value
        case ScreeningResponse():
            return value.instrument
        case RapidTest():
            return value.panel
        case _:
            return event_facts.title_code(value)


def _status(value: Any, facts: _Facts) -> str:
    match value:
        case Encounter():
            return value.status.value
        case Note() if value.addendum_to is not None:
            return "addendum"
        case MedicationAdministration() if value.id in facts.reversed_ids:
            return "reversed"
        case ScreeningResponse() if value.total is None:
            return "incomplete"
        case RapidTest():
            return "preliminary"
        case _:
            return event_facts.status(value)


def _detail(value: Any, facts: _Facts) -> dict[str, Any]:
    match value:
        case Encounter():
            return {
                "ended_at": value.ended_at,
                "participants": len(value.participants),
                "reason": value.reason,
            }
        case Note():
            return {"text": value.text, "addendum_to": value.addendum_to}
        case MedicationAdministration():
            return {
                "product": facts.products.get(value.request_id, ""),
                "part": value.part.value,
                "day": value.day,
                "dose_mg": value.dose_mg,
                "dose_ml": value.dose_ml,
                "reason": value.reason,
                "reason_text": value.reason_text,
                "reverses": value.reverses,
                "given": value.status is HandoutStatus.GIVEN,
            }
        case ScreeningResponse():
            return {
                "total": value.total,
                "lowest": value.lowest,
                "highest": value.highest,
                "band": value.band,
            }
        case RapidTest():
            positive = [
                reading.analyte
                for reading in value.readings
                if reading.result == Reading.PRELIMINARY_POSITIVE
            ]
            return {"positive": positive, "read": len(value.readings)}
        case _:
            return event_facts.detail(value)
