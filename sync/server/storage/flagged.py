"""What was stored although something had changed meanwhile, for the office to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.server.storage.base import Statements


@dataclass(frozen=True, slots=True)
class Flagged:
    """A record, why it was flagged, when it came, and who delivered it from which laptop."""

    kind: str
    id: str
    reason: str
    at: str
    user_id: str | None
    device_id: str | None


class FlaggedRepository:
    """Reads and writes the flagged inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def add(self, flagged: Sequence[Flagged]) -> None:
        """Flag records, with one statement; the first time that a reason was seen stays."""
        if not flagged:
            return
        self._db.run_for(
            "INSERT INTO flagged (kind, id, reason, at, user_id, device_id) {rows}"
            " ON CONFLICT (kind, id, reason) DO NOTHING",
            ("text",) * 6,
            [(one.kind, one.id, one.reason, one.at, one.user_id, one.device_id) for one in flagged],
        )

    def newest(self, limit: int) -> list[tuple[Flagged, str | None]]:
        """Return the newest with the id of the patient whose record it is now."""
        rows = self._db.rows(
            "SELECT f.kind, f.id, f.reason, f.at, f.user_id, f.device_id, r.patient_id"
            " FROM flagged f JOIN record r ON r.kind = f.kind AND r.id = f.id"
            " ORDER BY f.at DESC, f.kind, f.id, f.reason LIMIT ?",
            (limit,),
        )
        return [(Flagged(*row[:6]), row[6]) for row in rows]
