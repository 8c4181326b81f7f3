"""Scores, zones and cut-offs of AUDIT and DUDIT, and what is said when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.medication import ObservedState
from fieldapp.domain.screening.flow import AnswerError
from fieldapp.domain.screening.instruments import Instrument, load_instrument
from fieldapp.domain.screening.scoring import UNAFFECTED, Reliability, Score, score

INSTRUMENTS = Path(__file__).parents[4] / "resources" / "instruments"
AUDIT = load_instrument((INSTRUMENTS / "audit.json").read_text("utf-8"))
DUDIT = load_instrument((INSTRUMENTS / "dudit.json").read_text("utf-8"))


def answers_worth(instrument: Instrument, total: int) -> dict[str, int]:
    """Return complete answers with this total, highest points first in the list."""
    answers: dict[str, int] = {}
    for item in instrument.items:
        fitting = [option.value for option in item.options if option.value <= total]
        answers[item.id] = max(fitting)
        total -= answers[item.id]
    assert total == 0
    return answers


def all_zero(instrument: Instrument, **changed: int) -> dict[str, int]:
    return {item.id: 0 for item in instrument.items} | {
        name.removeprefix("item_"): value for name, value in changed.items()
    }


def cutoffs_shown(outcome: Score, code: str) -> list[tuple[str | None, int, bool]]:
    return [
        (result.threshold.norm_set, result.threshold.at_least, result.reached)
        for result in outcome.results
        if result.code == code
    ]


@pytest.mark.parametrize(
    ("total", "zone"),
    [
        (0, "zone_1"),
        (7, "zone_1"),
        (8, "zone_2"),
        (15, "zone_2"),
        (16, "zone_3"),
        (19, "zone_3"),
        (20, "zone_4"),
        (40, "zone_4"),
    ],
)
def test_the_audit_zones_begin_and_end_where_they_should(total: int, zone: str) -> None:
    outcome = score(AUDIT, answers_worth(AUDIT, total))
    assert (outcome.total, outcome.band) == (total, zone)


@pytest.mark.parametrize(
    ("norm_set", "age", "expected"),
    [
        ("male", 40, [("male", 8, False)]),
        ("male", 65, [("male", 8, False)]),
        ("male", 66, [("male", 7, True)]),
        ("female", 40, [("female", 7, True)]),
        ("male", None, [("male", 8, False), ("male", 7, True)]),
        (None, 40, [("male", 8, False), ("female", 7, True)]),
    ],
)
def test_the_audit_cut_off_depends_on_norm_set_and_age(
    norm_set: str | None, age: int | None, expected: list[tuple[str | None, int, bool]]
) -> None:
    outcome = score(AUDIT, answers_worth(AUDIT, 7), norm_set, age)
    assert cutoffs_shown(outcome, "risky_use") == expected


@pytest.mark.parametrize(
    ("answers", "findings", "offered"),
    [
        (all_zero(AUDIT), (), "zone_1"),
        (all_zero(AUDIT, item_1=4), (), "zone_1"),
        (all_zero(AUDIT, item_3=1), ("consumption",), "zone_1"),
        (all_zero(AUDIT, item_5=1), ("dependence_signs",), "zone_1"),
        (all_zero(AUDIT, item_5=2), ("dependence_signs", "raise_level"), "zone_2"),
        (all_zero(AUDIT, item_10=2), ("harm",), "zone_1"),
        (all_zero(AUDIT, item_10=4), ("harm", "raise_level"), "zone_2"),
    ],
)
def test_single_audit_answers_speak_whatever_the_total(
    answers: dict[str, int], findings: tuple[str, ...], offered: str
) -> None:
    outcome = score(AUDIT, answers)
    assert outcome.findings == findings
    assert outcome.band == "zone_1"
    assert outcome.offered_band == offered


def test_the_highest_zone_is_not_raised_further() -> None:
    outcome = score(AUDIT, answers_worth(AUDIT, 40))
    assert "raise_level" in outcome.findings
    assert outcome.offered_band == "zone_4"


@pytest.mark.parametrize(
    ("norm_set", "age", "total", "band"),
    [
        ("male", 40, 5, "below_cutoff"),
        ("male", 40, 6, "probable_problem"),
        ("female", 40, 1, "below_cutoff"),
        ("female", 40, 2, "probable_problem"),
        ("male", 20, 6, "below_cutoff"),
        ("male", 20, 7, "probable_problem"),
        ("female", 20, 2, "below_cutoff"),
        ("female", 25, 3, "probable_problem"),
        ("female", 26, 2, "probable_problem"),
        ("male", 40, 24, "probable_problem"),
        ("male", 40, 25, "probable_dependence"),
        (None, None, 25, "probable_dependence"),
        (None, None, 1, "below_cutoff"),
        (None, None, 7, "probable_problem"),
    ],
)
def test_the_dudit_bands_follow_norm_set_and_age(
    norm_set: str | None, age: int | None, total: int, band: str
) -> None:
    assert score(DUDIT, answers_worth(DUDIT, total), norm_set, age).band == band


def test_an_unknown_norm_set_shows_both_cut_offs_and_claims_no_band() -> None:
    outcome = score(DUDIT, answers_worth(DUDIT, 4), None, 40)
    assert outcome.band is None
    assert outcome.possible_bands == ("below_cutoff", "probable_problem")
    assert cutoffs_shown(outcome, "probable_problem") == [
        ("male", 6, False),
        ("female", 2, True),
    ]


def test_no_band_is_claimed_for_an_age_without_a_known_cut_off() -> None:
    outcome = score(DUDIT, answers_worth(DUDIT, 4), "male", 14)
    assert outcome.band is None
    assert outcome.possible_bands == ()


def test_missing_items_give_a_range_and_no_band() -> None:
    outcome = score(AUDIT, {"1": 3, "2": 2, "4": 2}, "male", 40)
    assert not outcome.complete
    assert (outcome.sum_so_far, outcome.lowest, outcome.highest) == (7, 7, 35)
    assert outcome.missing == ("3", "5", "6", "7", "8", "9", "10")
    assert (outcome.band, outcome.results, outcome.offered_band) == (None, (), None)
    assert "raise_level" in outcome.findings


def test_the_score_names_the_definition_it_was_made_with() -> None:
    outcome = score(DUDIT, all_zero(DUDIT))
    assert (outcome.instrument, outcome.instrument_version) == ("dudit", "1")
    assert outcome.language == "nb"
    assert outcome.scoring_hash == DUDIT.scoring_hash


@pytest.mark.parametrize(
    ("state", "reliability"),
    [
        (None, Reliability.NOT_RECORDED),
        (ObservedState.UNAFFECTED, Reliability.USUAL),
        (ObservedState.POSSIBLY_AFFECTED, Reliability.REDUCED),
        (ObservedState.INTOXICATED, Reliability.REDUCED),
        (ObservedState.SEDATED, Reliability.REDUCED),
    ],
)
def test_the_state_at_completion_marks_the_reliability(
    state: ObservedState | None, reliability: Reliability
) -> None:
    outcome = score(AUDIT, all_zero(AUDIT), state_at_completion=state)
    assert outcome.reliability is reliability
    assert ObservedState.UNAFFECTED.value == UNAFFECTED


def test_an_answer_that_does_not_exist_is_never_summed() -> None:
    with pytest.raises(AnswerError):
        score(AUDIT, {"9": 3})
    with pytest.raises(ValueError, match="norm set"):
        score(AUDIT, {}, norm_set="unknown")


@st.composite
def partial_answers(draw: st.DrawFn, instrument: Instrument) -> dict[str, int]:
    answered = draw(st.sets(st.sampled_from([item.id for item in instrument.items])))
    return {
        item.id: draw(st.sampled_from([option.value for option in item.options]))
        for item in instrument.items
        if item.id in answered
    }


@given(st.sampled_from([AUDIT, DUDIT]).flatmap(lambda i: st.tuples(st.just(i), partial_answers(i))))
def test_a_partial_score_always_encloses_what_completing_it_gives(
    case: tuple[Instrument, dict[str, int]],
) -> None:
    instrument, answers = case
    partial = score(instrument, answers)
    for fill in (0, 4):
        complete = {item.id: answers.get(item.id, fill) for item in instrument.items}
        total = score(instrument, complete).total
        assert total is not None
        assert partial.lowest <= total <= partial.highest
    assert partial.complete == (partial.lowest == partial.highest)
