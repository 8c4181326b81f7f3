"""How the screens look for this person on this laptop; kept inside the encrypted store."""

from __future__ import annotations

from fieldapp.services.session import Session
from fieldapp.store import state

SCHEME = "scheme"
TEXT_SCALE = "text_scale"
LANGUAGE = "language"


def get(session: Session, key: str, default: str = "") -> str:
    """The setting, or ``default`` where none was chosen."""
    found = state.setting(session.database, key)
    return default if found is None else found


def put(session: Session, key: str, value: str) -> None:
    """Store a choice."""
    state.put_setting(session.database, key, value)
