"""Well-known bugs of sync, each to be planted for the length of a run: the model must find it.

    with PLANTS["ack-all"](): …

`python3 run.py torture sync --plant NAME` plants one as well.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final
from unittest import mock

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.store import inbox, outbox
from fieldapp.store.db import Database
from sync.protocol.messages import ExchangeRequest, ForeignDraft, PushRecord
from sync.protocol.service import Exchange
from sync.server import cursors, intake
from sync.server.identity import Identity
from sync.server.service import ServerSyncService
from sync.server.storage.scope import ScopeRepository
from sync.server.storage.storage import Transaction
from sync.server.storage.values import Cursor, Due

_acknowledge = outbox.acknowledge
_apply_page = inbox.apply_page
_exchange = ServerSyncService.exchange
_due = ScopeRepository.due
_foreign_drafts = intake.foreign_drafts


def ack_all(database: Database, settled: Iterable[outbox.Settled]) -> list[Change]:
    """Mark all that is pending as done after a push."""
    changed = _acknowledge(database, settled)
    with outbox.atomic(database) as connection:
        connection.execute("DELETE FROM outbox WHERE state <> 'parked'")
    return changed


def cursor_apart(database: Database, records: Any, **page: Any) -> ChangeSet:
    """Write the cursor in a transaction of its own, before the data."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO store_state (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (inbox.CURSOR, page["cursor"]),
        )
    return _apply_page(database, records, **page)


def pull_over_dirty(*_: object) -> bool:
    """Let a pull overwrite a record that has an unsent edit."""
    return False


class _Memory:
    """What a server with ids of its own making has taken in."""

    def __init__(self) -> None:
        self.seen: set[str] = set()


def repeat_applied_twice() -> Callable[..., Exchange]:
    """Give a repeated event a new id, as a server does that makes the ids itself."""
    memory = _Memory()

    def exchange(service: ServerSyncService, request: ExchangeRequest) -> Exchange:
        records = [_renamed(record, memory) for record in request.records]
        return _exchange(service, request.model_copy(update={"records": records}))

    return exchange


def _renamed(record: PushRecord, memory: _Memory) -> PushRecord:
    if policy_of(record.kind) is not Policy.EVENT or record.kind != "note":
        return record
    if record.id not in memory.seen:
        memory.seen.add(record.id)
        return record
    again = str(uuid.uuid5(uuid.UUID(record.id), "again"))
    return record.model_copy(update={"id": again, "body": {**record.body, "id": again}})


def cursor_by_clock(scope: ScopeRepository, user_id: str, after: Cursor) -> list[Due]:
    """Tell what was received after the cursor's moment by the clock, not what came after it."""
    found = _due(scope, user_id, after)
    if after.effective == 0:
        return found
    rows = scope._db.rows(
        "SELECT seq FROM record WHERE received_at > (SELECT received_at FROM record WHERE seq = ?)",
        (after.effective,),
    )
    later = {int(row[0]) for row in rows}
    return [one for one in found if one.ended or one.seq in later]


def forget_the_restore(transaction: Transaction, *texts: str) -> bool:
    """Believe every cursor, also one of a time that the server has lost."""
    return False


def drafts_to_everybody(
    transaction: Transaction, identity: Identity, mark: str
) -> tuple[list[ForeignDraft] | None, str]:
    """Show a draft to whoever asks, not to its author alone."""
    told: list[ForeignDraft] = []
    authors = transaction._db.rows("SELECT DISTINCT user_id FROM draft")
    for (author_id,) in authors:
        author = replace(identity, user_id=str(author_id))
        told += _foreign_drafts(transaction, author, "")[0] or []
    return told, str(len(told))


def serve_the_lost(service: ServerSyncService, records: object) -> Identity:
    """Serve a laptop that was reported lost like any other."""
    return service._identity()


PLANTS: Final[dict[str, Callable[[], contextlib.AbstractContextManager[Any]]]] = {
    "ack-all": lambda: mock.patch.object(outbox, "acknowledge", ack_all),
    "cursor-apart": lambda: mock.patch.object(inbox, "apply_page", cursor_apart),
    "cursor-by-clock": lambda: mock.patch.object(ScopeRepository, "due", cursor_by_clock),
    "lost-served": lambda: mock.patch.object(ServerSyncService, "_sender", serve_the_lost),
    "pull-over-dirty": lambda: mock.patch.object(inbox, "_has_unsent", pull_over_dirty),
    "repeat-applied-twice": lambda: mock.patch.object(
        ServerSyncService, "exchange", repeat_applied_twice()
    ),
    "drafts-to-everybody": lambda: mock.patch.object(intake, "foreign_drafts", drafts_to_everybody),
    "restore-unnoticed": lambda: mock.patch.object(cursors, "diverged", forget_the_restore),
}
