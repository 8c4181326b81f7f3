"""A change that a real laptop cannot deliver, settled at the office, back on the laptop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import to_iso
from fieldapp.domain.patients import Patient, Role
from fieldapp.ids import new_id
from fieldapp.store import audit, outbox
from sync.client.engine import Engine
from sync.protocol.codec import _plain
from sync.protocol.messages import ExchangeRequest, LaptopReport, PullPart
from sync.protocol.office import ParkedRow, TakeOverAction, TakeOverRequest
from sync.protocol.packing import Tables, pack, unpack
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService
from sync.server.storage.storage import Storage
from tests.helpers.stores import START
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

KEEP, STORE = TakeOverAction.KEEP_SERVER, TakeOverAction.STORE


@dataclass
class World:
    """A server, two laptops of two colleagues who follow one patient, and the secretary's desk."""

    office: Office
    mine: Laptop
    theirs: Laptop
    patient: Patient
    desk: ServerOfficeService

    def parked(self) -> ParkedRow:
        (row,) = self.desk.parked().parked
        return row

    def settle(self, action: TakeOverAction, body: dict[str, object] | None = None) -> None:
        change_id = self.parked().change_id
        self.desk.take_over(
            TakeOverRequest(change_id=change_id, action=action, body=body, reason="Avklart")
        )

    def assert_equal_at_the_end(self) -> None:
        for laptop in (self.mine, self.theirs):
            assert laptop.sync().complete
        assert self.mine.contents() == self.theirs.contents()
        assert self.mine.unsent() == self.theirs.unsent() == []
        assert self.desk.parked().parked == []


@pytest.fixture
def world(storage: Storage, tmp_path: Path) -> Iterator[World]:
    office = Office(storage)
    factory = LaptopFactory(tmp_path)
    first, second = office.new_user(), office.new_user()
    patient = office.add_patient(first, second)
    secretary = Identity(first.user_id, first.device_id, Role.SECRETARY)
    laptops = [factory.laptop(office, who) for who in (first, second)]
    for laptop in laptops:
        assert laptop.sync().complete
    mine, theirs = laptops
    yield World(office, mine, theirs, patient, ServerOfficeService(office.world, secretary))
    for laptop in laptops:
        laptop.close()


def both_change_the_phone(world: World) -> None:
    """The same field on two laptops, and one more on each."""
    world.theirs.edit_patient(world.patient.id, phone="22 22 22 22", city="Karasjok")
    world.theirs.sync()
    world.mine.edit_patient(world.patient.id, phone="11 11 11 11", address="Tanaveien 1")
    world.mine.sync()
    (item,) = world.mine.unsent()
    assert item.state == "parked"


def spoil_the_note(world: World) -> str:
    """Sign a note and spoil it on its way, as an older program might have done."""
    note_id = world.mine.sign_note(world.patient.id, "Hjemme, rolig.")
    with world.mine.database.transaction():
        connection = world.mine.database.connection
        (item,) = world.mine.unsent()
        body = {**item.body, "signed_at": "i går"}
        connection.execute("UPDATE outbox SET body = ?", (json.dumps(body),))
    world.mine.sync()
    return note_id


def test_a_conflict_settled_with_the_laptops_values_reaches_both(world: World) -> None:
    both_change_the_phone(world)
    world.settle(STORE)
    world.assert_equal_at_the_end()
    seen = world.mine.patient(world.patient.id)
    assert (seen.phone, seen.address, seen.city) == ("11 11 11 11", "Tanaveien 1", "Karasjok")


def test_a_conflict_settled_with_the_servers_values_reaches_both(world: World) -> None:
    both_change_the_phone(world)
    world.settle(KEEP)
    world.assert_equal_at_the_end()
    seen = world.mine.patient(world.patient.id)
    assert (seen.phone, seen.city) == ("22 22 22 22", "Karasjok")


def test_a_conflict_settled_with_a_third_value_reaches_both(world: World) -> None:
    both_change_the_phone(world)
    world.settle(STORE, {"phone": "33 33 33 33"})
    world.assert_equal_at_the_end()
    assert world.mine.patient(world.patient.id).phone == "33 33 33 33"


def test_an_edit_made_after_the_parked_one_is_not_lost(world: World) -> None:
    both_change_the_phone(world)
    world.mine.edit_patient(world.patient.id, practical=("Ring to ganger",))
    world.settle(KEEP)
    world.assert_equal_at_the_end()
    seen = world.mine.patient(world.patient.id)
    assert (seen.phone, seen.practical) == ("22 22 22 22", ("Ring to ganger",))


def test_a_refused_note_is_corrected_at_the_office_and_ends_as_one_on_both(world: World) -> None:
    note_id = spoil_the_note(world)
    row = world.parked()
    assert (row.id, row.reason, row.detail) == (note_id, "bad_body", "signed_at")
    _, original = world.mine.contents()["note", note_id]
    world.settle(STORE, {"signed_at": original["signed_at"]})
    world.assert_equal_at_the_end()
    assert world.theirs.ids("note") == {note_id}
    assert world.office.body("note", note_id) == original


def test_what_the_office_corrected_in_a_note_stands_on_its_own_laptop_too(world: World) -> None:
    note_id = spoil_the_note(world)
    world.settle(STORE, {"signed_at": "2026-11-20T10:00:00.000Z"})
    # The signed text is locked on its laptop; the sums find the difference and put it right.
    world.mine.may_heal = True
    world.assert_equal_at_the_end()
    assert world.mine.contents()["note", note_id] == world.theirs.contents()["note", note_id]


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
def test_a_lost_answer_does_not_lose_what_the_office_decided(world: World, fault: Fault) -> None:
    both_change_the_phone(world)
    world.settle(KEEP)
    world.mine.sync(fault)  # ends without the answer, or with half of it
    world.assert_equal_at_the_end()


def test_the_laptops_own_answer_is_no_longer_open_at_the_office(world: World) -> None:
    both_change_the_phone(world)
    (item,) = world.mine.unsent()
    outbox.discard_in_favour_of_server(world.mine.database, item.change_id)
    world.mine.edit_patient(world.patient.id, phone="44 44 44 44")
    world.assert_equal_at_the_end()
    assert world.mine.patient(world.patient.id).phone == "44 44 44 44"


# --- whose the other side is


def test_a_conflict_says_who_wrote_the_other_side_when_and_on_which_laptop(world: World) -> None:
    both_change_the_phone(world)
    (item,) = world.mine.unsent()
    assert item.server_by == outbox.Origin(world.theirs.who.user_id, "laptop", START)


def test_what_a_pull_brings_to_a_conflict_says_it_too(world: World) -> None:
    both_change_the_phone(world)
    world.office.clock.advance(timedelta(hours=1))
    world.theirs.edit_patient(world.patient.id, phone="33 33 33 33")
    world.theirs.sync()
    world.mine.sync()
    (item,) = world.mine.unsent()
    assert (item.server_body or {})["phone"] == "33 33 33 33"
    later = START + timedelta(hours=1)
    assert item.server_by == outbox.Origin(world.theirs.who.user_id, "laptop", later)


def test_an_edit_that_clashes_with_what_the_one_before_was_merged_with_says_whose_that_is(
    world: World,
) -> None:
    world.theirs.edit_patient(world.patient.id, city="Karasjok")
    world.theirs.sync()
    world.mine.edit_patient(world.patient.id, phone="11 11 11 11")
    world.mine.line.in_the_air["push"] = lambda: world.mine.edit_patient(
        world.patient.id, city="Tana"
    )
    world.mine.sync()
    (item,) = world.mine.unsent()
    assert item.reason_code == "conflict"
    assert item.server_by.author_id == world.theirs.who.user_id
    assert item.server_by.device_name == "laptop"


def test_a_laptops_name_travels_with_no_record_that_is_not_in_dispute(world: World) -> None:
    both_change_the_phone(world)
    world.theirs.sign_note(world.patient.id, "Hjemme")
    world.theirs.sync()
    request = ExchangeRequest(report=report_of(world), pull=PullPart(cursor=None, page_records=100))
    answer = world.office.service(world.mine.who).exchange(request)
    records = [record for page in answer.pages for record in page.records]
    assert {record.kind for record in records if record.device_name is not None} == {"patient"}
    written = [unpack(pack(_plain(record), Tables()), Tables()) for record in records]
    assert sum("device_name" in body for body in written) == 1


def report_of(world: World) -> LaptopReport:
    return LaptopReport(
        now=world.office.clock.now(),
        app_version="1",
        waiting=0,
        parked=0,
        conflicts=0,
        drafts_unsent=0,
    )


# --- handed over to the office


def hand_over(world: World) -> None:
    """As the button does: a mark beside the change, and a line of the log."""
    (item,) = world.mine.unsent()
    database, now = world.mine.database, world.mine.clock.now()
    outbox.hand_over(database, item.change_id, now)
    audit.append(
        database,
        now=now,
        actor_id=world.mine.who.user_id,
        action="hand_over",
        kind=item.kind,
        record_id=item.record_id,
        patient_id=item.patient_id,
    )


def test_what_was_handed_over_stands_first_at_the_office_and_is_gone_when_it_is_settled(
    world: World,
) -> None:
    world.theirs.edit_patient(world.patient.id, phone="22 22 22 22")
    world.mine.sync()
    world.mine.edit_patient(world.patient.id, phone="44 44 44 44")
    world.mine.sync()
    world.theirs.sync()  # the colleague's conflict is the older one
    world.office.clock.advance(timedelta(minutes=5))
    spoil_the_note(world)
    assert [row.wants_help for row in world.desk.parked().parked] == [False, False]
    world.office.clock.advance(timedelta(minutes=5))
    hand_over(world)
    (item,) = world.mine.unsent()
    assert item.handed_over
    world.mine.sync()
    first, second = world.desk.parked().parked
    assert (first.kind, first.wants_help) == ("note", True)
    assert (second.kind, second.wants_help) == ("patient", False)
    request = TakeOverRequest(
        change_id=first.change_id, action=STORE, body={"signed_at": to_iso(START)}, reason="Avklart"
    )
    world.desk.take_over(request)
    assert [row.wants_help for row in world.desk.parked().parked] == [False]
    world.mine.sync()
    assert world.mine.unsent() == []


def test_a_mark_of_an_earlier_stop_is_none_of_a_later_one(world: World) -> None:
    both_change_the_phone(world)
    hand_over(world)
    world.mine.sync()
    assert world.parked().wants_help
    world.settle(KEEP)
    world.assert_equal_at_the_end()
    world.office.clock.advance(timedelta(days=1))
    world.theirs.edit_patient(world.patient.id, phone="55 55 55 55")
    world.theirs.sync()
    world.mine.edit_patient(world.patient.id, phone="66 66 66 66")
    world.mine.sync()
    assert not world.parked().wants_help
    (item,) = world.mine.unsent()
    assert not item.handed_over


def test_a_change_sent_again_as_it_was_is_still_handed_over_and_a_new_choice_is_not(
    world: World,
) -> None:
    spoil_the_note(world)
    hand_over(world)
    (item,) = world.mine.unsent()
    outbox.retry(world.mine.database, item.change_id)
    assert not world.mine.unsent()[0].handed_over, "while it waits there is nothing to settle"
    world.mine.sync()
    assert world.mine.unsent()[0].handed_over
    assert world.parked().wants_help


def test_the_office_sees_who_wrote_the_servers_side(world: World) -> None:
    both_change_the_phone(world)
    row = world.parked()
    assert (row.server_device_name, row.server_received_at) == ("laptop", START)


def test_the_office_hears_whether_the_laptops_disk_is_encrypted(world: World) -> None:
    database = world.mine.database
    for told in (None, True, False):
        engine = Engine(
            world.office.service(world.mine.who),
            database.clone,
            world.mine.clock,
            new_id,
            disk_encrypted=lambda told=told: told,
        )
        assert engine.run(lambda _: None, lambda: False).complete
        with world.office.storage.read() as transaction:
            (report,) = [
                one
                for one in transaction.reports.all()
                if one.device_id == world.mine.who.device_id
            ]
        assert report.disk_encrypted is told
