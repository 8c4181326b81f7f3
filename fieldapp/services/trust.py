"""Whether this store may be relied on: was it put back from a copy, or carried elsewhere?"""

from __future__ import annotations

from fieldapp.services.session import Session
from fieldapp.store import claims


def is_set_back(session: Session) -> bool:
    """True until a whole sync after such a store was unlocked; meanwhile no light is green."""
    return claims.is_set_back(session.database)
