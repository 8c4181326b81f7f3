"""Handing out by the rules of claims: the light, force, take-home, injections, taking back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.claims import ClaimState, day_unit
from fieldapp.domain.codec import to_body
from fieldapp.domain.handout_events import PaperSheet, PharmacyReport, SlotReopening
from fieldapp.domain.medication import (
    Force,
    HandoutError,
    HandoutStatus,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    OtherDose,
    Part,
    PlannedDose,
    Slot,
    slots,
)
from fieldapp.domain.patients import Patient, Place
from fieldapp.domain.proposals import Proposal
from fieldapp.domain.readiness import Code, Light, Verdict, days_missed
from fieldapp.ids import new_id
from fieldapp.services import claims, medication, trip_claims
from fieldapp.services.medication import HandoutEntry
from fieldapp.services.rights import NotAllowedError
from fieldapp.services.session import Session
from fieldapp.store import inbox, outbox, records, state
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import (
    COLLEAGUE,
    ME,
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
from tests.helpers.claims import claim_of, deliver, grant, grant_depot, trust

TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)
THEIRS = {"holder_device_id": "d-2", "holder_id": COLLEAGUE.id}


@pytest.fixture
def order(session: Session, kari: Patient) -> MedicationRequest:
    """A daily dose of 60 mg, three days of which may be taken home; today is claimed."""
    made = request(kari, max_take_home_days=3)
    receive(session, made)
    grant(session, made)
    return made


def _events(session: Session) -> list[MedicationAdministration]:
    return records.select(session.database, MedicationAdministration, "1 ORDER BY day, id")


def _slot(order: MedicationRequest, day: date = TODAY) -> Slot:
    return slots([order], day)[0]


def _codes(session: Session, order: MedicationRequest, day: date = TODAY) -> tuple[str, ...]:
    return medication.verdict(session, _slot(order, day)).codes


def _refused(session: Session, said: HandoutEntry) -> str:
    before = len(_events(session)), outbox_rows(session.database)
    with pytest.raises(HandoutError) as caught:
        medication.record(session, said)
    assert (len(_events(session)), outbox_rows(session.database)) == before
    return caught.value.code


def _force(verdict: Verdict, **changes: Any) -> Force:
    values: dict[str, Any] = {
        "reason": "other",
        "reason_text": "Vurdert på stedet",
        "findings": verdict.codes,
        "holder_id": COLLEAGUE.id,
        "holder_called": True,
        "holder_answered": False,
        "holder_answer": "Ikke svar",
        "prescriber": "Lege Li",
    }
    return Force(**{**values, **changes})


# --- the light, again where it is written


def test_a_dose_of_a_claimed_day_is_green_and_names_its_claim(
    session: Session, order: MedicationRequest
) -> None:
    light = medication.verdict(session, _slot(order))
    assert (light.light, light.findings) == (Light.GREEN, ())
    medication.record(session, entry(order))
    (stored,) = _events(session)
    assert light.claim is not None
    assert stored.claim is not None
    assert (stored.claim.claim_id, stored.claim.grant) == (light.claim.id, light.claim.grant)
    assert stored.group == "opioid"


def test_t9_without_a_claim_nothing_is_given(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order)
    trust(session)
    assert _codes(session, order) == ("not_claimed",)
    assert medication.verdict(session, _slot(order)).light is Light.AMBER
    assert _refused(session, entry(order)) == "not_claimed"


def test_the_schema_refuses_a_dose_without_a_claim_whatever_the_program_says(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    (given,) = _events(session)
    assert given.claim is not None
    other = replace(given, id=new_id(), part=Part.EVENING)
    for wrong in (
        replace(other, claim=None),
        replace(other, claim=replace(given.claim, grant=given.claim.grant - 1)),
        replace(other, device_id="d-2"),
        replace(other, author_id=COLLEAGUE.id),
        replace(other, day=TOMORROW),
        replace(other, group="atc:"),
    ):
        with pytest.raises(IntegrityError, match="dose_not_claimed"), session.write() as unit:
            unit.save(wrong)
    claims.drop(session, [given.claim.claim_id])
    with pytest.raises(IntegrityError, match="dose_not_claimed"), session.write() as unit:
        unit.save(other)
    assert len(_events(session)) == 1


def test_what_was_given_up_is_not_given_by_any_more_line_or_no_line(
    session: Session, order: MedicationRequest
) -> None:
    claims.drop(session, [claim.id for claim in claims.held(session)])
    assert _codes(session, order) == ("not_claimed",)
    assert _refused(session, entry(order)) == "not_claimed"
    assert claims.held(session) == []


def test_a_claim_counts_after_a_complete_pull_only(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order)
    trust(session)
    claim = claim_of(session, order, TODAY)
    deliver(session, claim, complete=False)
    assert _codes(session, order) == ("not_pulled_since_claim",)
    deliver(session, complete=True)
    assert _codes(session, order) == ()
    # A renewed claim again needs a pull of its own.
    deliver(session, replace(claim, grant=claim.grant + 1), complete=False)
    assert _codes(session, order) == ("not_pulled_since_claim",)


def test_an_order_that_was_changed_after_the_claim_is_amber(
    session: Session, order: MedicationRequest
) -> None:
    receive(session, replace(order, revision=2))
    assert _codes(session, order) == ("order_changed",)
    assert _refused(session, entry(order)) == "order_changed"


def test_a_new_order_of_the_group_is_amber_until_the_day_is_claimed_again(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    receive(session, request(kari, atc="N07BC01", place=Place.HANDOUT_POINT))
    assert _codes(session, order) == ("order_changed",)
    grant(session, order)
    assert _codes(session, order) == ()


def test_a_day_that_another_holds_is_red(session: Session, order: MedicationRequest) -> None:
    deliver(session, claim_of(session, order, TODAY, **THEIRS))
    assert _codes(session, order) == ("held_by_other",)
    assert _refused(session, entry(order)) == "held_by_other"


def test_a_pull_older_than_the_organisations_limit_is_amber(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    state.remember_rules(session.database, state.Rules(pull_max_age_hours=4))
    clock.advance(timedelta(hours=4))
    assert _codes(session, order) == ()
    clock.advance(timedelta(minutes=1))
    assert _codes(session, order) == ("pull_too_old",)


def test_a_clock_that_jumps_costs_green_and_a_closed_lid_does_not(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=7))
    assert _codes(session, order) == ()
    clock.jump(timedelta(hours=-2))
    assert _codes(session, order) == ("clock_not_trusted",)
    assert _refused(session, entry(order)) == "clock_not_trusted"


def test_a_possible_duplicate_of_the_patient_is_amber(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    twin = patient(kari.family_name, kari.given_name, birth_date=kari.birth_date)
    receive(session, twin)
    assert _codes(session, order) == ("possible_duplicate",)
    receive(session, replace(twin, active=False, replaced_by=kari.id))
    assert _codes(session, order) == ()


def test_a_store_that_was_set_back_gives_nothing_until_a_whole_sync_after_it_has_told(
    session: Session, order: MedicationRequest
) -> None:
    claims.set_back(session)
    assert claims.held(session) == []
    assert "store_set_back" in _codes(session, order)
    inbox.finish(session.database, session.clock.now())
    assert "store_set_back" in _codes(session, order), "the server has not heard of it"


def test_the_time_of_a_dose_is_the_trusted_one(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    right = clock.now()
    clock.jump(timedelta(hours=-1))
    _set_server_time(session, right)
    medication.record(session, entry(order))
    (stored,) = _events(session)
    assert stored.given_at == right
    assert stored.recorded_at == clock.now()


def _set_server_time(session: Session, at: Any) -> None:
    from fieldapp.store import trusted_time

    elapsed = session.clock.elapsed()
    trusted_time.note_server_time(session.database, at, elapsed, session.clock.now())
    trusted_time.note_complete_pull(session.database, at, elapsed)


# --- the day and the interval


def test_time_never_frees_a_day_and_its_claim_serves_it_until_six(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=20, minutes=44))  # 05:59 the next morning
    assert _codes(session, order) == ()
    clock.advance(timedelta(minutes=1))
    assert _codes(session, order) == ("not_served_now",)
    assert [claim.unit for claim in claims.held(session)] == [day_unit(TODAY)]


def test_the_next_days_dose_keeps_the_least_interval_across_midnight(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    grant(session, order, TOMORROW)
    clock.advance(timedelta(hours=16))  # 01:15, still today's dose
    medication.record(session, entry(order))
    clock.advance(timedelta(hours=6))
    trust(session)
    assert _codes(session, order, TOMORROW) == ("interval",)
    clock.advance(timedelta(hours=6))
    trust(session)
    assert _codes(session, order, TOMORROW) == ()


def test_the_interval_is_kept_at_the_time_that_the_giver_names(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    grant(session, order, TOMORROW)
    clock.advance(timedelta(hours=16))
    medication.record(session, entry(order))
    clock.advance(timedelta(hours=12, minutes=5))
    trust(session)
    assert _codes(session, order, TOMORROW) == ()
    slot = _slot(order, TOMORROW).key
    early = session.clock.now() - timedelta(minutes=10)
    assert _refused(session, entry(order, slot=slot, given_at=early)) == "interval"
    medication.record(session, entry(order, slot=slot))


def test_t26_a_dose_told_three_days_late_counts_by_the_time_it_was_given(
    session: Session, order: MedicationRequest
) -> None:
    three_days_ago = TODAY - timedelta(days=3)
    told = event(
        order,
        three_days_ago,
        given_at=session.clock.now() - timedelta(hours=5),
        retrospective=True,
        reason_text="Ført i ettertid",
    )
    receive(session, told)
    assert _codes(session, order) == ("interval",)
    (finding,) = medication.verdict(session, _slot(order)).findings
    assert finding.event_id == told.id
    assert finding.until == told.given_at + timedelta(hours=12)


def test_a_pharmacys_day_is_not_given_here_and_counts_as_given_for_the_interval(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    weekend = request(kari, weekdays=(6,), place=Place.PHARMACY, valid_from=YESTERDAY)
    sunday = request(kari, weekdays=(7,), valid_from=YESTERDAY)
    receive(session, weekend, sunday)
    grant(session, sunday)
    clock.advance(timedelta(hours=-2))
    trust(session)
    assert _codes(session, sunday) == ("interval",), "Saturday's dose may be from eight at night"
    receive(session, _report(kari, YESTERDAY, collected=False))
    assert _codes(session, sunday) == ()
    assert _codes(session, weekend, YESTERDAY)[0:1] == ("not_served_now",)
    assert "pharmacy_day" in _codes(session, weekend, YESTERDAY)


def _report(person: Patient, day: date, *, collected: bool) -> PharmacyReport:
    moment = event(request(person), day).given_at
    return PharmacyReport(
        new_id(), person.id, "opioid", day, collected, "Apoteket", moment, ME.id, "d-1", 9
    )


def test_missed_too_long_is_red_until_the_prescriber_has_looked_again(
    session: Session, kari: Patient
) -> None:
    order = request(kari, reassessed_on=None, valid_from=date(2026, 11, 1))
    receive(session, order, event(order, TODAY - timedelta(days=6)))
    grant(session, order)
    assert _codes(session, order) == ("missed_too_long",)
    assert _refused(session, entry(order)) == "missed_too_long"
    receive(session, replace(order, reassessed_on=TODAY, revision=2))
    grant(session, order)
    assert _codes(session, order) == ()


# --- once and whole


def test_t11_a_double_click_on_register_is_one_handout(
    session: Session, order: MedicationRequest
) -> None:
    said = entry(order, take_home_days=(TOMORROW,), bottles=1, empties_returned=0)
    grant(session, order, TODAY, TOMORROW)
    medication.record(session, said)
    medication.record(session, said)
    assert len(_events(session)) == 2


def test_t3_the_same_id_with_another_body_changes_nothing(
    session: Session, order: MedicationRequest
) -> None:
    said = entry(order)
    medication.record(session, said)
    changes = medication.record(session, replace(said, dose_mg=Decimal(10)))
    assert changes.changes == ()
    (stored,) = _events(session)
    assert stored.dose_mg == Decimal(60)
    receive(session, replace(stored, dose_mg=Decimal(10)))
    assert [one.dose_mg for one in _events(session)] == [Decimal(60)]


def test_the_same_handout_entered_from_paper_twice_is_one_event_and_a_second_dose_is_another(
    session: Session, order: MedicationRequest
) -> None:
    line = entry(order, retrospective=True, reason_text="Ført fra ark", sheet_id="s-1")
    medication.record(session, line)
    medication.record(session, line)
    assert len(_events(session)) == 1
    medication.record(session, replace(line, id=new_id()))
    assert [one.sheet_id for one in _events(session)] == ["s-1", "s-1"]


def test_what_has_happened_is_recorded_whatever_the_light(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    stopped = request(kari, stopped_on=TODAY - timedelta(days=9), place=Place.PHARMACY)
    receive(session, stopped)
    deliver(session, claim_of(session, order, TODAY, **THEIRS))
    given_at = session.clock.now() - timedelta(days=2)
    told = entry(
        stopped,
        retrospective=True,
        reason_text="Gitt på legevakten",
        given_at=given_at,
        intake=None,
    )
    medication.record(session, told)
    (stored,) = _events(session)
    assert (stored.given_at, stored.retrospective, stored.claim) == (given_at, True, None)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("dose_missing", {"dose_mg": None}),
        ("dose_not_positive", {"dose_mg": Decimal(0)}),
        ("dose_not_positive", {"dose_mg": Decimal(-1)}),
        ("dose_above_order", {"dose_mg": Decimal(61)}),
        ("back_dated", {"given_at": True}),
        ("reason_missing", {"retrospective": True, "given_at": True}),
        ("other_dose_missing", {"other_dose": None}),
        ("other_dose_text_missing", {"other_dose": OtherDose.YES}),
    ],
)
def test_bad_input_is_refused_by_name_and_saves_nothing(
    session: Session, order: MedicationRequest, code: str, changes: dict[str, Any]
) -> None:
    if "given_at" in changes:
        changes = {**changes, "given_at": session.clock.now() - timedelta(hours=3)}
    assert _refused(session, entry(order, **changes)) == code


def test_a_tablet_under_the_tongue_is_timed(session: Session, kari: Patient) -> None:
    tablet = request(kari, atc="N07BC51", concentration_mg_per_ml=None)
    receive(session, tablet)
    grant(session, tablet)
    assert _refused(session, entry(tablet, intake=None)) == "intake_missing"
    medication.record(session, entry(tablet))


# --- emergency handouts


def test_a_forced_dose_is_written_with_all_that_stood_in_the_way(
    session: Session, order: MedicationRequest
) -> None:
    deliver(session, claim_of(session, order, TODAY, **THEIRS))
    light = medication.verdict(session, _slot(order))
    force = _force(light)
    medication.record(session, entry(order, forced=force))
    (stored,) = _events(session)
    assert stored.forced == force
    assert force.findings == ("held_by_other",)


def test_a_second_dose_is_forced_with_the_prescriber_named_and_both_are_kept(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    light = medication.verdict(session, _slot(order))
    assert set(light.codes) >= {"slot_already_given"}
    unnamed = entry(order, forced=_force(light, prescriber=" "))
    assert _refused(session, unnamed) == "prescriber_missing"
    medication.record(session, entry(order, forced=_force(light)))
    assert len(_events(session)) == 2


def test_more_in_the_way_than_the_giver_saw_stops_a_forced_dose(
    session: Session, order: MedicationRequest
) -> None:
    deliver(session, claim_of(session, order, TODAY, **THEIRS))
    force = _force(medication.verdict(session, _slot(order)))
    receive(session, event(order))
    assert _refused(session, entry(order, forced=force)) == "findings_changed"


def test_the_holder_is_called_before_a_dose_of_their_day_is_forced(
    session: Session, order: MedicationRequest
) -> None:
    deliver(session, claim_of(session, order, TODAY, **THEIRS))
    light = medication.verdict(session, _slot(order))
    silent = entry(order, forced=_force(light, holder_called=None))
    assert _refused(session, silent) == "holder_call_missing"


def test_only_a_role_that_may_forces_a_dose(tmp_path: Path, clock: FixedClock) -> None:
    peer = replace(ME, role=type(ME.role).PEER)
    session = new_session(tmp_path, clock=clock, user=peer)
    person = patient()
    order = request(person)
    receive(session, person, assignment(person), order)
    trust(session)
    force = _force(medication.verdict(session, _slot(order)))
    with pytest.raises(NotAllowedError, match=r"\(hand_out\)"):
        medication.record(session, entry(order, forced=force))
    session.database.close()


def test_a_green_dose_is_not_forced(session: Session, order: MedicationRequest) -> None:
    force = Force(reason="other", findings=())
    assert _refused(session, entry(order, forced=force)) == "nothing_to_force"


# --- several days at once


def _supply(order: MedicationRequest, *days: date, **changes: Any) -> HandoutEntry:
    values = {"take_home_days": days, "bottles": len(days), "empties_returned": 1, **changes}
    return entry(order, **values)


def _ahead(count: int) -> tuple[date, ...]:
    return tuple(TODAY + timedelta(days=day) for day in range(1, count + 1))


def test_three_days_are_handed_out_as_four_events_the_first_of_them_witnessed(
    session: Session, order: MedicationRequest
) -> None:
    grant(session, order, TODAY, *_ahead(3))
    said = _supply(order, *_ahead(3))
    changes = medication.record(session, said)
    events = _events(session)
    assert [one.day for one in events] == [TODAY, *_ahead(3)]
    assert [one.witnessed for one in events] == [True, False, False, False]
    homes = [one.take_home for one in events]
    assert homes[0] is None
    assert {home.supply_id for home in homes[1:] if home} == {said.id}
    assert [(home.bottles, home.empties_returned) for home in homes[1:] if home] == [
        (3, 1),
        (None, None),
        (None, None),
    ]
    assert len({one.sequence for one in events}) == 4
    assert all(one.claim is not None for one in events)
    assert len([one for one in changes.changes if one.kind == "medication_administration"]) == 4


def test_a_supply_needs_the_claim_of_every_day_or_nothing_of_it_is_written(
    session: Session, order: MedicationRequest
) -> None:
    grant(session, order, TODAY, _ahead(1)[0])
    assert _refused(session, _supply(order, *_ahead(2))) == "not_claimed"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("too_many_take_home_days", {"take_home_days": _ahead(4)}),
        ("first_dose_not_witnessed", {"witnessed": False}),
        ("bottles_missing", {"bottles": None}),
        ("empties_missing", {"empties_returned": None}),
        ("dose_on_not_given", {"status": HandoutStatus.REFUSED, "dose_mg": None, "reason": "x"}),
    ],
)
def test_a_supply_that_breaks_a_rule_is_not_written_in_part(
    session: Session, order: MedicationRequest, code: str, changes: dict[str, Any]
) -> None:
    grant(session, order, TODAY, *_ahead(4))
    assert _refused(session, _supply(order, *_ahead(2), **changes)) == code


def test_a_supply_that_was_handed_out_is_recorded_whatever_the_order_says(
    session: Session, order: MedicationRequest
) -> None:
    receive(session, replace(order, max_take_home_days=0, weekdays=(7, 1)))
    told = entry(
        order,
        take_home_days=_ahead(5),
        retrospective=True,
        reason_text="Utlevert av vakthavende, ført fra papir",
        witnessed=False,
    )
    medication.record(session, told)
    assert [one.day for one in _events(session)] == [TODAY, *_ahead(5)]
    backwards = replace(told, id=new_id(), take_home_days=(TOMORROW, TODAY))
    assert _refused(session, backwards) == "take_home_days_wrong"


def test_the_evening_of_a_split_dose_is_handed_out_with_the_morning_under_the_days_one_claim(
    session: Session, kari: Patient
) -> None:
    doses = (
        PlannedDose(Part.MORNING, Decimal(40)),
        PlannedDose(Part.EVENING, Decimal(20), take_home=True),
    )
    order = request(kari, doses=doses)
    receive(session, order)
    (claim,) = grant(session, order)
    said = entry(
        order,
        dose_mg=Decimal(40),
        take_home_parts=(Part.EVENING,),
        bottles=1,
        empties_returned=0,
    )
    assert _refused(session, replace(said, bottles=None)) == "bottles_missing"
    assert _refused(session, replace(said, witnessed=False)) == "first_dose_not_witnessed"
    noon = replace(said, take_home_parts=(Part.NOON,))
    assert _refused(session, noon) == "not_a_take_home_part"
    medication.record(session, said)
    found = {one.part: one for one in _events(session)}
    evening = found[Part.EVENING]
    assert (evening.day, evening.dose_mg, evening.witnessed) == (TODAY, Decimal(20), False)
    assert evening.take_home is not None
    assert (evening.take_home.supply_id, evening.take_home.bottles) == (said.id, 1)
    assert {one.claim.claim_id for one in found.values() if one.claim} == {claim.id}
    in_the_evening = slots([order], TODAY)[1]
    assert "slot_already_given" in medication.verdict(session, in_the_evening).codes
    medication.reverse_handing_over(session, said.id, "Skjedde ikke")
    assert len(_events(session)) == 4


def test_a_dose_that_the_order_does_not_send_home_stays_for_its_part_of_the_day(
    session: Session, kari: Patient
) -> None:
    doses = (PlannedDose(Part.MORNING, Decimal(40)), PlannedDose(Part.EVENING, Decimal(20)))
    order = request(kari, doses=doses)
    receive(session, order)
    grant(session, order)
    said = entry(
        order,
        dose_mg=Decimal(40),
        take_home_parts=(Part.EVENING,),
        bottles=1,
        empties_returned=0,
    )
    assert _refused(session, said) == "not_a_take_home_part"


def test_days_taken_home_are_covered_and_closed(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    grant(session, order, TODAY, *_ahead(2))
    medication.record(session, _supply(order, *_ahead(2)))
    clock.advance(timedelta(days=1))
    trust(session)
    assert "slot_already_given" in _codes(session, order, TOMORROW)
    two_later = TODAY + timedelta(days=3)
    assert days_missed(medication.situation(session, order.patient_id, "opioid"), two_later) == 0


# --- taking back


def test_never_happened_opens_the_slot_while_it_is_unsent_and_its_claim_is_held(
    session: Session, order: MedicationRequest
) -> None:
    given = entry(order)
    medication.record(session, given)
    assert medication.can_reopen(session, given.id)
    medication.reverse(session, given.id, "Skjedde ikke")
    counter = next(one for one in _events(session) if one.reverses)
    assert counter.reopens
    assert _codes(session, order) == ()
    medication.record(session, entry(order))


def test_after_it_was_sent_it_is_a_wish_to_the_office_and_the_slot_stays_closed(
    session: Session, order: MedicationRequest
) -> None:
    given = entry(order)
    medication.record(session, given)
    outbox.take_batch(session.database, 9, 10**6)
    outbox.return_in_flight(session.database)
    assert not medication.can_reopen(session, given.id)
    with pytest.raises(HandoutError, match="too_late_to_reverse"):
        medication.reverse(session, given.id, "Skjedde ikke")
    wish = medication.propose_reversal(session, given.id, " Skjedde ikke ")
    assert wish.created_id is not None
    proposal = records.get(session.database, Proposal, wish.created_id)
    assert proposal is not None
    assert proposal.target_kind == "medication_administration"
    assert (proposal.target_id, proposal.reason) == (given.id, "Skjedde ikke")
    assert proposal.values == {"never_happened": True}
    assert "slot_already_given" in _codes(session, order)


def test_a_wish_to_take_a_dose_back_needs_a_reason_and_a_dose(
    session: Session, order: MedicationRequest
) -> None:
    given = entry(order)
    medication.record(session, given)
    with pytest.raises(HandoutError, match="reason_missing"):
        medication.propose_reversal(session, given.id, " ")
    with pytest.raises(HandoutError, match="nothing_to_reverse"):
        medication.propose_reversal(session, "nothing", "Skjedde ikke")


def test_after_the_claim_was_given_up_it_is_too_late(
    session: Session, order: MedicationRequest
) -> None:
    given = entry(order)
    medication.record(session, given)
    claims.drop(session, [claim.id for claim in claims.held(session)])
    with pytest.raises(HandoutError, match="too_late_to_reverse"):
        medication.reverse(session, given.id, "Skjedde ikke")


def test_t10_another_person_or_the_same_one_on_another_laptop_takes_nothing_back(
    session: Session, order: MedicationRequest
) -> None:
    colleagues = event(order)
    receive(session, colleagues)
    with pytest.raises(HandoutError, match="not_own_handout"):
        medication.reverse(session, colleagues.id, "Feil")
    elsewhere = event(order, TODAY, author_id=ME.id, device_id="d-2", part=Part.EVENING)
    receive(session, elsewhere)
    with pytest.raises(HandoutError, match="too_late_to_reverse"):
        medication.reverse(session, elsewhere.id, "Feil")


def test_a_handing_over_of_several_days_is_taken_back_as_a_whole(
    session: Session, order: MedicationRequest
) -> None:
    grant(session, order, TODAY, *_ahead(2))
    said = _supply(order, *_ahead(2))
    medication.record(session, said)
    last = _events(session)[-1]
    medication.reverse_handing_over(session, last.id, "Skjedde ikke")
    assert sum(one.reverses is not None for one in _events(session)) == 3
    assert _codes(session, order) == ()
    medication.record(session, _supply(order, *_ahead(2)))


def test_a_not_met_is_taken_back_at_any_time_for_it_opens_nothing(
    session: Session, order: MedicationRequest
) -> None:
    not_met = entry(order, HandoutStatus.NOT_MET)
    medication.record(session, not_met)
    outbox.note_offered(session.database, [not_met.id])
    medication.reverse(session, not_met.id, "Han kom likevel")
    assert _codes(session, order) == ()


def test_the_office_opens_a_slot_whose_bottles_came_back(
    session: Session, order: MedicationRequest
) -> None:
    given = event(order)
    receive(session, given)
    assert "slot_already_given" in _codes(session, order)
    opened = SlotReopening(
        new_id(), order.patient_id, (given.id,), "u-leader", session.clock.now(), "Levert tilbake"
    )
    receive(session, opened)
    assert _codes(session, order) == ()
    medication.record(session, entry(order))


def test_nothing_of_a_handout_is_edited_or_deleted(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    for sql in (
        "UPDATE medication_administration SET body = json_set(body, '$.dose_mg', '1')",
        "DELETE FROM medication_administration",
    ):
        with (
            pytest.raises(IntegrityError, match="event_is_locked"),
            session.database.transaction() as connection,
        ):
            connection.execute(sql)


# --- injections


def _depot(person: Patient, **changes: Any) -> MedicationRequest:
    values: dict[str, Any] = {
        "product": "Buvidal",
        "atc": "N07BC01",
        "form": "injeksjonsvæske, depot",
        "strength": "24 mg",
        "doses": (PlannedDose(Part.MORNING, Decimal(24)),),
        "interval_days": 7,
        "depot": "buvidal_weekly",
        "concentration_mg_per_ml": None,
        "valid_from": TODAY,
    }
    return request(person, **{**values, **changes})


def _injection(number: int = 1, **changes: Any) -> Injection:
    values: dict[str, Any] = {
        "occurrence": number,
        "site": "thigh",
        "side": "left",
        "lot": "A12",
        "expiry": date(2027, 6, 1),
    }
    return Injection(**{**values, **changes})


@pytest.fixture
def depot(session: Session, kari: Patient) -> MedicationRequest:
    made = _depot(kari)
    receive(session, made)
    grant_depot(session, made)
    return made


def _inject(
    session: Session, order: MedicationRequest, number: int = 1, **changes: Any
) -> MedicationAdministration:
    (due,) = medication.depot_due(session, order.patient_id)
    said = entry(
        order, slot=due.slot.key, dose_mg=Decimal(24), injection=_injection(number), **changes
    )
    medication.record(session, said)
    return next(one for one in _events(session) if one.id == said.id)


def test_a_depot_is_given_under_its_number_and_the_day_and_says_when_the_next_is_due(
    session: Session, depot: MedicationRequest
) -> None:
    (due,) = medication.depot_due(session, depot.patient_id)
    assert due.verdict.light is Light.GREEN
    assert (due.slot.occurrence, due.due) == (1, TODAY)
    stored = _inject(session, depot)
    assert stored.injection is not None
    assert stored.injection.next_due == TODAY + timedelta(days=7)
    (following,) = medication.depot_due(session, depot.patient_id)
    assert (following.slot.occurrence, following.due) == (2, TODAY + timedelta(days=7))
    assert following.window.opens == TODAY + timedelta(days=5)
    assert following.window.closes == TODAY + timedelta(days=9)
    assert following.resting_sites == {("thigh", "left"): TODAY + timedelta(days=56)}


def test_an_injection_told_late_says_the_next_day_by_when_it_was_given(
    session: Session, depot: MedicationRequest
) -> None:
    stored = _inject(
        session,
        depot,
        given_at=session.clock.now() - timedelta(days=2),
        retrospective=True,
        reason_text="Gitt på sykehuset",
    )
    assert stored.injection is not None
    assert stored.injection.next_due == TODAY + timedelta(days=5)


def test_a_depot_needs_the_day_as_well_as_its_number(session: Session, kari: Patient) -> None:
    order = _depot(kari)
    receive(session, order)
    grant(session, order, "#1")
    (due,) = medication.depot_due(session, kari.id)
    assert due.verdict.codes == ("not_claimed",)


def test_an_injection_outside_its_window_is_forced_with_the_prescriber_named(
    session: Session, depot: MedicationRequest, clock: FixedClock
) -> None:
    _inject(session, depot)
    clock.advance(timedelta(days=4))
    grant_depot(session, depot, 2)
    (due,) = medication.depot_due(session, depot.patient_id)
    assert due.verdict.codes == ("outside_window",)
    clock.advance(timedelta(days=1))
    grant_depot(session, depot, 2)
    (due,) = medication.depot_due(session, depot.patient_id)
    assert due.verdict.codes == ()
    clock.advance(timedelta(days=5))
    grant_depot(session, depot, 2)
    (due,) = medication.depot_due(session, depot.patient_id)
    assert due.verdict.codes == ("outside_window",)
    forced = _inject(session, depot, 2, forced=_force(due.verdict))
    assert forced.forced is not None


def test_an_injection_is_given_once_by_the_schema_alone(
    session: Session, depot: MedicationRequest
) -> None:
    stored = _inject(session, depot)
    again = replace(stored, id=new_id(), day=TODAY + timedelta(days=1))
    with pytest.raises(IntegrityError, match="slot_already_given"), session.write() as unit:
        unit.save(again)


def test_a_form_of_an_injection_that_was_given_meanwhile_is_stopped(
    session: Session, depot: MedicationRequest
) -> None:
    (due,) = medication.depot_due(session, depot.patient_id)
    _inject(session, depot)
    stale = entry(depot, slot=due.slot.key, dose_mg=Decimal(24), injection=_injection())
    assert _refused(session, stale) == "not_planned"


def test_the_round_shows_an_injection_in_its_window_and_on_the_day_it_was_given(
    session: Session, depot: MedicationRequest
) -> None:
    ((row,),) = [found.slots for found in medication.round_for(session, TODAY)]
    assert (row.slot.occurrence, row.standing) == (1, ())
    stored = _inject(session, depot)
    ((row,),) = [found.slots for found in medication.round_for(session, TODAY)]
    assert row.standing == (stored,)
    assert medication.round_for(session, TODAY + timedelta(days=4)) == []
    assert len(medication.round_for(session, TODAY + timedelta(days=5))) == 1


def test_a_daily_dose_is_not_given_beside_an_injection_of_its_group(
    session: Session, depot: MedicationRequest, kari: Patient
) -> None:
    daily = request(kari)
    receive(session, daily)
    grant_depot(session, depot)
    _inject(session, depot)
    assert _codes(session, daily) == ("interval",)


# --- what the round takes


def test_the_preset_is_the_round_of_the_coming_days_with_the_light_of_each(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    pharmacy = request(kari, place=Place.PHARMACY, atc="N05BA01")
    receive(session, pharmacy)
    found = claims.preset(session, 3)
    assert [(one.group, one.unit) for one in found] == [
        ("opioid", day_unit(TODAY + timedelta(days=day))) for day in range(3)
    ]
    assert [one.verdict.light for one in found] == [Light.GREEN, Light.AMBER, Light.AMBER]
    assert [one.mine for one in found] == [True, False, False]
    claims.wish(session, [(kari.id, "opioid", found[1].unit)])
    assert [one.wished for one in claims.preset(session, 2)] == [False, True]
    for wrong in (0, 8):
        with pytest.raises(ValueError, match="longest trip"):
            claims.preset(session, wrong)


def test_the_preset_is_no_longer_than_the_organisations_longest_trip(
    session: Session, order: MedicationRequest
) -> None:
    state.remember_rules(session.database, state.Rules(longest_trip_days=2))
    assert len(claims.preset(session, 2)) == 2
    with pytest.raises(ValueError, match="longest trip"):
        claims.preset(session, 3)
    with pytest.raises(ValueError, match="longest trip"):
        trip_claims.rows(session, 3)


def test_a_claim_that_a_printed_sheet_names_is_not_given_up(
    session: Session, order: MedicationRequest
) -> None:
    (claim,) = claims.held(session)
    sheet = PaperSheet(new_id(), session.clock.now(), ME.id, "d-1", claim_ids=(claim.id,))
    with session.write() as unit:
        unit.save(sheet)
    assert claims.is_pinned(session, claim.id)
    with pytest.raises(claims.ClaimPinnedError):
        claims.drop(session, [claim.id])
    assert claims.held(session) == [claim]
    with session.write() as unit:
        unit.save(replace(sheet, status=type(sheet.status).VOID))
    claims.drop(session, [claim.id])
    assert claims.held(session) == []


def test_a_dose_brought_by_a_pull_is_stored_without_any_claim(
    session: Session, order: MedicationRequest
) -> None:
    receive(session, event(order), event(order))
    assert len(_events(session)) == 2


def test_a_free_claim_of_the_past_holds_nobody_up(
    session: Session, order: MedicationRequest
) -> None:
    deliver(
        session,
        claim_of(session, order, YESTERDAY, state=ClaimState.ENDED),
        claim_of(session, order, TOMORROW, state=ClaimState.FREE, **THEIRS),
    )
    assert _codes(session, order) == ()


def test_a_day_beside_that_another_holds_keeps_the_later_holder_away(
    session: Session, order: MedicationRequest, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=-1))  # 08:15
    (mine,) = grant(session, order)
    earlier = claim_of(session, order, YESTERDAY, held_since=mine.held_since - 1, **THEIRS)
    deliver(session, earlier)
    assert _codes(session, order) == ("interval",)
    later = claim_of(session, order, YESTERDAY, **THEIRS)
    deliver(session, later)
    assert _codes(session, order) == (), "the later one keeps away from this day"


def test_the_body_of_an_event_holds_nothing_that_this_version_does_not_know(
    session: Session, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    (stored,) = _events(session)
    body = records.body_of(session.database, "medication_administration", stored.id)
    assert body == to_body(stored)
    assert Code.GIVEN.value == "slot_already_given"
    assert slot_of(order) == stored.slot
