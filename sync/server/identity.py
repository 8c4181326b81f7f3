"""Who asks: a user on an enrolled laptop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """How a laptop stands with the server."""

    ACTIVE = "active"
    ENDED = "ended"
    """It may deliver what it holds, and gets nothing."""
    LOST = "lost"
    """What it still sends is kept for review; it gets nothing."""


@dataclass(frozen=True, slots=True)
class ShownToken:
    """The short token that a request showed, bound to the key with that `thumbprint`."""

    thumbprint: str
    expires_at: datetime
    login_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """A user on an enrolled laptop, as their token says."""

    user_id: str
    device_id: str
    role: str
    standing: Standing = Standing.ACTIVE
    token: ShownToken | None = field(default=None, compare=False)
    """None where no token was shown that can be renewed."""
