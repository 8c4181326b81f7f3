"""Who asks: a user on an enrolled laptop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A user on an enrolled laptop, as their token says."""

    user_id: str
    device_id: str
    role: str
