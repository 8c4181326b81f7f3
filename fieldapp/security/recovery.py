"""The recovery key: 256 random bits that a person can write down and type again.

Crockford's base 32 has no I, L, O and U, and reads the first three as 1, 1 and 0. The key is shown
once, in thirteen groups of four, and is never stored.
"""

from __future__ import annotations

import os

from fieldapp.security.errors import RecoveryKeyMalformedError
from fieldapp.security.kdf import KEY_BYTES

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_CHARACTERS = 52
_GROUP = 4


def new_recovery_key() -> tuple[bytearray, str]:
    """A new key as raw bytes (to be wiped) and as the text to show."""
    raw = bytearray(os.urandom(KEY_BYTES))
    number = int.from_bytes(raw, "big")
    text = "".join(
        _ALPHABET[(number >> (5 * position)) & 31] for position in reversed(range(_CHARACTERS))
    )
    groups = [text[start : start + _GROUP] for start in range(0, _CHARACTERS, _GROUP)]
    return raw, "-".join(groups)


def parse_recovery_key(text: str) -> bytearray:
    """The raw key from what was typed: case, blanks and hyphens do not matter.

    Raises RecoveryKeyMalformedError for the wrong length or letters that never occur.
    """
    plain = "".join(text.upper().translate(_LOOKALIKES).replace("-", " ").split())
    if len(plain) != _CHARACTERS or any(letter not in _ALPHABET for letter in plain):
        raise RecoveryKeyMalformedError(len(plain))
    number = 0
    for letter in plain:
        number = number << 5 | _ALPHABET.index(letter)
    if number >> (8 * KEY_BYTES):
        raise RecoveryKeyMalformedError(len(plain))
    return bytearray(number.to_bytes(KEY_BYTES, "big"))
