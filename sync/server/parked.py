"""What the office made of changes that a laptop could not deliver, as the laptop is told it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fieldapp.clock import from_iso, to_iso
from sync.protocol.messages import Outcome, PushResult
from sync.server.bodies import same
from sync.server.identity import Identity
from sync.server.storage.parked import ParkedChange
from sync.server.storage.storage import Transaction

_MOST_TOLD: Final = 100
"""Settled changes in one receipt; the rest come with the next."""


def settled_for(
    transaction: Transaction, identity: Identity, now: datetime, known_seq: int
) -> list[PushResult]:
    """Return results of changes of this laptop that the office has dealt with.

    `known_seq` is the number up to which the laptop's cursor shows that it has heard. A result is
    told in every receipt until then: an answer may be lost on the way, and hearing it twice does no
    harm.
    """
    moment = to_iso(now)
    transaction.parked.acknowledge(identity.device_id, known_seq, moment)
    changes = transaction.parked.to_tell(identity.device_id, _MOST_TOLD)
    newest = transaction.records.newest_seq()
    for change in changes:
        transaction.parked.told(change, moment, newest)
    return [settled_result(transaction, change, identity.user_id) for change in changes]


def settled_result(transaction: Transaction, change: ParkedChange, user_id: str) -> PushResult:
    """Return what a laptop of this user is told of a settled change.

    As with a repetition: the server's record where it says something else than the laptop's, and
    only of patients whom the user follows now.
    """
    stored = transaction.records.get(change.kind, change.id)
    version = change.settled_version or 0
    if stored is None or (change.body is not None and same(stored.body, change.body)):
        return PushResult(change_id=change.change_id, outcome=Outcome.ACCEPTED, version=version)
    reach = (
        {} if stored.patient_id is None else transaction.scope.reach(user_id, [stored.patient_id])
    )
    if stored.patient_id is not None and not reach.get(stored.patient_id, False):
        return PushResult(
            change_id=change.change_id, outcome=Outcome.REPEATED, version=change.base_version
        )
    device = None if stored.device_id is None else transaction.accounts.device(stored.device_id)
    return PushResult(
        change_id=change.change_id,
        outcome=Outcome.MERGED,
        version=version,
        server_body=stored.body,
        server_version=stored.seq,
        server_author_id=stored.author_id,
        server_device_name=device.name if device is not None else None,
        server_received_at=from_iso(stored.received_at),
    )
