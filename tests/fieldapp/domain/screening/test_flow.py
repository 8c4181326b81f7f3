"""The order of questions: skipping is offered, and undone when its ground falls away."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.screening.flow import (
    AnswerError,
    check_answers,
    effective_answers,
    missing_items,
    skip_offer,
)
from fieldapp.domain.screening.instruments import load_instrument

INSTRUMENTS = Path(__file__).parents[4] / "resources" / "instruments"
AUDIT = load_instrument((INSTRUMENTS / "audit.json").read_text("utf-8"))
DUDIT = load_instrument((INSTRUMENTS / "dudit.json").read_text("utf-8"))


def test_questions_come_in_order_and_an_unanswered_one_is_returned_to() -> None:
    assert missing_items(AUDIT, {}) == AUDIT.items
    assert [item.id for item in missing_items(AUDIT, {"1": 2, "3": 1})][:2] == ["2", "4"]


def test_never_on_the_first_question_offers_to_go_to_the_last_two() -> None:
    offer = skip_offer(AUDIT, {"1": 0})
    assert offer is not None
    assert offer.code == "never_drinks"
    assert [item.id for item in missing_items(AUDIT, {"1": 0}, {"never_drinks"})] == ["9", "10"]


def test_an_offer_is_not_forced() -> None:
    assert missing_items(AUDIT, {"1": 0})[0].id == "2"
    assert skip_offer(AUDIT, {"1": 0}, declined={"never_drinks"}) is None


def test_low_consumption_offers_the_second_skip() -> None:
    offer = skip_offer(AUDIT, {"1": 2, "2": 0, "3": 0})
    assert offer is not None
    assert offer.code == "low_consumption"
    assert skip_offer(AUDIT, {"1": 2, "2": 0, "3": 1}) is None
    assert skip_offer(AUDIT, {"1": 2, "2": 0}) is None


def test_nothing_is_offered_when_nothing_would_be_saved() -> None:
    answers = {str(number): 0 for number in range(1, 9)}
    assert skip_offer(AUDIT, answers) is None


def test_what_a_skip_filled_in_falls_away_when_the_first_answer_is_changed() -> None:
    accepted = {"never_drinks"}
    assert missing_items(AUDIT, {"1": 0, "9": 2, "10": 0}, accepted) == ()
    assert len(missing_items(AUDIT, {"1": 3, "9": 2, "10": 0}, accepted)) == 7


def test_a_given_answer_outlives_an_accepted_skip() -> None:
    filled = effective_answers(AUDIT, {"1": 0, "7": 3}, {"never_drinks"})
    assert filled["7"] == 3
    assert filled["6"] == 0


def test_an_unknown_item_or_value_is_refused() -> None:
    with pytest.raises(AnswerError) as unknown_item:
        check_answers(AUDIT, {"11": 0})
    with pytest.raises(AnswerError) as unknown_value:
        check_answers(DUDIT, {"10": 1})
    assert unknown_item.value.code == "unknown_item"
    assert unknown_value.value.code == "unknown_value"


@given(st.data())
def test_answering_what_is_asked_always_ends(data: st.DataObject) -> None:
    answers: dict[str, int] = {}
    accepted: set[str] = set()
    declined: set[str] = set()
    for _ in range(20):
        offer = skip_offer(AUDIT, answers, accepted, declined)
        if offer is not None:
            (accepted if data.draw(st.booleans()) else declined).add(offer.code)
        missing = missing_items(AUDIT, answers, accepted)
        if not missing:
            break
        item = missing[0]
        answers[item.id] = data.draw(st.sampled_from([option.value for option in item.options]))
    assert missing_items(AUDIT, answers, accepted) == ()
    assert list(effective_answers(AUDIT, answers, accepted)) == [item.id for item in AUDIT.items]
