"""What the organisation has decided, as the server last told it."""

from __future__ import annotations

from fieldapp.services.session import Session
from fieldapp.store import state


def courier_allowed(session: Session) -> bool:
    """True when unsent work may leave this laptop in courier files on a stick."""
    return state.rules(session.database).courier_allowed
