"""What the organisation has decided, by name."""

from __future__ import annotations

from sync.server.storage.base import Statements


class RuleRepository:
    """Reads and writes rules inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements
        self._read: dict[str, str] | None = None

    def all(self) -> dict[str, str]:
        """Return every rule that was set; one that is missing has its default.

        One transaction goes by one set of rules, which is read once.
        """
        if self._read is None:
            self._read = {row[0]: row[1] for row in self._db.rows("SELECT name, value FROM rule")}
        return dict(self._read)

    def set(self, name: str, value: str) -> None:
        """Set a rule."""
        self._read = None
        self._db.run(
            "INSERT INTO rule (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
