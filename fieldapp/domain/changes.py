"""What a user action changed, so that every screen can refresh just what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HERE_ALONE: Final = frozenset({"too_large", "not_storable", "bad_id", "bad_body:json"})
"""Why a change is refused of which the server keeps no copy either: no request, text or row bears
it. It exists on its laptop alone, and goes from there by nobody's hand but a person's."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record that was written. `patient_id` is None for records of the whole team."""

    kind: str
    id: str
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Result of one user action. `created_id` is the id of the record the user asked for."""

    changes: tuple[Change, ...]
    created_id: str | None = None

    def touches(
        self, *, patient_id: str | None = None, kinds: frozenset[str] | None = None
    ) -> bool:
        """True when any change is about this patient and of these kinds, where those are given."""
        return any(
            (patient_id is None or change.patient_id == patient_id)
            and (kinds is None or change.kind in kinds)
            for change in self.changes
        )
