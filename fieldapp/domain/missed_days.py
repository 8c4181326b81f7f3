"""How far back days without medicine are counted; the count is `readiness.days_missed`."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 60
"""Days looked back; beyond this the figure says no more than "very long"."""
