"""How two stores are found equal without sending them: sums of hashes, record by record.

The digest of a record names its kind, id, version and the canonical text of its body. The digest of
a patient is the sum of their records' digests modulo 2^128, so that it can be carried forward when
one record changes, and does not depend on any order. That of a user's whole scope is the sum of
their patients' and of the team's records.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

_MODULUS: Final = 1 << 128
_BYTES: Final = 16
NOTHING: Final = 0


def canonical(body: Mapping[str, Any]) -> str:
    """Return the JSON text of a body; equal bodies have equal texts.

    Raises ValueError for a number that JSON does not know (NaN, infinity).
    """
    return json.dumps(
        body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def record_digest(kind: str, record_id: str, version: int, text: str) -> int:
    """Return the digest of a record whose body has the canonical `text`."""
    content = f"{kind}\n{record_id}\n{version}\n{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(content).digest()[:_BYTES], "big")


def total(digests: Iterable[int]) -> int:
    """Return the digest of many."""
    return sum(digests) % _MODULUS


def moved(present: int, added: int = NOTHING, removed: int = NOTHING) -> int:
    """Return a sum after one part was added and another taken out."""
    return (present + added - removed) % _MODULUS


def mark_of(names: Iterable[tuple[str, ...]]) -> str:
    """Return 16 letters that tell one list of names from another; "" for none. Order counts."""
    chosen = list(names)
    if not chosen:
        return ""
    text = "\n".join("\x1f".join(name) for name in chosen)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def as_text(digest: int) -> str:
    """Return the 32 hexadecimal digits that travel and are stored."""
    return f"{digest:032x}"


def from_text(text: str) -> int:
    """Read what `as_text` wrote."""
    return int(text, 16)
