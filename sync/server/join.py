"""Patients registered twice: who they may be, and the join at the office that makes them one.

A join is for ever; there is no way back, because what was written afterwards belongs to neither of
the two alone. Bodies of records stay word for word, events above all: whose a record is now stands
in its row (`patient_id`), which wins over the `patient_id` in its body.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations

from fieldapp.clock import to_iso
from fieldapp.domain.claims import ClaimState, ends
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.patients import Assignment, Patient
from fieldapp.errors import UserError
from sync.server.assignments import assign
from sync.server.rules import day_begins, rules
from sync.server.safety import look_at_joined
from sync.server.storage.claims import read_claims
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

_PATIENT = "patient"
_JOIN_NAMESPACE = uuid.UUID("5d1f5a52-6f0c-4b7e-9a53-0f3c5d0c7a11")

_BEARS_ON_DOSES_FOR = timedelta(days=1)
"""After its end: longer than any least interval between doses."""

NATIONAL_ID = "national_id"
NAME_AND_BIRTH = "name_and_birth"


class JoinError(UserError):
    """These two cannot be joined; the argument is a code (same_patient, no_such_patient,
    live_claims).
    """

    code = "join"


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """Two patients who may be one person. `reasons` are codes, the surest first."""

    first_id: str
    second_id: str
    reasons: tuple[str, ...]


def possible_duplicates(transaction: Transaction) -> list[PossibleDuplicate]:
    """Return the pairs that share a national number, or both name and date of birth.

    The surest come first. Patients that were joined already are left out. Worked out from the
    records each time: a pair that was corrected is gone by itself.
    """
    return _duplicates_among(transaction.records.of_kind(_PATIENT))


def with_possible_duplicate(transaction: Transaction, patient_ids: Sequence[str]) -> set[str]:
    """Return those of some patients who may be the same person as another."""
    wanted = transaction.records.get_many((_PATIENT, one) for one in patient_ids)
    persons = [found for found in map(_read, wanted.values()) if found]
    like = transaction.claims.like_persons(
        [person.birth_date.isoformat() for person in persons if person.birth_date is not None],
        [str(number) for person in persons if (number := _number_of(person)) is not None],
    )
    alike = _duplicates_among(like)
    return {one for pair in alike for one in (pair.first_id, pair.second_id)} & set(patient_ids)


def _duplicates_among(records: Iterable[StoredRecord]) -> list[PossibleDuplicate]:
    patients = [found for found in map(_read, records) if found]
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, key_of in ((NATIONAL_ID, _number_of), (NAME_AND_BIRTH, _person_of)):
        for pair in _alike(patients, key_of):
            reasons[pair].append(name)
    found = [PossibleDuplicate(*pair, tuple(why)) for pair, why in reasons.items()]
    return sorted(found, key=lambda pair: NATIONAL_ID not in pair.reasons)


def join_patients(
    transaction: Transaction, winner_id: str, loser_id: str, by: str | None, now: datetime
) -> int:
    """Make two patients one; return how many records changed hands (0 when they are one already).

    `by` is the user who decided. Everything of the loser becomes the winner's with a new sequence
    number; its own record stays as a signpost (`replaced_by`); whoever followed either follows the
    winner; whatever still names the loser, now or later, is the winner's. Raises JoinError.
    """
    transaction.records.take_turn()
    winner_id = transaction.joins.owner_of(winner_id)
    present_loser = transaction.joins.owner_of(loser_id)
    if winner_id == loser_id:
        raise JoinError("same_patient")
    if present_loser == winner_id:
        return 0
    loser_id = present_loser
    winner = transaction.records.get(_PATIENT, winner_id)
    loser = transaction.records.get(_PATIENT, loser_id)
    if winner is None or loser is None:
        raise JoinError("no_such_patient")
    if _has_live_claims(transaction, loser_id, now):
        # Its holder may give by it, and another the same day of the winner.
        raise JoinError("live_claims")
    transaction.joins.add_alias(loser_id, winner_id, by, to_iso(now))
    moved = transaction.joins.move_records(loser_id, winner_id)
    look_at_joined(transaction, winner_id, now)
    _put_up_signpost(transaction, loser, winner_id, by, now)
    _let_followers_follow(transaction, loser_id, winner_id, now)
    return moved


# --- the join


def _has_live_claims(transaction: Transaction, patient_id: str, now: datetime) -> bool:
    """True while a day of the patient, or an injection, is held, or what was given on it is not
    known: under the other's name nobody would see that.

    A day bears on the doses of the next one as well.
    """
    begins = day_begins(rules(transaction))
    return any(
        claim.state is ClaimState.HELD
        if claim.day is None
        else claim.state in (ClaimState.HELD, ClaimState.UNKNOWN)
        and ends(claim.day, begins) + _BEARS_ON_DOSES_FOR > now
        for claim in read_claims(transaction.claims.of_patients([patient_id]))
    )


def _put_up_signpost(
    transaction: Transaction, loser: StoredRecord, winner_id: str, by: str | None, now: datetime
) -> None:
    """The loser's own record stays where it was, so that laptops that know it learn of the join."""
    transaction.records.put(
        NewVersion(
            kind=_PATIENT,
            id=loser.id,
            patient_id=loser.id,
            body={**loser.body, "active": False, "replaced_by": winner_id},
            immutable=False,
            author_id=by,
            device_id=None,
            received_at=to_iso(now),
        )
    )


def _let_followers_follow(
    transaction: Transaction, loser_id: str, winner_id: str, now: datetime
) -> None:
    has_primary = any(value.primary for value in _assignments(transaction, winner_id))
    primaries = {
        value.practitioner_id for value in _assignments(transaction, loser_id) if value.primary
    }
    following = set(transaction.joins.followers(winner_id))
    for user_id in transaction.joins.followers(loser_id):
        if user_id in following:
            continue
        name = f"{loser_id}\n{winner_id}\n{user_id}"
        assignment_id = str(uuid.uuid5(_JOIN_NAMESPACE, name))
        assign(
            transaction,
            user_id=user_id,
            patient_id=winner_id,
            primary=user_id in primaries and not has_primary,
            now=now,
            new_id=partial(str, assignment_id),
        )


def _assignments(transaction: Transaction, patient_id: str) -> Iterator[Assignment]:
    for record in transaction.records.of_patient(patient_id, "assignment"):
        value = from_body(Assignment, record.body)
        if value.active:
            yield value


# --- who may be one person


def _read(record: StoredRecord) -> Patient | None:
    try:
        patient = from_body(Patient, record.body)
    except BodyError:
        return None  # from a newer program; nothing can be said of it
    return None if patient.replaced_by is not None else replace(patient, id=record.id)


def _alike(
    patients: Iterable[Patient], key_of: Callable[[Patient], Hashable | None]
) -> Iterator[tuple[str, str]]:
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for patient in patients:
        key = key_of(patient)
        if key is not None:
            groups[key].append(patient.id)
    for group in groups.values():
        yield from combinations(group, 2)


def _number_of(patient: Patient) -> Hashable | None:
    return "".join((patient.national_id or "").split()) or None


def _person_of(patient: Patient) -> Hashable | None:
    if patient.birth_date is None:
        return None
    names = (patient.family_name, patient.given_name)
    return (*(" ".join(name.casefold().split()) for name in names), patient.birth_date)
