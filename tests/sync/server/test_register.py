"""The server works out the chain of the narcotics register again, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fieldapp.domain.codec import to_body
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.domain.supply import Item, SupplyMovement
from fieldapp.domain.supply_chain import sealed
from fieldapp.ids import new_id
from fieldapp.services import register_acts
from fieldapp.services.session import Session
from fieldapp.store import records
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Laptop, LaptopFactory, Office

SYRUP = Item("Metadon mikstur", "2 mg/ml", "ml")
CUPBOARD = "store:Medisinskap"


@pytest.fixture
def office(storage: Storage) -> Office:
    return Office(storage)


@pytest.fixture
def laptop(office: Office, tmp_path: Path) -> Laptop:
    made = LaptopFactory(tmp_path).laptop(office, office.new_user())
    made.sync()
    return made


def session_of(laptop: Laptop) -> Session:
    user = Practitioner(laptop.who.user_id, "kari", "Kari Nordmann", Role.LAR_STAFF)
    return Session(laptop.database, user, laptop.who.device_id, laptop.clock, new_id)


def broken(office: Office) -> set[str]:
    with office.storage.read() as transaction:
        return transaction.register.broken()


def receive(laptop: Laptop, units: int = 100) -> SupplyMovement:
    done = register_acts.receive(session_of(laptop), CUPBOARD, SYRUP, Decimal(units))
    found = records.get(laptop.database, SupplyMovement, done.change_set.changes[0].id)
    assert found is not None
    return found


def test_lines_as_they_were_written_mark_nobody(office: Office, laptop: Laptop) -> None:
    for number in range(3):
        receive(laptop, 100 + number)
        laptop.sync()
    receive(laptop)
    receive(laptop)
    laptop.sync()
    assert broken(office) == set()


def test_a_line_with_another_content_than_its_hash_is_kept_and_marks_its_laptop(
    office: Office, laptop: Laptop
) -> None:
    first = receive(laptop)
    made_up = sealed(replace(first, id=new_id(), sequence=2, previous=first.hash))
    laptop.save(replace(made_up, units=Decimal(1)))
    laptop.sync()
    assert broken(office) == {laptop.who.device_id}
    assert office.body("supply_movement", made_up.id) is not None


def test_two_lines_in_one_place_mark_their_laptop(office: Office, laptop: Laptop) -> None:
    first = receive(laptop)
    laptop.sync()
    laptop.save(sealed(replace(first, id=new_id(), units=Decimal(5))))
    laptop.sync()
    assert broken(office) == {laptop.who.device_id}


def test_a_line_that_names_another_predecessor_marks_its_laptop(
    office: Office, laptop: Laptop
) -> None:
    first = receive(laptop)
    laptop.save(sealed(replace(first, id=new_id(), sequence=2, previous="0" * 64)))
    laptop.sync()
    assert broken(office) == {laptop.who.device_id}


def test_a_missing_line_shows_until_it_has_come(office: Office, laptop: Laptop) -> None:
    first = receive(laptop)
    second = sealed(replace(first, id=new_id(), sequence=2, previous=first.hash))
    third = sealed(replace(second, id=new_id(), sequence=3, previous=second.hash))
    laptop.save(third)
    laptop.sync()
    assert broken(office) == {laptop.who.device_id}
    laptop.save(second)
    laptop.sync()
    assert broken(office) == set()


def test_a_line_that_no_laptop_writes_breaks_no_exchange(office: Office, laptop: Laptop) -> None:
    first = receive(laptop)
    for odd in ("a\x00b", "x" * 500):
        laptop.save(replace(first, id=new_id(), sequence=9, previous=odd))
    laptop.sync()
    assert broken(office) == {laptop.who.device_id}
    assert not laptop.unsent()


def test_to_body_and_back_keeps_the_hash(office: Office, laptop: Laptop) -> None:
    line = receive(laptop)
    laptop.sync()
    assert office.body("supply_movement", line.id) == to_body(line)
