"""The one text of a record body, by which two bodies are found equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def canonical(body: Mapping[str, Any]) -> str:
    """Return the JSON text of a body; equal bodies have equal texts.

    Raises ValueError for a number that JSON does not know (NaN, infinity).
    """
    return _ENCODER.encode(body)


def hash_of_text(text: str) -> str:
    """Return the fingerprint of a canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """True when two bodies say the same. Stricter than ``==``, for which 1 and true are equal."""
    return canonical(left) == canonical(right)
