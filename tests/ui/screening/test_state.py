from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fieldapp.domain.notes import Draft
from fieldapp.domain.screening.flow import AnswerError
from fieldapp.services import reference
from ui.screening import state
from ui.screening.state import Form

AUDIT = next(found for found in reference.instruments() if found.id == "audit")


def _form(answers: dict[str, int] | None = None, **body: object) -> Form:
    draft = Draft("d", "p", "screening", {}, datetime(2026, 11, 23, tzinfo=UTC))
    return state.form_of(AUDIT, replace(draft, body={"answers": answers or {}, **body}))


def test_a_new_form_asks_the_first_question() -> None:
    form = _form()
    assert (form.item.id, form.answered, form.at_summary) == ("1", 0, False)


def test_a_stored_form_opens_at_its_first_unanswered_question() -> None:
    assert _form({"1": 2, "2": 1, "4": 0}).item.id == "3"


def test_a_stored_form_with_every_answer_opens_at_the_summary() -> None:
    assert _form({item.id: 0 for item in AUDIT.items}).at_summary


def test_an_answer_goes_on_and_back_shows_it_again() -> None:
    form = state.with_answer(_form(), 3)
    assert form.item.id == "2"
    assert state.back(form).chosen == 3


def test_going_back_from_the_first_question_stays_there() -> None:
    assert state.back(_form()).item.id == "1"


def test_going_on_without_an_answer_leaves_it_unanswered() -> None:
    form = state.forward(_form())
    assert form.item.id == "2"
    assert form.answered == 0


def test_a_skip_is_offered_after_never_and_can_be_taken() -> None:
    form = state.with_answer(_form(), 0)
    assert form.offer is not None
    assert form.offer.code == "never_drinks"
    taken = state.with_skip(form)
    assert taken.item.id == "9"
    assert taken.answered == 8


def test_answering_what_may_be_left_out_declines_the_offer() -> None:
    form = state.with_answer(state.with_answer(_form(), 0), 1)
    assert form.offer is None
    assert form.declined == {"never_drinks"}


def test_the_summary_offers_again_what_was_declined() -> None:
    form = state.without_skip(state.with_answer(_form(), 0))
    assert form.offer is None
    offered = state.at_summary(form).offer
    assert offered is not None
    assert offered.code == "never_drinks"


def test_back_and_forward_pass_over_what_was_left_out() -> None:
    form = state.with_skip(state.with_answer(_form(), 0))
    assert state.back(form).item.id == "1"
    assert state.forward(state.back(form)).item.id == "9"


def test_changing_the_answer_that_allowed_the_skip_asks_the_questions_again() -> None:
    form = state.back(state.with_skip(state.with_answer(_form(), 0)))
    changed = state.with_answer(form, 2)
    assert changed.item.id == "2"
    assert changed.answered == 1


def test_answers_of_another_version_are_refused_and_not_guessed() -> None:
    with pytest.raises(AnswerError):
        _form({"99": 1})
