"""The day page: what is planned, what is late, and what midnight in Oslo does to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from fieldapp.clock import OSLO, FixedClock
from fieldapp.domain.medication import HandoutStatus, Part, PlannedDose
from fieldapp.domain.patients import FlagCategory, Patient
from fieldapp.domain.visits import AppointmentStatus, EncounterStatus, VisitKind
from fieldapp.services import medication, notes, today, visits
from fieldapp.services.session import Session
from tests.helpers.builders import (
    COLLEAGUE,
    TODAY,
    appointment,
    assignment,
    entry,
    event,
    flag,
    new_session,
    patient,
    receive,
    request,
)
from tests.helpers.claims import grant


def _late(session: Session, day: date = TODAY) -> list[tuple[str, str]]:
    return [(item.kind, item.ref_id) for item in today.load(session, day).late]


def test_my_visits_of_the_day_stand_by_time(session: Session, kari: Patient) -> None:
    whenever, late, early = (appointment(kari, time=time) for time in (None, "13:00", "09:00"))
    receive(
        session,
        whenever,
        late,
        early,
        flag(kari, FlagCategory.VIOLENCE_RISK),
        appointment(kari, to=COLLEAGUE),
        appointment(kari, TODAY + timedelta(days=1)),
        appointment(kari, status=AppointmentStatus.CANCELLED),
    )
    found = today.load(session, TODAY).visits
    assert [visit.appointment.id for visit in found] == [early.id, late.id, whenever.id]
    assert [flag.category for flag in found[0].flags_severe] == [FlagCategory.VIOLENCE_RISK]


def test_a_begun_visit_shows_at_its_plan_and_among_the_open_ones(
    session: Session, kari: Patient
) -> None:
    planned = appointment(kari)
    receive(session, planned)
    begun = visits.start(session, kari.id, VisitKind.HOME, appointment_id=planned.id)
    found = today.load(session, TODAY)
    encounter = found.visits[0].encounter
    assert encounter is not None
    assert (encounter.id, encounter.status) == (begun.created_id, EncounterStatus.IN_PROGRESS)
    assert [visit.encounter.id for visit in found.open_visits] == [begun.created_id]
    visits.finish(session, encounter.id)
    assert today.load(session, TODAY).open_visits == ()


def test_a_visit_that_did_not_take_place_is_late_for_a_week(
    session: Session, kari: Patient
) -> None:
    yesterday, week, older = (appointment(kari, TODAY - timedelta(days=days)) for days in (1, 7, 8))
    done = appointment(kari, TODAY - timedelta(days=2))
    receive(session, yesterday, week, older, done)
    visits.no_show(session, done.id, "ikke hjemme")
    assert _late(session) == [("visit", week.id), ("visit", yesterday.id)]


def test_doses_stand_by_part_of_the_day_and_name(session: Session) -> None:
    people = [patient("Ås"), patient("Berg")]
    doses = (PlannedDose(Part.EVENING, request(people[0]).doses[0].dose_mg),)
    receive(session, *people, *map(assignment, people))
    receive(session, request(people[1], doses=doses), *map(request, people))
    found = today.load(session, TODAY).doses
    assert [(dose.slot.key.part, dose.patient.family_name) for dose in found] == [
        (Part.MORNING, "Berg"),
        (Part.MORNING, "Ås"),
        (Part.EVENING, "Berg"),
    ]


def test_an_unanswered_dose_is_late_when_its_part_of_the_day_has_passed(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    order = request(kari)
    receive(session, order)
    clock.advance(timedelta(hours=1, minutes=44))  # 10:59 in Oslo
    assert _late(session) == []
    clock.advance(timedelta(minutes=1))
    assert _late(session) == [("dose", order.id)]
    medication.record(session, entry(order, HandoutStatus.NOT_MET))
    assert _late(session) == []
    assert [found.status for found in today.load(session, TODAY).doses[0].standing] == [
        HandoutStatus.NOT_MET
    ]


def test_a_reversed_dose_is_late_again(session: Session, kari: Patient, clock: FixedClock) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    clock.advance(timedelta(hours=3))
    given = medication.record(session, entry(order)).created_id
    assert _late(session) == []
    medication.reverse(session, str(given), "feil pasient")
    assert _late(session) == [("dose", order.id)]


def test_tomorrows_doses_are_not_late_and_yesterdays_are(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order)
    assert _late(session, TODAY + timedelta(days=1)) == []
    assert _late(session, TODAY - timedelta(days=1)) == [("dose", order.id)]
    receive(session, event(order, TODAY - timedelta(days=1)))
    assert _late(session, TODAY - timedelta(days=1)) == []


@pytest.mark.parametrize(
    "before_midnight",
    [
        datetime(2026, 11, 22, 22, 59, 30, tzinfo=UTC),  # winter: Oslo is one hour ahead
        datetime(2026, 7, 14, 21, 59, 30, tzinfo=UTC),  # summer: two hours
    ],
)
def test_the_day_changes_at_midnight_in_oslo(tmp_path: Path, before_midnight: datetime) -> None:
    clock = FixedClock(before_midnight)
    session = new_session(tmp_path, clock=clock)
    person = patient()
    receive(session, person, assignment(person))
    day = before_midnight.astimezone(OSLO).date()
    planned = appointment(person, day)
    receive(session, planned)
    draft = notes.new_draft(session, person.id, "note", None, {"text": "ord"})
    notes.close_draft(session, draft.id)

    assert session.today() == day
    found = today.load(session, session.today())
    assert [item.draft.id for item in found.unfinished] == [draft.id]
    assert found.late == ()

    clock.advance(timedelta(minutes=1))
    assert session.today() == day + timedelta(days=1)
    assert _late(session, session.today()) == [("visit", planned.id), ("draft", draft.id)]
    assert today.load(session, session.today()).unfinished == ()
    after_midnight = notes.new_draft(session, person.id, "note", None, {"text": "ord"})
    notes.close_draft(session, after_midnight.id)
    (item,) = today.load(session, session.today()).unfinished
    assert item.draft.id == after_midnight.id
    session.database.close()


def test_a_form_that_a_crash_left_open_is_unfinished_however_old(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    draft = notes.new_draft(session, kari.id, "note", None, {"text": "ord"})
    clock.advance(timedelta(days=3))
    found = today.load(session, session.today())
    assert [item.draft.id for item in found.unfinished] == [draft.id]
    assert "draft" not in [item.kind for item in found.late]
