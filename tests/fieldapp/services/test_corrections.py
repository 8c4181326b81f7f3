"""A marked entry is blocked at once: its words are its author's, and a dose asks a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.corrections import CorrectionError
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.patients import Patient, Role
from fieldapp.domain.readiness import Code, Light
from fieldapp.services import (
    adverse_events,
    communications,
    corrections,
    deviation,
    medication,
    naloxone,
    notes,
    own_log,
    patients,
    rapid_tests,
    screening,
)
from fieldapp.services.rights import NotAllowedError
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import audit
from tests.fieldapp.services.test_handouts import order as order
from tests.helpers.builders import COLLEAGUE, assignment, entry, patient, receive, request
from tests.helpers.claims import grant

WORDS = "Marihøna sover i grøfta"
WHY = "Gjelder naboen"


def of(session: Session, **user: Any) -> Session:
    """The same store in another's hands."""
    return replace(session, user=replace(session.user, **user))


def colleague(session: Session) -> Session:
    return of(session, id=COLLEAGUE.id)


def signed(session: Session, kari: Patient, text: str = WORDS) -> str:
    body = {"template": "visit", "text": text, "addendum_to": None}
    draft = notes.new_draft(session, kari.id, "note", None, body)
    return str(notes.sign(session, draft.id).created_id)


def all_text(session: Session, patient_id: str) -> str:
    """Everything that the services tell of what was written about a patient."""
    found: list[object] = [
        *patients.timeline(session, patient_id),
        *notes.for_patient(session, patient_id),
        *screening.history(session, patient_id),
        *rapid_tests.history(session, patient_id),
        *communications.for_patient(session, patient_id),
        *naloxone.for_patient(session, patient_id),
        *adverse_events.for_patient(session, patient_id),
    ]
    return "\n".join(map(repr, found))


def test_a_marked_note_is_read_by_its_author_and_by_whoever_decides_alone(
    session: Session, kari: Patient
) -> None:
    note_id = signed(session, kari)
    assert WORDS in all_text(colleague(session), kari.id)
    corrections.mark(colleague(session), "note", note_id, WHY)
    assert WORDS in all_text(session, kari.id)
    other = all_text(colleague(session), kari.id)
    assert WORDS not in other
    assert WHY not in other, "why it was marked may tell what it says"
    (line,) = patients.timeline(colleague(session), kari.id)
    assert (line.kind, line.blocked, line.hidden) == ("note", True, True)
    assert (line.title_code, line.detail) == ("", {})
    (view,) = notes.for_patient(colleague(session), kari.id)
    assert (view.note.text, view.hidden, view.blocked) == ("", True, True)


def test_the_additions_to_a_blocked_note_are_blocked_with_it(
    session: Session, kari: Patient
) -> None:
    note_id = signed(session, kari, "Første")
    notes.addendum(session, note_id, WORDS)
    corrections.mark(session, "note", note_id, WHY)
    assert WORDS not in all_text(colleague(session), kari.id)
    assert WORDS in all_text(session, kari.id)
    with pytest.raises(CorrectionError) as caught:
        notes.addendum(session, note_id, "Enda mer")
    assert caught.value.code == "correction_blocked"


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (
            "adverse_event",
            lambda s, p: adverse_events.save(s, adverse_events.OverdoseEntry("e-1", p, WORDS)),
        ),
    ],
)
def test_every_list_leaves_a_blocked_entry_out(
    session: Session, kari: Patient, kind: str, make: Callable[[Session, str], Any]
) -> None:
    record_id = str(make(session, kari.id).created_id or "e-1")
    assert WORDS in all_text(colleague(session), kari.id)
    corrections.mark(session, kind, record_id, WHY)
    assert WORDS not in all_text(colleague(session), kari.id)
    with pytest.raises(NotFoundError):
        adverse_events.get(colleague(session), record_id)


def test_a_marked_dose_counts_and_the_light_asks_a_person(
    session: Session, kari: Patient, order: MedicationRequest
) -> None:
    medication.record(session, entry(order))
    (given,) = medication.history(session, kari.id)
    other = patient("Berg", "Ola")
    receive(session, other, assignment(other))
    theirs = request(other)
    receive(session, theirs)
    grant(session, theirs)
    slot = medication.day_slots(session, session.today())
    kari_slot = next(one for who, one in slot if who.id == kari.id)
    ola_slot = next(one for who, one in slot if who.id == other.id)
    before = medication.verdict(session, ola_slot.slot)
    assert Code.MARKED_DOSE.value not in before.codes

    corrections.mark(session, "medication_administration", given.event.id, WHY, other.id)

    mine = medication.verdict(session, kari_slot.slot)
    assert Code.GIVEN.value in mine.codes, "it keeps counting"
    assert Code.MARKED_DOSE.value in mine.codes
    ola = medication.verdict(session, ola_slot.slot)
    assert ola.light is not Light.GREEN, "it may have been theirs"
    assert Code.MARKED_DOSE.value in ola.codes
    (view,) = medication.history(colleague(session), kari.id)
    assert view.hidden
    with pytest.raises(CorrectionError):
        deviation.facts(session, given.event.id)


def test_a_mark_needs_words_an_entry_and_a_right(session: Session, kari: Patient) -> None:
    note_id = signed(session, kari)
    with pytest.raises(CorrectionError) as caught:
        corrections.mark(session, "note", note_id, "  ")
    assert caught.value.code == "correction_words"
    with pytest.raises(CorrectionError) as caught:
        corrections.mark(session, "patient", kari.id, WHY)
    assert caught.value.code == "correction_kind"
    with pytest.raises(NotFoundError):
        corrections.mark(session, "note", "n-unknown", WHY)
    with pytest.raises(CorrectionError) as caught:
        corrections.mark(session, "note", note_id, WHY, "p-elsewhere")
    assert caught.value.code == "correction_right_patient"
    with pytest.raises(NotAllowedError):
        corrections.mark(of(session, role=Role.SECRETARY), "note", note_id, WHY)
    first = corrections.mark(session, "note", note_id, WHY).created_id
    assert corrections.mark(session, "note", note_id, "Igjen").created_id == first
    assert [line.action for line in audit.lines(session.database)][0] == "mark_wrong_patient"


def test_every_page_that_shows_a_patient_is_an_opening_with_its_reason(
    session: Session, kari: Patient
) -> None:
    for place in ("patient", "visit", "screening", "rapid_test", "handout"):
        patients.opened(session, kari.id, place)
    lines = audit.lines(session.database, kari.id)
    assert [line.kind for line in reversed(lines)] == [
        *("patient", "visit", "screening", "rapid_test", "handout")
    ]
    assert {line.reason for line in lines} == {AccessReason.TREAT.value}


def test_one_reads_ones_own_lines_and_nobody_elses(session: Session, kari: Patient) -> None:
    patients.opened(session, kari.id, "visit")
    patients.opened(colleague(session), kari.id)
    (line,) = own_log.lines(session)
    assert (line.action, line.kind, line.patient_name) == ("open", "visit", kari.name)
    before = len(audit.lines(session.database))
    own_log.lines(session)
    assert len(audit.lines(session.database)) == before
