"""How long the window waits before it locks: the person's own choice, within what is allowed."""

from __future__ import annotations

from fieldapp.services import settings
from fieldapp.services.session import Session

LOCK_MINUTES = "lock_minutes"
PIN_WANTED = "pin_wanted"

CHOICES = (1, 2, 3, 4, 5)
DEFAULT_MINUTES = 3
HANDOUT_MINUTES = 2
HANDOUT_PAGE = "handout"


def minutes(session: Session) -> int:
    """The minutes without a touch after which the window locks."""
    stored = settings.get(session, LOCK_MINUTES, str(DEFAULT_MINUTES))
    allowed = {str(choice) for choice in CHOICES}
    return int(stored) if stored in allowed else DEFAULT_MINUTES


def minutes_on(session: Session, page: str) -> int:
    """The same for the page that is on screen; never longer than two where doses are handed out."""
    chosen = minutes(session)
    return min(chosen, HANDOUT_MINUTES) if page == HANDOUT_PAGE else chosen


def wants_pin(session: Session) -> bool:
    """True when the person is to be offered a PIN after each start of the program."""
    return settings.get(session, PIN_WANTED) == "1"
