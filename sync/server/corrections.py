"""Entries on the wrong patient: what waits for the record-responsible, and what they decide.

Nothing else deletes a record. What is deleted goes in every version, with every copy that is here;
its name stays, so that no laptop can bring it back, and so that every laptop lets go of it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature

from fieldapp.clock import to_iso
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.corrections import (
    CORRECTION_KIND,
    DELETION_KIND,
    MARKABLE,
    Deletion,
    EntryCorrection,
    Name,
    RecordName,
    deletion_id,
    signed_bytes,
)
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.server.keys import key_pairs
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

PROPOSAL_KIND: Final = "proposal"
_POINTERS: Final = {"note": "addendum_to", "medication_administration": "reverses"}
"""The field by which an entry of a kind belongs to another of that kind: it goes along."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry with the marks that wait, the oldest first, and the entry itself where it is here.

    `entry` is None as well for one that is another patient's: whoever marks chooses the id.
    """

    target: Name
    patient_id: str
    corrections: tuple[EntryCorrection, ...]
    entry: StoredRecord | None
    foreign: bool = False
    decision: Deletion | None = None


def waiting(transaction: Transaction) -> list[Waiting]:
    """Return the entries that wait for a decision, the longest waiting first."""
    marks: dict[Name, list[tuple[EntryCorrection, str]]] = {}
    for record in transaction.records.of_kind(CORRECTION_KIND):
        value = _read_correction(record)
        if value is not None and value.target_kind in MARKABLE:
            marks.setdefault(value.target, []).append((value, str(record.patient_id)))
    decisions = {
        deletion.target: deletion
        for record in transaction.records.of_kind(DELETION_KIND)
        if (deletion := _read_deletion(record)) is not None
    }
    stored = transaction.records.get_many(marks)
    found = []
    for target, said in marks.items():
        decision = decisions.get(target)
        answered = decision.corrections if decision is not None else ()
        open_ones = [(value, owner) for value, owner in said if value.id not in answered]
        if open_ones:
            found.append(_waiting(target, open_ones, stored.get(target), decision))
    return sorted(found, key=lambda one: one.corrections[0].marked_at)


def waiting_for(transaction: Transaction, target: Name) -> Waiting:
    """Return one of them. Raises NotFoundError_ for an entry that does not wait."""
    for one in waiting(transaction):
        if one.target == target:
            return one
    raise NotFoundError_("entry")


def decide(
    transaction: Transaction,
    target: Name,
    *,
    delete: bool,
    words: str,
    by: str,
    now: datetime,
) -> tuple[str, int]:
    """Delete an entry that waits, or say why not; return its patient and how many records went.

    Raises NotFoundError_, BadRequestError (other_patient).
    """
    transaction.records.take_turn()
    found = waiting_for(transaction, target)
    if delete and found.foreign:
        raise BadRequestError("other_patient")
    removed = related(transaction, found) if delete else []
    before = found.decision.corrections if found.decision is not None else ()
    decision = Deletion(
        id=deletion_id(target),
        patient_id=found.patient_id,
        target_kind=target[0],
        target_id=target[1],
        decided_by=by,
        decided_at=now,
        deleted=delete,
        removed=tuple(RecordName(*name) for name in removed),
        corrections=(*before, *(one.id for one in found.corrections)),
        # Of what is gone not even a reason may tell what it said; it stands in the office log.
        words="" if delete else words.strip(),
    )
    signature = key_pairs(transaction).receipt.sign(signed_bytes(decision)).hex()
    _carry_out(transaction, replace(decision, signature=signature), found.patient_id, now)
    return found.patient_id, len(removed)


def is_own(transaction: Transaction, decision: Deletion) -> bool:
    """True for a decision that this server has signed, before it was set back to a backup."""
    public = key_pairs(transaction).receipt.public_key()
    try:
        public.verify(bytes.fromhex(decision.signature), signed_bytes(decision))
    except (InvalidSignature, ValueError):
        return False
    return True


def again(
    transaction: Transaction, decision: Deletion, patient_id: str, now: datetime
) -> StoredRecord:
    """Carry out once more what was decided in a time that this server has lost."""
    return _carry_out(transaction, decision, patient_id, now)


def related(transaction: Transaction, found: Waiting) -> list[Name]:
    """Return the entry with all that goes with it: additions, counter-entries, marks, wishes."""
    records = transaction.records.of_patient(found.patient_id)
    removed = {found.target}
    pointer = _POINTERS.get(found.target[0])
    if pointer is not None:
        removed |= {
            (record.kind, record.id)
            for record in records
            if (record.kind, record.body.get(pointer)) == found.target
        }
    removed |= {
        (record.kind, record.id)
        for record in records
        if record.kind in (CORRECTION_KIND, PROPOSAL_KIND)
        and not removed.isdisjoint(names_in(record.body))
    }
    removed |= {(CORRECTION_KIND, one.id) for one in found.corrections}
    return [found.target, *sorted(removed - {found.target})]


def names_in(body: object) -> list[Name]:
    """Return the record that a mark or a wish is about; nothing for another body."""
    if not isinstance(body, dict):
        return []
    kind, record_id = body.get("target_kind"), body.get("target_id")
    return [(kind, record_id)] if isinstance(kind, str) and isinstance(record_id, str) else []


def read_decision(body: dict[str, object]) -> Deletion | None:
    """Return the decision that a body holds, None when it holds none."""
    try:
        return from_body(Deletion, body)
    except BodyError:
        return None


def _carry_out(
    transaction: Transaction, decision: Deletion, patient_id: str, now: datetime
) -> StoredRecord:
    if decision.deleted:
        names = [(one.kind, one.id) for one in decision.removed]
        transaction.deletions.delete(names, decision.id, to_iso(now))
    version = NewVersion(
        kind=DELETION_KIND,
        id=decision.id,
        patient_id=patient_id,
        body=to_body(decision),
        immutable=False,
        author_id=None,
        device_id=None,
        received_at=to_iso(now),
    )
    present = transaction.records.get(DELETION_KIND, decision.id)
    stored = transaction.records.add(version, present)
    transaction.records.flush()
    return stored


def _waiting(
    target: Name,
    said: Sequence[tuple[EntryCorrection, str]],
    entry: StoredRecord | None,
    decision: Deletion | None,
) -> Waiting:
    said = sorted(said, key=lambda one: (one[0].marked_at, one[0].id))
    owner = said[0][1]
    own = [value for value, patient_id in said if patient_id == owner]
    foreign = entry is not None and entry.patient_id != owner
    return Waiting(
        target, owner, tuple(own), None if foreign else entry, foreign=foreign, decision=decision
    )


def _read_correction(record: StoredRecord) -> EntryCorrection | None:
    try:
        return from_body(EntryCorrection, record.body)
    except BodyError:
        return None  # from a newer program


def _read_deletion(record: StoredRecord) -> Deletion | None:
    return read_decision(record.body)
