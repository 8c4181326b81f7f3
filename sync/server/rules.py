"""What the organisation has decided, with a mark by which a laptop says what it knows."""

from __future__ import annotations

import hashlib
from typing import Final

from sync.protocol.messages import Rules
from sync.server.storage.storage import Transaction

_YES: Final = "1"
_NO: Final = "0"
_DRAFTS_TRAVEL: Final = "drafts_travel"
_COURIER_ALLOWED: Final = "courier_allowed"
_MARK_LETTERS: Final = 12


def rules(transaction: Transaction) -> Rules:
    """Return the rules as they are; drafts travel and couriers do not, until somebody decides."""
    stored = transaction.rules.all()
    drafts_travel = stored.get(_DRAFTS_TRAVEL, _YES) == _YES
    courier_allowed = stored.get(_COURIER_ALLOWED, _NO) == _YES
    text = f"{_DRAFTS_TRAVEL}={drafts_travel};{_COURIER_ALLOWED}={courier_allowed}"
    return Rules(
        mark=hashlib.sha256(text.encode()).hexdigest()[:_MARK_LETTERS],
        drafts_travel=drafts_travel,
        courier_allowed=courier_allowed,
    )


def set_rules(transaction: Transaction, *, drafts_travel: bool, courier_allowed: bool) -> Rules:
    """Decide anew. When drafts no longer travel, those that are here are forgotten at once."""
    transaction.rules.set(_DRAFTS_TRAVEL, _YES if drafts_travel else _NO)
    transaction.rules.set(_COURIER_ALLOWED, _YES if courier_allowed else _NO)
    if not drafts_travel:
        transaction.drafts.forget_all()
    return rules(transaction)
