"""Entries on the wrong patient: marked here, blocked at once, decided on by the record-responsible.

A blocked entry is shown as one that is blocked. Its words are for its author and for whoever
decides; everybody else is told that it is there, of what kind, and when it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.corrections import (
    MARKABLE,
    CorrectionError,
    EntryCorrection,
    Mark,
    Name,
    check_markable,
)
from fieldapp.domain.kinds import KINDS, kind_of
from fieldapp.domain.patients import Patient
from fieldapp.domain.rights import Right
from fieldapp.services import people
from fieldapp.services.rights import has, needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import corrections as store
from fieldapp.store import records

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class MarkView:
    """How a marked entry stands, in names. `words` are why it was marked, for whoever may read the
    entry; `answer` is why it was not deleted, where that was decided.
    """

    blocked: bool
    author_name: str
    marked_at: datetime
    words: str
    answer: str = ""
    answered_at: datetime | None = None


_OPEN: Final = frozenset({Right.DECIDE_DELETION})


class Veil:
    """What this person may read of one patient's marked entries. Read once for one screen."""

    def __init__(self, session: Session, patient_id: str | None = None) -> None:
        self._user_id = session.user.id
        self._decides = has(session, *_OPEN)
        self._session = session
        self.marks: Mapping[Name, Mark] = store.marks_of(session.database, patient_id)
        self._names: dict[str, str] | None = None

    def is_blocked(self, kind: str, record_id: str) -> bool:
        """True while an entry waits for the decision."""
        mark = self.marks.get((kind, record_id))
        return mark is not None and mark.blocked

    def hides(self, kind: str, record_id: str, author_id: str) -> bool:
        """True for an entry whose words this person may not read."""
        if not self.is_blocked(kind, record_id):
            return False
        return not (self._decides or author_id == self._user_id)

    def open_ones(self, values: Iterable[V]) -> list[V]:
        """Those of these records that are not blocked: for lists and figures of what counts."""
        return [
            value
            for value in values
            if not self.is_blocked(kind_of(type(value)), str(getattr(value, "id", "")))
        ]

    def view(self, kind: str, record_id: str, author_id: str) -> MarkView | None:
        """How an entry stands that was ever marked; None for any other."""
        mark = self.marks.get((kind, record_id))
        if mark is None:
            return None
        if self._names is None:
            self._names = people.names(self._session)
        decision = mark.decision
        refused = decision is not None and not decision.deleted and not mark.waiting
        return MarkView(
            blocked=mark.blocked,
            author_name=self._names.get(mark.first.author_id, ""),
            marked_at=mark.first.marked_at,
            words="" if self.hides(kind, record_id, author_id) else mark.first.reason,
            answer=decision.words if refused and decision is not None else "",
            answered_at=decision.decided_at if refused and decision is not None else None,
        )


@needs(Right.RECORD_CARE)
def mark(
    session: Session,
    kind: str,
    record_id: str,
    reason: str,
    right_patient_id: str | None = None,
) -> ChangeSet:
    """Say that an entry stands on the wrong patient; from now on it is blocked.

    The record-responsible is asked by the next sync. Saying it twice is one mark. Raises
    NotFoundError, CorrectionError (correction_kind, correction_words,
    correction_right_patient).
    """
    check_markable(kind, reason)
    with session.write() as unit:
        patient_id = _owner(session, kind, record_id)
        present = store.mark_of(session.database, (kind, record_id))
        if present is not None and present.waiting:
            return unit.changes(present.first.id)
        if right_patient_id is not None and (
            right_patient_id == patient_id
            or not records.exists(session.database, Patient, right_patient_id)
        ):
            raise CorrectionError("correction_right_patient")
        correction = EntryCorrection(
            id=session.new_id(),
            patient_id=patient_id,
            target_kind=kind,
            target_id=record_id,
            author_id=session.user.id,
            marked_at=unit.now,
            reason=reason.strip(),
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            right_patient_id=right_patient_id,
        )
        unit.save(correction, "mark_wrong_patient")
    session.settle()
    return unit.changes(correction.id)


def can_mark(session: Session, kind: str) -> bool:
    """True where this person may mark an entry of this kind; screens offer it by this."""
    return kind in MARKABLE and has(session, Right.RECORD_CARE)


def require_open(session: Session, kind: str, record_id: str) -> None:
    """Go on only with an open entry. Raises CorrectionError("correction_blocked")."""
    present = store.mark_of(session.database, (kind, record_id))
    if present is not None and present.blocked:
        raise CorrectionError("correction_blocked")


def _owner(session: Session, kind: str, record_id: str) -> str:
    """Return the patient under whom an entry stands. Raises NotFoundError."""
    kind_type: type[Any] = KINDS[kind].value_type
    found = records.get(session.database, kind_type, record_id)
    if found is None or found.patient_id is None:
        raise NotFoundError(record_id)
    return str(found.patient_id)
