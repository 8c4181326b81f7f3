"""How two stores are found equal; the store of the laptop counts in the same way."""

from __future__ import annotations

from fieldapp.domain.digests import (
    NOTHING,
    as_text,
    canonical,
    from_text,
    moved,
    record_digest,
    total,
)

__all__ = ["NOTHING", "as_text", "canonical", "from_text", "moved", "record_digest", "total"]
