"""What clocks, lids, restarts and copies do to a green light: real store, a clock that is moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.medication import HandoutError, MedicationAdministration, Slot, slots
from fieldapp.domain.patients import Patient
from fieldapp.domain.readiness import Code, Light
from fieldapp.services import medication, trust
from fieldapp.services.session import Session
from fieldapp.store import claims as store_claims
from fieldapp.store import records, trusted_time
from tests.helpers.builders import TODAY, entry, receive, request
from tests.helpers.claims import deliver, grant
from tests.helpers.claims import trust as hear_the_server

HOUR = timedelta(hours=1)


@pytest.fixture
def slot(session: Session, kari: Patient) -> Slot:
    """A dose of today that this store has claimed; the light is green at 09:15."""
    order = request(kari)
    receive(session, order)
    grant(session, order)
    (planned,) = slots([order], TODAY)
    return planned


def codes(session: Session, slot: Slot) -> tuple[str, ...]:
    return medication.verdict(session, slot).codes


def light(session: Session, slot: Slot) -> Light:
    return medication.verdict(session, slot).light


def test_closing_the_lid_never_costs_green(session: Session, clock: FixedClock, slot: Slot) -> None:
    assert light(session, slot) is Light.GREEN

    clock.advance(12 * HOUR)

    assert codes(session, slot) == ()


def test_a_clock_that_jumps_costs_green_until_the_next_sync(
    session: Session, clock: FixedClock, slot: Slot
) -> None:
    clock.jump(10 * timedelta(minutes=1))

    assert codes(session, slot) == (Code.CLOCK.value,)
    assert light(session, slot) is Light.AMBER
    with pytest.raises(HandoutError) as refusal:
        medication.record(session, entry(slot.request))
    assert refusal.value.code == Code.CLOCK.value
    assert records.select(session.database, MedicationAdministration) == []

    hear_the_server(session)
    assert light(session, slot) is Light.GREEN


def test_tomorrow_does_not_come_sooner_by_setting_the_clock(
    session: Session, clock: FixedClock, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order, TODAY + timedelta(days=1))
    (tomorrow,) = slots([order], TODAY + timedelta(days=1))
    assert Code.NOT_SERVED_NOW.value in codes(session, tomorrow)

    clock.jump(24 * HOUR)

    assert light(session, tomorrow) is not Light.GREEN
    clock.reboot()
    clock.jump(-48 * HOUR)
    assert light(session, tomorrow) is not Light.GREEN


def test_a_restart_of_the_machine_keeps_green_when_its_clock_goes_on(
    session: Session, clock: FixedClock, slot: Slot
) -> None:
    clock.advance(HOUR)
    clock.reboot()
    trusted_time.begin(session.database, clock)

    assert codes(session, slot) == ()


def test_a_restart_with_a_clock_of_the_past_costs_green(
    session: Session, clock: FixedClock, slot: Slot
) -> None:
    clock.advance(2 * HOUR)
    with session.write():
        pass
    clock.reboot()
    clock.jump(-3 * HOUR)
    trusted_time.begin(session.database, clock)

    assert codes(session, slot) == (Code.CLOCK.value,)


def test_the_least_interval_goes_by_time_that_has_passed_and_not_by_the_clock(
    session: Session, clock: FixedClock, slot: Slot, kari: Patient
) -> None:
    medication.record(session, entry(slot.request))
    (dose,) = records.select(session.database, MedicationAdministration)
    clock.jump(20 * HOUR)
    clock.advance(HOUR)

    assert trusted_time.now(session.database, clock) is None
    assert dose.given_at + HOUR < clock.now()
    assert Code.GIVEN.value in codes(session, slot)


def test_a_pull_grows_too_old_while_the_lid_is_closed(
    session: Session, clock: FixedClock, kari: Patient
) -> None:
    order = request(kari)
    receive(session, order)
    day = TODAY + timedelta(days=4)
    grant(session, order, day)
    (planned,) = slots([order], day)

    clock.advance(4 * 24 * HOUR)

    assert Code.PULL_TOO_OLD.value in codes(session, planned)


def test_a_store_that_was_set_back_is_amber_until_a_whole_sync_and_gives_nothing(
    session: Session, slot: Slot, kari: Patient
) -> None:
    store_claims.note_set_back(session.database)

    assert trust.is_set_back(session)
    assert Code.STORE_SET_BACK.value in codes(session, slot)
    with pytest.raises(HandoutError):
        medication.record(session, entry(slot.request))
    # The server's old word about its claims, come again in a pull, makes nothing green.
    claims = store_claims.standing(session.database, kari.id, "opioid_agonist")
    deliver(session, *claims)
    assert light(session, slot) is not Light.GREEN
    assert Code.NOT_CLAIMED.value in codes(session, slot)
