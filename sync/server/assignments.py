"""Assigning patients to staff: the grant that the server obeys and the record that people see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fieldapp.clock import to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.patients import Assignment
from fieldapp.ids import IdMaker
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion

_KIND = "assignment"


def assign(
    transaction: Transaction,
    *,
    user_id: str,
    patient_id: str,
    primary: bool,
    now: datetime,
    new_id: IdMaker,
) -> None:
    """Let a user follow a patient. The patient then arrives whole in the user's next pull.

    Where the user follows the patient already, only `primary` may change.
    """
    transaction.records.take_turn()
    # Whoever is assigned follows the patient from now on, whatever was opened for some hours.
    transaction.access.end_all(user_id, patient_id, to_iso(now))
    present = _standing_assignment(transaction, user_id, patient_id)
    if present is not None:
        lasting = replace(present, primary=primary, access="", until=None)
        if lasting != present:
            _store(transaction, lasting, now)
        return
    _begin(transaction, Assignment(new_id(), patient_id, user_id, primary), now)


def assign_for_a_while(
    transaction: Transaction,
    *,
    user_id: str,
    patient_id: str,
    access: str,
    until: datetime,
    now: datetime,
    new_id: IdMaker,
) -> None:
    """Let a user see a patient whom they opened outside their list; `until` says how long."""
    transaction.records.take_turn()
    present = _standing_assignment(transaction, user_id, patient_id)
    if present is not None:
        _store(transaction, replace(present, access=access, until=until), now)
        return
    value = Assignment(new_id(), patient_id, user_id, access=access, until=until)
    _begin(transaction, value, now)


def _begin(transaction: Transaction, value: Assignment, now: datetime) -> None:
    seq = _store(transaction, value, now)
    # The grant takes the number of the record that announces it: everything of the patient
    # stored up to here now stands at this number in the user's pull.
    transaction.scope.grant(value.practitioner_id, value.patient_id, seq)


def unassign(transaction: Transaction, *, user_id: str, patient_id: str, now: datetime) -> bool:
    """End a user's following of a patient; False when there was nothing to end."""
    transaction.records.take_turn()
    present = _standing_assignment(transaction, user_id, patient_id)
    transaction.access.end_all(user_id, patient_id, to_iso(now))
    if present is None:
        return False
    seq = _store(transaction, replace(present, active=False), now)
    transaction.scope.end(user_id, patient_id, seq)
    return True


def assignment_version(value: Assignment, now: datetime) -> NewVersion:
    """Return an assignment as the server's own record."""
    return NewVersion(
        kind=_KIND,
        id=value.id,
        patient_id=value.patient_id,
        body=to_body(value),
        immutable=False,
        author_id=None,
        device_id=None,
        received_at=to_iso(now),
    )


def _store(transaction: Transaction, value: Assignment, now: datetime) -> int:
    return transaction.records.put(assignment_version(value, now))


def _standing_assignment(
    transaction: Transaction, user_id: str, patient_id: str
) -> Assignment | None:
    if patient_id not in transaction.scope.standing(user_id):
        return None
    for record in transaction.records.of_patient(patient_id, _KIND):
        value = from_body(Assignment, record.body)
        if value.practitioner_id == user_id and value.active:
            return value
    return None
