"""How long the window waits before it locks: the person's own choice, within what is allowed."""

from __future__ import annotations

from fieldapp.services import rules, settings
from fieldapp.services.session import Session

LOCK_MINUTES = "lock_minutes"
PIN_WANTED = "pin_wanted"

CHOICES = (1, 2, 3, 4, 5)
HANDOUT_MINUTES = 2
HANDOUT_PAGE = "handout"


def choices(session: Session) -> tuple[int, ...]:
    """What a person may choose: never longer than the organisation has decided."""
    longest = rules.decided(session).lock_minutes
    return tuple(choice for choice in CHOICES if choice <= max(longest, CHOICES[0]))


def minutes(session: Session) -> int:
    """The minutes without a touch after which the window locks: the organisation's, or the
    person's own where that is shorter."""
    allowed = choices(session)
    stored = settings.get(session, LOCK_MINUTES, "")
    return int(stored) if stored in {str(choice) for choice in allowed} else allowed[-1]


def minutes_on(session: Session, page: str) -> int:
    """The same for the page that is on screen; never longer than two where doses are handed out."""
    chosen = minutes(session)
    return min(chosen, HANDOUT_MINUTES) if page == HANDOUT_PAGE else chosen


def wants_pin(session: Session) -> bool:
    """True when the person is to be offered a PIN after each start of the program."""
    return settings.get(session, PIN_WANTED) == "1"
