"""The score of a questionnaire: a total or a range, and what it means with its sources.

Missing answers are never made up: without all of them there is a range and no band.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fieldapp.domain.screening.flow import check_answers
from fieldapp.domain.screening.instruments import (
    NORM_SETS,
    Criterion,
    FindingRule,
    Instrument,
    Threshold,
)


class Reliability(StrEnum):
    """How far the answers can be trusted, from the person's state while answering."""

    USUAL = "usual"
    REDUCED = "reduced"
    NOT_RECORDED = "not_recorded"


UNAFFECTED = "unaffected"
"""The one observed state (see fieldapp.domain.medication.ObservedState) that casts no doubt."""


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One threshold held against the total. ``threshold`` carries its source and group."""

    code: str
    label: str
    threshold: Threshold
    reached: bool


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome for one set of answers.

    ``total`` is None while items are missing; ``sum_so_far`` and the range ``lowest``..``highest``
    then hold. ``band`` is None when it is incomplete or when it depends on a norm set or an age
    that is not known; ``possible_bands`` then names all that fit, and ``results`` shows every
    threshold that may apply. ``offered_band`` is the band whose intervention is offered: one above
    ``band`` when a finding raises the level.
    """

    instrument: str
    instrument_version: str
    language: str
    scoring_hash: str
    norm_set: str | None
    age: int | None
    total: int | None
    sum_so_far: int
    lowest: int
    highest: int
    missing: tuple[str, ...]
    band: str | None
    possible_bands: tuple[str, ...]
    offered_band: str | None
    results: tuple[CriterionResult, ...]
    findings: tuple[str, ...]
    reliability: Reliability

    @property
    def complete(self) -> bool:
        return self.total is not None


def score(
    instrument: Instrument,
    answers: Mapping[str, int],
    norm_set: str | None = None,
    age: int | None = None,
    state_at_completion: str | None = None,
) -> Score:
    """Score ``answers`` (item id -> value; see flow.effective_answers for what was left out).

    ``norm_set`` is "female", "male" or None when not known or not chosen; it is never derived
    from an identity number. ``age`` is in whole years. Raises AnswerError for an answer that does
    not belong, and ValueError for a norm set that does not exist.
    """
    if norm_set is not None and norm_set not in NORM_SETS:
        raise ValueError("unknown norm set")
    check_answers(instrument, answers)
    missing = [item for item in instrument.items if item.id not in answers]
    sum_so_far = sum(answers.values())
    total = None if missing else sum_so_far
    possible = _possible_bands(instrument, total, norm_set, age)
    band = possible[0] if len(possible) == 1 else None
    met = [rule for rule in instrument.findings if _met(rule, answers)]
    return Score(
        instrument=instrument.id,
        instrument_version=instrument.version,
        language=instrument.language,
        scoring_hash=instrument.scoring_hash,
        norm_set=norm_set,
        age=age,
        total=total,
        sum_so_far=sum_so_far,
        lowest=sum_so_far + sum(item.lowest for item in missing),
        highest=sum_so_far + sum(item.highest for item in missing),
        missing=tuple(item.id for item in missing),
        band=band,
        possible_bands=possible,
        offered_band=_offered(instrument, band, met),
        results=_results(instrument, total, norm_set, age),
        findings=tuple(rule.code for rule in met),
        reliability=reliability(state_at_completion),
    )


def reliability(state_at_completion: str | None) -> Reliability:
    """Say how far answers given in this state (an ObservedState value) can be trusted."""
    if state_at_completion is None:
        return Reliability.NOT_RECORDED
    return Reliability.USUAL if state_at_completion == UNAFFECTED else Reliability.REDUCED


def _possible_bands(
    instrument: Instrument, total: int | None, norm_set: str | None, age: int | None
) -> tuple[str, ...]:
    """Return every band the total may fall in, given what is not known about the person."""
    if total is None:
        return ()
    found: list[str] = []
    for known_norm_set in [norm_set] if norm_set else NORM_SETS:
        for known_age in [age] if age is not None else _telling_ages(instrument):
            reached = _highest_reached(instrument.bands, total, known_norm_set, known_age)
            if reached is not None:
                found.append(reached)
    return tuple(band.code for band in instrument.bands if band.code in found)


def _telling_ages(instrument: Instrument) -> list[int | None]:
    """Return one age of every group that some threshold tells apart."""
    limits: set[int] = set()
    for band in instrument.bands:
        for threshold in band.thresholds:
            limits.update(
                limit
                for limit in (threshold.minimum_age, threshold.maximum_age)
                if limit is not None
            )
    return [*sorted(limits)] or [None]


def _highest_reached(
    bands: tuple[Criterion, ...], total: int, norm_set: str, age: int | None
) -> str | None:
    reached = None
    for band in bands:
        applying = [limit for limit in band.thresholds if limit.may_apply(norm_set, age)]
        if not applying:
            # No limit is known for this group: neither this band nor a lower one may be claimed,
            # unless a higher one, which applies to everybody, is reached.
            reached = None
        elif any(total >= limit.at_least for limit in applying):
            reached = band.code
    return reached


def _results(
    instrument: Instrument, total: int | None, norm_set: str | None, age: int | None
) -> tuple[CriterionResult, ...]:
    if total is None:
        return ()
    return tuple(
        CriterionResult(rule.code, rule.label, threshold, total >= threshold.at_least)
        for rule in (*instrument.bands, *instrument.cutoffs)
        for threshold in rule.thresholds
        if threshold.at_least > 0 and threshold.may_apply(norm_set, age)
    )


def _met(rule: FindingRule, answers: Mapping[str, int]) -> bool:
    return any(
        answers.get(item_id, 0) >= condition.at_least
        for condition in rule.conditions
        for item_id in condition.items
    )


def _offered(instrument: Instrument, band: str | None, met: list[FindingRule]) -> str | None:
    if band is None:
        return None
    codes = [entry.code for entry in instrument.bands]
    position = codes.index(band)
    if any(rule.raises_level for rule in met):
        position = min(position + 1, len(codes) - 1)
    return codes[position]
