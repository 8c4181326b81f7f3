"""Visits are planned, begun once, ended, or recorded as nobody there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.patients import Patient
from fieldapp.domain.visits import (
    Appointment,
    AppointmentStatus,
    Encounter,
    EncounterStatus,
    VisitError,
    VisitKind,
)
from fieldapp.services import visits
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records
from tests.helpers.builders import COLLEAGUE, ME, TODAY, appointment, receive
from tests.helpers.stores import START


def _encounter(session: Session, encounter_id: str | None) -> Encounter:
    found = records.get(session.database, Encounter, str(encounter_id))
    assert found is not None
    return found


def test_a_visit_is_planned_for_a_day_and_a_person(session: Session, kari: Patient) -> None:
    planned = visits.plan(
        session, kari.id, TODAY, " 9:30 ", VisitKind.HOME, "  Medisin ", COLLEAGUE.id
    )
    found = records.get(session.database, Appointment, str(planned.created_id))
    assert found is not None
    assert (found.time, found.purpose) == ("09:30", "Medisin")
    assert (found.practitioner_id, found.created_by) == (COLLEAGUE.id, ME.id)


@pytest.mark.parametrize("time", ["25:00", "ti", "10"])
def test_a_time_that_is_none_is_refused(session: Session, kari: Patient, time: str) -> None:
    with pytest.raises(VisitError, match="time_format"):
        visits.plan(session, kari.id, TODAY, time, VisitKind.HOME, "")


def test_a_visit_to_somebody_who_is_not_here_is_refused(session: Session) -> None:
    with pytest.raises(NotFoundError):
        visits.plan(session, "p-none", TODAY, None, VisitKind.HOME, "")
    with pytest.raises(NotFoundError):
        visits.start(session, "p-none", VisitKind.HOME)


def test_a_cancelled_plan_stays_in_the_record(session: Session, kari: Patient) -> None:
    planned = appointment(kari)
    receive(session, planned)
    visits.cancel_plan(session, planned.id)
    found = records.get(session.database, Appointment, planned.id)
    assert found is not None
    assert found.status is AppointmentStatus.CANCELLED
    assert visits.cancel_plan(session, planned.id).changes == ()


def test_a_visit_is_begun_and_ended(session: Session, kari: Patient, clock: FixedClock) -> None:
    begun = visits.start(session, kari.id, VisitKind.HOME, [COLLEAGUE.id])
    assert visits.open_encounter(session, kari.id) == _encounter(session, begun.created_id)
    clock.advance(timedelta(minutes=50))
    visits.finish(session, str(begun.created_id), travel_minutes=20)

    done = _encounter(session, begun.created_id)
    assert done.status is EncounterStatus.FINISHED
    assert (done.started_at, done.ended_at) == (START, START + timedelta(minutes=50))
    assert done.participants == (ME.id, COLLEAGUE.id)
    assert done.travel_minutes == 20
    assert visits.open_encounter(session, kari.id) is None


def test_a_double_click_begins_one_visit(session: Session, kari: Patient) -> None:
    first = visits.start(session, kari.id, VisitKind.HOME)
    second = visits.start(session, kari.id, VisitKind.HOME)
    assert first.created_id == second.created_id
    assert second.changes == ()


def test_a_visit_is_ended_once_and_its_end_can_be_put_right(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    begun = str(visits.start(session, kari.id, VisitKind.HOME).created_id)
    clock.advance(timedelta(minutes=50))
    visits.finish(session, begun)
    clock.advance(timedelta(minutes=5))
    assert visits.finish(session, begun).changes == ()
    visits.finish(session, begun, ended_at=START + timedelta(minutes=45))
    assert _encounter(session, begun).ended_at == START + timedelta(minutes=45)


def test_a_visit_that_contradicts_itself_is_refused(session: Session, kari: Patient) -> None:
    begun = str(visits.start(session, kari.id, VisitKind.HOME).created_id)
    with pytest.raises(VisitError, match="end_before_start"):
        visits.finish(session, begun, ended_at=START - timedelta(minutes=1))
    with pytest.raises(VisitError, match="participants_missing"):
        visits.update(session, begun, participants=[])
    with pytest.raises(VisitError, match="travel_negative"):
        visits.update(session, begun, travel_minutes=-1)
    assert _encounter(session, begun).status is EncounterStatus.IN_PROGRESS


def test_kind_and_participants_can_be_changed(session: Session, kari: Patient) -> None:
    begun = str(visits.start(session, kari.id, VisitKind.HOME).created_id)
    visits.update(session, begun, kind=VisitKind.OUTDOORS, participants=[COLLEAGUE.id])
    changed = _encounter(session, begun)
    assert (changed.kind, changed.participants) == (VisitKind.OUTDOORS, (COLLEAGUE.id,))


def test_nobody_met_is_recorded_once_with_its_reason(session: Session, kari: Patient) -> None:
    planned = appointment(kari)
    receive(session, planned)
    with pytest.raises(VisitError, match="reason_missing"):
        visits.no_show(session, planned.id, " ")
    first = visits.no_show(session, planned.id, "ikke hjemme")
    assert visits.no_show(session, planned.id, "ikke hjemme").created_id == first.created_id
    found = _encounter(session, first.created_id)
    assert (found.status, found.reason) == (EncounterStatus.NO_SHOW, "ikke hjemme")


def test_the_team_is_listed_in_norwegian_order(session: Session) -> None:
    assert visits.staff(session) == [ME, COLLEAGUE]
