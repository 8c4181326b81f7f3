"""What the organisation has decided, with a mark by which a laptop says what it knows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

from fieldapp.domain.claims import ends
from sync.protocol.errors import BadRequestError
from sync.protocol.messages import Rules
from sync.server.storage.storage import Transaction

_YES: Final = "1"
_NO: Final = "0"
_MARK: Final = "mark"
_MARK_LETTERS: Final = 12


def rules(transaction: Transaction) -> Rules:
    """Return the rules as they are; each has its default until somebody decides.

    Drafts travel and couriers do not, unless it was decided otherwise.
    """
    return _marked(_decided(transaction.rules.all()))


def day_begins(present: Rules) -> time:
    """Return the local time at which a service day begins."""
    return time.fromisoformat(present.service_day_begins)


def set_rules(transaction: Transaction, now: datetime | None = None, **changes: Any) -> Rules:
    """Decide anew; a rule that is not named, or None, stays as it is.

    When drafts no longer travel, those that are here are forgotten at once. Raises
    BadRequestError: "rule" for a value that is none, "live_claims" for another beginning of the
    service day while days are claimed (two laptops would cut the days at different times); `now`
    is needed for that one.
    """
    before = rules(transaction)
    wished = {name: value for name, value in changes.items() if value is not None}
    values = {**before.model_dump(exclude={_MARK}), **wished}
    try:
        after = Rules(mark="", **values)
    except ValueError as error:  # what the message's own checks raise
        raise BadRequestError("rule") from error
    if after.service_day_begins != before.service_day_begins:
        _check_nothing_is_claimed(transaction, now, day_begins(before))
    for name, value in after.model_dump(exclude={_MARK}).items():
        if name in wished:
            transaction.rules.set(name, _text(value))
    if not after.drafts_travel:
        transaction.drafts.forget_all()
    return rules(transaction)


def _check_nothing_is_claimed(transaction: Transaction, now: datetime | None, begins: time) -> None:
    for claim in transaction.claims.held():
        day = claim.day
        if day is None or now is None or ends(day, begins) > now:
            raise BadRequestError("live_claims")


def _decided(stored: Mapping[str, str]) -> Rules:
    defaults = Rules(mark="").model_dump(exclude={_MARK})
    values: dict[str, Any] = {
        name: _value(stored[name], default) if name in stored else default
        for name, default in defaults.items()
    }
    return Rules(mark="", **values)


def _marked(decided: Rules) -> Rules:
    values = decided.model_dump(exclude={_MARK})
    text = ";".join(f"{name}={value}" for name, value in values.items())
    mark = hashlib.sha256(text.encode()).hexdigest()[:_MARK_LETTERS]
    return decided.model_copy(update={_MARK: mark})


def _text(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return _YES if value else _NO
    return str(value)


def _value(text: str, default: bool | int | str) -> bool | int | str:
    if isinstance(default, bool):
        return text == _YES
    return int(text) if isinstance(default, int) else text
