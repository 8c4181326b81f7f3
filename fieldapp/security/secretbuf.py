"""Keys live in ``bytearray`` buffers that are wiped after use.

A Python ``str`` or ``bytes`` cannot be wiped and is copied freely, so no key is ever put into one,
nor into an f-string, an argument list, the environment or SQL text.
"""

from __future__ import annotations

_HEX_DIGITS = b"0123456789abcdef"


def wipe(*buffers: bytearray) -> None:
    """Overwrite the buffers with zeros, in place."""
    for buffer in buffers:
        buffer[:] = bytes(len(buffer))


def cipher_key_text(key: bytearray, salt: bytes) -> bytearray:
    """SQLCipher's raw key text ``x'<hex of key><hex of salt>'``, without an immutable copy.

    The caller wipes the result; ``key`` is left alone.
    """
    text = bytearray(b"x'")
    # Reserved at once: a growing buffer would leave copies of its contents behind.
    text.extend(bytes(2 * (len(key) + len(salt)) + 1))
    position = 2
    for part in (key, salt):
        for value in part:
            text[position] = _HEX_DIGITS[value >> 4]
            text[position + 1] = _HEX_DIGITS[value & 0x0F]
            position += 2
    text[position] = ord("'")
    return text
