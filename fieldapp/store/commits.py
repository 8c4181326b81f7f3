"""How far this store has come: a number that grows with every act and is noted outside it as well.

A database that was put back from a copy looks whole; only what lies elsewhere can tell that it has
forgotten something. The vault notes the number (`fieldapp.security.anchor`).
"""

from __future__ import annotations

from fieldapp.store import state, wholeness
from fieldapp.store.db import Database

_COUNT = "commit_count"


def count(database: Database) -> int | None:
    """How far the store has come; None for one that has never been noted outside."""
    text = state.read(database, _COUNT)
    return None if text is None else int(text)


def raise_count(database: Database, least: int = 0) -> int:
    """One act more, and above `least`; joins the open transaction or runs in one of its own."""
    number = max(count(database) or 0, least) + 1
    state.write(database, _COUNT, str(number))
    return number


def note_outside(database: Database) -> None:
    """Note outside how far the store has come, and the newest line of its log.

    After the commit, never before it: a number ahead of the database would say that something was
    lost. Raises nothing of the disk or the keyring.
    """
    keeper = database.root.keeper
    number = count(database)
    if keeper is not None and number is not None:
        keeper(number, wholeness.newest_line(database))
