"""A dose is given once; what happened can always be recorded; mistakes are taken back openly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fieldapp.clock import OSLO, FixedClock
from fieldapp.domain import handout_checks
from fieldapp.domain.medication import (
    HandoutError,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    Part,
    PlannedDose,
    slots,
)
from fieldapp.domain.patients import Patient, Place
from fieldapp.domain.readiness import days_missed
from fieldapp.ids import new_id
from fieldapp.services import medication, notes
from fieldapp.services.session import Session
from fieldapp.store import records, state
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import (
    COLLEAGUE,
    TODAY,
    assignment,
    entry,
    event,
    new_session,
    outbox_rows,
    patient,
    receive,
    request,
    slot_of,
)
from tests.helpers.claims import grant, trust


@pytest.fixture
def order(session: Session, kari: Patient) -> MedicationRequest:
    """A daily dose of 60 mg in a liquid of 2 mg/ml."""
    made = request(kari)
    receive(session, made)
    grant(session, made)
    return made


def _events(session: Session) -> list[MedicationAdministration]:
    return records.select(session.database, MedicationAdministration, "1 ORDER BY id")


def test_a_given_dose_is_stored_with_its_volume_and_its_giver(
    session: Session, order: MedicationRequest
) -> None:
    changes = medication.record(session, entry(order))
    (stored,) = _events(session)
    assert changes.created_id == stored.id
    assert (stored.dose_mg, stored.dose_ml) == (Decimal(60), Decimal(30))
    assert (stored.author_id, stored.device_id, stored.sequence) == ("u-me", "d-1", 1)
    assert stored.given_at == stored.recorded_at == session.clock.now()


def test_a_second_given_in_a_slot_is_refused_by_the_rule(
    session: Session, order: MedicationRequest
) -> None:
    first = entry(order)
    medication.record(session, first)
    with pytest.raises(HandoutError, match="slot_already_given") as caught:
        medication.record(session, entry(order))
    assert caught.value.event_id == first.id
    assert len(_events(session)) == 1
    assert outbox_rows(session.database) == [("medication_administration", first.id)]


def test_a_second_given_in_a_slot_is_refused_by_the_schema_alone(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    (first,) = _events(session)
    with pytest.raises(IntegrityError, match="slot_already_given"), session.write() as unit:
        unit.save(replace(first, id=new_id()))
    assert len(_events(session)) == 1
    assert len(outbox_rows(session.database)) == 1


def test_the_schemas_refusal_reads_like_the_rules(
    session: Session, order: MedicationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    medication.record(session, entry(order))
    monkeypatch.setattr(handout_checks, "check_light", lambda *_, **__: None)
    with pytest.raises(HandoutError, match="slot_already_given"):
        medication.record(session, entry(order))


def test_a_dose_given_by_a_colleague_closes_the_slot(
    session: Session, order: MedicationRequest
) -> None:
    receive(session, event(order))
    with pytest.raises(HandoutError, match="slot_already_given"):
        medication.record(session, entry(order))


def test_two_laptops_that_both_gave_are_both_kept(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    receive(session, event(order))
    ((row,),) = [found.slots for found in medication.round_for(session, TODAY)]
    assert [standing.status for standing in row.standing] == [HandoutStatus.GIVEN] * 2


def test_a_dose_after_a_not_met_is_recorded(session: Session, order: MedicationRequest) -> None:
    medication.record(session, entry(order, HandoutStatus.NOT_MET))
    medication.record(session, entry(order))
    assert [found.status for found in _events(session)] == [
        HandoutStatus.NOT_MET,
        HandoutStatus.GIVEN,
    ]


def test_what_already_happened_is_recorded_beside_a_given_dose(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    late = entry(order, retrospective=True, reason_text="ga ny dose etter oppkast, lege spurt")
    medication.record(session, late)
    assert len(_events(session)) == 2


def test_what_already_happened_needs_a_reason(session: Session, order: MedicationRequest) -> None:
    with pytest.raises(HandoutError, match="reason_missing"):
        medication.record(session, entry(order, retrospective=True))


def test_a_counter_entry_opens_the_slot_again_and_deletes_nothing(
    session: Session, order: MedicationRequest
) -> None:
    wrong = entry(order)
    medication.record(session, wrong)
    medication.reverse(session, wrong.id, "feil pasient")
    right = entry(order)
    medication.record(session, right)

    assert len(_events(session)) == 3
    newest, oldest = medication.history(session, order.patient_id)
    assert {newest.event.id, oldest.event.id} == {wrong.id, right.id}
    reversed_by = next(
        view.reversed_by
        for view in medication.history(session, order.patient_id)
        if view.event.id == wrong.id
    )
    assert reversed_by is not None
    assert reversed_by.reason_text == "feil pasient"


def test_a_counter_entry_needs_a_reason_and_is_made_once(
    session: Session, order: MedicationRequest
) -> None:
    wrong = entry(order)
    medication.record(session, wrong)
    with pytest.raises(HandoutError, match="reason_missing"):
        medication.reverse(session, wrong.id, "  ")
    medication.reverse(session, wrong.id, "feil pasient")
    with pytest.raises(HandoutError, match="already_reversed"):
        medication.reverse(session, wrong.id, "feil pasient")
    with pytest.raises(HandoutError, match="nothing_to_reverse"):
        medication.reverse(session, "no-such-event", "feil pasient")


def test_a_double_click_is_one_event(session: Session, order: MedicationRequest) -> None:
    once = entry(order)
    first = medication.record(session, once)
    second = medication.record(session, once)
    assert first.created_id == second.created_id
    assert second.changes == ()
    assert len(_events(session)) == 1


@pytest.mark.parametrize("days", [1, -1])
def test_a_dose_is_not_given_in_a_slot_of_another_day(
    session: Session, order: MedicationRequest, days: int
) -> None:
    other = slot_of(order, TODAY + timedelta(days=days))
    grant(session, order, other.day)
    with pytest.raises(HandoutError, match="not_served_now"):
        medication.record(session, entry(order, slot=other))


def test_yesterdays_dose_can_still_be_given_until_six_in_the_morning(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=20, minutes=40))
    assert session.today() == TODAY + timedelta(days=1)
    medication.record(session, entry(order))
    assert len(_events(session)) == 1


def test_a_form_left_open_over_night_does_not_put_todays_dose_on_yesterday(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    left_open = entry(order)
    clock.advance(timedelta(hours=23))
    with pytest.raises(HandoutError, match="not_served_now"):
        medication.record(session, left_open)
    happened = replace(left_open, retrospective=True, reason_text="ga dosen i går, glemte å føre")
    medication.record(session, happened)
    assert [event.day for event in _events(session)] == [TODAY]


@pytest.mark.parametrize(
    ("local", "day"),
    [
        (datetime(2026, 11, 23, 5, 59, tzinfo=OSLO), date(2026, 11, 22)),
        (datetime(2026, 11, 23, 6, 0, tzinfo=OSLO), date(2026, 11, 23)),
        # Clocks go forward from 02:00 to 03:00, and back from 03:00 to 02:00.
        (datetime(2026, 3, 29, 3, 0, tzinfo=OSLO), date(2026, 3, 28)),
        (datetime(2026, 3, 29, 6, 0, tzinfo=OSLO), date(2026, 3, 29)),
        (datetime(2026, 10, 25, 2, 30, tzinfo=OSLO, fold=1), date(2026, 10, 24)),
        (datetime(2026, 10, 25, 6, 0, tzinfo=OSLO), date(2026, 10, 25)),
    ],
)
def test_the_round_moves_on_at_six_in_oslo(tmp_path: Path, local: datetime, day: date) -> None:
    session = new_session(tmp_path, clock=FixedClock(local))
    assert medication.service_day(session) == day
    session.database.close()


def test_the_round_moves_on_when_the_organisation_has_decided(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    state.remember_rules(session.database, state.Rules(service_day_begins="03:00"))
    clock.advance(timedelta(hours=18))
    assert medication.service_day(session) == TODAY + timedelta(days=1)


def test_a_colleagues_handout_is_not_taken_back_and_keeps_the_slot_closed(
    session: Session, order: MedicationRequest
) -> None:
    colleagues = event(order)
    receive(session, colleagues)
    with pytest.raises(HandoutError, match="not_own_handout"):
        medication.reverse(session, colleagues.id, "feil pasient")
    with pytest.raises(HandoutError, match="slot_already_given"):
        medication.record(session, entry(order))
    assert outbox_rows(session.database) == []


def test_a_dose_seen_in_a_former_revision_of_the_order_is_not_recorded_as_given(
    session: Session, order: MedicationRequest
) -> None:
    seen = entry(order, request_revision=order.revision)
    halved = (PlannedDose(Part.MORNING, Decimal(30)),)
    receive(session, replace(order, revision=2, doses=halved))
    with pytest.raises(HandoutError, match="order_changed"):
        medication.record(session, seen)
    assert _events(session) == []


def test_a_dose_given_today_under_the_order_before_this_one_is_shown(
    session: Session, kari: Patient
) -> None:
    yesterday = TODAY - timedelta(days=1)
    former = request(kari, stopped_on=TODAY)
    new = request(kari, valid_from=TODAY, atc="N07BC01", concentration_mg_per_ml=None)
    given = event(former)
    receive(session, former, new, event(former, yesterday), given)
    ((slot,),) = [row.slots for row in medication.round_for(session, TODAY)]
    assert slot.slot.request == new
    assert slot.last_given == given
    assert slot.last_given_order == former


def test_a_dose_given_today_in_a_part_that_a_changed_order_no_longer_has_is_shown(
    session: Session, order: MedicationRequest
) -> None:
    given = event(order)
    moved = replace(order, revision=2, doses=(PlannedDose(Part.NOON, Decimal(60)),))
    receive(session, event(order, TODAY - timedelta(days=1)), given, moved)
    ((slot,),) = [row.slots for row in medication.round_for(session, TODAY)]
    assert (slot.last_given, slot.last_given_order) == (given, None)


def test_an_order_that_is_not_here_plans_nothing(session: Session, kari: Patient) -> None:
    with pytest.raises(HandoutError, match="not_planned"):
        medication.record(session, entry(request(kari)))


def test_the_round_is_mine_at_home_and_in_norwegian_order(session: Session) -> None:
    people = [patient(name) for name in ("Ås", "Ødegård", "Ærlig", "Aas", "Berg")]
    point, other = patient("Punkt"), patient("Andres")
    receive(session, *people, point, other, *map(assignment, [*people, point]))
    receive(session, *map(request, [*people, other]), request(point, place=Place.HANDOUT_POINT))

    mine = medication.round_for(session, TODAY)
    assert [row.patient.family_name for row in mine] == ["Berg", "Ærlig", "Ødegård", "Ås", "Aas"]
    everybody = medication.round_for(session, TODAY, only_mine=False)
    assert {row.patient.family_name for row in everybody} > {"Punkt", "Andres"}


def test_lar_staff_hand_out_at_the_handout_point_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    session = new_session(tmp_path_factory.mktemp("lar"), user=COLLEAGUE)
    person = patient()
    receive(session, person, assignment(person, COLLEAGUE))
    receive(session, request(person, place=Place.HANDOUT_POINT))
    assert len(medication.round_for(session, TODAY)) == 1
    session.database.close()


def test_the_round_shows_the_dose_before(session: Session, kari: Patient) -> None:
    order = request(
        kari,
        doses=(PlannedDose(Part.MORNING, Decimal(60)), PlannedDose(Part.EVENING, Decimal(60))),
    )
    older, yesterday = event(order, date(2026, 11, 19)), event(order, date(2026, 11, 21))
    taken_back = event(order, date(2026, 11, 21), part=Part.EVENING)
    counter_entry = event(
        order,
        date(2026, 11, 21),
        HandoutStatus.ENTERED_IN_ERROR,
        part=Part.EVENING,
        reverses=taken_back.id,
    )
    receive(session, order, older, yesterday, taken_back, counter_entry)
    morning, evening = medication.round_for(session, TODAY)[0].slots
    assert morning.last_given == evening.last_given == yesterday

    grant(session, order)
    today = entry(order)
    medication.record(session, today)
    morning, evening = medication.round_for(session, TODAY)[0].slots
    assert morning.last_given == yesterday
    assert evening.last_given is not None
    assert evening.last_given.id == today.id


def _missed(session: Session, order: MedicationRequest, day: date) -> int:
    return days_missed(medication.situation(session, order.patient_id, "opioid"), day)


def test_missed_days_warn_and_stop_by_the_reference_data(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order, event(order, TODAY - timedelta(days=1)))
    assert _missed(session, order, TODAY) == 0

    three_days = medication.verdict(session, slots([order], TODAY + timedelta(days=3))[0])
    assert three_days.warn_missed == 3
    assert "missed_too_long" not in three_days.codes
    five_days = medication.verdict(session, slots([order], TODAY + timedelta(days=5))[0])
    assert five_days.warn_missed == 5
    assert "missed_too_long" in five_days.codes


def test_doses_taken_home_are_no_missed_days(session: Session, kari: Patient) -> None:
    order = request(kari, weekdays=(1,))
    monday = date(2026, 11, 16)
    receive(session, order, event(order, monday))
    sunday = monday + timedelta(days=6)
    assert _missed(session, order, sunday) == 0
    thursday = monday + timedelta(days=10)
    assert _missed(session, order, thursday) == 3


def test_a_draft_of_the_form_goes_with_the_event(
    session: Session, order: MedicationRequest
) -> None:
    draft = notes.new_draft(session, order.patient_id, "handout", None, {})
    medication.record(session, entry(order, id=draft.id))
    assert notes.drafts(session) == []


def test_a_clock_turned_back_leaves_the_order_of_events(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    medication.record(session, entry(order, HandoutStatus.NOT_MET, id=new_id()))
    clock.advance(timedelta(minutes=-30))
    trust(session)
    medication.record(session, entry(order))
    assert [found.sequence for found in _events(session)] == [1, 2]
