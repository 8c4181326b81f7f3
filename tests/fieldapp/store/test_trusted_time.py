"""The time that handing out goes by: a real cipher store, a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock, SystemClock
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.ids import new_id
from fieldapp.services import trusted_time as service
from fieldapp.services.session import Session
from fieldapp.store import trusted_time
from fieldapp.store.db import Database
from tests.helpers.stores import PASSPHRASE, START, USERNAME, make_vault

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Database]:
    vault = make_vault(tmp_path / "store", clock=clock)
    yield vault.create(USERNAME, PASSPHRASE).store
    vault.lock()


@pytest.fixture
def session(store: Database, clock: FixedClock) -> Session:
    user = Practitioner("u-1", USERNAME, "Kari Berg", Role.CASE_MANAGER)
    return Session(store, user, "d-1", clock, new_id)


def sync(session: Session, ahead: timedelta = timedelta()) -> datetime:
    """Hear the server, whose clock is `ahead` of this machine's, and pull everything."""
    clock, database = session.clock, session.database
    server_time = clock.now() + ahead
    service.note_server_time(database, server_time, clock.elapsed(), clock.now())
    trusted_time.note_complete_pull(database, server_time, clock.elapsed())
    return server_time


def test_before_the_first_sync_nobody_knows_the_time(session: Session) -> None:
    assert service.now(session) is None
    assert service.pull_age(session) is None


def test_it_is_the_servers_time_and_what_has_passed_since(
    session: Session, clock: FixedClock
) -> None:
    there = sync(session, ahead=timedelta(minutes=40))

    clock.advance(5 * HOUR)

    assert service.now(session) == there + 5 * HOUR
    assert service.pull_age(session) == 5 * HOUR


def test_closing_the_lid_overnight_costs_nothing(session: Session, clock: FixedClock) -> None:
    there = sync(session)

    clock.advance(14 * HOUR)  # both clocks of the machine count suspended time

    assert service.now(session) == there + 14 * HOUR


@pytest.mark.parametrize("step", [timedelta(minutes=3), -timedelta(minutes=3), timedelta(days=1)])
def test_a_clock_that_jumps_is_not_trusted_until_the_next_sync(
    session: Session, clock: FixedClock, step: timedelta
) -> None:
    sync(session)
    clock.advance(HOUR)

    clock.jump(step)

    assert service.now(session) is None
    clock.jump(-step)
    assert service.now(session) is None, "setting it back again does not mend it"
    clock.reboot()
    trusted_time.begin(session.database, clock)
    assert service.now(session) is None, "nor does a restart"
    there = sync(session)
    assert service.now(session) == there


def test_a_clock_that_creeps_is_found_out_as_well(session: Session, clock: FixedClock) -> None:
    sync(session)
    for _ in range(3):
        clock.advance(HOUR)
        clock.jump(timedelta(minutes=1))
        service.now(session)

    assert service.now(session) is None


def test_a_small_correction_of_the_clock_changes_nothing(
    session: Session, clock: FixedClock
) -> None:
    there = sync(session)
    clock.advance(HOUR)

    clock.jump(timedelta(seconds=90))

    assert service.now(session) == there + HOUR


def test_a_clock_that_jumps_leaves_the_age_of_the_pull(session: Session, clock: FixedClock) -> None:
    sync(session)
    clock.advance(2 * HOUR)

    clock.jump(-HOUR)

    assert service.pull_age(session) == 2 * HOUR


def test_it_survives_a_restart_of_the_program(tmp_path: Path, clock: FixedClock) -> None:
    vault = make_vault(tmp_path / "again", clock=clock)
    user = Practitioner("u-1", USERNAME, "Kari Berg", Role.CASE_MANAGER)
    first = Session(vault.create(USERNAME, PASSPHRASE).store, user, "d-1", clock, new_id)
    there = sync(first, ahead=HOUR)
    vault.lock()
    clock.advance(3 * HOUR)

    second = Session(vault.unlock(USERNAME, PASSPHRASE), user, "d-1", clock, new_id)

    assert service.now(second) == there + 3 * HOUR
    assert service.pull_age(second) == 3 * HOUR
    vault.lock()


def test_after_a_restart_of_the_machine_its_corrected_clock_counts(
    session: Session, clock: FixedClock
) -> None:
    there = sync(session, ahead=timedelta(minutes=40))
    clock.advance(2 * HOUR)
    clock.reboot()
    clock.advance(HOUR)

    trusted_time.begin(session.database, clock)

    assert service.now(session) == there + 3 * HOUR
    assert service.pull_age(session) == 3 * HOUR


def test_after_a_restart_a_clock_before_the_latest_time_seen_does_not_count(
    session: Session, clock: FixedClock
) -> None:
    sync(session)
    clock.advance(5 * HOUR)
    with session.write():
        pass  # anything that is written here remembers how late it is
    clock.reboot()
    clock.jump(-HOUR)  # still after the last sync

    trusted_time.begin(session.database, clock)

    assert service.now(session) is None
    assert service.pull_age(session) is None
    clock.jump(2 * HOUR)
    assert service.now(session) is None, "not by setting it right by hand either"


def test_after_a_restart_a_jump_is_seen_as_before(session: Session, clock: FixedClock) -> None:
    sync(session)
    clock.reboot()
    trusted_time.begin(session.database, clock)
    clock.advance(HOUR)

    clock.jump(timedelta(minutes=3))

    assert service.now(session) is None


def test_a_machine_that_does_not_name_its_starts_is_found_out_by_what_it_counts(
    session: Session, clock: FixedClock
) -> None:
    sync(session)
    clock.advance(2 * HOUR)
    with session.write():
        pass
    clock.reboot()
    clock._boots = 1
    clock.jump(-HOUR)

    assert service.now(session) is None


def test_a_wrong_time_that_was_seen_does_not_bar_the_servers(
    session: Session, clock: FixedClock
) -> None:
    sync(session, ahead=timedelta(days=30))  # the server's clock was wrong
    with session.write():
        pass
    there = sync(session)
    clock.reboot()
    trusted_time.begin(session.database, clock)

    assert service.now(session) == there


def test_this_machine_counts_on_and_names_its_start() -> None:
    first, second = SystemClock().elapsed(), SystemClock().elapsed()

    assert first.boot_id == second.boot_id
    assert first.since_boot <= second.since_boot
