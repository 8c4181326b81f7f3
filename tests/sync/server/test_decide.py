"""What becomes of a pushed change, decided without any storage."""

from __future__ import annotations

from typing import Any

import pytest

from fieldapp.domain.codec import to_body
from sync.protocol.messages import Outcome
from sync.server.decide import Decision, Held, decide, problem_of
from sync.server.policy import Admission, Reach, admit
from tests.sync.server.team import flag, note, patient

FLAG = to_body(flag())
NOTE = to_body(note())


def held(body: dict[str, Any], version: int = 5) -> Held:
    return Held("p1", version, body)


def edit(incoming: dict[str, Any], server: dict[str, Any], base: dict[str, Any] | None) -> Decision:
    return decide("contact", "p1", incoming, held(server), base)


def test_a_new_record_is_accepted() -> None:
    assert decide("note", "p1", NOTE, None, None) == Decision(Outcome.ACCEPTED, store=NOTE)


def test_the_same_event_again_is_repeated() -> None:
    decision = decide("note", "p1", dict(NOTE), held(NOTE), None)
    assert decision == Decision(Outcome.REPEATED)


def test_an_event_with_another_body_is_a_conflict_and_never_stored() -> None:
    decision = decide("note", "p1", {**NOTE, "text": "Annet"}, held(NOTE), None)
    assert decision == Decision(Outcome.CONFLICT, reason="event_differs")


def test_one_and_true_are_not_the_same_body() -> None:
    stored = {**NOTE, "later": 1}
    assert decide("note", "p1", {**NOTE, "later": True}, held(stored), None).outcome is (
        Outcome.CONFLICT
    )


def test_an_edit_of_the_newest_version_is_accepted() -> None:
    edited = {**FLAG, "text": "Penicillin og sulfa"}
    assert edit(edited, FLAG, FLAG) == Decision(Outcome.ACCEPTED, store=edited)


def test_edits_of_different_fields_are_joined() -> None:
    decision = edit({**FLAG, "text": "Ny"}, {**FLAG, "active": False}, FLAG)
    assert decision == Decision(Outcome.MERGED, store={**FLAG, "text": "Ny", "active": False})


def test_edits_of_the_same_field_wait_for_a_person() -> None:
    decision = edit({**FLAG, "text": "Min"}, {**FLAG, "text": "Din"}, FLAG)
    assert decision == Decision(Outcome.CONFLICT, reason="same_field:text")


def test_critical_information_changed_on_both_sides_always_waits_for_a_person() -> None:
    mine, theirs = {**FLAG, "text": "Ny"}, {**FLAG, "active": False}
    decision = decide("flag", "p1", mine, held(theirs), FLAG)
    assert decision == Decision(Outcome.CONFLICT, reason="same_field:active,text")


def test_an_edit_that_is_already_here_stores_nothing() -> None:
    server = {**FLAG, "text": "Ny", "active": False}
    assert edit({**FLAG, "text": "Ny"}, server, FLAG) == Decision(Outcome.MERGED)


def test_without_the_base_every_difference_is_a_conflict() -> None:
    decision = edit({**FLAG, "text": "Min"}, FLAG, None)
    assert decision == Decision(Outcome.CONFLICT, reason="same_field:text")


def test_a_field_that_an_older_laptop_does_not_know_survives_its_edit() -> None:
    newer = {**FLAG, "later": "verdi"}
    decision = edit({**FLAG, "text": "Ny"}, newer, newer)
    assert decision.store == {**newer, "text": "Ny"}


def test_a_record_never_moves_to_another_patient() -> None:
    decision = decide("flag", "p2", FLAG, held(FLAG), FLAG)
    assert decision == Decision(Outcome.REFUSED, reason="other_patient")


@pytest.mark.parametrize(
    ("kind", "record_id", "patient_id", "body", "problem"),
    [
        ("note", "n1", "p1", NOTE, None),
        ("patient", "p1", "p1", to_body(patient()), None),
        ("invented", "x", "p1", {"anything": [1, {"å": None}]}, None),
        ("note", "n1", "p1", {**NOTE, "later": 1.5}, None),
        ("note", "n2", "p1", NOTE, "bad_body:id"),
        ("note", "n1", "p2", NOTE, "bad_body:patient_id"),
        ("patient", "p1", None, to_body(patient()), "bad_body:patient_id"),
        ("note", "n1", "p1", {**NOTE, "text": 7}, "bad_body:text"),
        ("note", "n1", "p1", {"id": "n1"}, "bad_body:patient_id"),
        ("invented", "x", "p1", {"x": float("nan")}, "bad_body:json"),
        ("invented", "x", "p1", {"x": "\ud800"}, "bad_body:json"),
        ("invented", "x\x00", "p1", {}, "bad_id"),
    ],
)
def test_a_body_that_cannot_be_its_kind_is_named(
    kind: str, record_id: str, patient_id: str | None, body: dict[str, Any], problem: str | None
) -> None:
    assert problem_of(kind, record_id, patient_id, body) == problem


@pytest.mark.parametrize(
    ("kind", "reach", "admission"),
    [
        ("flag", Reach.ASSIGNED, Admission.WELCOME),
        ("flag", Reach.FORMERLY, Admission.FLAGGED),
        ("flag", Reach.NEVER, Admission.NOT_ASSIGNED),
        ("note", Reach.NEVER, Admission.FLAGGED),
        ("medication_administration", Reach.NEVER, Admission.FLAGGED),
        ("encounter", Reach.NEVER, Admission.FLAGGED),
        ("kind-of-later", Reach.NEVER, Admission.FLAGGED),
        ("assignment", Reach.ASSIGNED, Admission.SERVER_OWNED),
        ("medication_request", Reach.ASSIGNED, Admission.SERVER_OWNED),
    ],
)
def test_what_has_happened_is_never_refused_for_lack_of_reach(
    kind: str, reach: Reach, admission: Admission
) -> None:
    assert admit(kind, reach, new_patient=False) is admission


def test_anyone_may_register_a_patient_whom_the_server_does_not_have() -> None:
    assert admit("patient", Reach.NEVER, new_patient=True) is Admission.WELCOME
    assert admit("patient", Reach.NEVER, new_patient=False) is Admission.NOT_ASSIGNED


@pytest.mark.parametrize("kind", ["paper_sheet", "supply_movement", "witness_statement"])
def test_what_is_the_whole_teams_is_welcome_without_a_patient(kind: str) -> None:
    assert admit(kind, Reach.TEAM, new_patient=False) is Admission.WELCOME


@pytest.mark.parametrize("kind", ["note", "medication_administration", "claim", "of_a_newer_one"])
def test_nothing_else_is_taken_in_without_a_patient(kind: str) -> None:
    assert admit(kind, Reach.TEAM, new_patient=False) is Admission.SERVER_OWNED
