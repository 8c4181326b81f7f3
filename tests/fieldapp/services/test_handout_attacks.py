"""Ways round the rules of handing out, tried on a real store."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from fieldapp.clock import OSLO, FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.medication import (
    HandoutError,
    slots,
)
from fieldapp.domain.patients import Patient
from fieldapp.domain.readiness import Light
from fieldapp.services import medication
from fieldapp.services.session import Session
from fieldapp.store import outbox
from tests.helpers.builders import (
    TODAY,
    entry,
    event,
    patient,
    receive,
    receive_bodies,
    request,
    settle_outbox,
    slot_of,
)
from tests.helpers.claims import grant

TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(TODAY, time(hour, minute), tzinfo=OSLO).astimezone(UTC)


def _set(session: Session, moment: datetime) -> None:
    clock = session.clock
    assert isinstance(clock, FixedClock)
    clock.advance(moment - clock.now())


def _refusal(session: Session, said: medication.HandoutEntry) -> str:
    with pytest.raises(HandoutError) as caught:
        medication.record(session, said)
    return caught.value.code


# --- the time that is said


def test_a_dose_said_to_be_of_some_minutes_ago_keeps_the_interval_at_that_time(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order, event(order, YESTERDAY, given_at=_at(1)))
    _set(session, _at(13, 5))
    grant(session, order)
    assert _refusal(session, entry(order, given_at=_at(12, 55))) == "interval"
    medication.record(session, entry(order, given_at=_at(13, 1)))


def test_a_dose_said_to_be_of_before_six_is_none_of_the_day_that_began_then(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order)
    _set(session, _at(6, 5) + timedelta(days=1))
    grant(session, order)
    early = entry(order, slot=slot_of(order, TOMORROW), given_at=_at(5, 55) + timedelta(days=1))
    assert _refusal(session, early) == "not_served_now"


# --- what an event says of itself


def test_a_dose_of_the_order_that_names_another_group_closes_its_slot_all_the_same(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order, event(order, group="atc:N05"))
    grant(session, order)
    assert medication.verdict(session, slots([order], TODAY)[0]).codes[0] == "slot_already_given"


# --- taking back what others know of


def test_a_dose_that_is_offered_again_after_a_restore_opens_no_slot(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    medication.record(session, entry(order, id="e1"))
    settle_outbox(session)
    lost = [("medication_administration", "e1", 0)]
    outbox.offer_again(session.database, lost, session.clock.now(), session.new_id)
    assert not medication.can_reopen(session, "e1")
    with pytest.raises(HandoutError) as caught:
        medication.reverse(session, "e1", "aldri gitt")
    assert caught.value.code == "too_late_to_reverse"


def test_a_dose_that_was_refused_once_and_is_sent_again_opens_no_slot(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    medication.record(session, entry(order, id="e1"))
    for change in outbox.take_batch(session.database, 200, 10_000_000):
        outbox.park(session.database, change.change_id, "refused")
        outbox.retry(session.database, change.change_id)
    assert not medication.can_reopen(session, "e1")


# --- one person registered twice


@pytest.mark.parametrize("number", ["", "blank"])
def test_two_registrations_of_one_person_on_this_laptop_are_amber(
    session: Session, kari: Patient, number: str
) -> None:
    order = request(kari)
    if number:
        assert kari.national_id is not None
        spaced = f"{kari.national_id[:6]} {kari.national_id[6:]}"
        twin = patient("Berg", "Siv", national_id=spaced, birth_date=None)
    else:
        twin = patient(kari.family_name, kari.given_name, national_id=None)
    receive(session, order, twin)
    grant(session, order)
    assert medication.verdict(session, slots([order], TODAY)[0]).codes == ("possible_duplicate",)


# --- what this version cannot read


@pytest.mark.parametrize("kind", ["dose", "order", "claim"])
def test_what_a_newer_program_wrote_of_a_patient_is_not_passed_over(
    session: Session, kari: Patient, kind: str
) -> None:
    """The dose is known to be here, and not what it is: nothing is given without force."""
    order = request(kari)
    receive(session, order)
    (claim,) = grant(session, order)
    assert medication.verdict(session, slots([order], TODAY)[0]).light is Light.GREEN
    written: tuple[str, dict[str, Any]] = {
        "dose": (
            "medication_administration",
            {**to_body(event(order)), "identity_check": "retina"},
        ),
        "order": ("medication_request", {**to_body(order), "place": "drone", "revision": 2}),
        "claim": ("claim", {**to_body(claim), "state": "lent"}),
    }[kind]
    receive_bodies(session, [(written[0], written[1]["id"], kari.id, written[1])])
    light = medication.verdict(session, slots([order], TODAY)[0])
    assert light.light is not Light.GREEN
    assert _refusal(session, entry(order)) in light.codes
