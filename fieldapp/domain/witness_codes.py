"""The rules of a witness's own code: what is too simple, and what a verifier looks like.

The code lets a witness sign on a colleague's laptop without a line. It opens nothing else: no
store, no log-in. Its verifier is on every laptop of the team, inside the encrypted stores.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

FEWEST_CHARACTERS: Final = 6
MOST_CHARACTERS: Final = 64

LEAST_MEMORY_KIB: Final = 19 * 1024
MOST_MEMORY_KIB: Final = 1024 * 1024
MOST_PASSES: Final = 20
MOST_LANES: Final = 16
"""As for passphrases: weaker would help a thief, heavier would take a laptop's memory."""

_VERIFIER = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})"
    r"\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}"
)


def normal(code: str) -> str:
    """Return the code as it counts, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFC", code).strip()


def is_too_simple(code: str) -> bool:
    """True for a code that is too short, too long, of few different signs, or plain counting."""
    signs = normal(code)
    if not FEWEST_CHARACTERS <= len(signs) <= MOST_CHARACTERS or len(set(signs)) < 4:
        return True
    steps = {ord(after) - ord(before) for before, after in zip(signs, signs[1:], strict=False)}
    return steps in ({1}, {-1})


def is_verifier(text: str) -> bool:
    """True for an Argon2id verifier of a cost between the limits."""
    match = _VERIFIER.fullmatch(text)
    if match is None:
        return False
    memory, passes, lanes = (int(number) for number in match.groups())
    return (
        LEAST_MEMORY_KIB <= memory <= MOST_MEMORY_KIB
        and 1 <= passes <= MOST_PASSES
        and 1 <= lanes <= MOST_LANES
    )
