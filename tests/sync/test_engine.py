"""The engine with real cipher stores and the real server's service, over a line that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.clock import to_iso
from fieldapp.domain.visits import Appointment
from fieldapp.ids import new_id
from fieldapp.store import audit, drafts, inbox, outbox, records, state
from fieldapp.store.db import Database
from sync.client import outgoing
from sync.client.engine import Engine, Progress
from sync.protocol.errors import (
    CaptivePortalError,
    LoginExpiredError,
    RevokedError,
    ServerFullError,
    ServerTroubleError,
    SyncError,
    TimeoutError_,
    TooLargeError,
)
from sync.protocol.messages import ExchangeRequest, Outcome, PushResult
from sync.protocol.service import Exchange
from sync.server.rules import set_rules
from sync.server.service import Identity
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office on the embedded database; the model test runs on both."""
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    yield Office(storage, page_limit=4)
    storage.close()


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def kari(office: Office) -> Identity:
    return office.new_user()


@pytest.fixture
def ola(office: Office) -> Identity:
    return office.new_user()


@pytest.fixture
def laptop(factory: LaptopFactory, office: Office, kari: Identity) -> Iterator[Laptop]:
    made = factory.laptop(office, kari, batch_records=10)
    yield made
    made.close()


@pytest.fixture
def other(factory: LaptopFactory, office: Office, ola: Identity) -> Iterator[Laptop]:
    made = factory.laptop(office, ola, batch_records=10)
    yield made
    made.close()


# --- the plain day


def test_assigned_patients_arrive_and_others_do_not(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    mine = office.add_patient(kari)
    office.add_patient()
    report = laptop.sync()
    assert report.complete
    assert report.error_code is None
    assert laptop.ids("patient") == {mine.id}
    assert inbox.state(laptop.database).complete


def test_what_was_done_here_is_on_the_server_and_seen_by_a_colleague(
    laptop: Laptop, other: Laptop, office: Office, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    handout = laptop.hand_out(patient.id, DAY)
    laptop.edit_patient(patient.id, phone="12345678")
    report = laptop.sync()
    other.sync()
    assert (report.pushed, report.parked) == (3, 0)
    assert other.ids("note") == {note}
    assert other.ids("medication_administration") == {handout}
    assert other.patient(patient.id).phone == "12345678"
    assert laptop.unsent() == []
    assert laptop.contents() == other.contents()


def test_the_report_names_what_the_screens_should_read_again(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    report = laptop.sync()
    assert report.changes.touches(patient_id=patient.id, kinds=frozenset({"patient"}))
    assert laptop.sync().changes.changes == ()


def test_progress_counts_records_and_reaches_its_total(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    for _ in range(6):
        office.add_patient(kari)
    seen: list[Progress] = []
    laptop.sync(progress=seen.append)
    pulls = [step for step in seen if step.step == "pull"]
    assert len(pulls) > 1
    assert [step.done for step in pulls] == sorted(step.done for step in pulls)
    assert {step.total for step in pulls} == {12}
    assert pulls[-1].done == 12


# --- lost messages


@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.LOST_REPLY])
def test_a_lost_message_costs_only_time(
    laptop: Laptop, office: Office, kari: Identity, fault: Fault
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    laptop.edit_patient(patient.id, city="Bodø")
    report = laptop.sync(fault)
    assert not report.complete
    assert report.error_family == "offline"
    assert len(laptop.unsent()) == 2
    assert laptop.sync().complete
    assert laptop.unsent() == []
    assert len(office.past_bodies("note", note)) == 1
    assert [body["city"] for body in office.past_bodies("patient", patient.id)] == ["", "Bodø"]


def test_a_lost_reply_hides_no_colleagues_edit(
    laptop: Laptop, other: Laptop, office: Office, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    laptop.sync()
    other.sync()
    other.edit_patient(patient.id, city="Bodø")
    other.sync()
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync(Fault.LOST_REPLY)
    laptop.line.in_the_air["push"] = lambda: laptop.edit_patient(patient.id, address="Storgata 1")
    laptop.sync()
    laptop.sync()
    other.sync()
    both = laptop.patient(patient.id)
    assert (both.city, both.phone, both.address) == ("Bodø", "1", "Storgata 1")
    assert other.patient(patient.id) == both
    assert laptop.unsent() == []


def test_a_failed_sync_does_not_move_the_time_of_the_last_complete_one(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    office.add_patient(kari)
    laptop.sync()
    first = inbox.state(laptop.database).last_complete
    laptop.clock.advance(timedelta(hours=1))
    for fault in (Fault.LOST_REPLY, ServerTroubleError(500), LoginExpiredError()):
        assert not laptop.sync(fault).complete
    assert inbox.state(laptop.database).last_complete == first
    laptop.sync()
    assert inbox.state(laptop.database).last_complete == laptop.clock.now()


def test_a_pull_cut_between_pages_goes_on_where_it_stopped(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    for _ in range(6):
        office.add_patient(kari)
    report = laptop.sync(Fault.CUT_AFTER_A_PAGE, Fault.LOST_REQUEST)
    assert (report.pulled, report.complete) == (4, False)
    assert not inbox.state(laptop.database).complete
    assert laptop.sync().pulled == 8
    assert len(laptop.ids("patient")) == 6
    assert inbox.state(laptop.database).complete


@pytest.mark.parametrize("commit", range(6))
def test_a_power_cut_before_any_commit_loses_and_doubles_nothing(
    laptop: Laptop, office: Office, kari: Identity, commit: int
) -> None:
    first = office.add_patient(kari)
    laptop.sync()
    for _ in range(4):
        office.add_patient(kari)
    note = laptop.sign_note(first.id, "besøk")
    laptop.sync_until_power_cut(commit)
    laptop.sync()
    assert len(laptop.ids("patient")) == 5
    assert laptop.unsent() == []
    assert len(office.past_bodies("note", note)) == 1


# --- work while a sync runs


def test_an_edit_made_while_its_predecessor_is_in_the_air_stays_unsent(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.edit_patient(patient.id, phone="1")
    unsent: list[int] = []

    def edit() -> None:
        laptop.edit_patient(patient.id, phone="2")
        unsent.append(outbox.counts(laptop.database).waiting)

    laptop.line.in_the_air["push"] = edit
    stops = iter([False, True])
    laptop.sync(should_stop=lambda: next(stops))
    assert unsent == [2]
    (left,) = laptop.unsent()
    assert left.body["phone"] == "2"
    assert laptop.patient(patient.id).phone == "2"
    laptop.sync()
    phones = [body["phone"] for body in office.past_bodies("patient", patient.id)]
    assert phones == ["", "1", "2"]


def test_a_pull_does_not_overwrite_an_edit_made_meanwhile(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    office.put_body(
        {**(office.body("patient", patient.id) or {}), "city": "Bodø"}, "patient", patient.id
    )
    laptop.line.in_the_air["pull"] = lambda: laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    assert laptop.patient(patient.id).phone == "1"
    laptop.sync()
    assert laptop.patient(patient.id).phone == "1"
    assert laptop.patient(patient.id).city == "Bodø"


def test_a_sync_never_touches_a_draft(laptop: Laptop, office: Office, kari: Identity) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    draft = laptop.open_draft(patient.id)
    before = drafts.get(laptop.database, draft)
    office.unassign(kari, patient.id)
    laptop.sync()
    assert drafts.get(laptop.database, draft) == before
    assert laptop.ids("patient") == {patient.id}


def test_two_syncs_never_run_at_once(laptop: Laptop, office: Office, kari: Identity) -> None:
    office.add_patient(kari)
    inner: list[str | None] = []
    laptop.line.in_the_air["pull"] = lambda: inner.append(second.run(_ignore, _never).error_code)
    second = Engine(laptop.line, laptop.database.clone, laptop.clock, new_id)
    assert laptop.sync().complete
    assert inner == ["already_running"]
    assert laptop.sync().complete  # the lock is free again


def test_the_engine_runs_in_a_thread_of_its_own(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.database.connection.execute("SELECT 1").fetchone()
    thread = threading.Thread(target=laptop.sync)
    thread.start()
    thread.join()
    assert laptop.ids("patient") == {patient.id}


def test_a_sync_can_be_stopped_between_two_batches(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    for number in range(25):
        laptop.sign_note(patient.id, f"besøk {number}")
    stops = iter([False, False, True])
    report = laptop.sync(should_stop=lambda: next(stops))
    assert (report.pushed, report.error_code, report.complete) == (20, "cancelled", False)
    assert len(laptop.unsent()) == 5
    assert laptop.sync().pushed == 5


# --- trouble with single records and with size


def test_one_bad_record_among_many_is_parked_and_the_others_arrive(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    notes = [laptop.sign_note(patient.id, f"besøk {number}") for number in range(40)]
    _spoil_outbox(laptop.database, notes[7])
    report = laptop.sync()
    assert (report.pushed, report.parked) == (39, 1)
    (parked,) = laptop.unsent()
    assert (parked.record_id, parked.state) == (notes[7], "parked")
    assert parked.reason_code is not None
    assert all(office.body("note", note) for note in notes if note != notes[7])


def test_what_points_to_a_parked_record_waits_and_then_follows_it(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    _spoil_outbox(laptop.database, note)
    laptop.sync()
    addendum = laptop.sign_note(patient.id, "rettelse", addendum_to=note)
    laptop.sync()
    assert office.body("note", addendum) is None
    _mend_outbox(laptop.database, note)
    (parked, _) = laptop.unsent()
    outbox.retry(laptop.database, parked.change_id)
    laptop.sync()
    assert laptop.unsent() == []
    assert office.body("note", addendum) is not None


def test_the_batch_shrinks_when_it_is_too_large_and_everything_arrives(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    for number in range(10):
        laptop.sign_note(patient.id, f"besøk {number}")
    assert laptop.sync(TooLargeError(), TooLargeError(), TimeoutError_()).complete
    assert laptop.unsent() == []


def test_a_page_shrinks_when_the_line_is_too_slow_for_it(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    office.add_patient(kari)
    assert laptop.sync(TimeoutError_()).complete


def test_a_line_that_is_dead_ends_the_sync_after_the_second_time_out(laptop: Laptop) -> None:
    report = laptop.sync(TimeoutError_(), TimeoutError_())
    assert report.error_code == "timeout"
    assert len(laptop.line.calls) == 2


def test_one_record_too_large_even_alone_is_parked_and_the_others_arrive(
    laptop: Laptop, office: Office, kari: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    huge = laptop.sign_note(patient.id, "x" * 1000)
    others = [laptop.sign_note(patient.id, f"besøk {number}") for number in range(5)]
    real = laptop.line.exchange

    def exchange(request: ExchangeRequest) -> Exchange:
        if any(record.id == huge for record in request.records):
            raise TooLargeError(413)
        return real(request)

    monkeypatch.setattr(laptop.line, "exchange", exchange)
    report = laptop.sync()
    assert report.complete
    (parked,) = laptop.unsent()
    assert (parked.record_id, parked.reason_code) == (huge, "too_large")
    assert all(office.body("note", note) for note in others)


def test_a_server_that_forgets_an_answer_leaves_the_change_unsent(
    laptop: Laptop, office: Office, kari: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.sign_note(patient.id, "a")
    laptop.sign_note(patient.id, "b")
    real = laptop.line.exchange

    def forgetful(request: ExchangeRequest) -> Exchange:
        answer = real(request)
        told = answer.receipt.model_copy(update={"results": answer.receipt.results[1:]})
        return Exchange(told, answer.pages)

    with monkeypatch.context() as patch:
        patch.setattr(laptop.line, "exchange", forgetful)
        report = laptop.sync()
    assert (report.error_code, report.complete) == ("protocol", False)
    assert outbox.counts(laptop.database).waiting == 1
    assert laptop.sync().complete


# --- two people


def test_edits_of_different_fields_are_joined(
    laptop: Laptop, other: Laptop, office: Office, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    laptop.sync()
    other.sync()
    laptop.edit_patient(patient.id, phone="1")
    other.edit_patient(patient.id, city="Bodø")
    laptop.sync()
    other.sync()
    laptop.sync()
    assert laptop.patient(patient.id) == other.patient(patient.id)
    assert (laptop.patient(patient.id).phone, laptop.patient(patient.id).city) == ("1", "Bodø")


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_the_same_field_changed_twice_waits_for_a_person(
    laptop: Laptop, other: Laptop, office: Office, kari: Identity, ola: Identity, choice: str
) -> None:
    patient = office.add_patient(kari, ola)
    laptop.sync()
    other.sync()
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    other.edit_patient(patient.id, phone="2", address="Storgata 1")
    other.sync()
    (item,) = other.unsent()
    assert (item.state, item.reason_code) == ("parked", "conflict")
    assert item.server_body is not None
    assert item.server_body["phone"] == "1"
    assert other.patient(patient.id).phone == "2"  # nothing is taken away meanwhile
    if choice == "mine":
        outbox.keep_mine(other.database, item.change_id, new_id)
    else:
        outbox.discard_in_favour_of_server(other.database, item.change_id)
    other.sync()
    laptop.sync()
    assert other.unsent() == []
    settled = laptop.patient(patient.id)
    assert (settled.phone, settled.address) == (
        ("2", "Storgata 1") if choice == "mine" else ("1", "")
    )
    assert other.patient(patient.id) == settled


def test_an_edit_made_after_a_conflict_survives_either_choice(
    laptop: Laptop, other: Laptop, office: Office, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    laptop.sync()
    other.sync()
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    other.edit_patient(patient.id, phone="2")
    other.sync()
    other.edit_patient(patient.id, city="Bodø")
    outbox.discard_in_favour_of_server(other.database, other.unsent()[0].change_id)
    other.sync()
    assert other.unsent() == []
    settled = other.patient(patient.id)
    assert (settled.phone, settled.city) == ("1", "Bodø")
    assert (office.body("patient", patient.id) or {})["city"] == "Bodø"


def test_two_offline_laptops_that_give_the_same_dose_are_both_kept(
    laptop: Laptop, other: Laptop, office: Office, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    laptop.sync()
    other.sync()
    given = {laptop.hand_out(patient.id, DAY), other.hand_out(patient.id, DAY)}
    laptop.sync()
    other.sync()
    laptop.sync()
    assert laptop.ids("medication_administration") == given
    assert other.ids("medication_administration") == given


def test_an_event_can_never_be_given_up_here(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    _spoil_outbox(laptop.database, note)
    laptop.sync()
    (item,) = laptop.unsent()
    with pytest.raises(outbox.NotDecidableError):
        outbox.discard_in_favour_of_server(laptop.database, item.change_id)
    assert laptop.ids("note") == {note}


# --- who follows whom


def test_a_patient_who_is_no_longer_followed_leaves_the_laptop_whole(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    gone = office.add_patient(kari)
    kept = office.add_patient(kari)
    laptop.sync()
    laptop.sign_note(gone.id, "besøk")
    laptop.sync()
    office.unassign(kari, gone.id)
    report = laptop.sync()
    assert report.changes.touches(patient_id=gone.id)
    assert laptop.ids("patient") == {kept.id}
    assert laptop.ids("note") == set()


def test_unsent_work_for_a_patient_who_was_taken_away_arrives_before_the_patient_leaves(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    office.unassign(kari, patient.id)
    note = laptop.sign_note(patient.id, "besøk")
    laptop.line.in_the_air["pull"] = lambda: late.append(laptop.sign_note(patient.id, "sent"))
    late: list[str] = []
    laptop.sync(Fault.NONE, Fault.LOST_REQUEST)
    assert laptop.ids("patient") == {patient.id}  # the late note is not sent yet
    laptop.sync()
    assert laptop.contents() == {}
    assert office.body("note", note) is not None
    assert office.body("note", late[0]) is not None


def test_a_patient_who_comes_back_arrives_whole(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    laptop.sync()
    office.unassign(kari, patient.id)
    laptop.sync()
    office.assign(kari, patient.id)
    laptop.sync()
    assert laptop.ids("patient") == {patient.id}
    assert laptop.ids("note") == {note}


def test_a_patient_who_comes_back_before_the_purge_was_possible_stays_whole(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    visits = set()
    for _ in range(5):
        visit = Appointment(new_id(), patient.id, kari.user_id, DAY)
        office.put(visit, "appointment", patient.id)
        visits.add(visit.id)
    office.put(replace(patient, city="Bodø"), "patient", patient.id)  # now the last of its pages
    office.unassign(kari, patient.id)
    laptop.line.in_the_air["pull"] = lambda: laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    office.assign(kari, patient.id)
    laptop.sync()
    laptop.sync()
    assert laptop.unsent() == []
    assert laptop.ids("appointment") == visits
    assert (laptop.patient(patient.id).city, laptop.patient(patient.id).phone) == ("Bodø", "1")


@pytest.mark.parametrize("faults", [(), (Fault.LOST_REPLY,)])
def test_a_merge_that_is_withheld_arrives_when_the_patient_comes_back(
    laptop: Laptop, office: Office, kari: Identity, faults: tuple[Fault, ...]
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.open_draft(patient.id)  # keeps the patient here
    office.put(replace(patient, city="Bodø"), "patient", patient.id)
    office.unassign(kari, patient.id)
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync(*faults)
    laptop.sync()
    office.assign(kari, patient.id)
    laptop.sync()
    assert laptop.unsent() == []
    settled = laptop.patient(patient.id)
    assert (settled.city, settled.phone) == ("Bodø", "1")


# --- other versions


def test_kinds_and_fields_of_a_newer_program_survive_a_round_trip(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    body = {**(office.body("patient", patient.id) or {}), "shoe_size": {"eu": 43}}
    office.put_body(body, "patient", patient.id)
    office.put_body({"id": "k1", "what": "new"}, "crisis_board", patient.id)
    laptop.sync()
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    assert (office.body("patient", patient.id) or {})["shoe_size"] == {"eu": 43}
    row = laptop.database.connection.execute("SELECT body FROM unknown_record").fetchone()
    assert row is not None
    assert '"what":"new"' in str(row["body"])


def test_a_record_that_this_version_cannot_read_holds_up_no_other(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    office.put_body(
        {"id": "f1", "patient_id": patient.id, "category": "radiation"}, "flag", patient.id
    )
    last = office.add_patient(kari)
    assert laptop.sync().complete
    assert last.id in laptop.ids("patient")
    assert laptop.ids("flag") == set()


# --- the laptop's own trouble


def test_a_full_disk_ends_the_sync_by_name_and_loses_nothing(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    office.put(replace(patient, address="x" * 100_000), "patient", patient.id)

    def full_disk() -> Database:
        clone = laptop.database.clone()
        row = clone.connection.execute("PRAGMA page_count").fetchone()
        assert row is not None
        clone.connection.execute(f"PRAGMA max_page_count = {int(row[0])}")
        return clone

    report = Engine(laptop.line, full_disk, laptop.clock, new_id).run(_ignore, _never)
    assert (report.error_code, report.complete) == ("disk_full", False)
    assert note in laptop.ids("note")
    assert laptop.sync().complete
    assert laptop.unsent() == []
    assert len(laptop.patient(patient.id).address) == 100_000


# --- one request


def test_a_day_that_fits_is_one_request(laptop: Laptop, office: Office, kari: Identity) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    del laptop.line.calls[:]
    for number in range(9):
        laptop.sign_note(patient.id, f"besøk {number}")
    office.put(replace(patient, city="Bodø"), "patient", patient.id)
    assert laptop.sync().complete
    assert laptop.line.calls == ["exchange"]


def test_what_was_just_sent_does_not_come_back(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    for number in range(25):
        laptop.sign_note(patient.id, f"besøk {number}")
    report = laptop.sync()
    assert (report.pushed, report.pulled) == (25, 0)


def test_a_line_cut_after_the_receipt_has_settled_what_was_sent(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.sign_note(patient.id, "besøk")
    report = laptop.sync(Fault.CUT_AFTER_RECEIPT)
    assert (report.pushed, report.error_code) == (1, "line_broken")
    assert laptop.unsent() == []
    assert laptop.sync().pushed == 0


def test_pages_cut_on_the_way_go_on_in_the_same_sync_while_the_line_lives(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    for _ in range(6):
        office.add_patient(kari)
    report = laptop.sync(Fault.CUT_AFTER_A_PAGE, Fault.CUT_AFTER_A_PAGE)
    assert (report.pulled, report.complete) == (12, True)
    assert len(laptop.line.calls) == 3


def test_a_request_that_arrives_twice_is_stored_once(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    laptop.edit_patient(patient.id, phone="1")
    assert laptop.sync(Fault.REPEATED).complete
    assert len(office.past_bodies("note", note)) == 1
    assert len(office.past_bodies("patient", patient.id)) == 2


def test_an_old_request_that_arrives_late_undoes_nothing(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync(Fault.DELAYED, Fault.LOST_REQUEST)
    laptop.edit_patient(patient.id, phone="2")
    assert laptop.sync().complete
    assert laptop.sync().complete
    assert laptop.patient(patient.id).phone == "2"
    assert [body["phone"] for body in office.past_bodies("patient", patient.id)] == ["", "1", "2"]


def test_an_answer_without_an_end_is_no_success(
    laptop: Laptop, office: Office, kari: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.add_patient(kari)
    real = laptop.line.exchange
    with monkeypatch.context() as patch:
        patch.setattr(
            laptop.line, "exchange", lambda request: Exchange(real(request).receipt, iter(()))
        )
        assert laptop.sync().error_code == "protocol"
    assert not inbox.state(laptop.database).complete


def test_the_log_in_expired_in_the_middle_keeps_what_had_come(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    for _ in range(6):
        office.add_patient(kari)
    report = laptop.sync(Fault.CUT_AFTER_A_PAGE, LoginExpiredError())
    assert (report.pulled, report.error_code) == (4, "login_expired")
    assert laptop.sync().pulled == 8


@pytest.mark.parametrize("error", [ServerFullError(507), RevokedError(), CaptivePortalError(200)])
def test_a_server_that_cannot_take_it_ends_the_sync_by_name_and_touches_nothing(
    laptop: Laptop, office: Office, kari: Identity, error: SyncError
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.sign_note(patient.id, "besøk")
    laptop.open_draft(patient.id)
    before = laptop.contents()
    report = laptop.sync(error)
    assert (report.error_code, report.complete) == (error.code, False)
    assert laptop.contents() == before
    assert outbox.counts(laptop.database).waiting == 1
    assert drafts.count_unsent(laptop.database) == 1


# --- what goes first


def test_handouts_go_before_notes_and_new_patients_before_both(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    for number in range(15):
        laptop.sign_note(patient.id, f"besøk {number}")
    dose = laptop.hand_out(patient.id, DAY)
    new = laptop.save(replace(patient, id=new_id(), given_name="Ny"))
    of_the_new = laptop.hand_out(new, DAY)
    laptop.sync(Fault.NONE, Fault.LOST_REQUEST)  # only the first of two requests arrives
    assert office.body("patient", new)
    assert office.body("medication_administration", dose)
    assert office.body("medication_administration", of_the_new)
    assert {item.kind for item in laptop.unsent()} == {"note"}


# --- drafts, log, clock, rules


@pytest.mark.parametrize("moment", ["push", "pull"])
def test_a_draft_travels_and_is_unsent_until_the_server_holds_just_this_text(
    laptop: Laptop, office: Office, kari: Identity, moment: str
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.sign_note(patient.id, "besøk")
    draft_id = laptop.open_draft(patient.id)
    assert drafts.count_unsent(laptop.database) == 1

    def type_on() -> None:
        draft = drafts.get(laptop.database, draft_id)
        assert draft is not None
        with laptop.database.transaction():
            drafts.save(laptop.database, replace(draft, body={"text": "videre"}))

    laptop.line.in_the_air[moment] = type_on
    laptop.sync()
    assert drafts.count_unsent(laptop.database) == 1
    laptop.sync()
    assert drafts.count_unsent(laptop.database) == 0


def test_a_draft_is_read_on_the_authors_other_laptop_and_on_no_colleagues(
    laptop: Laptop,
    other: Laptop,
    factory: LaptopFactory,
    office: Office,
    kari: Identity,
    ola: Identity,
) -> None:
    patient = office.add_patient(kari, ola)
    karis_second = replace(kari, device_id=new_id())
    office.add_device(karis_second)
    second = factory.laptop(office, karis_second)
    try:
        laptop.sync()
        draft = laptop.open_draft(patient.id)
        for one in (laptop, second, other):
            one.sync()
        (seen,) = drafts.foreign(second.database)
        assert (seen.draft.id, seen.draft.body) == (draft, {"text": "begun"})
        assert drafts.everything(second.database) == []
        assert drafts.foreign(other.database) == drafts.foreign(laptop.database) == []
        with laptop.database.transaction():
            drafts.delete(laptop.database, draft)
        laptop.sync()
        second.sync()
        assert drafts.foreign(second.database) == []
        assert drafts.dropped(laptop.database) == []
    finally:
        second.close()


def test_drafts_and_log_lines_never_hold_a_record_back(
    laptop: Laptop, office: Office, kari: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.open_draft(patient.id)
    note = laptop.sign_note(patient.id, "besøk")
    real = laptop.line.exchange

    def exchange(request: ExchangeRequest) -> Exchange:
        if request.drafts:
            raise TooLargeError(413)
        return real(request)

    monkeypatch.setattr(laptop.line, "exchange", exchange)
    report = laptop.sync()
    assert (report.complete, report.parked) == (True, 0)
    assert office.body("note", note)
    assert drafts.count_unsent(laptop.database) == 1


def test_drafts_stay_here_where_the_organisation_does_not_let_them_travel(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.open_draft(patient.id)
    laptop.sync()
    with office.storage.write() as transaction:
        set_rules(transaction, drafts_travel=False, courier_allowed=True)
    laptop.sync()
    assert state.rules(laptop.database).courier_allowed
    assert drafts.count_unsent(laptop.database) == 1
    del laptop.line.exchanges[:]
    laptop.sync()
    assert [request.drafts for request in laptop.line.exchanges] == [[]]


def test_lines_of_the_access_log_ride_along_and_are_sent_once(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    office.add_patient(kari)
    laptop.sync()
    with laptop.database.transaction():
        for _ in range(70):
            audit.append(
                laptop.database, now=laptop.clock.now(), actor_id=kari.user_id, action="opened"
            )
    del laptop.line.exchanges[:]
    for _ in range(3):
        laptop.sync()
    sent = [request.log.lines if request.log else [] for request in laptop.line.exchanges]
    assert [len(lines) for lines in sent] == [50, 20, 0]


def test_the_clock_offset_is_learnt_and_goes_with_what_is_recorded_from_then_on(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    office.clock.advance(timedelta(minutes=7))
    laptop.sync()
    assert state.clock_offset_ms(laptop.database) == 7 * 60_000
    note = laptop.sign_note(patient.id, "besøk")
    laptop.sync()
    assert [record.offset_ms for record in laptop.line.exchanges[-1].records] == [7 * 60_000]
    row = laptop.database.connection.execute(
        "SELECT received_at, clock_offset_ms FROM note WHERE id = ?", (note,)
    ).fetchone()
    assert row is not None
    assert row["received_at"] == to_iso(office.clock.now())
    assert row["clock_offset_ms"] == 7 * 60_000


def test_what_the_office_has_taken_over_leaves_the_laptops_queue(
    laptop: Laptop, office: Office, kari: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    _spoil_outbox(laptop.database, note)
    laptop.sync()
    (parked,) = laptop.unsent()
    body = records.body_of(laptop.database, "note", note)
    assert body is not None
    version = office.put_body(body, "note", patient.id)
    real = laptop.line.exchange

    def exchange(request: ExchangeRequest) -> Exchange:
        answer = real(request)
        done = PushResult(change_id=parked.change_id, outcome=Outcome.ACCEPTED, version=version)
        return Exchange(answer.receipt.model_copy(update={"settled": [done]}), answer.pages)

    monkeypatch.setattr(laptop.line, "exchange", exchange)
    assert laptop.sync().complete
    assert laptop.unsent() == []


def test_a_courier_file_carries_everything_unsent_and_its_results_settle_it(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    laptop.edit_patient(patient.id, phone="1")
    laptop.open_draft(patient.id)
    requests = outgoing.everything(laptop.database, laptop.clock.now())
    assert [item.state for item in laptop.unsent()] == ["waiting", "waiting"]
    laptop.edit_patient(patient.id, phone="2")  # not what is on the stick
    service = office.service(kari)
    results = [
        result for request in requests for result in service.exchange(request).receipt.results
    ]
    applied = outgoing.apply_results(laptop.database, results)
    assert (applied.stored, applied.parked) == (2, 0)
    (left,) = laptop.unsent()
    assert left.body["phone"] == "2"
    assert laptop.sync().complete
    assert len(office.past_bodies("note", note)) == 1
    assert (office.body("patient", patient.id) or {})["phone"] == "2"
    assert outgoing.apply_results(laptop.database, results).stored == 0  # given in twice


# --- without a log-in


def test_an_expired_log_in_stops_the_sync_and_nothing_else(
    laptop: Laptop, office: Office, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    report = laptop.sync(LoginExpiredError())
    assert report.error_code == "login_expired"
    laptop.sign_note(patient.id, "enda et")
    assert outbox.counts(laptop.database).waiting == 2
    assert note in laptop.ids("note")


# --- helpers


def _ignore(_: Progress) -> None:
    pass


def _never() -> bool:
    return False


def _spoil_outbox(database: Database, record_id: str) -> None:
    """Let a change be one that the server must refuse: it lacks its author."""
    _change_outbox(database, "json_remove(body, '$.author_id')", record_id)


def _mend_outbox(database: Database, record_id: str) -> None:
    _change_outbox(database, "(SELECT body FROM note WHERE id = record_id)", record_id)


def _change_outbox(database: Database, expression: Any, record_id: str) -> None:
    with database.transaction() as connection:
        connection.execute(
            f"UPDATE outbox SET body = {expression} WHERE record_id = ?", (record_id,)
        )
