"""Asks the server what it really holds, for the receipt after a day."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sync.protocol.messages import ConfirmRequest, RecordName
from sync.protocol.service import SyncService
from sync.protocol.version import MAX_RECORDS


def held_by_server(
    service: SyncService, names: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the versions of those (kind, id) that the server holds. Raises SyncError."""
    remaining = iter(names)
    held: dict[tuple[str, str], int] = {}
    while chunk := list(islice(remaining, MAX_RECORDS)):
        records = [RecordName(kind=kind, id=record_id) for kind, record_id in chunk]
        answer = service.confirm(ConfirmRequest(records=records))
        held.update({(item.kind, item.id): item.version for item in answer.held})
    return held
