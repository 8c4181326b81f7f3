"""The chains of the narcotics register: where each line stands, and what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sync.server.storage.base import Statements

_TYPES = ("text", "text", "text", "bigint", "text", "text")


class LineRow(NamedTuple):
    """A line's place in the chain of its store (`device_id`, `author_id`)."""

    record_id: str
    device_id: str
    author_id: str
    place: int
    previous: str
    hash: str


class RegisterRepository:
    """Reads and writes inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def add(self, lines: Sequence[LineRow]) -> None:
        """Remember lines; those that are known already stay as they are."""
        if lines:
            self._db.run_for(
                "INSERT INTO register_line"
                " (record_id, device_id, author_id, place, previous, hash)"
                " {rows} ON CONFLICT (record_id) DO NOTHING",
                _TYPES,
                list(lines),
            )

    def beside(self, lines: Sequence[LineRow]) -> list[LineRow]:
        """Return these lines, those right before and after them, and doubles of any of them."""
        keys = {
            (line.device_id, line.author_id, line.place + step)
            for line in lines
            for step in (-1, 0, 1)
        }
        if not keys:
            return []
        rows = self._db.rows_for(
            "WITH wanted (device_id, author_id, place) AS ({keys})"
            " SELECT l.record_id, l.device_id, l.author_id, l.place, l.previous, l.hash"
            " FROM wanted JOIN register_line l ON l.device_id = wanted.device_id"
            " AND l.author_id = wanted.author_id AND l.place = wanted.place",
            ("text", "text", "bigint"),
            sorted(keys),
        )
        return [LineRow(*row) for row in rows]

    def mark_broken(self, device_id: str) -> None:
        """Note that a laptop's lines do not hang together."""
        self._db.run("UPDATE device SET register_broken = 1 WHERE id = ?", (device_id,))

    def broken(self) -> set[str]:
        """Return the laptops that are marked, and those of which a line is missing now."""
        marked = self._db.rows("SELECT id FROM device WHERE register_broken = 1")
        gaps = self._db.rows(
            "SELECT device_id FROM register_line GROUP BY device_id, author_id"
            " HAVING count(DISTINCT place) < max(place)"
        )
        return {str(row[0]) for row in (*marked, *gaps)}
