"""Names that both sides know from the start, so that they never travel (`packing`).

Frozen for protocol 2: a name added, removed or moved here would give every later one another
number. New names simply travel as text at their first use.
"""

from __future__ import annotations

from typing import Final

NAMES: Final[tuple[str, ...]] = ()
