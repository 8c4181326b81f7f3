"""A colleague's store, opened to send what is unsent in it and for nothing else.

Whoever has the recovery key can open the store, and may still not read it: only numbers come out
of here, and what is sent leaves sealed to the server (`sync.client.deliver`). The opening stands in
the store's own access log, which the owner sees and which travels to the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fieldapp.clock import Clock
from fieldapp.errors import UserError
from fieldapp.store import audit, sealed, state
from fieldapp.store.db import Database
from fieldapp.store.sealed import BY_ESCROW, BY_RECOVERY_KEY, DRAFT, Tally

__all__ = [
    "BY_ESCROW",
    "BY_RECOVERY_KEY",
    "DRAFT",
    "SealedStore",
    "SendOnlyError",
    "Tally",
    "opened_for_sending",
]

OPENED = "opened_for_sending"


class SendOnlyError(UserError):
    """The store was opened to send from it; its pages stay closed."""

    code = "send_only"


@dataclass(frozen=True, slots=True)
class SealedStore:
    """What the page of the sender has: numbers, and the way to the server.

    `database` is for `sync.client.deliver` alone.
    """

    database: Database = field(repr=False)
    clock: Clock
    drafts_travel: bool
    contents: tuple[Tally, ...] = ()
    by: str = BY_RECOVERY_KEY
    """The way in, as the log names it."""

    @property
    def to_send(self) -> int:
        """How many changes and texts leave with the next sending."""
        return sum(
            one.count - one.stopped
            for one in self.contents
            if one.kind != DRAFT or self.drafts_travel
        )


def opened_for_sending(database: Database, clock: Clock, by: str = BY_RECOVERY_KEY) -> SealedStore:
    """Log the opening and count. Raises DiskFullError: what cannot be logged does not happen.

    `by` is the way in that the log names.

    Raises SendOnlyError for a store that belongs to no server.
    """
    if state.load_enrolment(database) is None:
        raise SendOnlyError
    with database.transaction():
        audit.append(database, now=clock.now(), actor_id=by, action=OPENED)
    return counted(SealedStore(database, clock, state.rules(database).drafts_travel, by=by))


def counted(store: SealedStore, database: Database | None = None) -> SealedStore:
    """The same store, counted anew; `database` is another connection to it."""
    return replace(store, contents=tuple(sealed.tally(database or store.database)))
