"""Wishes from the field about records that the server owns, decided on at the office."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from fieldapp.clock import to_iso
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.event_checks import may_be_opened_again
from fieldapp.domain.handout_events import DoseIncident, SlotReopening
from fieldapp.domain.patients import Assignment, Role
from fieldapp.domain.proposals import Proposal, ProposalStatus
from fieldapp.domain.rights import Right, may
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.office import DecideProposalRequest
from sync.server import assignments
from sync.server.identity import Identity
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

_PROPOSAL: Final = "proposal"
_ORDER: Final = "medication_request"
_ASSIGNMENT: Final = "assignment"
_HANDOUT: Final = "medication_administration"
_INCIDENT: Final = "dose_incident"
_REOPENINGS: Final = uuid.UUID("f1c7a3de-52a0-4e0c-9f5e-3d0a1b7c4e66")
_FIXED: Final = ("id", "patient_id", "practitioner_id")
"""Whose a record is cannot be wished otherwise."""


def can_decide(role: str, target_kind: str) -> bool:
    """Say whether a role that decides on proposals may decide on this kind.

    An order is a prescriber's word and nobody else's. To open a slot again is for those who may;
    a prescriber decides on nothing else.
    """
    if target_kind in (_HANDOUT, _INCIDENT):
        return may(role, Right.REOPEN_SLOTS)
    return (role == Role.PRESCRIBER) == (target_kind == _ORDER)


def may_see_proposal(
    transaction: Transaction, by: Identity, proposal: Proposal, patient_id: str | None
) -> bool:
    """A team leader sees every open proposal; a prescriber those about orders and slots of their
    patients.
    """
    if by.role != Role.PRESCRIBER:
        return True
    if proposal.target_kind not in (_ORDER, _HANDOUT, _INCIDENT) or patient_id is None:
        return False
    return transaction.scope.reach(by.user_id, [patient_id]).get(patient_id, False)


def read_proposal(record: StoredRecord) -> Proposal | None:
    """Return the value of a record, None when a newer program wrote it."""
    try:
        return from_body(Proposal, record.body)
    except BodyError:
        return None


def decide_proposal(
    transaction: Transaction,
    request: DecideProposalRequest,
    by: Identity,
    now: datetime,
    new_id: Callable[[], str],
) -> str | None:
    """Accept or decline; return the patient's id.

    Raises NotFoundError_, NotAllowedError, BadRequestError (words_missing, not_open, kind, body,
    own_handout).
    """
    transaction.records.take_turn()
    record = transaction.records.get(_PROPOSAL, request.id)
    proposal = read_proposal(record) if record is not None else None
    if record is None or proposal is None:
        raise NotFoundError_("proposal")
    if not may_see_proposal(transaction, by, proposal, record.patient_id):
        raise NotFoundError_("proposal")
    if not can_decide(by.role, proposal.target_kind):
        raise NotAllowedError("decide_proposals")
    if not request.accept and not request.words.strip():
        raise BadRequestError("words_missing")
    if proposal.status is not ProposalStatus.OPEN:
        raise BadRequestError("not_open")
    if request.accept:
        _write(transaction, proposal, record.patient_id, by, request.words.strip(), now, new_id)
    status = ProposalStatus.ACCEPTED if request.accept else ProposalStatus.DECLINED
    decided = replace(
        proposal,
        status=status,
        decided_by=by.user_id,
        decided_at=now,
        decision=request.words.strip(),
    )
    _put(transaction, record, {**record.body, **to_body(decided)}, by, now)
    return record.patient_id


def open_order_wish(
    transaction: Transaction, proposal_id: str, order_id: str, patient_id: str, by: Identity
) -> None:
    """Check that a wish about this order waits and is this person's to decide on.

    Raises NotFoundError_, NotAllowedError, BadRequestError (not_open).
    """
    record = transaction.records.get(_PROPOSAL, proposal_id)
    proposal = read_proposal(record) if record is not None else None
    if record is None or proposal is None or record.patient_id != patient_id:
        raise NotFoundError_("proposal")
    if (proposal.target_kind, proposal.target_id) != (_ORDER, order_id):
        raise NotFoundError_("proposal")
    if not may_see_proposal(transaction, by, proposal, patient_id):
        raise NotFoundError_("proposal")
    if not can_decide(by.role, _ORDER):
        raise NotAllowedError("decide_proposals")
    if proposal.status is not ProposalStatus.OPEN:
        raise BadRequestError("not_open")


def accept_order_wish(
    transaction: Transaction, proposal_id: str, by: Identity, decided_by: str, now: datetime
) -> None:
    """Note that the order that was made of a wish is in force; `by` has just confirmed it.

    A wish that was decided on meanwhile stays as it is.
    """
    record = transaction.records.get(_PROPOSAL, proposal_id)
    proposal = read_proposal(record) if record is not None else None
    if record is None or proposal is None or proposal.status is not ProposalStatus.OPEN:
        return
    decided = replace(
        proposal, status=ProposalStatus.ACCEPTED, decided_by=decided_by, decided_at=now
    )
    _put(transaction, record, {**record.body, **to_body(decided)}, by, now)


def target_of(
    transaction: Transaction, proposal: Proposal, patient_id: str | None
) -> StoredRecord | None:
    """Return the record that a wish is about, None unless it is of the wish's own patient.

    Who made the wish chose the id; it must open no other patient's record.
    """
    target = transaction.records.get(proposal.target_kind, proposal.target_id)
    return target if target is not None and target.patient_id == patient_id else None


def _write(
    transaction: Transaction,
    proposal: Proposal,
    patient_id: str | None,
    by: Identity,
    words: str,
    now: datetime,
    new_id: Callable[[], str],
) -> None:
    target = target_of(transaction, proposal, patient_id)
    if target is None:
        raise BadRequestError("body", "target_id")
    wished = {field: value for field, value in proposal.values.items() if field not in _FIXED}
    if proposal.target_kind == _ASSIGNMENT:
        _reassign(transaction, target, wished, now, new_id)
    elif proposal.target_kind == _ORDER:
        # It takes an order that is entered and confirmed by two (`sync.server.orders`).
        raise BadRequestError("order_form")
    elif proposal.target_kind in (_HANDOUT, _INCIDENT):
        _reopen(transaction, proposal, target, by, words, now)
    else:
        raise BadRequestError("kind")


def _reopen(
    transaction: Transaction,
    proposal: Proposal,
    target: StoredRecord,
    by: Identity,
    words: str,
    now: datetime,
) -> None:
    """Open the slots of doses that were never given, or whose bottles came back or were lost.

    Only this opens a slot that others know of. Whoever gave a dose does not decide that.
    """
    if not words:
        raise BadRequestError("words_missing")
    wanted, basis_id = _doses_to_open(proposal, target)
    stored = transaction.records.get_many((_HANDOUT, one) for one in wanted)
    doses = [
        record
        for record in stored.values()
        if record.patient_id == target.patient_id
        and record.body.get("status") == "given"
        # What somebody was seen to swallow is no bottle that came back or was lost.
        and not (proposal.target_kind == _INCIDENT and record.body.get("witnessed") is True)
    ]
    if not doses:
        raise BadRequestError("body", "administration_ids")
    if by.user_id in {record.body.get("author_id") for record in doses}:
        raise BadRequestError("own_handout")
    opening = SlotReopening(
        id=str(uuid.uuid5(_REOPENINGS, basis_id)),
        patient_id=str(target.patient_id),
        administration_ids=tuple(sorted(record.id for record in doses)),
        decided_by=by.user_id,
        decided_at=now,
        reason=words,
        basis_id=basis_id,
    )
    transaction.records.put(
        NewVersion(
            kind="slot_reopening",
            id=opening.id,
            patient_id=opening.patient_id,
            body=to_body(opening),
            immutable=False,
            author_id=by.user_id,
            device_id=by.device_id,
            received_at=to_iso(now),
        )
    )


def _doses_to_open(proposal: Proposal, target: StoredRecord) -> tuple[tuple[str, ...], str]:
    """Return the doses that a wish is about, and what it rests on. Raises BadRequestError."""
    if proposal.target_kind == _HANDOUT:
        if proposal.values.get("never_happened") is not True:
            raise BadRequestError("kind")
        return (target.id,), proposal.id
    try:
        incident = from_body(DoseIncident, target.body)
    except BodyError as error:
        raise BadRequestError("body", error.field) from None
    if not may_be_opened_again(incident):
        # What was swallowed or spilt is gone: a new dose is a forced handout.
        raise BadRequestError("kind")
    return incident.administration_ids, incident.id


def _reassign(
    transaction: Transaction,
    target: StoredRecord,
    wished: Mapping[str, Any],
    now: datetime,
    new_id: Callable[[], str],
) -> None:
    """An assignment is also a grant: both change together."""
    try:
        value = from_body(Assignment, {**target.body, **wished})
    except BodyError as error:
        raise BadRequestError("body", error.field) from None
    if value.active:
        assignments.assign(
            transaction,
            user_id=value.practitioner_id,
            patient_id=value.patient_id,
            primary=value.primary,
            now=now,
            new_id=new_id,
        )
    else:
        assignments.unassign(
            transaction, user_id=value.practitioner_id, patient_id=value.patient_id, now=now
        )


def _put(
    transaction: Transaction,
    record: StoredRecord,
    body: dict[str, Any],
    by: Identity | None,
    now: datetime,
) -> None:
    transaction.records.put(
        NewVersion(
            kind=record.kind,
            id=record.id,
            patient_id=record.patient_id,
            body=body,
            immutable=False,
            author_id=by.user_id if by else None,
            device_id=by.device_id if by else None,
            received_at=to_iso(now),
        )
    )
