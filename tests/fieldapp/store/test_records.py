"""The one write path: a record and its outbox row together, nothing lost, events locked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import KINDS, Policy
from fieldapp.domain.notes import Note
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.services.session import Session
from fieldapp.store import inbox, outbox, records
from fieldapp.store.db import IntegrityError
from fieldapp.store.records import OutsideTransactionError, ServerOwnedError
from tests.helpers.builders import (
    ME,
    assignment,
    event,
    new_session,
    outbox_rows,
    patient,
    receive,
    receive_bodies,
    request,
)
from tests.helpers.stores import START


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = new_session(tmp_path, clock=FixedClock(START))
    yield opened
    opened.database.close()


def _note(person: Patient, text: str = "Uro i natt.") -> Note:
    return Note(new_id(), person.id, ME.id, "visit", text, START, START, "d-1", 1)


def _save(session: Session, value: object) -> None:
    with session.database.transaction():
        records.save_local(session.database, value, now=START, change_id=new_id())


def test_every_kind_has_a_table_of_the_one_shape(session: Session) -> None:
    for kind in KINDS:
        columns = [
            row["name"]
            for row in session.database.connection.execute(f"PRAGMA table_xinfo({kind})")
        ]
        assert columns[:5] == ["id", "patient_id", "version", "received", "body"]


def test_a_record_and_its_outbox_row_are_written_together(session: Session) -> None:
    person = patient()
    _save(session, person)
    assert records.get(session.database, Patient, person.id) == person
    (item,) = outbox.items(session.database)
    assert (item.kind, item.record_id, item.patient_id) == ("patient", person.id, person.id)
    assert item.body == to_body(person)


def test_a_failing_outbox_write_takes_the_record_back(session: Session) -> None:
    person = patient()
    _save(session, person)
    (item,) = outbox.items(session.database)
    other = patient()
    with pytest.raises(IntegrityError), session.database.transaction():
        records.save_local(session.database, other, now=START, change_id=item.change_id)
    assert records.get(session.database, Patient, other.id) is None


def test_nothing_is_written_outside_a_transaction(session: Session) -> None:
    with pytest.raises(OutsideTransactionError):
        records.save_local(session.database, patient(), now=START, change_id=new_id())
    assert outbox_rows(session.database) == []


def test_what_the_server_owns_is_not_written_here(session: Session) -> None:
    person = patient()
    for value in (ME, assignment(person), request(person)):
        with pytest.raises(ServerOwnedError), session.database.transaction():
            records.save_local(session.database, value, now=START, change_id=new_id())


def test_unknown_fields_survive_an_edit(session: Session) -> None:
    person = patient()
    body = {**to_body(person), "pronoun": "hen", "nested": {"from": ["a", "newer", "version"]}}
    receive_bodies(session, [("patient", person.id, person.id, body)])

    _save(session, replace(person, phone="400 00 000"))

    kept = records.body_of(session.database, "patient", person.id)
    assert kept == {**body, "phone": "400 00 000"}
    (item,) = outbox.items(session.database)
    assert item.body == kept


def test_a_record_of_an_unknown_kind_is_kept_word_for_word(session: Session) -> None:
    body = {"id": "x-1", "patient_id": "p-1", "what": "a later version knows"}
    receive_bodies(session, [("care_plan", "x-1", "p-1", body)])
    assert records.body_of(session.database, "care_plan", "x-1") == body


def test_edits_without_coverage_become_one_change(session: Session) -> None:
    person = patient()
    receive(session, person)
    before = records.body_of(session.database, "patient", person.id)
    _save(session, replace(person, phone="1"))
    _save(session, replace(person, phone="2"))
    (item,) = outbox.items(session.database)
    assert item.body["phone"] == "2"
    row = session.database.connection.execute("SELECT base_body FROM outbox").fetchone()
    assert row is not None
    assert json.loads(row["base_body"]) == before


def test_an_edit_waits_behind_its_predecessor_in_the_air(session: Session) -> None:
    person = patient()
    _save(session, person)
    (sent,) = outbox.take_batch(session.database, 10, 10_000)
    _save(session, replace(person, phone="2"))
    assert [item.body["phone"] for item in outbox.items(session.database)] == [person.phone, "2"]
    outbox.acknowledge(session.database, [outbox.Settled(sent.change_id, 7)])
    (later,) = outbox.take_batch(session.database, 10, 10_000)
    assert (later.base_version, later.body["phone"]) == (7, "2")


def test_an_edit_of_a_change_that_was_sent_before_gets_its_own_row(session: Session) -> None:
    person = patient()
    _save(session, person)
    outbox.take_batch(session.database, 10, 10_000)
    outbox.return_in_flight(session.database)
    _save(session, replace(person, phone="2"))
    assert len(outbox.items(session.database)) == 2


# --- events


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE note SET body = json_set(body, '$.text', 'annen tekst')",
        "UPDATE note SET body = json_set(body, '$.author_id', 'u-colleague')",
        "UPDATE note SET body = json_set(body, '$.signed_at', '2020-01-01T00:00:00.000Z')",
        "UPDATE note SET patient_id = 'p-other'",
        "UPDATE note SET id = 'another'",
        "DELETE FROM note",
        "INSERT OR REPLACE INTO note (id, patient_id, body)"
        " SELECT id, patient_id, json_set(body, '$.text', 'annen tekst') FROM note",
        "REPLACE INTO note (id, patient_id, body) SELECT id, 'p-other', body FROM note",
        "UPDATE OR REPLACE note SET body = '{}'",
    ],
)
def test_a_signed_note_cannot_be_changed_even_by_raw_sql(session: Session, statement: str) -> None:
    note = _note(patient())
    _save(session, note)
    with pytest.raises(IntegrityError, match="event_is_locked"), session.database.transaction():
        session.database.connection.execute(statement)
    assert records.select(session.database, Note) == [note]


@pytest.mark.parametrize(
    "table", [kind.name for kind in KINDS.values() if kind.policy is Policy.EVENT]
)
def test_every_kind_of_event_is_guarded(session: Session, table: str) -> None:
    connection = session.database.connection
    with session.database.transaction():
        connection.execute(f"INSERT INTO {table} (id, patient_id, body) VALUES ('e', 'p', '{{}}')")
    for statement in (
        f"UPDATE {table} SET body = '{{\"a\": 1}}'",
        f"DELETE FROM {table}",
        f"REPLACE INTO {table} (id, patient_id, body) VALUES ('e', 'p', '[]')",
    ):
        with pytest.raises(IntegrityError, match="event_is_locked"):
            connection.execute(statement)
    connection.execute(f"UPDATE {table} SET version = 5")


def test_the_generated_author_and_time_of_a_note_cannot_be_written(session: Session) -> None:
    _save(session, _note(patient()))
    for column in ("author_id", "signed_at"):
        with pytest.raises(Exception, match="generated column"):
            session.database.connection.execute(f"UPDATE note SET {column} = 'x'")


def test_an_event_saved_twice_is_refused(session: Session) -> None:
    note = _note(patient())
    _save(session, note)
    with pytest.raises(IntegrityError):
        _save(session, replace(note, text="annen tekst"))
    assert len(outbox_rows(session.database)) == 1


def test_the_servers_number_reaches_a_locked_event(session: Session) -> None:
    note = _note(patient())
    _save(session, note)
    (sent,) = outbox.take_batch(session.database, 10, 10_000)
    outbox.acknowledge(session.database, [outbox.Settled(sent.change_id, 9)])
    assert outbox.version_of(session.database.connection, "note", note.id) == 9


def test_events_leave_only_with_the_whole_patient(session: Session) -> None:
    person, other = patient(), patient()
    receive(session, person, other, event(request(person)), event(request(other)))
    inbox.apply_page(
        session.database,
        [],
        cursor="later",
        complete=True,
        now=START,
        ended_patients=[person.id],
    )
    rows = session.database.connection.execute(
        "SELECT patient_id FROM medication_administration"
    ).fetchall()
    assert [row["patient_id"] for row in rows] == [other.id]
    with pytest.raises(IntegrityError, match="event_is_locked"):
        session.database.connection.execute("DELETE FROM medication_administration")
