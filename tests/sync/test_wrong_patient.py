"""An entry on the wrong patient, from the mark to its deletion on every laptop.

Real stores, the real engine, the real server, both databases.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldapp.domain.codec import to_body
from fieldapp.domain.corrections import Deletion, EntryCorrection, deletion_id
from fieldapp.domain.merge import Policy, policy_of
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import Patient
from fieldapp.domain.visits import Encounter, EncounterStatus, VisitKind
from fieldapp.ids import new_id
from fieldapp.store import corrections as store
from fieldapp.store import drafts, inbox, outbox, records
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.server import corrections
from sync.server.join import join_patients
from sync.server.keys import key_pairs
from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Storage
from tests.helpers import server_backup
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office
from tests.sync.test_healing import SetBackOffice

WORDS = "Marihøna sover i grøfta"
"""The words of the entry; none of them may be anywhere when it is gone."""
RESPONSIBLE = "record-responsible"
TODAY = date(2026, 11, 22)


class Ward:
    """A patient, two colleagues who follow them, and one other patient."""

    def __init__(self, office: Office, factory: LaptopFactory) -> None:
        self.office = office
        self.factory = factory
        with office.storage.write() as transaction:
            key_pairs(transaction)  # as the first enrolment makes them, long before any backup
        first, second = office.new_user(), office.new_user()
        self.patient = office.add_patient(first, second)
        self.right_one = office.add_patient(first)
        self.mine = factory.laptop(office, first)
        self.theirs = factory.laptop(office, second)
        self.sync()

    @property
    def laptops(self) -> tuple[Laptop, Laptop]:
        return (self.mine, self.theirs)

    def sync(self) -> None:
        for laptop in self.laptops:
            assert laptop.sync().complete

    def mark(self, laptop: Laptop, kind: str, record_id: str) -> str:
        """Say that an entry stands on the wrong patient."""
        return laptop.save(
            EntryCorrection(
                id=new_id(),
                patient_id=self.patient.id,
                target_kind=kind,
                target_id=record_id,
                author_id=laptop.who.user_id,
                marked_at=laptop.clock.now(),
                reason="Gjelder naboen",
                device_id=laptop.who.device_id,
                sequence=1,
                right_patient_id=self.right_one.id,
            )
        )

    def decide(self, kind: str, record_id: str, *, delete: bool = True) -> None:
        with self.office.storage.write() as transaction:
            corrections.decide(
                transaction,
                (kind, record_id),
                delete=delete,
                words="" if delete else "Riktig pasient",
                by=RESPONSIBLE,
                now=self.office.clock.now(),
            )

    def marked_note(self) -> str:
        """A note that both laptops and the server hold, marked."""
        note_id = self.mine.sign_note(self.patient.id, WORDS)
        self.sync()
        self.mark(self.mine, "note", note_id)
        self.sync()
        return note_id

    def close(self) -> None:
        for laptop in self.laptops:
            laptop.close()


@pytest.fixture
def ward(storage: Storage, tmp_path: Path) -> Iterator[Ward]:
    made = Ward(Office(storage), LaptopFactory(tmp_path))
    yield made
    made.close()


def texts_of_server(storage: Storage) -> str:
    """Every value of every table, as one text."""
    return json.dumps(server_backup.take(storage), ensure_ascii=False, default=str)


def texts_of_laptop(laptop: Laptop) -> str:
    """Every value of every table of a store, as one text."""
    connection = laptop.database.connection
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return "\n".join(
        str(tuple(row))
        for name in names
        for row in connection.execute(f'SELECT * FROM "{name["name"]}"')
    )


def nothing_is_left(ward: Ward) -> None:
    assert WORDS not in texts_of_server(ward.office.storage)
    for laptop in ward.laptops:
        assert WORDS not in texts_of_laptop(laptop)
        assert laptop.unsent() == []
    with ward.office.storage.read() as transaction:
        for laptop in ward.laptops:
            count, digest = transaction.scope.scope_digest(laptop.who.user_id)
            mine = inbox.deep_digest(laptop.database)
            assert (mine.count, mine.text) == (count, digest)


def test_a_mark_reaches_every_laptop_and_blocks_the_entry_there(ward: Ward) -> None:
    note_id = ward.marked_note()
    for laptop in ward.laptops:
        mark = store.mark_of(laptop.database, ("note", note_id))
        assert mark is not None
        assert mark.blocked
        assert note_id in laptop.ids("note")


def test_what_is_deleted_is_gone_everywhere_and_both_sides_stay_equal(ward: Ward) -> None:
    note_id = ward.marked_note()
    ward.decide("note", note_id)
    ward.sync()
    nothing_is_left(ward)
    for laptop in ward.laptops:
        assert note_id not in laptop.ids("note")
        assert laptop.ids("entry_correction") == set()
        (decision,) = records.select(laptop.database, Deletion)
        assert decision.id == deletion_id(("note", note_id))
    # Who marked it named the other patient; that must not stand in this one's record either.
    for laptop in ward.laptops:
        (decision,) = records.select(laptop.database, Deletion)
        assert ward.right_one.id not in json.dumps(to_body(decision))


def test_additions_counter_entries_and_wishes_go_along(ward: Ward) -> None:
    note_id = ward.mine.sign_note(ward.patient.id, WORDS)
    addition = ward.theirs.sign_note(ward.patient.id, WORDS + " og kvitrer", note_id)
    other = ward.mine.sign_note(ward.patient.id, "Et annet notat")
    ward.sync()
    ward.sync()
    ward.mark(ward.mine, "note", note_id)
    ward.sync()
    ward.decide("note", note_id)
    ward.sync()
    nothing_is_left(ward)
    for laptop in ward.laptops:
        assert laptop.ids("note") == {other}
        assert addition not in laptop.ids("note")


def test_every_version_of_an_edited_entry_goes(ward: Ward) -> None:
    visit = visit_of(ward)
    ward.mine.save(visit)
    ward.sync()
    ward.mine.save(replace(visit, travel_minutes=7))
    ward.sync()
    ward.mark(ward.mine, "encounter", visit.id)
    ward.sync()
    ward.decide("encounter", visit.id)
    ward.sync()
    nothing_is_left(ward)
    assert ward.office.past_bodies("encounter", visit.id) == []


def test_a_laptop_without_coverage_that_edits_the_entry_ends_equal(ward: Ward) -> None:
    visit = visit_of(ward)
    ward.mine.save(visit)
    ward.sync()
    ward.mark(ward.mine, "encounter", visit.id)
    ward.mine.sync()
    ward.decide("encounter", visit.id)
    ward.mine.sync()
    # The colleague has heard of nothing, edits it, and even marks it too.
    ward.theirs.save(replace(visit, travel_minutes=9))
    ward.mark(ward.theirs, "encounter", visit.id)
    report = ward.theirs.sync()
    assert (report.complete, report.parked) == (True, 0)
    nothing_is_left(ward)
    assert ward.theirs.ids("encounter") == set()
    with ward.office.storage.read() as transaction:
        assert transaction.parked.count_open() == 0


def test_an_entry_that_was_never_sent_goes_from_its_laptop_too(ward: Ward) -> None:
    """It was marked by somebody who got it by another road; its own laptop comes late."""
    note_id = ward.mine.sign_note(ward.patient.id, WORDS)
    ward.mark(ward.theirs, "note", note_id)
    ward.theirs.sync()
    ward.decide("note", note_id)
    assert ward.mine.sync().complete
    ward.sync()
    nothing_is_left(ward)


@pytest.mark.parametrize("fault", [one for one in Fault if one is not Fault.NONE])
def test_a_deletion_survives_every_fault_of_the_line(ward: Ward, fault: Fault) -> None:
    note_id = ward.marked_note()
    ward.decide("note", note_id)
    for laptop in ward.laptops:
        laptop.sync(fault)
    ward.sync()
    ward.sync()
    nothing_is_left(ward)


def test_a_deletion_survives_a_power_cut_at_every_commit(ward: Ward) -> None:
    note_id = ward.marked_note()
    ward.decide("note", note_id)
    for at in range(4):
        ward.theirs.sync_until_power_cut(at)
    ward.sync()
    nothing_is_left(ward)


def test_drafts_and_parked_copies_of_the_entry_go(ward: Ward) -> None:
    note_id = ward.marked_note()
    other = ward.factory.laptop(ward.office, ward.mine.who)
    with other.database.transaction():
        drafts.add(
            other.database,
            Draft(note_id, ward.patient.id, "note", {"text": WORDS}, other.clock.now()),
        )
    note = records.body_of(ward.mine.database, "note", note_id)
    assert note is not None
    with ward.office.storage.write() as transaction:
        transaction._db.run(
            "INSERT INTO parked_change (change_id, device_id, user_id, kind, id, base_version,"
            " sequence, body, outcome, reason, at) VALUES ('c', 'd', 'u', 'note', ?, 0, 1, ?,"
            " 'conflict', 'event_differs', 'now')",
            (note_id, json.dumps(note, ensure_ascii=False)),
        )
    ward.decide("note", note_id)
    assert other.sync().complete
    assert drafts.get(other.database, note_id) is None
    assert WORDS not in texts_of_laptop(other)
    other.close()
    ward.sync()
    nothing_is_left(ward)


def test_a_refusal_opens_the_entry_again_and_its_words_are_read(ward: Ward) -> None:
    note_id = ward.marked_note()
    ward.decide("note", note_id, delete=False)
    ward.sync()
    for laptop in ward.laptops:
        mark = store.mark_of(laptop.database, ("note", note_id))
        assert mark is not None
        assert not mark.blocked
        assert mark.decision is not None
        assert mark.decision.words == "Riktig pasient"
        assert note_id in laptop.ids("note")
    with pytest.raises(NotFoundError_):
        ward.decide("note", note_id)
    # Marked once more, it waits once more, and can be deleted after all.
    ward.mark(ward.theirs, "note", note_id)
    ward.sync()
    ward.sync()
    mark = store.mark_of(ward.mine.database, ("note", note_id))
    assert mark is not None
    assert mark.blocked
    ward.decide("note", note_id)
    ward.sync()
    nothing_is_left(ward)


def test_what_nobody_has_marked_is_not_deleted(ward: Ward) -> None:
    note_id = ward.mine.sign_note(ward.patient.id, WORDS)
    ward.sync()
    with pytest.raises(NotFoundError_):
        ward.decide("note", note_id)


def test_a_mark_of_one_patient_never_deletes_an_entry_of_another(ward: Ward) -> None:
    note_id = ward.mine.sign_note(ward.right_one.id, WORDS)
    ward.sync()
    ward.mark(ward.theirs, "note", note_id)  # names a patient who is not the note's
    ward.sync()
    with pytest.raises(BadRequestError) as caught:
        ward.decide("note", note_id)
    assert caught.value.args[0] == "other_patient"
    with ward.office.storage.read() as transaction:
        (row,) = corrections.waiting(transaction)
    assert row.foreign
    assert row.entry is None
    assert ward.office.body("note", note_id) is not None


@pytest.mark.parametrize("kind", ["patient", "medication_request", "flag", "claim"])
def test_a_mark_of_what_is_no_entry_waits_for_nobody(ward: Ward, kind: str) -> None:
    ward.mark(ward.mine, kind, ward.patient.id)
    ward.sync()
    with ward.office.storage.read() as transaction:
        assert corrections.waiting(transaction) == []
    with pytest.raises(NotFoundError_):
        ward.decide(kind, ward.patient.id)


def test_a_dose_counts_until_it_is_decided_that_it_goes(ward: Ward) -> None:
    dose_id = ward.mine.hand_out(ward.patient.id, TODAY)
    ward.sync()
    ward.mark(ward.mine, "medication_administration", dose_id)
    ward.sync()
    with ward.office.storage.read() as transaction:
        near = [(ward.patient.id, TODAY.isoformat(), TODAY.isoformat())]
        assert [one.id for one in transaction.records.handouts_near(near)] == [dose_id]
    ward.decide("medication_administration", dose_id)
    with ward.office.storage.read() as transaction:
        assert transaction.records.handouts_near(near) == []
        rows = transaction._db.rows("SELECT count(*) FROM handout WHERE event_id = ?", (dose_id,))
        assert int(rows[0][0]) == 0
    ward.sync()
    for laptop in ward.laptops:
        assert laptop.ids("medication_administration") == set()


def test_no_laptop_deletes_by_writing_a_decision_of_its_own(ward: Ward) -> None:
    note_id = ward.marked_note()
    forged = Deletion(
        id=deletion_id(("note", note_id)),
        patient_id=ward.patient.id,
        target_kind="note",
        target_id=note_id,
        decided_by=ward.theirs.who.user_id,
        decided_at=ward.theirs.clock.now(),
        deleted=True,
        removed=(),
        signature="00" * 64,
    )
    with ward.theirs.database.transaction() as connection:
        connection.execute(
            "INSERT INTO deletion (id, patient_id, body) VALUES (?, ?, ?)",
            (forged.id, forged.patient_id, outbox.dump(to_body(forged))),
        )
        ward.theirs.may_heal = True
    outbox.offer_again(
        ward.theirs.database, [("deletion", forged.id, 0)], ward.theirs.clock.now(), new_id
    )
    assert ward.theirs.sync().complete
    assert ward.office.body("deletion", forged.id) is None
    assert ward.office.body("note", note_id) is not None
    assert policy_of("deletion") is Policy.SERVER


def test_the_schema_lets_go_of_no_event_that_was_not_decided_on(ward: Ward) -> None:
    note_id = ward.marked_note()
    with pytest.raises(BadValueError), ward.office.storage.write() as opened:
        opened._db.run("DELETE FROM record WHERE kind = 'note' AND id = ?", (note_id,))
    ward.decide("note", note_id)
    for text in (
        "DELETE FROM deleted_record WHERE id = ?",
        "UPDATE deleted_record SET deleted_at = 'x' WHERE id = ?",
    ):
        with pytest.raises(BadValueError), ward.office.storage.write() as opened:
            opened._db.run(text, (note_id,))


def test_deleted_words_are_overwritten_and_not_left_in_the_log_of_the_store(ward: Ward) -> None:
    note_id = ward.marked_note()
    ward.decide("note", note_id)
    for laptop in ward.laptops:
        laptop.sync()
        # What a page held is zeroed when it is freed, and the log that had it is emptied at once.
        row = laptop.database.connection.execute("PRAGMA secure_delete").fetchone()
        assert row is not None
        assert int(row[0]) == 1
        log = laptop.database.path.with_name(laptop.database.path.name + "-wal")
        assert note_id not in laptop.ids("note")
        assert not log.exists() or log.stat().st_size < 64 * 1024


# --- a server that was set back


def test_a_server_set_back_before_the_decision_deletes_again(tmp_path: Path) -> None:
    office = SetBackOffice(tmp_path)
    ward = Ward(office, LaptopFactory(tmp_path))
    note_id = ward.marked_note()
    office.back_up()
    office.connect(*ward.laptops)
    ward.decide("note", note_id)
    ward.mine.sync()  # this one has heard of the decision, the other has not
    office.restore(*ward.laptops)
    assert WORDS in texts_of_server(office.storage)

    ward.theirs.sync()
    assert ward.mine.sync().restored
    ward.sync()

    nothing_is_left(ward)
    for laptop in ward.laptops:
        assert laptop.ids("note") == set()
    ward.close()
    office.storage.close()


def test_a_server_set_back_before_the_entry_does_not_take_it_in_again(tmp_path: Path) -> None:
    office = SetBackOffice(tmp_path)
    ward = Ward(office, LaptopFactory(tmp_path))
    office.back_up()
    office.connect(*ward.laptops)
    note_id = ward.marked_note()
    ward.decide("note", note_id)
    ward.mine.sync()
    office.restore(*ward.laptops)

    ward.mine.sync()  # brings the decision
    ward.theirs.sync()  # would bring the entry and the mark
    ward.sync()

    nothing_is_left(ward)
    ward.close()
    office.storage.close()


def visit_of(ward: Ward) -> Encounter:
    now = ward.mine.clock.now()
    return Encounter(
        id=new_id(),
        patient_id=ward.patient.id,
        kind=VisitKind.HOME,
        status=EncounterStatus.NO_SHOW,
        started_at=now,
        author_id=ward.mine.who.user_id,
        recorded_at=now,
        reason=WORDS,
    )


def test_the_patient_joined_meanwhile_loses_the_entry_too(ward: Ward) -> None:
    note_id = ward.marked_note()
    winner = ward.office.add_patient(ward.mine.who)
    with ward.office.storage.write() as transaction:
        join_patients(transaction, winner.id, ward.patient.id, None, ward.office.clock.now())
    ward.sync()
    ward.decide("note", note_id)
    ward.sync()
    ward.sync()
    nothing_is_left(ward)
    assert records.get(ward.mine.database, Patient, winner.id) is not None
