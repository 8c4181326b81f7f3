"""Stores that should be equal and are not: found, offered again, mended; nothing unsent is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldapp.domain.notes import Note
from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Practitioner, Role
from fieldapp.ids import new_id
from fieldapp.store import digests, drafts, inbox, outbox, records, state
from sync.client.engine import Engine, SyncReport
from sync.server.identity import Identity
from sync.server.join import join_patients
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)


class SetBackOffice(Office):
    """An office whose server can be set back to a copy of its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        storage = Storage(sqlite.create(folder / "server"))
        storage.initialise("server-1")
        super().__init__(storage, page_limit=4)

    def back_up(self) -> None:
        """Copy the server's files, with the server stopped for that long."""
        self.storage.close()
        shutil.copytree(self._folder / "server", self._folder / "backup")
        self._start()

    def restore(self, *laptops: Laptop) -> None:
        """Put the copy in the place of the server; nobody tells anybody."""
        self.storage.close()
        shutil.rmtree(self._folder / "server")
        shutil.copytree(self._folder / "backup", self._folder / "server")
        self._start()
        self.connect(*laptops)

    def connect(self, *laptops: Laptop) -> None:
        """Let these laptops reach the server as it runs now."""
        for laptop in laptops:
            laptop.line.real = self.service(laptop.who)
            laptop.may_heal = True

    def _start(self) -> None:
        self.storage = Storage(sqlite.open_existing(self._folder / "server"))
        self.world = replace(self.world, storage=self.storage)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SetBackOffice]:
    made = SetBackOffice(tmp_path)
    yield made
    made.storage.close()


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def kari(office: SetBackOffice) -> Identity:
    return office.new_user()


@pytest.fixture
def ola(office: SetBackOffice) -> Identity:
    return office.new_user()


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


def change_behind_its_back(laptop: Laptop, *statements: str) -> None:
    """Change rows as a fault would, past every guard of the schema."""
    with laptop.database.transaction() as connection:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for guard in guards:
            connection.execute(f"DROP TRIGGER {guard['name']}")
        for statement in statements:
            connection.execute(statement)
        for guard in guards:
            connection.execute(str(guard["sql"]))
    laptop.may_heal = True


# --- drift


DRIFTS = {
    "an event changed": "UPDATE note SET body = json_set(body, '$.text', 'something else')",
    "an edited record changed": "UPDATE flag SET body = json_set(body, '$.text', 'nothing')",
    "an event missing": "DELETE FROM note",
    "an edited record missing": "DELETE FROM flag",
    "a record too many": (
        "INSERT INTO contact (id, patient_id, version, received, body)"
        " SELECT 'c-1', id, 3, 1, json_object('id', 'c-1', 'patient_id', id, 'name', 'Mor',"
        " 'relation', 'parent') FROM patient LIMIT 1"
    ),
    "an order of the server changed": (
        "UPDATE assignment SET body = json_set(body, '$.primary', json('true'))"
    ),
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS.keys())
def test_a_patient_who_has_drifted_is_found_and_mended_with_unsent_work_untouched(
    laptop: Laptop, office: SetBackOffice, kari: Identity, drift: str
) -> None:
    patient = office.add_patient(kari)
    sound = office.add_patient(kari)
    present = (FlagCategory.ALLERGY, FlagState.PRESENT, "penicillin")
    allergy = Flag(new_id(), patient.id, *present, DAY, kari.user_id)
    office.put(allergy, "flag", patient.id)
    laptop.sync()
    laptop.sign_note(patient.id, "besøk")
    laptop.sync()
    before = laptop.contents()
    draft = laptop.open_draft(patient.id)
    change_behind_its_back(laptop, drift)
    assert laptop.contents() != before
    laptop.line.in_the_air["pull"] = lambda: laptop.edit_patient(patient.id, phone="1")
    report = laptop.sync()
    assert report.complete
    assert set(report.healed) == {patient.id} | ({sound.id} & set(report.healed))
    after = laptop.contents()
    changed = ("patient", patient.id)
    assert {key: one for key, one in after.items() if key != changed} == {
        key: one for key, one in before.items() if key != changed
    }
    assert laptop.patient(patient.id).phone == "1"
    assert drafts.get(laptop.database, draft) is not None
    assert laptop.sync().healed == ()


def test_what_is_unsent_stays_unsent_while_its_patient_is_mended(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    laptop.sign_note(patient.id, "gammelt")
    laptop.sync()
    change_behind_its_back(laptop, "DELETE FROM note")

    def work() -> None:
        mine.append(laptop.sign_note(patient.id, "nytt"))
        laptop.edit_patient(patient.id, city="Bodø")

    mine: list[str] = []
    laptop.line.in_the_air["pull"] = work
    # The line goes with the request that would fetch the patient anew.
    laptop.sync(*[Fault.NONE] * 5, Fault.LOST_REQUEST)
    assert mine[0] in laptop.ids("note")
    assert laptop.patient(patient.id).city == "Bodø"
    assert laptop.sync().complete
    assert len(laptop.ids("note")) == 2
    assert laptop.unsent() == []


@pytest.mark.parametrize("commit", range(8))
def test_a_power_cut_while_a_patient_is_mended_leaves_them_as_they_were_or_mended(
    laptop: Laptop, office: SetBackOffice, kari: Identity, commit: int
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    for number in range(6):
        laptop.sign_note(patient.id, f"besøk {number}")
    laptop.sync()
    whole = laptop.contents()
    change_behind_its_back(laptop, "DELETE FROM note WHERE rowid % 2", "DELETE FROM patient")
    drifted = laptop.contents()
    laptop.sync_until_power_cut(commit)
    assert laptop.contents() in (whole, drifted)
    assert laptop.sync().complete
    assert laptop.contents() == whole


def test_an_event_that_only_the_laptop_has_is_offered_again_and_never_dropped(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(patient.id, "besøk")
    change_behind_its_back(laptop, "DELETE FROM outbox", "UPDATE note SET version = 3")
    report = laptop.sync()
    assert (report.complete, report.offered_again) == (True, 1)
    assert len(office.past_bodies("note", note)) == 1
    assert laptop.ids("note") == {note}


def test_records_of_the_whole_team_are_mended_too(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    for number in range(3):
        colleague = Practitioner(f"u-{number}", f"u{number}", "Ola Å", Role.CASE_MANAGER)
        office.put(colleague, "practitioner", None)
    laptop.sync()
    before = laptop.contents()
    unsent = laptop.sign_note(patient.id, "besøk")
    change_behind_its_back(
        laptop,
        "DELETE FROM practitioner WHERE id = 'u-0'",
        "UPDATE practitioner SET body = json_set(body, '$.name', 'X') WHERE id = 'u-1'",
        "INSERT INTO practitioner (id, version, received, body)"
        " SELECT 'u-9', 3, 1, json_set(body, '$.id', 'u-9') FROM practitioner WHERE id = 'u-2'",
    )
    assert laptop.sync().complete
    after = laptop.contents()
    assert after.pop(("note", unsent))
    assert after == before


def test_a_sound_store_is_never_asked_patient_by_patient(
    laptop: Laptop, other: Laptop, office: SetBackOffice, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    for one in (laptop, other):
        one.sync()
    laptop.edit_patient(patient.id, phone="1")
    other.edit_patient(patient.id, phone="2")
    for one in (laptop, other, laptop, other, other):
        one.sync()
    assert [item.reason_code for item in other.unsent()] == ["conflict"]
    laptop.edit_patient(patient.id, phone="3")  # while the other laptop's conflict waits
    for one in (laptop, other, other):
        assert one.sync().complete
    (parked,) = other.unsent()
    assert (parked.server_body or {})["phone"] == "3"  # a person chooses against the newest
    assert "digests" not in laptop.line.calls + other.line.calls


# --- a server that was set back


def test_a_server_set_back_to_yesterdays_backup_gets_everything_back_exactly_once(
    laptop: Laptop, other: Laptop, office: SetBackOffice, kari: Identity, ola: Identity
) -> None:
    patient = office.add_patient(kari, ola)
    for one in (laptop, other):
        one.sync()
    office.back_up()
    office.connect(laptop, other)
    notes = {laptop.sign_note(patient.id, f"besøk {number}") for number in range(25)}
    dose = laptop.hand_out(patient.id, DAY)
    laptop.edit_patient(patient.id, phone="1")
    new = laptop.save(replace(patient, id=new_id(), given_name="Ny", phone="3"))
    laptop.sync()
    other.sync()
    notes.add(other.sign_note(patient.id, "kollega"))
    other.sync()
    office.restore(laptop, other)
    unsent = laptop.sign_note(patient.id, "etter")
    for _ in range(2):
        for one in (laptop, other):
            assert one.sync().complete, one.line.calls
    assert laptop.ids("note") == other.ids("note") == notes | {unsent}
    for note in notes | {unsent}:
        assert len(office.past_bodies("note", note)) == 1
    assert len(office.past_bodies("medication_administration", dose)) == 1
    assert (office.body("patient", patient.id) or {})["phone"] == "1"
    assert (office.body("patient", new) or {})["phone"] == "3"
    assert laptop.patient(new).phone == "3"
    assert laptop.unsent() == other.unsent() == []
    del laptop.line.calls[:]
    assert laptop.sync().complete
    assert laptop.line.calls == ["exchange"]


def test_a_restored_server_that_has_lost_drafts_and_nothing_else_gets_them_again(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    draft = laptop.open_draft(patient.id)
    laptop.sync()
    assert drafts.count_unsent(laptop.database) == 0
    office.restore(laptop)
    report = laptop.sync()
    assert (report.complete, report.restored) == (True, False)
    assert drafts.count_unsent(laptop.database) == 1, "the laptop believes it is there"
    laptop.sync()
    assert drafts.count_unsent(laptop.database) == 0
    with office.storage.read() as transaction:
        assert [row.id for row in transaction.drafts.of_user(kari.user_id)] == [draft]


def test_a_restored_server_is_told_in_the_report_and_gets_the_drafts_again(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    laptop.open_draft(patient.id)
    laptop.sign_note(patient.id, "besøk")
    laptop.sync()
    assert drafts.count_unsent(laptop.database) == 0
    office.restore(laptop)
    report = laptop.sync()
    assert report.complete
    assert (report.restored, report.offered_again) == (True, 1)
    assert len(laptop.line.exchanges[-1].drafts) == 1
    assert drafts.count_unsent(laptop.database) == 0


def test_a_text_corrected_at_the_restored_server_is_not_taken_back_in_silence(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    laptop.edit_patient(patient.id, phone="field")
    laptop.sync()
    office.restore(laptop)
    # Another laptop has shown it the loss already, and the office has worked on.
    with office.storage.write() as transaction:
        transaction.records.begin_epoch(2, 1000)
    body = office.body("patient", patient.id) or {}
    office.put_body({**body, "phone": "office"}, "patient", patient.id)
    assert laptop.sync().complete
    (item,) = laptop.unsent()
    assert (item.reason_code, item.body["phone"]) == ("conflict", "field")
    assert (item.server_body or {})["phone"] == "office"


def test_a_clash_over_a_patient_after_a_restore_holds_back_no_note_of_them(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    """The server holds the patient; only what it said of them here is of the time it has lost."""
    patient = office.add_patient(kari)
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    laptop.edit_patient(patient.id, phone="field")
    laptop.sync()
    office.restore(laptop)
    with office.storage.write() as transaction:
        transaction.records.begin_epoch(2, 1000)
    body = office.body("patient", patient.id) or {}
    office.put_body({**body, "phone": "office"}, "patient", patient.id)
    laptop.sync()
    note_id = laptop.sign_note(patient.id, "after the restore")
    assert laptop.sync().complete
    assert office.body("note", note_id) is not None
    assert [item.kind for item in laptop.unsent()] == ["patient"]


def test_what_the_server_was_seen_to_hold_of_an_unsent_event_is_forgotten_with_the_restore(
    laptop: Laptop, office: SetBackOffice, kari: Identity, factory: LaptopFactory
) -> None:
    """A laptop that was set back has an event unsent again, and has just read it at the server."""
    patient = office.add_patient(kari)
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    note_id = laptop.sign_note(patient.id, "signed once")
    copy = factory.copy_of(laptop)
    laptop.sync()
    again = factory.laptop(office, laptop.who, path=copy)
    office.connect(again)
    # The page arrives and the receipt does not: the note is unsent, and known to be there.
    again.sync(Fault.LOST_REPLY, Fault.LOST_REPLY)
    known = office.version("note", note_id)
    outbox.see(
        again.database.connection, "note", note_id, known, office.body("note", note_id) or {}
    )
    office.restore(laptop, again)
    with office.storage.write() as transaction:
        transaction.records.begin_epoch(2, 1000)
    lost = [("note", note_id, 0)]
    outbox.offer_again(again.database, lost, again.clock.now(), new_id)
    (item,) = again.unsent()
    assert (item.record_id, item.seen_version) == (note_id, None)
    assert again.sync().complete
    assert office.body("note", note_id) is not None
    again.close()


def test_a_patient_whom_a_restored_server_never_heard_of_comes_back_whole(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    first = office.add_patient(kari)
    laptop.sync()
    new = laptop.save(replace(first, id=new_id(), given_name="Ny"))
    note = laptop.sign_note(new, "første møte")
    laptop.sync()
    office.restore(laptop)
    assert laptop.sync().complete
    assert office.body("patient", new) is not None
    assert office.body("note", note) is not None
    assert note in laptop.ids("note")


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
@pytest.mark.parametrize("call", range(4))
def test_a_restore_survives_every_fault_of_the_line(
    laptop: Laptop, office: SetBackOffice, kari: Identity, fault: Fault, call: int
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    office.back_up()
    office.connect(laptop)
    note = laptop.sign_note(patient.id, "besøk")
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    office.restore(laptop)
    laptop.sync(*[Fault.NONE] * call, fault)
    laptop.sync()
    assert laptop.sync().complete
    assert len(office.past_bodies("note", note)) == 1
    assert (office.body("patient", patient.id) or {})["phone"] == "1"
    assert laptop.patient(patient.id).phone == "1"
    assert laptop.unsent() == []


# --- a pull that begins anew


def test_a_cursor_that_is_too_old_leads_to_a_fresh_pull_with_the_outbox_kept(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    kept, gone = office.add_patient(kari), office.add_patient(kari)
    held = office.add_patient(kari)
    laptop.sync()
    draft = laptop.open_draft(held.id)
    office.unassign(kari, gone.id)
    office.unassign(kari, held.id)
    office.put(replace(kept, city="Bodø"), "patient", kept.id)
    with office.storage.write() as transaction:
        transaction.records.forget_before(transaction.records.newest_seq())
    note = laptop.sign_note(kept.id, "besøk")
    late: list[str] = []
    laptop.line.in_the_air["pull"] = lambda: late.append(laptop.sign_note(kept.id, "underveis"))
    assert laptop.sync(Fault.CUT_AFTER_A_PAGE, Fault.LOST_REQUEST).complete is False
    assert late[0] in laptop.ids("note")
    assert laptop.sync().complete
    assert laptop.ids("patient") == {kept.id, held.id}  # a draft keeps a patient here
    assert drafts.get(laptop.database, draft) is not None
    assert laptop.patient(kept.id).city == "Bodø"
    assert office.body("note", note)
    assert office.body("note", late[0])
    assert laptop.unsent() == []


# --- two laptops with one identity


def test_a_laptop_opened_from_an_old_copy_loses_nothing_and_doubles_nothing(
    laptop: Laptop, factory: LaptopFactory, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    early = laptop.sign_note(patient.id, "sendt etter kopien")
    copy = factory.copy_of(laptop)
    later = laptop.sign_note(patient.id, "bare på den gamle")
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync()
    rolled_back = factory.laptop(office, kari, path=copy)
    fresh = rolled_back.sign_note(patient.id, "etter tilbakerulling")
    rolled_back.edit_patient(patient.id, city="Bodø")
    try:
        rolled_back.may_heal = True
        assert rolled_back.sync().complete
        assert rolled_back.ids("note") == {early, later, fresh}
        for note in (early, later, fresh):
            assert len(office.past_bodies("note", note)) == 1
        both = rolled_back.patient(patient.id)
        assert (both.phone, both.city) == ("1", "Bodø")
        assert rolled_back.unsent() == []
    finally:
        rolled_back.close()


def test_two_laptops_from_one_copy_are_told_apart_and_both_are_kept(
    laptop: Laptop, factory: LaptopFactory, office: SetBackOffice, kari: Identity
) -> None:
    patient = office.add_patient(kari)
    laptop.sync()
    clone = factory.laptop(office, kari, path=factory.copy_of(laptop))
    try:
        notes = {laptop.sign_note(patient.id, "en"), clone.sign_note(patient.id, "to")}
        laptop.sync()
        report = clone.sync()
        laptop.sync()
        assert report.forked
        assert laptop.ids("note") == clone.ids("note") == notes
    finally:
        clone.close()


# --- the sums


def test_the_cost_of_the_sums_does_not_grow_with_what_is_stored(
    factory: LaptopFactory,
    office: SetBackOffice,
    kari: Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_out: list[str] = []
    real = digests.digest_of

    def count(kind: str, record_id: str, version: int, body: str) -> int:
        worked_out.append(record_id)
        return real(kind, record_id, version, body)

    patient = office.add_patient(kari)
    laptop = factory.laptop(office, kari)
    costs = []
    try:
        for history in (5, 300):
            for number in range(history):
                laptop.sign_note(patient.id, f"historie {number}")
            laptop.sync()
            with laptop.database.transaction() as connection:
                # The next in turn is the patient of the other sums, of whom there is nothing.
                connection.execute(
                    "INSERT OR REPLACE INTO patient_digest VALUES ('zz', 0, ?)", ("0" * 32,)
                )
                state.write(laptop.database, inbox.CHECKED_LAST, patient.id)
            laptop.sign_note(patient.id, "dagens")
            laptop.edit_patient(patient.id, phone=str(history))
            with monkeypatch.context() as patch:
                patch.setattr(digests, "digest_of", count)
                assert engine_only(laptop, office).complete
            costs.append(len(worked_out))
            worked_out.clear()
        assert costs[0] == costs[1] > 0
    finally:
        laptop.close()


def engine_only(laptop: Laptop, office: SetBackOffice) -> SyncReport:
    """Sync without the checks of the test world, which read every row."""
    engine = Engine(laptop.line, laptop.database.clone, laptop.clock, new_id)
    return engine.run(lambda _: None, lambda: False)


def test_a_store_of_an_older_program_gets_its_sums_before_the_first_comparison(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    office.add_patient(kari)
    laptop.sync()
    known = inbox.sums_by_patient(laptop.database)
    with laptop.database.transaction() as connection:
        connection.execute("DELETE FROM patient_digest")
        connection.execute("DELETE FROM store_state WHERE key = 'digests_kept'")
    assert inbox.sums_by_patient(laptop.database) == known
    assert laptop.sync().complete


def test_what_was_signed_of_one_patient_stands_word_for_word_under_the_one_they_were_joined_with(
    laptop: Laptop, office: SetBackOffice, kari: Identity
) -> None:
    winner, loser = office.add_patient(kari), office.add_patient(kari)
    laptop.sync()
    note = laptop.sign_note(loser.id, "besøk")
    laptop.sync()
    unsent = laptop.sign_note(loser.id, "på vei")
    body = records.body_of(laptop.database, "note", note)
    with office.storage.write() as transaction:
        join_patients(transaction, winner.id, loser.id, kari.user_id, office.clock.now())
    assert laptop.sync().complete
    for one in (note, unsent):
        moved = records.get(laptop.database, Note, one)
        assert moved is not None
        assert moved.patient_id == winner.id
    assert records.body_of(laptop.database, "note", note) == body
    assert laptop.unsent() == []
    assert laptop.sync().complete
