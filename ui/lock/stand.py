"""Where a person was when the window locked: ids and a caret, never contents."""

from __future__ import annotations

from dataclasses import dataclass

from ui.lock.caret import Caret
from ui.navigation import Place


@dataclass(frozen=True, slots=True)
class Stand:
    """`caret` is None when no field of the page had the focus."""

    place: Place
    caret: Caret | None = None
