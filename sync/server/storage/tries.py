"""How often something was tried lately; shared by all processes of the server."""

from __future__ import annotations

from sync.server.storage.base import Statements


class TriesRepository:
    """Counts tries inside one open transaction. Times are ISO texts."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def take(self, what: str, now: str, begin: str) -> tuple[str, int]:
        """Count one more try; return since when it is counted, and how many there were.

        What was counted before `begin` counts no more. One statement: of two tries at once none
        goes uncounted.
        """
        ((since, tries),) = self._db.rows(
            "INSERT INTO tried (what, since, tries) VALUES (?, ?, 1)"
            " ON CONFLICT (what) DO UPDATE SET"
            " tries = CASE WHEN tried.since <= ? THEN 1 ELSE tried.tries + 1 END,"
            " since = CASE WHEN tried.since <= ? THEN excluded.since ELSE tried.since END"
            " RETURNING since, tries",
            (what, now, begin, begin),
        )
        return since, int(tries)

    def count(self, what: str, begin: str) -> tuple[str, int]:
        """Return the same without counting; 0 tries for none."""
        rows = self._db.rows(
            "SELECT since, tries FROM tried WHERE what = ? AND since > ?", (what, begin)
        )
        return (rows[0][0], int(rows[0][1])) if rows else ("", 0)

    def forget(self, what: str) -> None:
        """Begin to count anew: the try was a right one."""
        self._db.run("DELETE FROM tried WHERE what = ?", (what,))

    def forget_before(self, begin: str) -> None:
        """Clear away what nobody counts any more."""
        self._db.run("DELETE FROM tried WHERE since <= ?", (begin,))
