"""Drafts survive; signed notes never change; addenda stand beside what they correct."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.notes import Draft, Note, NoteError
from fieldapp.domain.patients import Patient
from fieldapp.services import notes
from fieldapp.services.notes import DraftGoneError
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import audit, inbox, records
from tests.helpers.builders import COLLEAGUE, ME, outbox_rows, receive
from tests.helpers.stores import START


def _draft(session: Session, kari: Patient, text: str = "Sov dårlig.") -> Draft:
    body = {"template": "visit", "text": text, "addendum_to": None}
    return notes.new_draft(session, kari.id, "note", "e-1", body)


def test_a_draft_is_durable_from_its_first_word(session: Session, kari: Patient) -> None:
    draft = notes.save_draft(session, replace(_draft(session, kari), body={"text": "Sov"}))
    with session.beside() as other:
        assert notes.draft(other, draft.id) == draft
    assert outbox_rows(session.database) == []


def test_saving_tells_when_it_was_saved(session: Session, kari: Patient, clock: FixedClock) -> None:
    draft = _draft(session, kari)
    clock.advance(timedelta(seconds=1))
    assert notes.save_draft(session, draft).saved_at == START + timedelta(seconds=1)


def test_only_a_form_that_was_never_left_counts_as_interrupted(
    session: Session, kari: Patient
) -> None:
    crashed, left = _draft(session, kari), _draft(session, kari)
    notes.close_draft(session, left.id)
    (row,) = notes.interrupted_drafts(session)
    assert (row.draft.id, row.patient) == (crashed.id, kari)
    assert {found.draft.id for found in notes.drafts(session, kari.id)} == {crashed.id, left.id}


def test_a_draft_goes_only_when_it_is_discarded(session: Session, kari: Patient) -> None:
    draft = _draft(session, kari)
    changes = notes.discard_draft(session, draft.id)
    assert notes.drafts(session) == []
    assert changes.touches(patient_id=kari.id, kinds=frozenset({"draft"}))
    assert audit.lines(session.database)[0].action == "discard"
    assert notes.discard_draft(session, draft.id).changes == ()


def test_a_late_autosave_does_not_bring_a_draft_back(session: Session, kari: Patient) -> None:
    signed, discarded = _draft(session, kari), _draft(session, kari)
    notes.sign(session, signed.id)
    notes.discard_draft(session, discarded.id)
    for draft in (signed, discarded):
        with pytest.raises(DraftGoneError):
            notes.save_draft(session, draft)
    assert notes.drafts(session) == []


def test_a_sync_leaves_drafts_alone(session: Session, kari: Patient) -> None:
    draft = _draft(session, kari)
    receive(session, replace(kari, phone="400 00 000"))
    inbox.apply_page(
        session.database, [], cursor="z", complete=True, now=START, ended_patients=[kari.id]
    )
    assert notes.draft(session, draft.id) == draft
    assert [row.draft.id for row in notes.drafts(session)] == [draft.id]


def test_signing_turns_the_draft_into_a_note_of_the_same_id(
    session: Session, kari: Patient
) -> None:
    draft = _draft(session, kari)
    changes = notes.sign(session, draft.id)
    note = records.get(session.database, Note, draft.id)
    assert note == Note(
        draft.id, kari.id, ME.id, "visit", "Sov dårlig.", START, START, "d-1", 1, "e-1"
    )
    assert changes.created_id == draft.id
    assert notes.drafts(session) == []
    assert outbox_rows(session.database) == [("note", draft.id)]


def test_signing_twice_is_one_note(session: Session, kari: Patient) -> None:
    draft = _draft(session, kari)
    notes.sign(session, draft.id)
    assert notes.sign(session, draft.id).created_id == draft.id
    assert len(notes.for_patient(session, kari.id)) == 1


def test_an_empty_note_is_not_signed_and_its_draft_stays(session: Session, kari: Patient) -> None:
    draft = _draft(session, kari, "Formål:\n\nVurdering:\n")
    with pytest.raises(NoteError, match="empty"):
        notes.sign(session, draft.id)
    assert notes.draft(session, draft.id) == draft
    assert outbox_rows(session.database) == []


def test_a_draft_of_another_form_is_not_signed(session: Session, kari: Patient) -> None:
    draft = notes.new_draft(session, kari.id, "screening", None, {"text": "ord"})
    with pytest.raises(DraftGoneError):
        notes.sign(session, draft.id)
    assert notes.draft(session, draft.id) == draft


def test_an_addendum_is_dated_and_shows_both(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    draft = _draft(session, kari)
    notes.sign(session, draft.id)
    clock.advance(timedelta(days=1))
    first = notes.addendum(session, draft.id, "Rettelse: sov godt.").created_id
    clock.advance(timedelta(days=1))
    assert first is not None
    second = notes.addendum(session, first, "Bekreftet av pårørende.").created_id

    (view,) = notes.for_patient(session, kari.id)
    assert view.note.text == "Sov dårlig."
    assert [addendum.note.id for addendum in view.addenda] == [first, second]
    assert [addendum.note.signed_at for addendum in view.addenda] == [
        START + timedelta(days=1),
        START + timedelta(days=2),
    ]
    assert {addendum.note.addendum_to for addendum in view.addenda} == {draft.id}


def test_an_addendum_can_be_drafted_too(session: Session, kari: Patient) -> None:
    signed = _draft(session, kari)
    notes.sign(session, signed.id)
    body = {"template": "visit", "text": "Rettelse.", "addendum_to": signed.id}
    draft = notes.new_draft(session, kari.id, "note", None, body)
    notes.sign(session, draft.id)
    (view,) = notes.for_patient(session, kari.id)
    assert [addendum.note.id for addendum in view.addenda] == [draft.id]


def test_an_addendum_needs_words_and_a_note(session: Session, kari: Patient) -> None:
    draft = _draft(session, kari)
    notes.sign(session, draft.id)
    with pytest.raises(NoteError, match="empty"):
        notes.addendum(session, draft.id, "  \n")
    with pytest.raises(NotFoundError):
        notes.addendum(session, "no-such-note", "Rettelse.")


def test_an_addendum_whose_note_is_not_here_stands_by_itself(
    session: Session, kari: Patient
) -> None:
    lonely = Note("n-2", kari.id, COLLEAGUE.id, "visit", "Rettelse.", START, START, "d-2", 1)
    receive(session, replace(lonely, addendum_to="n-1"))
    (view,) = notes.for_patient(session, kari.id)
    assert (view.note.id, view.author_name) == ("n-2", "Ola Åsen")
