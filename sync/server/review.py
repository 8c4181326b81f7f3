"""What a shut-out laptop brings: nothing becomes a record, all of it waits for a person."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Final

from fieldapp.clock import to_iso
from sync.protocol.messages import Outcome, PushRecord, PushResult
from sync.protocol.version import MAX_BODY_BYTES
from sync.server.bodies import same
from sync.server.identity import Identity
from sync.server.storage.parked import ParkedChange
from sync.server.storage.storage import Transaction
from sync.server.world import World

log = logging.getLogger("fieldapp.server")

REVIEW = "review"
"""Reason of a change that waits at the office because its laptop was shut out."""

FROM_LOST = "lost_laptop"
"""The same, of a laptop that was reported lost: anybody may have written it."""

MOST_FROM_LOST: Final = 2000
"""Changes of one lost laptop that wait for a look: a thief must not fill the office's list."""


def keep_for_review(world: World, who: Identity, records: Sequence[PushRecord]) -> int:
    """Let what a lost laptop sends with its log-in wait for the office; return how many changes.

    It is told afterwards that it is shut out. One that obeys destroys itself then, and what it had
    just sent would be gone with it.
    """
    at = to_iso(world.clock.now())
    with world.storage.write() as transaction:
        kept = records[: room_for(transaction, who.device_id)]
        for record in kept:
            review_one(transaction, who, record, at, FROM_LOST)
    log.warning("lost laptop %s sent %d changes", who.device_id, len(kept))
    return len(kept)


def room_for(transaction: Transaction, device_id: str) -> int:
    """How many more changes of a lost laptop the office's list takes."""
    return max(0, MOST_FROM_LOST - transaction.parked.counts_open().get(device_id, 0))


def refused_unseen(record: PushRecord, reason: str) -> PushResult:
    """What is told of a change that there is no room for."""
    return PushResult(change_id=record.change_id, outcome=Outcome.REFUSED, reason=reason)


def review_one(
    transaction: Transaction, who: Identity, record: PushRecord, at: str, reason: str
) -> PushResult:
    """Let one change wait at the office, unless it arrived before the laptop was shut out."""
    before = transaction.records.applied(record.change_id)
    stored = transaction.records.get(record.kind, record.id)
    if (
        before is not None
        and stored is not None
        and (before.kind, before.id) == (record.kind, record.id)
        and (record.change_id != record.id or same(stored.body, record.body))
    ):
        # It came over the line before the laptop was shut out.
        return PushResult(change_id=record.change_id, outcome=Outcome.REPEATED, version=before.seq)
    change = ParkedChange(
        change_id=record.change_id,
        device_id=who.device_id,
        user_id=who.user_id,
        kind=record.kind,
        id=record.id,
        patient_id=record.patient_id,
        base_version=record.base_version,
        sequence=record.sequence,
        offset_ms=record.offset_ms,
        body=record.body,
        outcome=Outcome.REFUSED.value,
        reason=reason,
        at=at,
    )
    transaction.parked.put(change, _text(record))
    return PushResult(change_id=record.change_id, outcome=Outcome.REFUSED, reason=reason)


def _text(record: PushRecord) -> str | None:
    try:
        text = json.dumps(record.body, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return None
    return text if len(text.encode("utf-8", "replace")) <= MAX_BODY_BYTES else None
