"""What an exchange takes in beside the records, inside its own transaction.

None of these waits for the counter: an exchange that brings no records holds up nobody. Each part
has its own module; the exchange knows only these names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fieldapp.clock import to_iso
from sync.protocol.messages import Body, LogHead, LogPart, PushResult
from sync.server import access_log, parked
from sync.server.drafts import drafts_differ, drafts_kept, foreign_drafts, take_drafts
from sync.server.identity import Identity
from sync.server.reports import note_served, report_of
from sync.server.storage.storage import Transaction

__all__ = [
    "drafts_differ",
    "drafts_kept",
    "foreign_drafts",
    "note_served",
    "report_of",
    "settled_for",
    "signed",
    "take_drafts",
    "take_log",
]


def take_log(
    transaction: Transaction, identity: Identity, part: LogPart | None, now: datetime
) -> LogHead:
    """Keep lines of the laptop's access log; return the newest one that is here."""
    return access_log.take_log(transaction, identity, part, to_iso(now))


def settled_for(
    transaction: Transaction,
    identity: Identity,
    now: datetime,
    known_seq: int,
) -> list[PushResult]:
    """Return results of parked changes of this laptop that the office has dealt with.

    `known_seq` is the number (`effective`) of the laptop's cursor, 0 without a good one.
    """
    return parked.settled_for(transaction, identity, now, known_seq)


def signed(
    transaction: Transaction, identity: Identity, bodies: Sequence[tuple[str, Body]]
) -> None:
    """Forget the author's drafts that have become these records (id, body)."""
    if bodies:
        transaction.drafts.signed(identity.user_id, [record_id for record_id, _ in bodies])
