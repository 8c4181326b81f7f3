"""Entries on the wrong patient: marked, blocked, and deleted or not by the record-responsible.

What was signed is never changed, and never deleted otherwise (helsepersonelloven §§ 42-44). A mark
is an event of its own; from then on the entry is blocked. The decision is the server's record and
holds no content: it names what is gone, or says in words why nothing is deleted.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fieldapp.clock import to_iso

CORRECTION_KIND: Final = "entry_correction"
DELETION_KIND: Final = "deletion"

ENTRY_DELETED: Final = "entry_deleted"
"""Why the server does not take in a change: the record was deleted as one on the wrong patient."""

MARKABLE: Final = frozenset(
    {
        "encounter",
        "note",
        "screening_response",
        "rapid_test",
        "medication_administration",
        "communication",
        "adverse_event",
        "medication_dispense",
        "pharmacy_report",
        "dose_incident",
    }
)
"""Kinds of which an entry may stand on the wrong patient: what somebody wrote of what happened."""

_DELETIONS: Final = uuid.UUID("3f0a4f3e-0f0b-4f53-9d0e-6f6b1c1f5a04")
_PURPOSE: Final = "fieldapp/deletion/v1"

Name = tuple[str, str]
"""Kind and id of a record."""


class CorrectionError(ValueError):
    """An entry cannot be marked so; `code` names why (correction_words,
    correction_kind, correction_right_patient, correction_blocked)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class EntryCorrection:
    """Somebody says that an entry stands on the wrong patient. `patient_id`: where it stands.

    `right_patient_id` is whose it should be, where the author knows and follows that patient.
    """

    id: str
    patient_id: str
    target_kind: str
    target_id: str
    author_id: str
    marked_at: datetime
    reason: str
    device_id: str
    sequence: int
    right_patient_id: str | None = None

    @property
    def target(self) -> Name:
        return (self.target_kind, self.target_id)


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record by kind and id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """What the record-responsible decided about an entry: one record for an entry, for ever.

    `deleted` true: the records in `removed` are gone everywhere. False: they stay, for the reason
    in `words`. `corrections` are the marks that were decided on; a later one opens it again.
    `signature` is the server's own (Ed25519, hexadecimal): a server that was set back knows by it
    that a laptop gives back what was really decided.
    """

    id: str
    patient_id: str
    target_kind: str
    target_id: str
    decided_by: str
    decided_at: datetime
    deleted: bool
    removed: tuple[RecordName, ...] = ()
    corrections: tuple[str, ...] = ()
    words: str = ""
    signature: str = ""

    @property
    def target(self) -> Name:
        return (self.target_kind, self.target_id)


def deletion_id(target: Name) -> str:
    """The id of the decision about an entry: the same one for ever."""
    return str(uuid.uuid5(_DELETIONS, "\n".join(target)))


def signed_bytes(deletion: Deletion) -> bytes:
    """Return what the server's key signs: every field but the signature, in this order."""
    fields = [
        *(_PURPOSE, deletion.id, deletion.patient_id, *deletion.target, deletion.decided_by),
        *(to_iso(deletion.decided_at), str(int(deletion.deleted)), deletion.words),
        *(str(len(deletion.removed)), *(f"{one.kind}/{one.id}" for one in deletion.removed)),
        *deletion.corrections,
    ]
    return "\x1f".join(fields).encode()


def check_markable(kind: str, reason: str) -> None:
    """Raise CorrectionError unless an entry of this kind may be marked with these words."""
    if kind not in MARKABLE:
        raise CorrectionError("correction_kind")
    if not reason.strip():
        raise CorrectionError("correction_words")


@dataclass(frozen=True, slots=True)
class Mark:
    """How a marked entry stands. Blocked while a mark is not decided on, and once it is deleted.

    `first` is the oldest mark that waits, else the newest one. `decision` is what was last decided.
    """

    first: EntryCorrection
    waiting: tuple[EntryCorrection, ...]
    decision: Deletion | None = None

    @property
    def blocked(self) -> bool:
        return bool(self.waiting) or (self.decision is not None and self.decision.deleted)


def marks(
    corrections: Iterable[EntryCorrection], decisions: Iterable[Deletion]
) -> Mapping[Name, Mark]:
    """Work out how every entry stands that was ever marked and is still there."""
    decided = {decision.target: decision for decision in decisions}
    by_target: dict[Name, list[EntryCorrection]] = {}
    for correction in sorted(corrections, key=lambda one: (one.marked_at, one.id)):
        by_target.setdefault(correction.target, []).append(correction)
    found: dict[Name, Mark] = {}
    for target, said in by_target.items():
        decision = decided.get(target)
        answered = decision.corrections if decision is not None else ()
        waiting = tuple(one for one in said if one.id not in answered)
        found[target] = Mark((waiting or said[-1:])[0], waiting, decision)
    return found
