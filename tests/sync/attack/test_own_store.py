"""What may go wrong inside one laptop's store while it syncs: real stores, real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Patient
from fieldapp.ids import new_id
from fieldapp.store import outbox, records
from sync.server.identity import Identity
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)


@pytest.fixture
def office(storage: Storage) -> Office:
    return Office(storage, page_limit=4)


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def kari(office: Office) -> Identity:
    return office.new_user()


@pytest.fixture
def laptop(factory: LaptopFactory, office: Office, kari: Identity) -> Iterator[Laptop]:
    made = factory.laptop(office, kari)
    yield made
    made.close()


@pytest.fixture
def other(factory: LaptopFactory, office: Office) -> Iterator[Laptop]:
    made = factory.laptop(office, office.new_user())
    yield made
    made.close()


@pytest.fixture
def patient(office: Office, laptop: Laptop, other: Laptop) -> Patient:
    """A patient whom both follow."""
    added = office.add_patient(laptop.who, other.who)
    for one in (laptop, other):
        assert one.sync().complete
    return added


def allergy(patient: Patient, who: Identity) -> Flag:
    present = (FlagCategory.ALLERGY, FlagState.PRESENT, "penicillin")
    return Flag(new_id(), patient.id, *present, DAY, who.user_id)


def test_critical_information_is_not_joined_unseen_after_a_lost_reply(
    laptop: Laptop, other: Laptop, patient: Patient, office: Office
) -> None:
    """A colleague widens the allergy, and this laptop, which has not heard of it, takes it away."""
    flag = allergy(patient, laptop.who)
    laptop.save(flag)
    assert not laptop.sync(Fault.LOST_REPLY).complete
    assert other.sync().complete
    other.save(replace(flag, text="penicillin og sulfa, anafylaksi"))
    assert other.sync().complete
    laptop.save(replace(flag, active=False))
    laptop.sync()
    (item,) = laptop.unsent()
    assert (item.state, item.reason_code) == ("parked", "conflict")
    assert outbox.counts(laptop.database).conflicts == 1
    body = office.body("flag", flag.id) or {}
    assert (body["active"], body["text"]) == (True, "penicillin og sulfa, anafylaksi")


def test_an_edit_of_a_patient_after_a_lost_reply_is_still_joined(
    laptop: Laptop, other: Laptop, patient: Patient
) -> None:
    laptop.edit_patient(patient.id, phone="1")
    assert not laptop.sync(Fault.LOST_REPLY).complete
    assert other.sync().complete
    other.edit_patient(patient.id, city="Alta")
    assert other.sync().complete
    laptop.edit_patient(patient.id, address="Veien 1")
    assert laptop.sync().complete
    shown = records.get(laptop.database, Patient, patient.id)
    assert shown is not None
    assert (shown.phone, shown.city, shown.address) == ("1", "Alta", "Veien 1")


# --- two laptops of one person, clones, and patients who go and come


def quiet(*laptops: Laptop) -> None:
    """Syncs without faults, until nobody has news for anybody."""
    for _ in range(3):
        for one in laptops:
            report = one.sync()
            assert report.complete, (report, one.unsent())


def test_a_patient_taken_away_and_given_back_while_a_clone_works_on(
    laptop: Laptop, patient: Patient, office: Office, factory: LaptopFactory
) -> None:
    twin = factory.laptop(office, laptop.who, path=factory.copy_of(laptop))
    twin._sequence = 100
    for one in (laptop, twin):
        one.may_heal = True
    mine, theirs = laptop.sign_note(patient.id, "min"), twin.sign_note(patient.id, "tvillingens")
    dose = twin.hand_out(patient.id, DAY)
    laptop.edit_patient(patient.id, phone="1")
    twin.edit_patient(patient.id, phone="2", city="Alta")
    office.unassign(laptop.who, patient.id)
    assert laptop.sync().complete
    office.assign(laptop.who, patient.id)
    twin.sync()
    quiet(laptop, twin)
    for event in (mine, theirs, dose):
        for one in (laptop, twin):
            kind = "note" if event != dose else "medication_administration"
            assert event in one.ids(kind)
    (waits,) = twin.unsent()
    assert (waits.kind, waits.reason_code, waits.body["phone"]) == ("patient", "conflict", "2")
    assert (office.body("patient", patient.id) or {})["phone"] == "1"
    twin.close()


def test_a_conflict_of_a_patient_who_leaves_waits_at_the_office_and_on_no_laptop(
    laptop: Laptop, other: Laptop, patient: Patient, office: Office
) -> None:
    flag = allergy(patient, laptop.who)
    laptop.save(flag)
    quiet(laptop, other)
    other.save(replace(flag, text="sulfa"))
    assert other.sync().complete
    laptop.save(replace(flag, text="jod"))
    note = laptop.sign_note(patient.id, "besøk")
    office.unassign(laptop.who, patient.id)
    laptop.sync()
    assert office.body("note", note) is not None
    assert laptop.unsent() == []
    assert patient.id not in laptop.ids("patient")
    with office.storage.read() as transaction:
        (waits,) = transaction.parked.open(10)
    assert waits.body is not None
    assert (waits.outcome, waits.body["text"]) == ("conflict", "jod")
    office.assign(laptop.who, patient.id)
    quiet(laptop, other)
    assert laptop.unsent() == []
    for one in (laptop, other):
        assert records.select(one.database, Flag)[0].text == "sulfa"
    with office.storage.read() as transaction:
        assert [one.change_id for one in transaction.parked.open(10)] == [waits.change_id]


@pytest.mark.parametrize("cut", range(0, 12, 3))
def test_a_power_cut_anywhere_while_a_patient_comes_back_leaves_equal_stores(
    laptop: Laptop, other: Laptop, patient: Patient, office: Office, cut: int
) -> None:
    for number in range(6):
        other.sign_note(patient.id, f"besøk {number}")
    other.save(allergy(patient, other.who))
    quiet(laptop, other)
    office.unassign(laptop.who, patient.id)
    late = laptop.sign_note(patient.id, "skrevet før beskjeden")
    draft = laptop.open_draft(patient.id)
    laptop.sync_until_power_cut(cut)
    office.assign(laptop.who, patient.id)
    other.edit_patient(patient.id, phone="3")
    laptop.sync_until_power_cut(cut // 2)
    quiet(laptop, other)
    assert late in other.ids("note")
    assert laptop.contents() == other.contents()
    assert draft in {
        str(row["id"]) for row in laptop.database.connection.execute("SELECT id FROM draft")
    }


@pytest.mark.parametrize("stop", [0, 2, 5])
def test_a_stop_between_any_two_steps_leaves_a_sync_that_can_go_on(
    laptop: Laptop, other: Laptop, patient: Patient, stop: int
) -> None:
    for number in range(9):
        other.sign_note(patient.id, f"kollega {number}")
    other.sync()
    notes = {laptop.sign_note(patient.id, f"egen {number}") for number in range(3)}
    asked = iter(range(1000))
    report = laptop.sync(should_stop=lambda: next(asked) >= stop)
    if not report.complete:
        assert report.error_code == "cancelled"
    quiet(laptop, other)
    assert laptop.ids("note") == other.ids("note") >= notes
