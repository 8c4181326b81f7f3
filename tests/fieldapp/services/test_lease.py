"""The offline lease: what closes, what stays open, and that recording never stops."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

import fieldapp.services
from fieldapp.clock import FixedClock
from fieldapp.domain.lease import LeaseState
from fieldapp.domain.patients import FlagCategory, FlagState
from fieldapp.services import (
    lease,
    medication,
    notes,
    patients,
    today,
)
from fieldapp.services.lease import LeaseEndedError
from fieldapp.services.session import Session
from fieldapp.store import state, trusted_time
from tests.helpers.builders import appointment, assignment, patient, receive, request

DAYS: Final = 7
ON_TRIP, CLOSED = patient("Turby", id="p1"), patient("Andersen", id="p2")
TRIP, OTHER = ON_TRIP.id, CLOSED.id


@pytest.fixture
def away(session: Session) -> Session:
    """A laptop whose lease has ended; one patient is on the person's list from today on."""
    state.note_login(session.database, session.clock.now())
    for person in (ON_TRIP, CLOSED):
        receive(session, person, assignment(person), request(person))
    receive(session, appointment(ON_TRIP, session.today() + timedelta(days=DAYS + 1)))
    advance(session, timedelta(days=DAYS))
    assert lease.has_ended(session)
    return session


def advance(session: Session, step: timedelta) -> None:
    assert isinstance(session.clock, FixedClock)
    session.clock.advance(step)


def ended(call: Callable[[], object]) -> bool:
    try:
        call()
    except LeaseEndedError:
        return True
    return False


# --- when it ends


def test_it_warns_two_days_ahead_and_ends_after_the_organisations_days(session: Session) -> None:
    state.note_login(session.database, session.clock.now())
    found = []
    for _ in range(DAYS + 1):
        found.append(lease.current(session).state)
        advance(session, timedelta(days=1))
    assert found == [LeaseState.OPEN] * 5 + [LeaseState.WARNING] * 2 + [LeaseState.ENDED]


def test_the_organisation_chooses_the_days(session: Session) -> None:
    state.note_login(session.database, session.clock.now())
    state.remember_rules(session.database, replace(state.rules(session.database), lease_days=3))
    advance(session, timedelta(days=3))
    assert lease.has_ended(session)


def test_a_clock_that_is_put_back_prolongs_nothing(away: Session) -> None:
    with away.write():
        pass
    assert isinstance(away.clock, FixedClock)
    away.clock.jump(-timedelta(days=6))
    assert lease.has_ended(away)


def test_a_clock_put_back_every_morning_prolongs_nothing_while_the_machine_runs(
    session: Session,
) -> None:
    """Closing the lid is no new start: what the machine counts nobody can set."""
    clock = session.clock
    assert isinstance(clock, FixedClock)
    begun = clock.now()
    trusted_time.note_server_time(session.database, begun, clock.elapsed(), begun)
    state.note_login(session.database, begun)
    for day in range(DAYS):
        assert not lease.has_ended(session), day
        clock.advance(timedelta(days=1))
        clock.jump(timedelta(days=-1))  # the same morning again
        with session.write():
            pass
    assert clock.now() == begun
    assert lease.has_ended(session)
    clock.reboot()
    clock.jump(timedelta(hours=-1))
    assert lease.has_ended(session)


def test_a_login_opens_again_also_after_a_clock_that_was_years_ahead(away: Session) -> None:
    assert isinstance(away.clock, FixedClock)
    now = away.clock.now()
    away.clock.jump(timedelta(days=2000))
    with away.write():
        pass
    away.clock.jump(-timedelta(days=2000))
    state.note_login(away.database, now)
    assert lease.current(away).state is LeaseState.OPEN


# --- what is closed

ONE_PATIENT: Final[dict[str, bool]] = {
    "calendar.read": True,
    "medication.orders_of": True,
    "medication.history": True,
    "depots.depot_due": True,
    "incidents.doses": True,
    "pharmacy.days": True,
    "sheets.last_days": True,
    "patients.timeline": False,
    "notes.for_patient": False,
    "adverse_events.for_patient": False,
    "communications.for_patient": True,
    "incidents.for_patient": False,
    "naloxone.for_patient": False,
    "proposals.for_patient": False,
    "rapid_tests.history": False,
    "screening.history": False,
    "screening.trend": False,
    "foreign_drafts.of_patient": False,
}
"""Services that read of one patient, and whether a patient of the trip stays open."""

ALL_PATIENTS: Final = frozenset(
    {
        "register_view.month",
        "register_view.place_counts",
        "register_view.slips",
        "register_view.adviser_day",
    }
)
"""Services across all patients that close altogether."""

NARROWED: Final = frozenset(
    {
        "patients.rows",
        "medication.round_for",
        "medication.day_slots",
        "depots.all_due",
        "foreign_drafts.everything",
        "issues.open_items",
        "issues.count_open",
        "trip_claims.rows",
        "today.load",
    }
)
"""Services over several patients that leave out those who are closed."""

BY_ID: Final = frozenset(
    {"issues.get", "adverse_events.get", "patients.page", "patients.closed_row"}
)
"""Services that ask once they know whose record it is."""

EXEMPT: Final[dict[str, str]] = {
    "notes.draft": "one's own unsigned text",
    "notes.new_draft": "recording never stops",
    "notes.save_draft": "recording never stops",
    "notes.interrupted_drafts": "one's own unsigned text",
    "foreign_drafts.take_over": "one's own unsigned text, to go on writing",
    "claims.": "what this store holds, by ids; the trip is made of it",
    "trip_claims.own": "what this store holds: the trip",
    "trip_claims.denied": "what this store wished for: the trip",
    "trip_claims.group_name": "the name of a substance",
    "situations.": "what must be known to hand out: recording never stops",
    "handouts.": "recording never stops",
    "medication.planned_units_of": "ids of days, for claims",
    "medication.service_day": "the clock",
    "incidents.dose": "the handout that is being reported on: recording never stops",
    "incidents.advice": "advice of the reference files",
    "deviation.facts": "the handout that is being reported on: recording never stops",
    "communications.prescribers": "whom one can ring, for the form: recording never stops",
    "rapid_tests.blank": "an empty form",
    "screening.": "forms, and one's own answers",
    "newer.": "versions by ids, no contents",
    "conflicts.": "one's own unsent change and what stands against it",
    "visits.": "one's own visits, which are recorded on",
    "sheets.": "the paper that is out is entered: recording never stops",
    "witness.": "what waits for one's own signature: recording never stops",
    "register": "the register's own lines: accounts, no record of a patient",
    "receipt.": "counts of one's own day, and what is unsent of it",
    "registration.": "guards against registering twice: recording never stops",
    "imports.": "a file from outside",
    "people.": "names of colleagues",
    "settings.": "one's own look of the window",
    "sync_status.": "what is unsent",
    "trip.": "codes and counts",
    "trust": "how the store stands, the clock",
    "rules.": "rules of the organisation",
    "rights.": "says who may",
    "reauthentication.": "one's own passphrase",
    "corrections.": "marks of entries, no contents",
    "lease.": "the lease itself",
    "own_log.": "lines of one's own log: ids, no contents",
    "patients.outside_list": "why a patient is here, by ids",
    "access": "asked at the server, which knows the log-in",
}
"""Services of a session that read nothing the lease closes, and why. A new one needs a line."""


def services() -> Iterator[tuple[str, Callable[..., Any]]]:
    for info in pkgutil.iter_modules(fieldapp.services.__path__):
        module = importlib.import_module(f"fieldapp.services.{info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                signature = inspect.signature(function)
                first = next(iter(signature.parameters.values()), None)
                answers = signature.return_annotation not in ("None", "ChangeSet")
                if first is not None and first.annotation == "Session" and answers:
                    yield f"{info.name}.{name}", function


def test_every_service_that_reads_knows_the_lease_or_says_why_not() -> None:
    unknown = [
        name
        for name, _ in services()
        if name not in ONE_PATIENT
        and name not in ALL_PATIENTS | NARROWED | BY_ID
        and not any(name.startswith(prefix) for prefix in EXEMPT)
    ]
    assert unknown == []


def _called(
    function: Callable[..., Any], session: Session, patient_id: str
) -> Callable[[], object]:
    """Call with this patient and nothing else; what is wrong with nothing comes after the lease."""

    def call() -> object:
        wanted = list(inspect.signature(function).parameters.values())[2:]
        nothing = [None for one in wanted if one.default is one.empty]
        try:
            return function(session, patient_id, *nothing)
        except LeaseEndedError:
            raise
        except Exception:
            return None

    return call


@pytest.mark.parametrize("name", sorted(ONE_PATIENT))
def test_a_patient_is_read_after_the_lease_only_where_the_trip_needs_it(
    away: Session, name: str
) -> None:
    function = dict(services())[name]
    assert ended(_called(function, away, OTHER))
    assert ended(_called(function, away, TRIP)) is not ONE_PATIENT[name]
    state.note_login(away.database, away.clock.now())
    assert not ended(_called(function, away, OTHER))


@pytest.mark.parametrize("name", sorted(ALL_PATIENTS))
def test_what_reads_across_all_patients_closes(away: Session, name: str) -> None:
    function = dict(services())[name]
    wanted = list(inspect.signature(function).parameters.values())[1:]
    with pytest.raises(LeaseEndedError):
        function(away, *(None for _ in wanted))


def test_lists_show_the_trips_patients_alone(away: Session) -> None:
    assert [row.patient.id for row in patients.rows(away)] == [TRIP]
    day = medication.service_day(away)
    assert {row.patient.id for row in medication.round_for(away, day)} == {TRIP}
    assert {found.id for found, _ in medication.day_slots(away, day)} == {TRIP}
    state.note_login(away.database, away.clock.now())
    assert {row.patient.id for row in patients.rows(away)} == {TRIP, OTHER}
    assert {row.patient.id for row in medication.round_for(away, day)} == {TRIP, OTHER}


def test_nobody_opens_a_patient_by_planning_a_visit(away: Session) -> None:
    with away.write() as unit:
        unit.save(appointment(CLOSED, away.today()))
    assert patients.page(away, OTHER).closed


def test_of_a_closed_patient_only_the_name_is_told(away: Session) -> None:
    flag_of = patients.set_flag(away, FlagCategory.ALLERGY, FlagState.PRESENT, "Penicillin", OTHER)
    shown = patients.page(away, OTHER)
    assert flag_of.created_id is not None
    assert (shown.patient.name, shown.patient.birth_date) == (CLOSED.name, CLOSED.birth_date)
    assert (shown.patient.national_id, shown.patient.address, shown.patient.phone) == (None, "", "")
    assert (shown.flags, shown.requests, shown.contacts) == ((), (), ())
    assert not patients.page(away, TRIP).closed


def test_a_closed_patient_is_found_by_the_whole_name_or_number_alone(away: Session) -> None:
    assert CLOSED.national_id is not None
    for typed in (f"{CLOSED.given_name} {CLOSED.family_name}", CLOSED.national_id):
        row = patients.closed_row(away, typed)
        assert row is not None
        assert row.patient.id == OTHER
        assert row.patient.national_id is None
    for typed in ("", CLOSED.family_name, CLOSED.national_id[:10]):
        assert patients.closed_row(away, typed) is None


# --- recording never stops


def test_everything_can_be_recorded_on_a_patient_who_is_closed(away: Session) -> None:
    draft = notes.new_draft(away, OTHER, "note", None, {"text": "Ringte, er trygg"})
    note_id = notes.sign(away, draft.id).created_id
    patients.set_flag(away, FlagCategory.ALLERGY, FlagState.PRESENT, "Penicillin", OTHER)
    patients.opened(away, OTHER)
    assert note_id is not None
    assert ended(lambda: notes.for_patient(away, OTHER))
    state.note_login(away.database, away.clock.now())
    assert [view.note.id for view in notes.for_patient(away, OTHER)] == [note_id]


def test_nothing_is_deleted_when_the_lease_ends(away: Session) -> None:
    before = {row["id"] for row in away.database.connection.execute("SELECT id FROM patient")}
    today.load(away, away.today())
    assert before == {TRIP, OTHER}
