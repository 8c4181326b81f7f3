"""What was deleted because it stood on the wrong patient, and the one road by which it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sync.server.storage.base import Statements
from sync.server.storage.records import HANDOUT_KIND, Name, RecordRepository

_TYPES = ("text", "text")


class DeletionRepository:
    """Reads and writes deletions inside one open transaction."""

    def __init__(self, statements: Statements, records: RecordRepository) -> None:
        self._db = statements
        self._records = records

    def gone(self, names: Iterable[Name]) -> frozenset[Name]:
        """Return those of these records that were deleted."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return frozenset()
        rows = self._db.rows_for(
            "WITH wanted (kind, id) AS ({keys}) SELECT d.kind, d.id FROM wanted"
            " JOIN deleted_record d ON d.kind = wanted.kind AND d.id = wanted.id",
            _TYPES,
            wanted,
        )
        return frozenset((str(kind), str(record_id)) for kind, record_id in rows)

    def delete(self, names: Sequence[Name], deletion_id: str, at: str) -> None:
        """Delete records in all their versions, with every copy of their words that is here.

        The list is written first: the schema lets go of an event only when it stands there.
        """
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return
        self._db.run_for(
            "INSERT INTO deleted_record (kind, id, deletion_id, deleted_at) {rows}"
            " ON CONFLICT (kind, id) DO NOTHING",
            ("text", "text", "text", "text"),
            [(*name, deletion_id, at) for name in wanted],
        )
        self._records.erase(wanted)
        for kind, record_id in wanted:
            self._db.run("DELETE FROM parked_change WHERE kind = ? AND id = ?", (kind, record_id))
            # An entry keeps the id of the draft that it was.
            self._db.run("DELETE FROM draft WHERE id = ?", (record_id,))
            self._db.run("DELETE FROM flagged WHERE kind = ? AND id = ?", (kind, record_id))
            if kind == HANDOUT_KIND:
                self._db.run("DELETE FROM handout WHERE event_id = ?", (record_id,))
