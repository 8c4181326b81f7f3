"""The chain of the access log: every line holds the hash of the one before.

The laptop writes it and the server works it out again, so that a line cannot be changed, left out
or slipped in on the way without being noticed.
"""

from __future__ import annotations

import hashlib
from typing import Final

START: Final = ""
"""Stands where the first line has no line before it."""

Fields = tuple[str, str, str, str | None, str | None, str | None]
"""at (ISO 8601 text), actor id, action, kind, record id, patient id."""


def chain_hash(previous: str, fields: Fields) -> str:
    """Return the hash of a line that follows the line with the hash `previous`.

    SHA-256 in hexadecimal; every field is told from its neighbour, and none from an empty one.
    """
    parts = [previous, *("" if field is None else f"={field}" for field in fields)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
