"""What the organisation has decided, as the server last told it."""

from __future__ import annotations

from fieldapp.services.session import Session
from fieldapp.store import state


def courier_allowed(session: Session) -> bool:
    """True when unsent work may leave this laptop in courier files on a stick."""
    return state.rules(session.database).courier_allowed


def longest_trip(session: Session) -> int:
    """Return how many days can be claimed ahead, today included."""
    return state.rules(session.database).longest_trip_days


def decided(session: Session) -> state.Rules:
    """All of it: when a service day begins, how old a list may be, who must be a second person."""
    return state.rules(session.database)
