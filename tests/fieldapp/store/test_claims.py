"""A store gives a claim up durably before anybody else hears of it, and tells what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.clock import OSLO, FixedClock
from fieldapp.domain.claims import Claim, ClaimState, Store, day_unit
from fieldapp.domain.handout_events import PaperSheet, SheetStatus
from fieldapp.domain.medication import Injection, MedicationAdministration, MedicationRequest
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.services.session import Session
from fieldapp.store import claims, inbox, outbox, records, state
from fieldapp.store.claims import ClaimPinnedError, Denied, Granted, Name
from tests.helpers.builders import (
    ME,
    TODAY,
    assignment,
    event,
    new_session,
    patient,
    receive,
    request,
    settle_outbox,
)
from tests.helpers.claims import claim_of, claims_here, deliver, grant, own_store
from tests.helpers.stores import START

TOMORROW = TODAY + timedelta(days=1)
MINE = Store("d-1", ME.id)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = new_session(tmp_path, clock=FixedClock(START))
    yield opened
    opened.database.close()


@pytest.fixture
def kari(session: Session) -> Patient:
    person = patient()
    receive(session, person, assignment(person))
    return person


@pytest.fixture
def order(session: Session, kari: Patient) -> MedicationRequest:
    made = request(kari)
    receive(session, made)
    return made


def _name(order: MedicationRequest, unit: str = day_unit(TODAY)) -> Name:
    return Name(order.patient_id, "opioid", unit)


def _units(found: tuple[Granted, ...]) -> list[str]:
    return [one.name.unit for one in found]


def _held(session: Session) -> list[str]:
    return [claim.unit for claim in claims.held(session.database, MINE)]


def test_what_is_held_given_up_and_wished_for_is_told(
    session: Session, order: MedicationRequest
) -> None:
    today, tomorrow = grant(session, order, TODAY, TOMORROW)
    claims.add_wishes(session.database, [_name(order, "2026-11-24")], START)
    claims.drop(session.database, MINE, [tomorrow.id])
    call = claims.prepare_call(session.database)
    assert call.held == (Granted(_name(order), today.grant, today.held_since),)
    assert _units(call.released) == [day_unit(TOMORROW)]
    assert call.wanted == (_name(order, "2026-11-24"),)
    assert (call.all_sent, call.set_back) == (True, False)


def test_a_new_store_has_nothing_to_tell(session: Session) -> None:
    call = claims.prepare_call(session.database)
    assert (call.held, call.released, call.wanted) == ((), (), ())


def test_the_store_that_enrolled_is_the_one_that_holds(session: Session) -> None:
    assert claims.own_store(session.database) is None
    claims.remember_own_store(session.database, own_store(session))
    assert claims.own_store(session.database) == MINE


def test_another_user_of_the_laptop_holds_nothing_here(
    session: Session, order: MedicationRequest
) -> None:
    deliver(session, claim_of(session, order, TODAY, holder_id="u-other"))
    assert _held(session) == []


def test_what_was_given_up_stays_given_up_after_a_restart_and_an_older_word_of_the_server(
    session: Session, order: MedicationRequest
) -> None:
    (claim,) = grant(session, order, TODAY)
    claims.drop(session.database, MINE, [claim.id])
    deliver(session, replace(claim, orders={}))
    assert _held(session) == []
    other = session.database.clone()
    assert claims.held(other, MINE) == []
    other.close()
    deliver(session, replace(claim, grant=claim.grant + 1))
    assert _held(session) == [day_unit(TODAY)], "a newer grant is another one"


def test_a_release_is_told_again_until_the_server_says_so_and_its_record_has_come(
    session: Session, order: MedicationRequest
) -> None:
    (claim,) = grant(session, order, TODAY)
    claims.drop(session.database, MINE, [claim.id])
    for _ in range(2):
        assert len(claims.prepare_call(session.database).released) == 1
    deliver(session, replace(claim, state=ClaimState.FREE))
    assert claims.prepare_call(session.database).released == ()


@pytest.mark.parametrize("kind", ["event", "note"])
def test_a_claim_moves_on_only_when_no_handout_waits(
    session: Session, order: MedicationRequest, kari: Patient, kind: str
) -> None:
    with session.write() as unit:
        if kind == "event":
            unit.save(event(order, retrospective=True, reason_text="Ført fra papir"))
        else:
            unit.save(replace(kari, phone="1"))
    assert claims.prepare_call(session.database).all_sent is (kind == "note")
    settle_outbox(session)
    assert claims.prepare_call(session.database).all_sent


def test_a_handout_that_the_server_did_not_take_holds_claims_back_too(
    session: Session, order: MedicationRequest
) -> None:
    told = event(order, retrospective=True, reason_text="Ført fra papir")
    with session.write() as unit:
        unit.save(told)
    outbox.park(session.database, told.id, "no_such_order")
    assert not claims.prepare_call(session.database).all_sent


def test_what_was_granted_is_wished_for_no_more_and_what_was_denied_says_why(
    session: Session, order: MedicationRequest
) -> None:
    first, second = _name(order), _name(order, day_unit(TOMORROW))
    claims.add_wishes(session.database, [first, second], START)
    body = {"holder_name": "Berit Åsheim", "holder_phone": "900 33 444"}
    claims.apply_answer(
        session.database,
        granted=[Granted(first, 7)],
        denied=[Denied(second, "held", body)],
    )
    (wish,) = claims.wishes(session.database)
    assert (wish.name, wish.denied, wish.denied_body) == (second, "held", body)
    claims.add_wishes(session.database, [second], START)
    assert [one.denied for one in claims.wishes(session.database)] == [""]
    claims.remove_wishes(session.database, [second])
    assert claims.wishes(session.database) == []


# --- ended


def test_days_that_are_over_are_given_up_at_six_and_not_before(
    session: Session, order: MedicationRequest
) -> None:
    grant(session, order, TODAY, TOMORROW)
    six = datetime(2026, 11, 23, 6, 0, tzinfo=OSLO)
    assert claims.drop_ended(session.database, six - timedelta(seconds=1)) == []
    assert [one.unit for one in claims.drop_ended(session.database, six)] == [day_unit(TODAY)]
    assert _held(session) == [day_unit(TOMORROW)]


def test_without_a_trusted_time_no_day_is_over(session: Session, order: MedicationRequest) -> None:
    grant(session, order, TODAY)
    assert claims.drop_ended(session.database, None) == []
    assert _held(session) == [day_unit(TODAY)]


def test_the_organisations_hour_ends_a_day(session: Session, order: MedicationRequest) -> None:
    state.remember_rules(session.database, state.Rules(service_day_begins="04:00"))
    grant(session, order, TODAY)
    assert claims.drop_ended(session.database, datetime(2026, 11, 23, 4, 0, tzinfo=OSLO)) != []


def test_a_wish_for_a_day_that_is_over_is_forgotten(
    session: Session, order: MedicationRequest
) -> None:
    claims.remember_own_store(session.database, MINE)
    claims.add_wishes(session.database, [_name(order), _name(order, "#2")], START)
    claims.drop_ended(session.database, START + timedelta(days=1))
    assert [one.name.unit for one in claims.wishes(session.database)] == ["#2"]


def test_an_injections_claim_is_given_up_when_it_was_given_and_sent(
    session: Session, order: MedicationRequest
) -> None:
    grant(session, order, "#1")
    given = _injected(order, retrospective=True, reason_text="Ført fra papir")
    assert claims.drop_ended(session.database, None) == []
    with session.write() as unit:
        unit.save(given)
    assert claims.drop_ended(session.database, None) == [], "it was not sent"
    settle_outbox(session)
    assert [one.unit for one in claims.drop_ended(session.database, None)] == ["#1"]


def _injected(order: MedicationRequest, **changes: Any) -> MedicationAdministration:
    injection = Injection(1, "thigh", "left", "A1", TODAY + timedelta(days=99))
    return event(order, group="opioid", injection=injection, **changes)


# --- a printed sheet


def _sheet(session: Session, claim: Claim, **changes: object) -> PaperSheet:
    sheet = PaperSheet(new_id(), START, ME.id, "d-1", claim_ids=(claim.id,))
    sheet = replace(sheet, **changes)  # type: ignore[arg-type]
    with session.write() as unit:
        unit.save(sheet)
    return sheet


def test_what_a_printed_sheet_names_is_kept_until_the_sheet_is_settled(
    session: Session, order: MedicationRequest
) -> None:
    today, tomorrow = grant(session, order, TODAY, TOMORROW)
    sheet = _sheet(session, today)
    with pytest.raises(ClaimPinnedError):
        claims.drop(session.database, MINE, [tomorrow.id, today.id])
    assert claims.drop_ended(session.database, START + timedelta(days=1)) == []
    assert len(_held(session)) == 2
    with session.write() as unit:
        unit.save(replace(sheet, status=SheetStatus.ENTERED))
    assert len(claims.drop_ended(session.database, START + timedelta(days=1))) == 1


def test_a_sheet_of_another_laptop_pins_nothing_here(
    session: Session, order: MedicationRequest
) -> None:
    (claim,) = grant(session, order, TODAY)
    _sheet(session, claim, device_id="d-2")
    assert claims.pinned(session.database, MINE) == set()


# --- set back


def test_a_store_that_was_set_back_gives_up_even_what_is_pinned_and_tells_so(
    session: Session, order: MedicationRequest
) -> None:
    (claim,) = grant(session, order, TODAY)
    _sheet(session, claim)
    claims.note_set_back(session.database)
    assert _held(session) == []
    assert claims.prepare_call(session.database).set_back
    inbox.finish(session.database, START)
    assert claims.is_set_back(session.database), "nobody was told"
    claims.apply_answer(session.database, set_back_told=True)
    assert claims.is_set_back(session.database)
    inbox.finish(session.database, START)
    assert not claims.is_set_back(session.database)


# --- pulls and purges


def test_a_claim_that_comes_again_after_a_purge_needs_a_complete_pull_again(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    (claim,) = grant(session, order, TODAY)
    assert claims.confirmed(session.database, [claim.id]) == {claim.id}
    claims.drop(session.database, MINE, [claim.id])
    claims.apply_answer(session.database, released=[Granted(_name(order), claim.grant)])
    inbox.end_patients(session.database, [kari.id])
    assert claims_here(session) == []
    receive(session, kari, assignment(kari), order, complete=False)
    deliver(session, claim, complete=False)
    assert claims.confirmed(session.database, [claim.id]) == set()


def test_t16_a_patient_is_purged_only_after_the_server_has_heard_of_the_release(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    (claim,) = grant(session, order, TODAY)
    inbox.end_patients(session.database, [kari.id])
    assert _held(session) == [day_unit(TODAY)], "re-assignment moves no live claim"
    assert records.get(session.database, Patient, kari.id) is not None
    claims.drop(session.database, MINE, [claim.id])
    inbox.finish(session.database, START)
    assert records.get(session.database, Patient, kari.id) is not None
    claims.apply_answer(session.database, released=[Granted(_name(order), claim.grant)])
    inbox.finish(session.database, START)
    assert records.get(session.database, Patient, kari.id) is None


def test_t17_a_patient_of_whom_nothing_is_held_or_unsent_goes_at_once(
    session: Session, order: MedicationRequest, kari: Patient
) -> None:
    deliver(session, claim_of(session, order, TODAY, holder_id="u-other"))
    inbox.end_patients(session.database, [kari.id])
    assert records.get(session.database, Patient, kari.id) is None
