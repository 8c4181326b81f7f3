"""Secrets as text on paper: Crockford's base 32, which a person can write down and type again.

It has no I, L, O and U, and reads the first three as 1, 1 and 0.
"""

from __future__ import annotations

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_BITS = 5


def letters_for(byte_count: int) -> int:
    """How many letters so many bytes become."""
    return -(-8 * byte_count // _BITS)


def to_letters(raw: bytes | bytearray) -> str:
    """The bytes as one number in base 32, always of the same length."""
    number = int.from_bytes(raw, "big")
    count = letters_for(len(raw))
    return "".join(
        ALPHABET[(number >> (_BITS * position)) & 31] for position in reversed(range(count))
    )


def plain(text: str) -> str:
    """What was typed without case, blanks, hyphens and look-alikes."""
    return "".join(text.upper().translate(_LOOKALIKES).replace("-", " ").split())


def from_letters(letters: str, byte_count: int) -> bytearray:
    """The bytes of `plain` letters; the caller wipes them.

    Raises ValueError for another length, letters that never occur, and a number that is too large.
    """
    if len(letters) != letters_for(byte_count):
        raise ValueError("length")
    number = 0
    for letter in letters:
        number = number << _BITS | ALPHABET.index(letter)
    if number >> (8 * byte_count):
        raise ValueError("size")
    return bytearray(number.to_bytes(byte_count, "big"))


def grouped(letters: str, size: int = 4, between: str = "-") -> str:
    """The letters in groups, as they are read out."""
    return between.join(letters[start : start + size] for start in range(0, len(letters), size))


def check_letter(letters: str, position: int) -> str:
    """One letter that finds nearly every slip in a line; `position` finds lines out of order."""
    digest = hashlib.sha256(f"{position}|{letters}".encode("ascii")).digest()
    return ALPHABET[digest[0] & 31]


def fingerprint(data: bytes) -> str:
    """Eighty bits of a hash in four groups of four, for two people to compare aloud."""
    return grouped(to_letters(hashlib.sha256(data).digest()[:10]))
