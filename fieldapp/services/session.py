"""The unlocked store and the person who works in it; every service takes it as first argument."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from fieldapp.clock import OSLO, Clock
from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.patients import Practitioner
from fieldapp.errors import FieldAppError, RetryError, UserError
from fieldapp.ids import IdMaker
from fieldapp.store import audit, commits, records, state, trusted_time, wholeness
from fieldapp.store.db import Database, named_error

log = logging.getLogger(__name__)


_NOTED_AT_ONCE = frozenset({*wholeness.EVENTS, "claim", "paper_sheet"})
"""A store that has lost one of these is found out: how far it has come is noted outside at once."""


class NotFoundError(UserError):
    """What was to be changed is not on this laptop any more."""

    code = "not_found"


def store_trouble(error: BaseException) -> FieldAppError | None:
    """The application's name for what the database driver raised while reading, or None."""
    return named_error(error)


class UnitOfWork:
    """One user action while it is being written; lives from BEGIN to COMMIT.

    Attributes: ``database`` in its transaction, ``now`` (one instant for the whole action),
    ``session``.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.database = session.database
        self.now = now
        self._changes: list[Change] = []

    def save(self, value: Any, action: str | None = None) -> Change:
        """Write a record with its outbox row and its line in the log.

        ``action`` names what the person did; without it the line says "create" or "update".
        """
        if action is None:
            known = records.exists(self.database, type(value), value.id)
            action = "update" if known else "create"
        change = records.save_local(
            self.database, value, now=self.now, change_id=self.session.new_id()
        )
        self.audit(action, change.kind, change.id, change.patient_id)
        self._changes.append(change)
        return change

    def note_change(self, kind: str, record_id: str, patient_id: str | None) -> None:
        """Let the screens hear of something that does not travel, such as a draft."""
        self._changes.append(Change(kind, record_id, patient_id))

    def next_sequence(self) -> int:
        """The device's own commit number for a new event."""
        return state.next_sequence(self.database)

    def audit(
        self,
        action: str,
        kind: str | None = None,
        record_id: str | None = None,
        patient_id: str | None = None,
        reason: AccessReason | None = None,
        at: datetime | None = None,
    ) -> None:
        """Add a line to the log of who did what; `reason` is why a patient was opened, `at` when
        it happened if that was before this moment.
        """
        audit.append(
            self.database,
            now=at or self.now,
            actor_id=self.session.user.id,
            action=action,
            kind=kind,
            record_id=record_id,
            patient_id=patient_id,
            reason=reason,
        )

    def touches(self, kinds: frozenset[str]) -> bool:
        """True when something of these kinds was written."""
        return any(change.kind in kinds for change in self._changes)

    def changes(self, created_id: str | None = None) -> ChangeSet:
        """What was written so far; ``created_id`` is the record that the person asked for."""
        return ChangeSet(tuple(self._changes), created_id)


@dataclass(eq=False)
class Session:
    """Lives from unlock to lock, in the thread that owns ``database``.

    ``user`` alone may change meanwhile: the server may give the person another role or language,
    and every page must see it without being built anew. See ``follow_user``.
    """

    database: Database
    user: Practitioner
    device_id: str
    clock: Clock
    new_id: IdMaker

    @contextlib.contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """One user action: everything inside the block is stored, or nothing of it.

        The block reads as well: what it checks cannot change before it is written.
        """
        unit = UnitOfWork(self, self.clock.now())
        with self.database.transaction():
            yield unit
            state.note_clock(self.database, unit.now)
            trusted_time.note_latest(self.database, self.clock)
            seen = trusted_time.now(self.database, self.clock) or unit.now
            counted = trusted_time.at_least(self.database, self.clock) or seen
            state.note_time_seen(self.database, max(seen, counted))
            commits.raise_count(self.database)
        if unit.touches(_NOTED_AT_ONCE):
            commits.note_outside(self.database)

    def follow_user(self) -> bool:
        """Be the person as the last sync has told of them; True when that changed anything.

        A record that this version cannot read leaves things as they were.
        """
        known = records.get(self.database, Practitioner, self.user.id)
        if known is None or known == self.user:
            return False
        self.user = known
        return True

    def settle(self) -> None:
        """Empty the write-ahead log into the database file, after what must not be lost.

        Raises nothing: what was committed is durable in the log, and whoever were told here that
        the disk is full would record it a second time.
        """
        try:
            self.database.checkpoint()
        except (UserError, RetryError) as error:
            log.warning("the log was not emptied: %s", error.code)

    def today(self) -> date:
        """The present day in Norway."""
        return self.clock.now().astimezone(OSLO).date()

    @contextlib.contextmanager
    def beside(self) -> Iterator[Session]:
        """The same session on a connection of its own, for a worker thread."""
        database = self.database.clone()
        try:
            yield replace(self, database=database)
        finally:
            database.close()
