"""The access log: why somebody looks at a patient, and the chain in which every line stands.

A line holds the hash of the one before. The laptop writes the chain and the server works it out
again, so that a line cannot be changed, left out or slipped in on the way without being noticed.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

START: Final = ""
"""Stands where the first line has no line before it."""

Fields = tuple[str, str, str, str | None, str | None, str | None]
"""at (ISO 8601 text), actor id, action, kind, record id, patient id."""


class AccessReason(StrEnum):
    """Why a person looks at a patient; HL7 PurposeOfUse, as kjernejournal and HelseID name it."""

    TREAT = "TREAT"
    """Care of a patient whom one follows."""
    ETREAT = "ETREAT"
    """Emergency care of a patient whom one does not follow."""
    BTG = "BTG"
    """Break the glass: any other weighty reason. Needs words, and somebody reviews it."""

    @property
    def needs_words(self) -> bool:
        return self is AccessReason.BTG


def chain_hash(previous: str, fields: Fields, reason: str | None = None) -> str:
    """Return the hash of a line that follows the line with the hash `previous`.

    SHA-256 in hexadecimal; every field is told from its neighbour, and none from an empty one.
    Lines from before there were reasons have the hash of a line without one.
    """
    parts = [previous, *("" if field is None else f"={field}" for field in fields)]
    if reason is not None:
        parts.append(f"={reason}")
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
