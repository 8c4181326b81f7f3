"""Whatever a service writes is queued for the server in the same transaction, or not written.

The list below names every service function that writes; a new one that is missing here fails.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

import pytest

import fieldapp.services
from fieldapp.clock import FixedClock
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.codec import to_body
from fieldapp.domain.handout_events import CommunicationTopic, IncidentType
from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.domain.issues import DetectedIssue
from fieldapp.domain.kinds import KINDS
from fieldapp.domain.medication import HandoutStatus, MedicationRequest
from fieldapp.domain.patients import Contact, Flag, FlagCategory, FlagState, Patient
from fieldapp.domain.toxicology import Reading
from fieldapp.domain.visits import Appointment, VisitKind
from fieldapp.ids import new_id
from fieldapp.services import (
    adverse_events,
    communications,
    conflicts,
    corrections,
    handouts,
    imports,
    incidents,
    issues,
    naloxone,
    notes,
    patients,
    pharmacy,
    proposals,
    rapid_tests,
    registration,
    screening,
    setup,
    sync_status,
    visits,
)
from fieldapp.services.registration import NewPatient
from fieldapp.services.session import Session
from fieldapp.store import audit, outbox
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import (
    TODAY,
    appointment,
    contact,
    entry,
    event,
    flag,
    outbox_rows,
    receive,
    request,
    settle_outbox,
)
from tests.helpers.claims import grant


@dataclass(frozen=True)
class World:
    """Records that the actions below work on; all of them are on the server already."""

    session: Session
    kari: Patient
    order: MedicationRequest
    planned: Appointment
    allergy: Flag
    mother: Contact
    given: str
    not_met: str
    encounter: str
    note: str
    note_draft: str
    screening_draft: str
    issue: str


@pytest.fixture
def world(session: Session, kari: Patient, clock: FixedClock) -> World:
    setup.allow_synthetic_numbers(session.database)
    order, planned, allergy, mother = request(kari), appointment(kari), flag(kari), contact(kari)
    yesterdays = event(order, TODAY - timedelta(days=1), author_id=session.user.id)
    not_met = event(
        order, TODAY - timedelta(days=2), HandoutStatus.NOT_MET, author_id=session.user.id
    )
    danger = DetectedIssue(
        "i-1", kari.id, "double_handout", (yesterdays.id,), yesterdays.recorded_at
    )
    receive(session, order, planned, allergy, mother, yesterdays, not_met, danger)
    grant(session, order)
    encounter = str(visits.start(session, kari.id, VisitKind.HOME).created_id)
    signed = notes.new_draft(session, kari.id, "note", None, {"text": "Ro."})
    notes.sign(session, signed.id)
    draft = notes.new_draft(session, kari.id, "note", None, {"text": "Uro."})
    form = screening.start_draft(session, kari.id, "audit")
    screening.save_answers(session, form, {"1": 2})
    settle_outbox(session)
    assert outbox_rows(session.database) == []
    clock.advance(timedelta(minutes=1))
    return World(
        session,
        kari,
        order,
        planned,
        allergy,
        mother,
        yesterdays.id,
        not_met.id,
        encounter,
        signed.id,
        draft.id,
        form.id,
        danger.id,
    )


def _rapid_test(world: World) -> ChangeSet:
    panel = rapid_tests.panels()[0]
    first, *others = rapid_tests.blank(world.session, world.kari.id, panel.id)
    return rapid_tests.record(
        world.session,
        rapid_tests.RapidTestEntry(
            id=new_id(),
            patient_id=world.kari.id,
            panel=panel.id,
            supervised=True,
            reason="patient_wish",
            readings=(replace(first, result=Reading.PRELIMINARY_NEGATIVE.value), *others),
        ),
    )


def _import(world: World) -> ChangeSet:
    (number,) = islice(synthetic_numbers(date(1975, 5, 17)), 1)
    data = f"Etternavn;Fornavn;Fødselsnummer\r\nLi;Bo;{number}\r\n".encode()
    return imports.commit(world.session, imports.preview(world.session, data))


def _parked(world: World) -> str:
    """An edit that the server did not take, for a person to decide on."""
    patients.update(world.session, replace(world.kari, phone="mine"))
    (item,) = outbox.items(world.session.database)
    servers = {**to_body(world.kari), "phone": "theirs"}
    outbox.park(world.session.database, item.change_id, "conflict", "phone", servers, 99)
    return item.change_id


WRITES: dict[str, tuple[str, Callable[[World], ChangeSet]]] = {
    "patients.update": (
        "patient",
        lambda w: patients.update(w.session, replace(w.kari, phone="400 00 000")),
    ),
    "patients.set_flag": (
        "flag",
        lambda w: patients.set_flag(
            w.session, FlagCategory.CHILDREN, FlagState.PRESENT, "to", w.kari.id
        ),
    ),
    "patients.end_flag": ("flag", lambda w: patients.end_flag(w.session, w.allergy.id)),
    "patients.save_contact": (
        "contact",
        lambda w: patients.save_contact(w.session, replace(w.mother, phone="1")),
    ),
    "visits.plan": (
        "appointment",
        lambda w: visits.plan(w.session, w.kari.id, TODAY, None, VisitKind.HOME, ""),
    ),
    "visits.cancel_plan": (
        "appointment",
        lambda w: visits.cancel_plan(w.session, w.planned.id),
    ),
    "visits.start": (
        "encounter",
        lambda w: visits.start(_without_open_visit(w), w.kari.id, VisitKind.HOME),
    ),
    "visits.update": (
        "encounter",
        lambda w: visits.update(w.session, w.encounter, kind=VisitKind.PHONE),
    ),
    "visits.finish": ("encounter", lambda w: visits.finish(w.session, w.encounter)),
    "visits.no_show": (
        "encounter",
        lambda w: visits.no_show(w.session, w.planned.id, "ikke hjemme"),
    ),
    "notes.sign": ("note", lambda w: notes.sign(w.session, w.note_draft)),
    "notes.addendum": ("note", lambda w: notes.addendum(w.session, w.note, "Rettelse.")),
    "handouts.record": (
        "medication_administration",
        lambda w: handouts.record(w.session, entry(w.order)),
    ),
    "handouts.reverse": (
        "medication_administration",
        lambda w: handouts.reverse(w.session, w.not_met, "feil pasient"),
    ),
    "handouts.reverse_handing_over": (
        "medication_administration",
        lambda w: handouts.reverse_handing_over(w.session, w.not_met, "feil pasient"),
    ),
    "handouts.propose_reversal": (
        "proposal",
        lambda w: handouts.propose_reversal(w.session, w.given, "feil pasient"),
    ),
    "screening.complete": (
        "screening_response",
        lambda w: screening.complete(w.session, w.screening_draft),
    ),
    "rapid_tests.record": ("rapid_test", _rapid_test),
    "imports.commit": ("patient", _import),
    "issues.answer": (
        "detected_issue",
        lambda w: issues.answer(w.session, w.issue, "Bare én er gitt."),
    ),
    "registration.register": (
        "patient",
        lambda w: registration.register(w.session, NewPatient("Ny", "Nora")),
    ),
    "incidents.record": (
        "dose_incident",
        lambda w: incidents.record(
            w.session,
            incidents.IncidentEntry(new_id(), w.kari.id, IncidentType.VOMITED, (w.given,)),
        ),
    ),
    "pharmacy.record": (
        "pharmacy_report",
        lambda w: pharmacy.record(
            w.session,
            pharmacy.PharmacyEntry(new_id(), w.kari.id, "opioid", TODAY, True, "Apotek 1"),
        ),
    ),
    "communications.record": (
        "communication",
        lambda w: communications.record(
            w.session,
            communications.CommunicationEntry(
                new_id(), w.kari.id, CommunicationTopic.DOSE, "Legen", reached=False
            ),
        ),
    ),
    "naloxone.record": (
        "medication_dispense",
        lambda w: naloxone.record(
            w.session, naloxone.NaloxoneEntry(new_id(), w.kari.id, "Nyxoid", 1, True)
        ),
    ),
    "adverse_events.save": (
        "adverse_event",
        lambda w: adverse_events.save(
            w.session, adverse_events.OverdoseEntry(new_id(), w.kari.id, "Funnet på badet")
        ),
    ),
    "corrections.mark": (
        "entry_correction",
        lambda w: corrections.mark(
            w.session, "medication_administration", w.given, "Gjelder naboen"
        ),
    ),
    "proposals.wish": (
        "proposal",
        lambda w: proposals.wish(w.session, "medication_request", w.order.id, {}, "Lavere dose"),
    ),
}

DO_NOT_QUEUE = {
    "notes.discard_draft",  # drafts never leave the laptop
    # decisions about what is queued already; see test_sync_status
    "sync_status.retry",
    "sync_status.hand_over",
    "conflicts.settle",
    # what this store asks the server for, or has given up, is told by a call of its own
    "claims.wish",
    "claims.withdraw_wish",
    "claims.drop",
    "trip_claims.reserve",
}

TESTED_ELSEWHERE = {
    # records of no patient, or of several at once: test_sheets, test_witness
    "sheets.enter",
    "sheets.print_sheet",
    "sheets.settle",
    "sheets.void",
    "witness.confirm",
}


def _without_open_visit(world: World) -> Session:
    return replace(world.session, user=replace(world.session.user, id="u-other"))


def _snapshot(session: Session) -> dict[str, list[tuple[object, ...]]]:
    tables = (*KINDS, "draft", "outbox", "audit", "store_state", "setting")
    return {
        table: [tuple(row) for row in session.database.connection.execute(f"SELECT * FROM {table}")]
        for table in tables
    }


def test_the_list_names_every_function_that_writes() -> None:
    found = set()
    for module_info in pkgutil.iter_modules(fieldapp.services.__path__):
        module = importlib.import_module(f"fieldapp.services.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            if typing.get_type_hints(function).get("return") is ChangeSet:
                found.add(f"{module_info.name}.{name}")
    assert found == set(WRITES) | DO_NOT_QUEUE | TESTED_ELSEWHERE


@pytest.mark.parametrize("name", WRITES)
def test_every_write_leaves_exactly_one_outbox_row(world: World, name: str) -> None:
    kind, action = WRITES[name]
    log_before = len(audit.lines(world.session.database))
    changes = action(world)

    (item,) = outbox.items(world.session.database)
    assert item.kind == kind
    assert item.created_at == world.session.clock.now()
    written = [change for change in changes.changes if change.kind in KINDS]
    assert [(change.kind, change.id) for change in written] == [(kind, item.record_id)]
    row = world.session.database.connection.execute(
        f"SELECT body = (SELECT body FROM outbox) AS same, patient_id FROM {kind} WHERE id = ?",
        (item.record_id,),
    ).fetchone()
    assert row is not None
    assert row["same"] == 1
    assert row["patient_id"] == item.patient_id is not None
    assert len(audit.lines(world.session.database)) > log_before
    assert audit.first_broken(world.session.database) is None


@pytest.mark.parametrize("name", WRITES)
def test_a_failing_outbox_takes_everything_back(world: World, name: str) -> None:
    connection = world.session.database.connection
    before = _snapshot(world.session)
    with world.session.database.maintenance():
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(IntegrityError, match="full"):
        WRITES[name][1](world)
    assert _snapshot(world.session) == before


@pytest.mark.parametrize("name", WRITES)
def test_a_failing_log_takes_everything_back(world: World, name: str) -> None:
    connection = world.session.database.connection
    before = _snapshot(world.session)
    with world.session.database.maintenance():
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(IntegrityError, match="full"):
        WRITES[name][1](world)
    assert _snapshot(world.session) == before


@pytest.mark.parametrize(
    "decide",
    [
        sync_status.retry,
        sync_status.hand_over,
        lambda session, change_id: conflicts.settle(session, change_id, frozenset({"phone"})),
    ],
)
def test_a_failing_log_takes_a_decision_back(
    world: World, decide: Callable[[Session, str], ChangeSet]
) -> None:
    change_id = _parked(world)
    before = _snapshot(world.session)
    with world.session.database.maintenance() as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(IntegrityError, match="full"):
        decide(world.session, change_id)
    assert _snapshot(world.session) == before


@pytest.mark.parametrize("name", ["patients.update", "patients.save_contact", "visits.finish"])
def test_every_edit_keeps_what_a_newer_version_wrote(world: World, name: str) -> None:
    kind, action = WRITES[name]
    with world.session.database.transaction() as connection:
        connection.execute(f"UPDATE {kind} SET body = json_set(body, '$.newer', json('[1,{{}}]'))")
    action(world)
    (item,) = outbox.items(world.session.database)
    assert item.body["newer"] == [1, {}]
