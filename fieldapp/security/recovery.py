"""The recovery key: 256 random bits that a person can write down and type again.

The key is shown once, in thirteen groups of four, and is never stored. Before it counts, the person
types two of its groups from the paper: nobody finds out on the worst day that it was never written
down.
"""

from __future__ import annotations

import os
import random

from fieldapp.domain.paper import from_letters, grouped, plain, to_letters
from fieldapp.security.errors import RecoveryKeyMalformedError
from fieldapp.security.kdf import KEY_BYTES

GROUP_COUNT = 13


def new_recovery_key() -> tuple[bytearray, str]:
    """A new key as raw bytes (to be wiped) and as the text to show."""
    raw = bytearray(os.urandom(KEY_BYTES))
    return raw, grouped(to_letters(raw))


def parse_recovery_key(text: str) -> bytearray:
    """The raw key from what was typed: case, blanks and hyphens do not matter.

    Raises RecoveryKeyMalformedError for the wrong length or letters that never occur.
    """
    letters = plain(text)
    try:
        return from_letters(letters, KEY_BYTES)
    except ValueError:
        raise RecoveryKeyMalformedError(len(letters)) from None


def groups_to_check(chooser: random.Random | None = None) -> tuple[int, int]:
    """The numbers (from 1) of the two groups that the person is to type, lower one first."""
    first, second = sorted((chooser or random.SystemRandom()).sample(range(1, GROUP_COUNT + 1), 2))
    return first, second


def is_group(key_text: str, number: int, typed: str) -> bool:
    """True when `typed` is the group of this number (from 1) of the key that is shown."""
    return plain(typed) == plain(key_text.split("-")[number - 1])
