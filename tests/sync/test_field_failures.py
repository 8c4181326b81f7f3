"""Failures that other products met in the field, told as sentences.

Only those that no test beside the code tells already; `sync/SPEC.md` lists them all.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from fieldapp import bootstrap
from fieldapp.clock import FixedClock, to_iso
from fieldapp.domain.medication import MedicationAdministration
from fieldapp.domain.notes import Note
from fieldapp.domain.patients import Contact, Patient, Practitioner, Relation, Role
from fieldapp.domain.visits import Encounter, EncounterStatus, VisitKind
from fieldapp.ids import new_id
from fieldapp.security.errors import WrongSecretError
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGIN_TEST
from fieldapp.services import issues, notes, sync_status, trip
from fieldapp.services.session import Session
from fieldapp.store import inbox, outbox, records
from fieldapp.store.state import Enrolment
from sync.client.engine import Engine, SyncReport
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService
from sync.server.rules import set_rules
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.builders import request
from tests.helpers.server_process import ServerProcess
from tests.helpers.stores import PASSPHRASE, START
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)
NO_HARDWARE = Path("no such folder")
AT_HALF_PAST_THREE = 30
"""Laptops."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    yield Office(storage, page_limit=4)
    storage.close()


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def mine(factory: LaptopFactory, office: Office) -> Iterator[Laptop]:
    with closing(factory.laptop(office, office.new_user())) as laptop:
        yield laptop


@pytest.fixture
def theirs(factory: LaptopFactory, office: Office) -> Iterator[Laptop]:
    with closing(factory.laptop(office, office.new_user())) as laptop:
        yield laptop


@pytest.fixture
def shared(office: Office, mine: Laptop, theirs: Laptop) -> Patient:
    """A patient whom both follow and have on their laptops."""
    patient = office.add_patient(mine.who, theirs.who)
    assert mine.sync().complete
    assert theirs.sync().complete
    return patient


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path / "server process")
    made.start()
    yield made
    made.close()


def session_on(laptop: Laptop) -> Session:
    """The laptop as its screens see it."""
    user = Practitioner(laptop.who.user_id, "kari", "Kari Nordmann", Role.CASE_MANAGER)
    return Session(laptop.database, user, laptop.who.device_id, laptop.clock, new_id)


def rewrite_unsent(laptop: Laptop, record_id: str, **fields: object) -> None:
    """Change what waits, as if another version of the program had written it."""
    (item,) = [item for item in laptop.unsent() if item.record_id == record_id]
    with laptop.database.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET body = ? WHERE record_id = ?",
            (json.dumps({**item.body, **fields}), record_id),
        )


# --- once, whatever the line does


def test_an_answer_lost_after_the_server_has_stored_leaves_one_record_shown_as_sent(
    office: Office, mine: Laptop, shared: Patient
) -> None:
    note = mine.sign_note(shared.id, "besøk")
    assert not mine.sync(Fault.LOST_REPLY).complete
    assert office.body("note", note) is not None
    assert [item.record_id for item in mine.unsent()] == [note]
    assert mine.sync().complete
    assert mine.unsent() == []
    assert len(office.past_bodies("note", note)) == 1


def test_the_same_id_with_another_text_is_a_conflict_and_both_texts_are_kept(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    note = mine.sign_note(shared.id, "det Kari skrev")
    _, body = mine.contents()["note", note]
    office.put_body({**body, "text": "noe annet"}, "note", shared.id)
    report = mine.sync()
    assert (report.parked, report.conflicts) == (1, 1)
    assert mine.contents()["note", note][1]["text"] == "det Kari skrev"
    assert (office.body("note", note) or {})["text"] == "noe annet"
    desk = ServerOfficeService(office.world, replace(theirs.who, role=Role.SECRETARY))
    assert [row.id for row in desk.parked().parked] == [note]


def test_of_four_hundred_records_a_bad_one_is_set_aside_and_399_arrive(
    office: Office, mine: Laptop, shared: Patient
) -> None:
    made = [mine.sign_note(shared.id, f"besøk {number}") for number in range(400)]
    rewrite_unsent(mine, made[123], signed_at="i går")
    report = mine.sync()
    assert (report.pushed, report.parked) == (399, 1)
    (parked,) = mine.unsent()
    assert (parked.record_id, parked.reason_code) == (made[123], "bad_body:signed_at")
    assert all(office.body("note", note) for note in made if note != made[123])
    # What was set aside can be put right and sent.
    _, body = mine.contents()["note", made[123]]
    rewrite_unsent(mine, made[123], **body)
    outbox.retry(mine.database, parked.change_id)
    assert mine.sync().complete
    assert office.body("note", made[123]) == body


def test_thirty_laptops_that_sync_at_the_same_moment_are_all_served(
    server: ServerProcess, factory: LaptopFactory
) -> None:
    laptops: list[Laptop] = []
    wanted: list[tuple[str, str]] = []
    for number in range(AT_HALF_PAST_THREE):
        who = server.new_user(f"ansatt{number}")
        patient = server.office.add_patient(who)
        laptop = server.enrolled_laptop(f"ansatt{number}", factory.path())
        laptops.append(laptop)
        wanted.append((patient.id, laptop.sign_note(patient.id, "dagens besøk")))
    start = threading.Barrier(AT_HALF_PAST_THREE)
    reports: dict[int, SyncReport] = {}

    def sync(number: int) -> None:
        start.wait()
        reports[number] = laptops[number].sync()

    threads = [threading.Thread(target=sync, args=(number,)) for number in range(len(laptops))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert [reports[number].error_code for number in range(len(laptops))] == [None] * 30
        for laptop, (patient_id, note) in zip(laptops, wanted, strict=True):
            assert laptop.unsent() == []
            assert laptop.ids("patient") == {patient_id}
            assert len(server.office.past_bodies("note", note)) == 1
    finally:
        for laptop in laptops:
            laptop.close()


def test_a_password_changed_at_the_server_in_mid_sync_ends_it_by_name_and_keeps_what_waits(
    server: ServerProcess, factory: LaptopFactory
) -> None:
    patient = server.office.add_patient(server.new_user("kari"))
    with closing(server.enrolled_laptop("kari", factory.path())) as laptop:
        assert laptop.sync().complete
        laptop.sign_note(patient.id, "før")
        late: list[str] = []

        def meanwhile() -> None:
            server.admin.set_password("kari", "et helt annet passord")
            late.append(laptop.sign_note(patient.id, "underveis"))

        laptop.line.in_the_air["push"] = meanwhile
        report = laptop.sync()
        assert (report.complete, report.error_code) == (False, "login_expired")
        assert [item.record_id for item in laptop.unsent()] == late


# --- in any order


def test_an_update_never_overtakes_its_create_and_a_create_that_comes_late_undoes_nothing(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    visit = Encounter(
        id=new_id(),
        patient_id=shared.id,
        kind=VisitKind.HOME,
        status=EncounterStatus.IN_PROGRESS,
        started_at=START,
        author_id=mine.who.user_id,
    )
    mine.save(visit)
    assert not mine.sync(Fault.DELAYED).complete
    mine.save(replace(visit, status=EncounterStatus.FINISHED, travel_minutes=40))
    assert mine.sync().complete  # the create again, the update, and between them the late create
    assert theirs.sync().complete
    seen = theirs.contents()["encounter", visit.id][1]
    assert (seen["status"], seen["travel_minutes"]) == ("finished", 40)
    assert mine.contents() == theirs.contents()


def test_an_addendum_that_arrives_before_its_note_is_kept_and_shown_and_the_note_joins_it(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    note = mine.sign_note(shared.id, "besøk")
    addendum = mine.sign_note(shared.id, "rettelse", addendum_to=note)
    _, body = mine.contents()["note", addendum]
    office.put_body(body, "note", shared.id)  # it came by another road, as from a stick
    assert theirs.sync().complete
    assert theirs.ids("note") == {addendum}
    (alone,) = notes.for_patient(session_on(theirs), shared.id)
    assert alone.note.id == addendum
    assert mine.sync().complete
    assert theirs.sync().complete
    (view,) = notes.for_patient(session_on(theirs), shared.id)
    assert view.note.id == note
    assert [one.note.id for one in view.addenda] == [addendum]
    assert mine.contents() == theirs.contents()


def test_a_handout_recorded_three_days_late_appears_on_the_other_laptops(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    event_id = mine.hand_out(shared.id, DAY)
    event = records.get(mine.database, MedicationAdministration, event_id)
    assert event is not None
    assert mine.sync().complete
    assert theirs.sync().complete  # their cursor stands after everything of these days
    earlier = START - timedelta(days=3)
    late = replace(event, id=new_id(), day=earlier.date(), given_at=earlier, reason="Glemt ført")
    mine.save(late)
    assert mine.sync().complete
    assert theirs.sync().complete
    assert records.get(theirs.database, MedicationAdministration, late.id) == late
    row = theirs.database.connection.execute(
        "SELECT received_at FROM medication_administration WHERE id = ?", (late.id,)
    ).fetchone()
    assert row is not None
    assert row["received_at"] == to_iso(office.clock.now())  # given, recorded and received


def test_a_dose_under_an_order_that_was_stopped_meanwhile_is_stored_and_seen_by_colleagues(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    order = request(shared)
    office.put(order, "medication_request", shared.id)
    assert mine.sync().complete
    given = mine.hand_out(shared.id, DAY, order.id)
    office.put(replace(order, revision=2, stopped_on=DAY), "medication_request", shared.id)
    office.unassign(mine.who, shared.id)
    assert mine.sync().complete
    assert theirs.sync().complete
    assert office.body("medication_administration", given) is not None
    assert theirs.ids("medication_administration") == {given}


def test_one_dose_given_on_two_laptops_without_coverage_alerts_both_and_the_server(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    given = {mine.hand_out(shared.id, DAY), theirs.hand_out(shared.id, DAY)}
    for laptop in (mine, theirs, mine):
        assert laptop.sync().complete
    for laptop in (mine, theirs):
        assert laptop.ids("medication_administration") == given
        (item,) = issues.open_items(session_on(laptop), shared.id)
        assert (item.issue.code, set(item.issue.evidence)) == ("double_handout", given)
        assert office.body("detected_issue", item.issue.id) is not None
        assert sync_status.read(session_on(laptop)).issues == 1


def test_an_entry_with_a_code_that_the_server_does_not_know_is_kept_and_holds_up_nothing(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    contact = Contact(new_id(), shared.id, "Mor Nordmann", Relation.OTHER)
    mine.save(contact)
    rewrite_unsent(mine, contact.id, relation="a_code_of_another_year")
    mine.may_heal = True  # its own program knows the code; this one plays that part
    note = mine.sign_note(shared.id, "besøk")
    assert mine.sync().complete
    assert mine.unsent() == []
    assert office.body("note", note) is not None
    assert (office.body("contact", contact.id) or {})["relation"] == "a_code_of_another_year"
    report = theirs.sync()
    assert (report.complete, report.unreadable) == (True, 1), "kept unread, and said to be there"
    mapped = {**(office.body("contact", contact.id) or {}), "relation": Relation.OTHER.value}
    office.put_body(mapped, "contact", shared.id)
    for laptop in (mine, theirs):
        assert laptop.sync().complete
        assert records.get(laptop.database, Contact, contact.id) == contact


# --- what a laptop holds


def test_a_first_sync_cut_half_way_is_incomplete_goes_on_and_is_not_ready_for_the_trip(
    office: Office, mine: Laptop
) -> None:
    patients = {office.add_patient(mine.who).id for _ in range(10)}
    report = mine.sync(Fault.CUT_AFTER_A_PAGE, Fault.LOST_REQUEST)
    assert not report.complete
    half = mine.ids("patient")
    assert half
    assert half < patients
    state = inbox.state(mine.database)
    assert (state.complete, state.last_complete) == (False, None)
    bad = {one.code for one in trip.checklist(session_on(mine), NO_HARDWARE) if not one.ok}
    assert {"pull_complete", "synced_recently"} <= bad
    assert not trip.ready(trip.checklist(session_on(mine), NO_HARDWARE))
    report = mine.sync()
    assert report.complete
    assert mine.ids("patient") == patients
    assert report.pulled < len(mine.contents())  # it went on and did not begin anew
    bad = {one.code for one in trip.checklist(session_on(mine), NO_HARDWARE) if not one.ok}
    assert not {"pull_complete", "synced_recently"} & bad


def test_of_a_patient_who_was_given_to_another_no_word_is_left_in_any_table_or_log(
    office: Office, mine: Laptop, shared: Patient
) -> None:
    mine.sign_note(shared.id, "Qvarzimont sto i døra")
    mine.edit_patient(shared.id, address="Qvarzimontveien 3")
    assert mine.sync().complete
    assert "qvarzimont" in _everything_in(mine)
    office.unassign(mine.who, shared.id)
    assert mine.sync().complete
    assert "qvarzimont" not in _everything_in(mine)
    log = Path(f"{mine.database.path}-wal")
    assert not log.exists() or log.stat().st_size == 0


def _everything_in(laptop: Laptop) -> str:
    """Every value of every table, those behind the search included, in small letters."""
    connection = laptop.database.connection
    tables = [
        row["name"]
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    values = []
    for table in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            for value in tuple(row):
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                values.append(text.lower())
    return "\n".join(values)


def test_fetching_everything_anew_drops_nothing_unsent_and_still_names_it(
    office: Office, mine: Laptop, shared: Patient
) -> None:
    """The program has no key that throws the store away; this is the only rebuilding there is."""
    with office.storage.write() as transaction:
        set_rules(transaction, drafts_travel=False, courier_allowed=False)
    mine.sync()
    note = mine.sign_note(shared.id, "kan ikke leses av serveren")
    rewrite_unsent(mine, note, signed_at="i går")
    draft = mine.open_draft(shared.id)
    mine.sync()
    before = sync_status.unsent(session_on(mine))
    assert [(one.record_id, one.patient_name) for one in before] == [(note, "Nordmann, Ola")]
    office.put(replace(shared, city="Bodø"), "patient", shared.id)
    with office.storage.write() as transaction:
        transaction.records.forget_before(transaction.records.newest_seq())
    mine.sync()
    assert mine.line.exchanges[-1].pull is not None
    assert mine.patient(shared.id).city == "Bodø"
    assert sync_status.unsent(session_on(mine)) == before
    assert sync_status.read(session_on(mine)).drafts == 1
    assert mine.contents()["note", note][1]["text"] == "kan ikke leses av serveren"
    assert draft


# --- two persons on one machine


def test_a_second_person_on_the_machine_sees_nothing_of_the_first_whose_work_still_arrives(
    office: Office, tmp_path: Path
) -> None:
    first, second = office.new_user(), office.new_user()
    patient = office.add_patient(first)
    kari = _person(tmp_path, "kari", first)
    _sync(kari, office, first)
    note = Note(
        id=new_id(),
        patient_id=patient.id,
        author_id=first.user_id,
        template="free",
        text="besøk",
        signed_at=START,
        recorded_at=START,
        device_id=first.device_id,
        sequence=1,
    )
    database = kari.session().database
    with database.transaction():
        records.save_local(database, note, now=START, change_id=note.id)
    kari.lock()

    ola = _person(tmp_path, "ola", second, passphrase="en helt annen passfrase")
    _sync(ola, office, second)
    assert records.get(ola.session().database, Note, note.id) is None
    assert records.get(ola.session().database, Patient, patient.id) is None
    assert outbox.counts(ola.session().database) == outbox.OutboxCounts(0, 0)
    with pytest.raises(WrongSecretError):
        kari.unlock("en helt annen passfrase")
    ola.lock()

    kari.unlock(PASSPHRASE)
    _sync(kari, office, first)
    assert office.body("note", note.id) is not None
    kari.lock()


def _person(
    folder: Path, username: str, who: Identity, passphrase: str = PASSPHRASE
) -> bootstrap.Door:
    """A store of their own on this machine, enrolled."""
    door = bootstrap.door_for(
        username, folder, origin=ORIGIN_TEST, clock=FixedClock(START), params=FAST
    )
    door.create(passphrase)
    door.enrol(
        Enrolment(
            server_url="http://127.0.0.1:1",
            server_id="server-1",
            device_id=who.device_id,
            device_secret="device secret",
            user=Practitioner(who.user_id, username, username.title(), Role.CASE_MANAGER),
            token="token",
            token_expires_at=START,
        )
    )
    return door


def _sync(door: bootstrap.Door, office: Office, who: Identity) -> None:
    engine = Engine(office.service(who), door.session().database.clone, FixedClock(START), new_id)
    assert engine.run(lambda _: None, lambda: False).complete
