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


_LANGUAGE_TOLD = "language_told"


def language(session: Session) -> str:
    """The language to speak: the person's own choice, or the organisation's where that is newer.

    What the server says takes effect once, when it changes. A choice made here afterwards stands
    until the server says something else.
    """
    told = session.user.language
    if told and told != get(session, _LANGUAGE_TOLD):
        put(session, LANGUAGE, told)
        put(session, _LANGUAGE_TOLD, told)
    return get(session, LANGUAGE, "nb")


def put(session: Session, key: str, value: str) -> None:
    """Store a choice."""
    state.put_setting(session.database, key, value)
