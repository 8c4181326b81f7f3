"""Short builders for made-up records, a session on a real encrypted store, and its server side.

session = new_session(tmp_path)
kari = patient("Ås", "Kari")
receive(session, kari, assignment(kari), request(kari))
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fieldapp.clock import Clock, FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.domain.kinds import name_of
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    Intake,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    OtherDose,
    Part,
    PlannedDose,
    SlotKey,
)
from fieldapp.domain.patients import (
    Assignment,
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Patient,
    Place,
    Practitioner,
    Relation,
    Role,
    Sex,
)
from fieldapp.domain.visits import Appointment, VisitKind
from fieldapp.ids import new_id
from fieldapp.services.medication import HandoutEntry
from fieldapp.services.session import Session
from fieldapp.store import inbox, outbox, records
from fieldapp.store.db import Database
from fieldapp.store.inbox import IncomingRecord
from tests.helpers.stores import START, open_store

ME = Practitioner("u-me", "kari", "Kari Nordmann", Role.CASE_MANAGER)
COLLEAGUE = Practitioner("u-colleague", "ola", "Ola Åsen", Role.LAR_STAFF)
DEVICE = "d-1"
TODAY = START.date()

_versions = itertools.count(1)
_numbers = synthetic_numbers(date(1980, 1, 1))


def new_session(
    tmp_path: Path, *, clock: Clock | None = None, user: Practitioner = ME, enough: bool = True
) -> Session:
    """A session on a new store; the team is known unless ``enough`` is False."""
    session = Session(open_store(tmp_path), user, DEVICE, clock or FixedClock(START), new_id)
    if enough:
        receive(session, ME, COLLEAGUE)
    return session


def receive(session: Session, *values: Any, complete: bool = True) -> None:
    """Let the server send these records, each in a version newer than all before."""
    receive_bodies(
        session,
        [
            (name_of(value), value.id, records.patient_id_of(value), to_body(value))
            for value in values
        ],
        complete=complete,
    )


def receive_bodies(
    session: Session,
    bodies: Iterable[tuple[str, str, str | None, dict[str, Any]]],
    *,
    complete: bool = True,
) -> None:
    """Let the server send (kind, id, patient id, body) as one page."""
    page = [
        IncomingRecord(kind, record_id, patient_id, next(_versions), body)
        for kind, record_id, patient_id, body in bodies
    ]
    inbox.apply_page(
        session.database,
        page,
        cursor=f"{next(_versions)}",
        complete=complete,
        now=session.clock.now(),
    )


def settle_outbox(session: Session) -> None:
    """Let the server confirm everything that waits."""
    while batch := outbox.take_batch(session.database, 200, 10_000_000):
        outbox.acknowledge(
            session.database,
            [outbox.Settled(change.change_id, next(_versions)) for change in batch],
        )


def patient(family: str = "Ås", given: str = "Åse", **changes: Any) -> Patient:
    """A made-up patient with a synthetic number."""
    values: dict[str, Any] = {
        "id": new_id(),
        "national_id": next(_numbers),
        "birth_date": date(1980, 1, 1),
        "sex": Sex.FEMALE,
        "address": "Storgata 1",
        "postal_code": "8250",
        "city": "Rognan",
        "phone": "912 34 567",
    }
    return Patient(family_name=family, given_name=given, **{**values, **changes})


def assignment(person: Patient, to: Practitioner = ME, *, primary: bool = True) -> Assignment:
    return Assignment(new_id(), person.id, to.id, primary=primary)


def flag(person: Patient, category: FlagCategory = FlagCategory.ALLERGY, **changes: Any) -> Flag:
    values: dict[str, Any] = {
        "id": new_id(),
        "patient_id": person.id,
        "category": category,
        "state": FlagState.PRESENT,
        "text": "penicillin",
        "confirmed_on": TODAY,
        "confirmed_by": ME.id,
    }
    return Flag(**{**values, **changes})


def contact(person: Patient, name: str = "Mor Ås") -> Contact:
    return Contact(new_id(), person.id, name, Relation.PARENT)


def request(person: Patient, **changes: Any) -> MedicationRequest:
    """A daily liquid dose in the morning, handed out at home; no days without it so far."""
    values: dict[str, Any] = {
        "id": new_id(),
        "patient_id": person.id,
        "product": "Metadon mikstur",
        "atc": "N07BC02",
        "form": "mikstur",
        "strength": "2 mg/ml",
        "doses": (PlannedDose(Part.MORNING, Decimal(60)),),
        "weekdays": (1, 2, 3, 4, 5, 6, 7),
        "place": Place.HOME,
        "valid_from": date(2026, 1, 1),
        "prescriber": "Lege Li",
        "reassessed_on": TODAY,
        "concentration_mg_per_ml": Decimal(2),
    }
    return MedicationRequest(**{**values, **changes})


def slot_of(order: MedicationRequest, day: date = TODAY, part: Part = Part.MORNING) -> SlotKey:
    return SlotKey(order.patient_id, order.id, day, part)


def entry(
    order: MedicationRequest, status: HandoutStatus = HandoutStatus.GIVEN, **changes: Any
) -> HandoutEntry:
    """What a giver says: everything that the status needs, and nothing more."""
    given = status is HandoutStatus.GIVEN
    values: dict[str, Any] = {
        "id": new_id(),
        "slot": slot_of(order),
        "status": status,
        "dose_mg": Decimal(60) if given else None,
        "witnessed": given,
        "identity_check": IdentityCheck.KNOWN if given else None,
        "observed_state": ObservedState.UNAFFECTED if given else None,
        "reason": None if given else "other",
        "reason_text": "" if given else "bodde hos broren",
        "other_dose": OtherDose.NO if given else None,
        "intake": Intake(dissolve_minutes=6, mouth_checked=True) if given else None,
    }
    return HandoutEntry(**{**values, **changes})


def event(
    order: MedicationRequest,
    day: date = TODAY,
    status: HandoutStatus = HandoutStatus.GIVEN,
    **changes: Any,
) -> MedicationAdministration:
    """An event as a colleague's laptop would have made it."""
    moment = datetime(day.year, day.month, day.day, 7, tzinfo=START.tzinfo)
    values: dict[str, Any] = {
        "id": new_id(),
        "patient_id": order.patient_id,
        "request_id": order.id,
        "request_revision": order.revision,
        "day": day,
        "part": Part.MORNING,
        "status": status,
        "given_at": moment,
        "recorded_at": moment,
        "author_id": COLLEAGUE.id,
        "device_id": "d-2",
        "sequence": 1,
        "dose_mg": Decimal(60) if status is HandoutStatus.GIVEN else None,
    }
    return MedicationAdministration(**{**values, **changes})


def appointment(
    person: Patient, day: date = TODAY, to: Practitioner = ME, **changes: Any
) -> Appointment:
    values: dict[str, Any] = {
        "id": new_id(),
        "patient_id": person.id,
        "practitioner_id": to.id,
        "day": day,
        "time": "10:00",
        "kind": VisitKind.HOME,
    }
    return Appointment(**{**values, **changes})


def outbox_rows(database: Database) -> list[tuple[str, str]]:
    """(kind, record id) of everything that waits, in order."""
    rows = database.connection.execute("SELECT kind, record_id FROM outbox ORDER BY sequence")
    return [(str(row["kind"]), str(row["record_id"])) for row in rows]
