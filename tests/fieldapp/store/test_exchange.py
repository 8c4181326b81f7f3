"""What the store keeps for a sync in one request: order, drafts, the joined, the server's news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.clock import FixedClock, to_iso
from fieldapp.domain.codec import BodyError, to_body
from fieldapp.domain.kinds import KINDS
from fieldapp.domain.notes import Draft, Note
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.services.session import Session
from fieldapp.store import audit, digests, drafts, inbox, outbox, records, state
from fieldapp.store.db import IntegrityError
from fieldapp.store.inbox import IncomingRecord
from tests.helpers.builders import ME, event, new_session, patient, receive, request
from tests.helpers.stores import START


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = new_session(tmp_path, clock=FixedClock(START))
    yield opened
    opened.database.close()


def a_note(person: Patient) -> Note:
    return Note(new_id(), person.id, ME.id, "visit", "Uro i natt.", START, START, "d-1", 1)


def save(session: Session, value: Any) -> None:
    with session.database.transaction():
        records.save_local(session.database, value, now=START, change_id=new_id())


def page(session: Session, *incoming: IncomingRecord) -> None:
    inbox.apply_page(session.database, incoming, cursor=new_id(), complete=True, now=START)


# --- the queue


def test_the_change_of_an_event_is_named_by_the_event(session: Session) -> None:
    person = patient()
    save(session, person)
    note = a_note(person)
    save(session, note)
    of_patient, of_note = outbox.items(session.database)
    assert of_note.change_id == note.id
    assert of_patient.change_id != person.id


def test_the_most_urgent_is_taken_first_whatever_was_written_first(session: Session) -> None:
    known = patient()
    order = request(known)
    receive(session, known, order)
    new = patient()
    told = event(order, retrospective=True, reason_text="Ført fra papir")
    values = [a_note(known), replace(known, phone="1"), told, new, a_note(new)]
    for value in values:
        save(session, value)
    taken = outbox.take_batch(session.database, 3, 10_000_000)
    assert [change.kind for change in taken] == [
        "patient",
        "medication_administration",
        "patient",
    ]
    assert taken[0].record_id == new.id
    assert outbox.something_waits(session.database)
    assert [change.kind for change in outbox.take_batch(session.database, 9, 10**6)] == [
        "note",
        "note",
    ]
    assert not outbox.something_waits(session.database)


def test_what_hangs_on_a_parked_record_does_not_count_as_waiting_to_be_sent(
    session: Session,
) -> None:
    person = patient()
    save(session, person)
    save(session, a_note(person))
    (first, _) = outbox.items(session.database)
    outbox.park(session.database, first.change_id, "refused")
    assert not outbox.something_waits(session.database)
    assert outbox.counts(session.database).waiting == 1


def test_a_record_withheld_behind_an_unsent_edit_takes_its_place_when_the_edit_is_older(
    session: Session,
) -> None:
    person = patient()
    page(session, IncomingRecord("patient", person.id, person.id, 5, to_body(person)))
    save(session, replace(person, phone="1"))
    (sent,) = outbox.take_batch(session.database, 9, 10**6)
    newer = {**to_body(person), "phone": "1", "city": "Bodø"}
    page(session, IncomingRecord("patient", person.id, person.id, 9, newer))
    outbox.acknowledge(session.database, [outbox.Settled(sent.change_id, 7)])
    shown = records.get(session.database, Patient, person.id)
    assert shown is not None
    assert (shown.phone, shown.city) == ("1", "Bodø")
    assert inbox.deep_digest(session.database) == inbox.scope_sum(session.database)


# --- a pull that began anew, a patient replaced


def ids(session: Session, kind: str) -> set[str]:
    return {str(row["id"]) for row in session.database.connection.execute(f"SELECT id FROM {kind}")}


def test_after_a_pull_that_began_anew_who_did_not_arrive_has_ended_and_the_unsent_waits(
    session: Session,
) -> None:
    kept, gone, unsent, told = patient(), patient(), patient(), patient()
    receive(session, kept, gone, unsent, told)
    new = patient()
    save(session, new)
    note = a_note(unsent)
    save(session, note)
    inbox.begin_anew(session.database)
    incoming = IncomingRecord("patient", kept.id, kept.id, 10**6, to_body(kept))
    for complete in (False, True):
        inbox.apply_page(
            session.database,
            [] if complete else [incoming],
            cursor=new_id(),
            complete=complete,
            now=START,
            told=[told.id],
        )
        swept = {gone.id} if complete else set()
        everybody = {kept.id, gone.id, unsent.id, told.id, new.id}
        assert ids(session, "patient") == everybody - swept
    assert note.id in ids(session, "note")
    assert ids(session, "practitioner") == set()
    of_note = next(item for item in outbox.items(session.database) if item.kind == "note")
    outbox.acknowledge(session.database, [outbox.Settled(of_note.change_id, 10**6 + 1)])
    inbox.finish(session.database, START)
    assert ids(session, "patient") == {kept.id, told.id, new.id}
    assert inbox.deep_digest(session.database) == inbox.scope_sum(session.database)


def test_a_pull_that_began_anew_takes_over_lower_numbers_of_a_restored_server(
    session: Session,
) -> None:
    person = patient()
    page(session, IncomingRecord("patient", person.id, person.id, 10**6, to_body(person)))
    older = {**to_body(person), "city": "Bodø"}
    page(session, IncomingRecord("patient", person.id, person.id, 7, older))
    assert records.body_of(session.database, "patient", person.id) == to_body(person)
    inbox.begin_anew(session.database)
    page(session, IncomingRecord("patient", person.id, person.id, 7, older))
    assert records.body_of(session.database, "patient", person.id) == older
    assert inbox.deep_digest(session.database) == inbox.scope_sum(session.database)


def test_a_patient_is_replaced_around_what_is_unsent(session: Session) -> None:
    person = patient()
    order = request(person)
    stale = replace(person, city="gammel")
    receive(session, stale, order)
    save(session, replace(stale, phone="1"))
    note = a_note(person)
    save(session, note)
    signed = a_note(person)
    page(session, IncomingRecord("note", signed.id, person.id, 10**6, to_body(signed)))
    draft = draft_of(person)
    with session.database.transaction():
        drafts.add(session.database, draft)
    waiting = outbox.items(session.database)
    changes = inbox.replace_patient(
        session.database,
        person.id,
        [IncomingRecord("patient", person.id, person.id, 10**6 + 1, to_body(person))],
    )
    assert [change.kind for change in changes.changes] == ["medication_request"]
    assert [item.body for item in outbox.items(session.database)] == [one.body for one in waiting]
    shown = records.get(session.database, Patient, person.id)
    assert shown is not None
    assert (shown.phone, shown.city) == ("1", "gammel")
    assert ids(session, "medication_request") == set()
    assert ids(session, "note") == {note.id, signed.id}  # an event is never dropped
    assert drafts.get(session.database, draft.id) is not None
    held = digests.held(session.database.connection, [("patient", person.id)])
    assert held["patient", person.id].version == 10**6 + 1


# --- joined patients


def test_an_event_gets_another_patient_only_from_the_server_and_never_another_text(
    session: Session,
) -> None:
    winner, loser = patient(), patient()
    receive(session, winner, loser)
    note = a_note(loser)
    page(session, IncomingRecord("note", note.id, loser.id, 10**6, to_body(note)))
    with pytest.raises(IntegrityError), session.database.transaction() as connection:
        connection.execute("UPDATE note SET patient_id = ?", (winner.id,))
    page(session, IncomingRecord("note", note.id, winner.id, 10**6 + 1, to_body(note)))
    shown = records.get(session.database, Note, note.id)
    assert shown is not None
    assert shown == replace(note, patient_id=winner.id)
    assert records.body_of(session.database, "note", note.id) == to_body(note)
    assert state.read(session.database, inbox.JOINING) is None
    with pytest.raises(IntegrityError), session.database.transaction() as connection:
        state.write(session.database, inbox.JOINING, loser.id)
        connection.execute("UPDATE note SET body = json_set(body, '$.text', 'x')")


def test_only_what_comes_from_the_server_may_name_another_patient(session: Session) -> None:
    note = a_note(patient())
    kind = KINDS["note"]
    kind.check(note.id, "somebody", to_body(note), from_server=True)
    with pytest.raises(BodyError):
        kind.check(note.id, "somebody", to_body(note))
    with pytest.raises(BodyError):
        kind.check(note.id, None, to_body(note), from_server=True)
    with pytest.raises(BodyError):
        KINDS["patient"].check("p", "q", {**to_body(patient()), "id": "p"}, from_server=True)


def test_when_an_event_was_received_is_kept_beside_it(session: Session) -> None:
    person = patient()
    receive(session, person)
    note = a_note(person)
    at = START + timedelta(hours=3)
    page(session, IncomingRecord("note", note.id, person.id, 10**6, to_body(note), at, -1500))
    row = session.database.connection.execute("SELECT * FROM note").fetchone()
    assert row is not None
    assert (row["received_at"], row["clock_offset_ms"]) == (to_iso(at), -1500)


# --- drafts and log


def draft_of(person: Patient) -> Draft:
    return Draft(new_id(), person.id, "note", {"text": "påbegynt"}, START)


def test_a_draft_that_never_left_needs_no_word_to_the_server_when_it_goes(
    session: Session,
) -> None:
    first, second = draft_of(patient()), draft_of(patient())
    with session.database.transaction():
        drafts.add(session.database, first)
        drafts.add(session.database, second)
    drafts.note_offered(session.database, [second.id])
    with session.database.transaction():
        drafts.delete(session.database, first.id)
        drafts.delete(session.database, second.id)
    assert drafts.dropped(session.database) == [second.id]
    drafts.forget_dropped(session.database, [second.id])
    assert drafts.dropped(session.database) == []


def test_drafts_of_another_laptop_leave_with_their_patient_and_return_with_them(
    session: Session,
) -> None:
    person = patient()
    receive(session, person)
    foreign = drafts.ForeignDraft(replace(draft_of(person), open=False), "d-2", "Bærbar 2")
    drafts.replace_foreign(session.database, [foreign], "mark-1")
    assert drafts.foreign(session.database, person.id) == [foreign]
    inbox.end_patients(session.database, [person.id])
    assert drafts.foreign(session.database) == []
    drafts.replace_foreign(session.database, [foreign], "mark-1")
    assert drafts.foreign(session.database) == []
    receive(session, person)
    assert drafts.foreign_mark(session.database) == "?"  # so that they are told anew


def test_the_log_goes_on_after_the_line_that_the_server_knows(session: Session) -> None:
    with session.database.transaction():
        for number in range(3):
            audit.append(session.database, now=START, actor_id=ME.id, action=f"act {number}")
    lines, head = audit.following(session.database, "", 2)
    assert [line.action for line in lines] == ["act 0", "act 1"]
    rest, last = audit.following(session.database, head, 10)
    assert [line.action for line in rest] == ["act 2"]
    assert audit.following(session.database, last, 10) == ([], last)
    assert not audit.knows(session.database, "a line of another laptop")
