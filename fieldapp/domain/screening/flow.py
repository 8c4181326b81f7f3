"""Which question comes next, what may be left out, and whether everything is answered.

Skipping is offered, never forced: an accepted rule is remembered by its code, and what it fills in
falls away by itself when the answer that allowed it is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fieldapp.domain.screening.instruments import Instrument, Item, SkipRule

Answers = Mapping[str, int]


class AnswerError(ValueError):
    """An answer does not belong to the instrument; codes: unknown_item, unknown_value."""

    def __init__(self, code: str, item_id: str) -> None:
        super().__init__(f"{code}: item {item_id}")
        self.code = code
        self.item_id = item_id


def check_answers(instrument: Instrument, answers: Answers) -> None:
    """Raise AnswerError for an item or a value that the instrument does not have."""
    for item_id, value in answers.items():
        item = instrument.item(item_id)
        if item is None:
            raise AnswerError("unknown_item", item_id)
        if type(value) is not int or item.option(value) is None:
            raise AnswerError("unknown_value", item_id)


def effective_answers(
    instrument: Instrument, answers: Answers, accepted: Collection[str] = ()
) -> dict[str, int]:
    """Return the answers with 0 for what accepted skip rules leave out, in the items' order.

    An item that was answered keeps its answer, whatever was accepted.
    """
    check_answers(instrument, answers)
    skipped: set[str] = set()
    for rule in instrument.skips:
        if rule.code in accepted and _holds(rule, answers):
            skipped.update(rule.skips)
    return {
        item.id: answers.get(item.id, 0)
        for item in instrument.items
        if item.id in answers or item.id in skipped
    }


def missing_items(
    instrument: Instrument, answers: Answers, accepted: Collection[str] = ()
) -> tuple[Item, ...]:
    """Return the items without an answer, in order."""
    answered = effective_answers(instrument, answers, accepted)
    return tuple(item for item in instrument.items if item.id not in answered)


def skip_offer(
    instrument: Instrument,
    answers: Answers,
    accepted: Collection[str] = (),
    declined: Collection[str] = (),
) -> SkipRule | None:
    """Return the rule to offer now: it holds, was not answered yet, and would save a question."""
    missing = {item.id for item in missing_items(instrument, answers, accepted)}
    for rule in instrument.skips:
        if rule.code in accepted or rule.code in declined:
            continue
        if _holds(rule, answers) and missing.intersection(rule.skips):
            return rule
    return None


def _holds(rule: SkipRule, answers: Answers) -> bool:
    return all(answers.get(item_id) == 0 for item_id in rule.when_zero)
