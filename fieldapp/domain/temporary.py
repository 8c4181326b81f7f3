"""Temporary numbers for people who are met without a national number and without coverage."""

from __future__ import annotations

import re
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: none that is misread for another."""

_FORM: Final = re.compile(r"T-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def temporary_number(patient_id: str) -> str:
    """Return the number of a patient id (a UUID): `T-XXXX-XXXX`, the same one every time.

    It is taken from the id's random bits (40 of them), so that two laptops without coverage do not
    give out the same, and it can never be taken for a national number.
    """
    bits = int(patient_id.replace("-", ""), 16) & ((1 << 40) - 1)
    letters = "".join(_LETTERS[(bits >> shift) & 31] for shift in range(35, -1, -5))
    return f"T-{letters[:4]}-{letters[4:]}"


def is_temporary(text: str) -> bool:
    """True for a text in the form of a temporary number."""
    return _FORM.fullmatch(text.strip().upper()) is not None
