"""Where a person was when the window locked: ids and a caret, never contents."""

from __future__ import annotations

from dataclasses import dataclass

from ui.lock.caret import Caret
from ui.navigation import Place
from ui.opened import OpenedLine


@dataclass(frozen=True, slots=True)
class Stand:
    """`caret` is None when no field of the page had the focus. `unwritten` are lines of the log
    that the store has not taken; they are written after the next unlocking."""

    place: Place
    caret: Caret | None = None
    unwritten: tuple[OpenedLine, ...] = ()
