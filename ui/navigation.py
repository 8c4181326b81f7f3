"""Where the user is and was: pure values, so that "back" can be tested without a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_REMEMBERED = 30


@dataclass(frozen=True, slots=True)
class Place:
    """A page by name with the arguments that it was shown for."""

    page: str
    args: Mapping[str, object] = field(default_factory=dict)


# The rail mark that is lit while a page is shown.
_RAIL_OF = {
    "today": "today",
    "patients": "patients",
    "patient": "patients",
    "visit": "patients",
    "screening": "patients",
    "rapid_test": "patients",
    "imports": "patients",
    "handout": "handout",
    "register": "register",
    "sync": "sync",
    "sheets": "sync",
    "office": "office",
    "witness": "witness",
    "settings": "settings",
}


def rail_mark(page: str) -> str | None:
    """The rail entry under which `page` belongs, or None for a page outside the rail."""
    return _RAIL_OF.get(page)


class History:
    """The places visited, newest last. Going to the place one stands on adds nothing."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    @property
    def here(self) -> Place | None:
        return self._places[-1] if self._places else None

    def go(self, place: Place) -> None:
        if place == self.here:
            return
        self._places = [*self._places, place][-_REMEMBERED:]

    def back(self) -> Place | None:
        """Step back and return the place now stood on, or None when there is nothing before it."""
        if len(self._places) < 2:
            return None
        self._places.pop()
        return self.here
