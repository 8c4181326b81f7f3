"""A questionnaire while it is being answered, as plain values: what is asked, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fieldapp.domain.notes import Draft
from fieldapp.domain.screening import flow
from fieldapp.domain.screening.instruments import Instrument, Item, SkipRule

NOT_CHOSEN = "none"
"""Stands for "no norm set" where a choice needs a value."""


@dataclass(frozen=True, slots=True)
class Form:
    """The answers so far and where in the form one is.

    `position` counts the items from 0; one past the last item is the summary.
    """

    instrument: Instrument
    draft: Draft
    answers: Mapping[str, int]
    accepted: frozenset[str]
    declined: frozenset[str]
    norm_set: str | None
    state: str | None
    position: int

    @property
    def at_summary(self) -> bool:
        return self.position >= len(self.instrument.items)

    @property
    def item(self) -> Item:
        """The item asked now; the last one at the summary."""
        return self.instrument.items[min(self.position, len(self.instrument.items) - 1)]

    @property
    def chosen(self) -> int | None:
        """The answer given to the item asked now."""
        return self.answers.get(self.item.id)

    @property
    def effective(self) -> dict[str, int]:
        """The answers with 0 for what was left out by an accepted rule."""
        return flow.effective_answers(self.instrument, self.answers, self.accepted)

    @property
    def answered(self) -> int:
        """How many items count as answered, left-out ones included."""
        return len(self.effective)

    @property
    def missing(self) -> tuple[Item, ...]:
        return flow.missing_items(self.instrument, self.answers, self.accepted)

    @property
    def offer(self) -> SkipRule | None:
        """What may be left out. The summary offers again what was declined on the way."""
        declined = frozenset() if self.at_summary else self.declined
        return flow.skip_offer(self.instrument, self.answers, self.accepted, declined)


def form_of(instrument: Instrument, draft: Draft) -> Form:
    """Open a stored draft at its first unanswered item. Raises AnswerError when it does not fit."""
    body: Mapping[str, Any] = draft.body
    form = Form(
        instrument=instrument,
        draft=draft,
        answers=dict(body.get("answers") or {}),
        accepted=frozenset(body.get("accepted") or ()),
        declined=frozenset(body.get("declined") or ()),
        norm_set=body.get("norm_set"),
        state=body.get("state"),
        position=0,
    )
    return at_first_missing(form)


def with_answer(form: Form, value: int) -> Form:
    """Answer the item asked now and go on. Answering what may be left out declines the offer."""
    item = form.item
    offered = form.offer
    declined = form.declined
    if offered is not None and item.id in offered.skips:
        declined = declined | {offered.code}
    answers = {**form.answers, item.id: value}
    return forward(replace(form, answers=answers, declined=declined))


def forward(form: Form) -> Form:
    """Go to the next item that is not left out, or to the summary."""
    return replace(form, position=_step(form, 1))


def back(form: Form) -> Form:
    """Go to the item before that is not left out; the first one stays."""
    return replace(form, position=_step(form, -1))


def at_item(form: Form, item_id: str) -> Form:
    """Go to this item."""
    ids = [item.id for item in form.instrument.items]
    return replace(form, position=ids.index(item_id))


def at_summary(form: Form) -> Form:
    return replace(form, position=len(form.instrument.items))


def at_first_missing(form: Form) -> Form:
    """Go to the first item without an answer, or to the summary when there is none."""
    missing = form.missing
    return at_item(form, missing[0].id) if missing else at_summary(form)


def with_skip(form: Form) -> Form:
    """Take the offer and go to the next item that is still to be asked."""
    offered = form.offer
    if offered is None:
        return form
    taken = replace(
        form,
        accepted=form.accepted | {offered.code},
        declined=form.declined - {offered.code},
    )
    return at_first_missing(taken)


def without_skip(form: Form) -> Form:
    """Decline the offer; the items are asked as before."""
    offered = form.offer
    return form if offered is None else replace(form, declined=form.declined | {offered.code})


def skipped(form: Form, item: Item) -> bool:
    """True when an accepted rule leaves this item out."""
    return item.id in form.effective and item.id not in form.answers


def _step(form: Form, direction: int) -> int:
    items = form.instrument.items
    position = form.position + direction
    while 0 <= position < len(items) and skipped(form, items[position]):
        position += direction
    if position < 0:
        return form.position
    return min(position, len(items))
