"""The office settles what a laptop could not deliver.

An event that happened is only ever stored, under its own id, author and device; the place where the
office stepped in stands in a table of its own (`taken_over`), because the event's text is its
author's. Edits are written field by field into the record as it stands now.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from fieldapp.clock import to_iso
from fieldapp.domain.kinds import KINDS, Policy, policy_of
from fieldapp.domain.patients import Role
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.protocol.messages import Outcome, PushResult
from sync.protocol.office import TakeOverAction, TakeOverRequest
from sync.server.assignments import assign
from sync.server.bodies import same
from sync.server.decide import problem_of
from sync.server.identity import Identity
from sync.server.parked import settled_result
from sync.server.safety import look_at
from sync.server.storage.parked import ParkedChange
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewChange, NewVersion, StoredRecord

Body = Mapping[str, Any]

_SIGNATURE: Final = ("id", "author_id", "device_id", "sequence")
"""What tells whose an event is; a correction leaves it alone."""

_SECOND_TEXT: Final = uuid.UUID("0a0c7a7e-3b0f-4e53-9d38-4f6f6f0b7d51")
"""Names the ids of events that came under the id of another one."""


def open_change(transaction: Transaction, change_id: str, device_id: str | None) -> ParkedChange:
    """Return a parked change that waits. Raises NotFoundError_, BadRequestError."""
    found = transaction.parked.named(change_id, device_id)
    if not found:
        raise NotFoundError_("change")
    waiting = [change for change in found if change.settled_outcome is None]
    if not waiting:
        raise BadRequestError("not_open")
    if len(waiting) > 1:
        raise BadRequestError("which_device")
    return waiting[0]


def take_over(
    transaction: Transaction,
    request: TakeOverRequest,
    by: Identity,
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[ParkedChange, PushResult]:
    """Settle one change; return it and what its laptop will be told.

    Raises NotFoundError_ and BadRequestError, having stored nothing.
    """
    transaction.records.take_turn()
    change = open_change(transaction, request.change_id, request.device_id)
    stored = transaction.records.get(change.kind, change.id)
    if request.action is TakeOverAction.KEEP_SERVER:
        version = _keep_server(change, stored)
        outcome = Outcome.MERGED
    else:
        version = _store(transaction, change, stored, request.body, by, now, new_id)
        outcome = Outcome.ACCEPTED
    # Without its place in the queue: the laptop's own decision may come from there meanwhile, and
    # that is no second laptop.
    transaction.records.remember_changes(
        [NewChange(change.change_id, change.kind, change.id, version)]
    )
    transaction.parked.settle(
        change,
        outcome.value,
        version,
        by=by.user_id,
        at=to_iso(now),
        reason=request.reason.strip(),
    )
    settled = replace(change, settled_outcome=outcome.value, settled_version=version)
    return settled, settled_result(transaction, settled, change.user_id)


def can_keep_server(change: ParkedChange, stored: StoredRecord | None) -> bool:
    """True for an edit of a record that the server has: nothing that happened would be lost."""
    return policy_of(change.kind) is not Policy.EVENT and stored is not None


def _keep_server(change: ParkedChange, stored: StoredRecord | None) -> int:
    if policy_of(change.kind) is Policy.EVENT:
        raise BadRequestError("event")
    if stored is None:
        raise BadRequestError("no_server_body")
    return stored.seq


def _store(
    transaction: Transaction,
    change: ParkedChange,
    stored: StoredRecord | None,
    corrections: Body | None,
    by: Identity,
    now: datetime,
    new_id: Callable[[], str],
) -> int:
    """Store the change and return the version of its record that stands for it."""
    policy = policy_of(change.kind)
    if policy is Policy.SERVER:
        raise BadRequestError("server_owned")
    if change.body is None and corrections is None:
        raise BadRequestError("body", "missing")
    if policy is Policy.EVENT:
        return _store_event(transaction, change, stored, corrections or {}, by, now)
    body = _edited(transaction, change, stored, corrections or {})
    if stored is not None and same(body, stored.body):
        return stored.seq
    version = _put(transaction, change, stored, body, bool(corrections), by, now)
    if change.kind == "patient" and stored is None:
        # As with any new patient: whoever registered them follows them.
        user = transaction.accounts.user(change.user_id)
        assign(
            transaction,
            user_id=change.user_id,
            patient_id=change.id,
            primary=user is not None and user.role == Role.CASE_MANAGER,
            now=now,
            new_id=new_id,
        )
    return version


def _store_event(
    transaction: Transaction,
    change: ParkedChange,
    stored: StoredRecord | None,
    corrections: Body,
    by: Identity,
    now: datetime,
) -> int:
    mine = change.body or {}
    for field in _SIGNATURE:
        if field in mine and field in corrections and corrections[field] != mine[field]:
            raise BadRequestError("author", field)
    body = {**mine, **corrections, "id": change.id}
    _check_reopening(change, mine, body)
    if stored is None:
        return _put(transaction, change, stored, body, bool(corrections), by, now)
    if same(stored.body, body):
        return stored.seq
    # The other event stays as it is; this one is kept beside it, under an id that follows from the
    # change, so that doing it again finds it.
    second = str(uuid.uuid5(_SECOND_TEXT, f"{change.device_id}\n{change.change_id}"))
    beside = replace(change, id=second)
    if transaction.records.get(change.kind, second) is None:
        text = {**body, "id": second}
        _put(transaction, beside, None, text, bool(corrections), by, now)
    return stored.seq


def _check_reopening(change: ParkedChange, mine: Body, body: Body) -> None:
    """Nobody opens a slot by taking over: only the giver's own word did, and a decision does."""
    if body.get("reopens") is not True:
        return
    if mine.get("reopens") is not True:
        raise BadRequestError("body", "reopens")
    if mine.get("author_id") != change.user_id:
        raise BadRequestError("author", "author_id")


def _edited(
    transaction: Transaction, change: ParkedChange, stored: StoredRecord | None, corrections: Body
) -> dict[str, Any]:
    """Return the record as it stands now with the fields that were changed, on either side."""
    mine = change.body or {}
    if stored is None:
        return {**mine, **corrections, "id": change.id}
    base = transaction.records.body_at(change.kind, change.id, change.base_version)
    if change.base_version == stored.seq:
        base = stored.body
    changed = {
        field: value for field, value in mine.items() if base is None or value != base.get(field)
    }
    return {**stored.body, **changed, **corrections, "id": change.id}


def _put(
    transaction: Transaction,
    change: ParkedChange,
    stored: StoredRecord | None,
    body: dict[str, Any],
    corrected: bool,
    by: Identity,
    now: datetime,
) -> int:
    named = _patient_named(change, body)
    if named is not None and not isinstance(named, str):
        raise BadRequestError("body", "patient_id")
    problem = problem_of(change.kind, change.id, named, body)
    if problem is not None:
        raise BadRequestError("body", problem.removeprefix("bad_body:"))
    # Two patients may have been joined since: whatever names one is the other's.
    owner = None if named is None else transaction.joins.owner_of(named)
    expected = change.patient_id if stored is None else stored.patient_id
    if owner is None or (expected is not None and transaction.joins.owner_of(expected) != owner):
        raise BadRequestError("body", "patient_id")
    event = policy_of(change.kind) is Policy.EVENT
    taken = NewVersion(
        kind=change.kind,
        id=change.id,
        patient_id=change.id if change.kind == "patient" else owner,
        body=body,
        immutable=event,
        author_id=change.user_id,
        device_id=change.device_id,
        received_at=to_iso(now),
        out_of_scope=True,
        offset_ms=change.offset_ms,
    )
    version = transaction.records.put(taken)
    transaction.office.taken_over(
        version,
        change.kind,
        change.id,
        change.change_id,
        by=by.user_id,
        at=to_iso(now),
        corrected=corrected,
    )
    transaction.drafts.signed(change.user_id, [change.id])
    # It may be the second dose of its day, as with any handout that arrives.
    look_at(transaction, [taken], now)
    return version


def _patient_named(change: ParkedChange, body: Body) -> Any:
    """Return the patient whom a body is about; of kinds that we do not know, the row says so."""
    if change.kind == "patient":
        return change.id
    return body.get("patient_id") if change.kind in KINDS else change.patient_id
