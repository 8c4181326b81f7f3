"""Says what is stored although rights or an order changed meanwhile. Nothing is refused for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sync.protocol.office import NOT_ASSIGNED, ORDER_CHANGED, WITHOUT_RIGHT
from sync.server.storage.flagged import Flagged
from sync.server.storage.records import HANDOUT_KIND
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion

_ORDER_KIND: Final = "medication_request"


def flagged_among(transaction: Transaction, versions: Sequence[NewVersion]) -> list[Flagged]:
    """Return what the office is to see of these versions; reads their orders in one query."""
    found = [_flag(version, NOT_ASSIGNED) for version in versions if version.out_of_scope]
    found += [_flag(version, WITHOUT_RIGHT) for version in versions if version.without_right]
    handouts = [version for version in versions if _gives_by_an_order(version)]
    if not handouts:
        return found
    stored = transaction.records.get_many(
        (_ORDER_KIND, version.body["request_id"]) for version in handouts
    )
    orders = {order_id: record.body for (_, order_id), record in stored.items()}
    for version in handouts:
        if _has_changed(orders.get(version.body["request_id"]), version.body):
            found.append(_flag(version, ORDER_CHANGED))
    return found


def _gives_by_an_order(version: NewVersion) -> bool:
    """A counter-entry gives nothing: it names the revision of what it takes back."""
    body = version.body
    order_id = body.get("request_id")
    return (
        version.kind == HANDOUT_KIND
        and body.get("reverses") is None
        and isinstance(order_id, str)
        and bool(order_id)
    )


def _has_changed(order: Mapping[str, Any] | None, handout: Mapping[str, Any]) -> bool:
    if order is None or order.get("revision", 1) != handout.get("request_revision"):
        return True
    stopped_on, day = order.get("stopped_on"), handout.get("day")
    # Days are ISO text, which sorts as time does.
    return isinstance(stopped_on, str) and isinstance(day, str) and stopped_on <= day


def _flag(version: NewVersion, reason: str) -> Flagged:
    return Flagged(
        version.kind,
        version.id,
        reason,
        version.received_at,
        version.author_id,
        version.device_id,
    )
