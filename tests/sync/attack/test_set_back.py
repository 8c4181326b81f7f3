"""A server set back to a backup, met with joins, sticks and wishes: nothing is lost or stuck."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fieldapp.domain.patients import Flag, FlagCategory, FlagState
from fieldapp.ids import new_id
from sync.server.identity import Identity
from sync.server.join import join_patients
from tests.helpers.sync_world import Laptop, LaptopFactory
from tests.sync.test_healing import SetBackOffice

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 22)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SetBackOffice]:
    made = SetBackOffice(tmp_path)
    yield made
    made.storage.close()


@pytest.fixture
def kari(office: SetBackOffice) -> Identity:
    return office.new_user()


@pytest.fixture
def ola(office: SetBackOffice) -> Identity:
    return office.new_user()


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def laptop(factory: LaptopFactory, office: SetBackOffice, kari: Identity) -> Iterator[Laptop]:
    made = factory.laptop(office, kari, batch_records=10, checked_each_time=100)
    yield made
    made.close()


@pytest.fixture
def other(factory: LaptopFactory, office: SetBackOffice, ola: Identity) -> Iterator[Laptop]:
    made = factory.laptop(office, ola, batch_records=10, checked_each_time=100)
    yield made
    made.close()


def join(office: SetBackOffice, winner: str, loser: str) -> None:
    with office.storage.write() as transaction:
        join_patients(transaction, winner, loser, "office", NOW)


def allergy(patient_id: str, who: Identity, text: str = "penicillin") -> Flag:
    present = (FlagCategory.ALLERGY, FlagState.PRESENT, text)
    return Flag(new_id(), patient_id, *present, DAY, who.user_id)


@pytest.mark.parametrize("again", [False, True], ids=["lost for good", "joined again"])
def test_a_join_that_the_restored_server_has_lost_stops_no_laptop(
    laptop: Laptop,
    other: Laptop,
    office: SetBackOffice,
    kari: Identity,
    ola: Identity,
    again: bool,
) -> None:
    stays, goes = office.add_patient(kari, ola), office.add_patient(kari, ola)
    old = laptop.sign_note(goes.id, "før sikkerhetskopien")
    laptop.save(allergy(goes.id, kari))
    for one in (laptop, other):
        assert one.sync().complete
    office.back_up()
    office.connect(laptop, other)
    late = laptop.sign_note(goes.id, "etter sikkerhetskopien")
    dose = laptop.hand_out(goes.id, DAY)
    assert laptop.sync().complete
    join(office, stays.id, goes.id)
    for one in (laptop, other, laptop):
        assert one.sync().complete
    after = other.sign_note(stays.id, "etter sammenslåingen")
    assert other.sync().complete
    office.restore(laptop, other)
    if again:
        join(office, stays.id, goes.id)
    for _ in range(3):
        reports = [one.sync() for one in (laptop, other)]
    assert [report.error_code for report in reports] == [None, None]
    assert [one.unsent() for one in (laptop, other)] == [[], []]
    assert laptop.contents() == other.contents()
    for note in (old, late, after):
        assert len({str(body) for body in office.past_bodies("note", note)}) == 1
    assert office.body("medication_administration", dose) is not None
