"""What a sync teaches a laptop about the time: a real engine, a real server, a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.store import trusted_time
from sync.server.service import Identity
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    yield Office(storage)
    storage.close()


@pytest.fixture
def kari(office: Office) -> Identity:
    return office.new_user()


@pytest.fixture
def laptop(tmp_path: Path, office: Office, kari: Identity) -> Iterator[Laptop]:
    made = LaptopFactory(tmp_path).laptop(office, kari)
    yield made
    made.close()


def test_a_sync_teaches_the_servers_time_and_when_everything_was_pulled(
    laptop: Laptop, office: Office
) -> None:
    laptop.clock.jump(-40 * HOUR)  # this laptop's calendar is wrong

    assert laptop.sync().complete
    there = office.clock.now()
    laptop.clock.advance(HOUR)

    assert trusted_time.now(laptop.database, laptop.clock) == there + HOUR
    assert trusted_time.pull_age(laptop.database, laptop.clock) == HOUR


def test_an_answer_without_its_pages_teaches_the_time_but_is_no_complete_pull(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    laptop.sync()
    for clock in (laptop.clock, office.clock):
        clock.advance(10 * HOUR)
    office.add_patient(kari)
    laptop.clock.jump(HOUR)
    assert trusted_time.now(laptop.database, laptop.clock) is None

    report = laptop.sync(Fault.CUT_AFTER_RECEIPT)

    assert not report.complete
    assert trusted_time.now(laptop.database, laptop.clock) == office.clock.now()
    assert trusted_time.pull_age(laptop.database, laptop.clock) == 10 * HOUR


def test_an_answer_that_waited_while_the_lid_was_closed_does_not_teach_the_time(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    there = office.clock.now()
    office.clock.advance(HOUR)
    laptop.clock.advance(HOUR)
    laptop.sign_note(patient.id, "besøk")
    laptop.line.in_the_air["push"] = lambda: laptop.clock.advance(8 * HOUR)

    assert laptop.sync().complete

    assert trusted_time.now(laptop.database, laptop.clock) == there + 9 * HOUR
    assert trusted_time.pull_age(laptop.database, laptop.clock) == 8 * HOUR
