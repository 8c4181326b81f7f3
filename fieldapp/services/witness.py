"""The second person: signs with a code of their own at once, or later in their own log-in.

A name that somebody else typed is no signature; the handout counts as not witnessed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from fieldapp.clock import Clock, from_iso, to_iso
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.collation import sort_key
from fieldapp.domain.handout_events import WitnessCode, WitnessStatement
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.patients import Patient, Practitioner
from fieldapp.domain.rights import Right, may
from fieldapp.domain.supply import SupplyMovement
from fieldapp.domain.witness_codes import is_too_simple
from fieldapp.errors import UserError
from fieldapp.security import codes
from fieldapp.security.kdf import KdfParams
from fieldapp.security.throttle import wait_after
from fieldapp.services import people, trusted_time
from fieldapp.services.rights import has, needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records, state, witness
from fieldapp.store.db import Database
from fieldapp.store.outbox import atomic

HANDOUT: Final = "medication_administration"
REGISTER: Final = "supply_movement"
"""Kinds that a witness may sign."""

_TRIES: Final = "witness_tries:"
_MILLISECOND: Final = timedelta(milliseconds=1)


class NoWitnessCodeError(UserError):
    """The witness has made no code, or this laptop has not heard of it."""

    code = "no_witness_code"


class OwnWitnessError(UserError):
    """Nobody is the witness of what they did themselves."""

    code = "own_witness"


class WitnessCodeTooSimpleError(UserError):
    """The code is too short or too easy to guess."""

    code = "witness_code_too_simple"


class WitnessLockedOutError(UserError):
    """Too many wrong codes for this witness; the argument is the number of seconds to wait."""

    code = "witness_locked_out"

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Standing(StrEnum):
    """How the second person of an act stands."""

    NONE = "none"
    NAME_ONLY = "name_only"
    """A typed name; counts as not witnessed."""
    WAITING = "waiting"
    """A colleague was named and has not signed yet; counts as not witnessed."""
    BY_CODE = "by_code"
    LATE = "late"
    """Signed afterwards in the witness's own log-in, and marked so."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that names this person as its witness and that they have not signed.

    `target_ids` are one handing-over's events, or one line of the register; `value` is the first.
    """

    target_kind: str
    target_ids: tuple[str, ...]
    patient_id: str | None
    author_id: str
    happened_at: datetime
    value: MedicationAdministration | SupplyMovement
    patient_name: str = ""
    product: str = ""
    days: tuple[date, ...] = ()


# --- codes


def with_code(session: Session) -> list[Practitioner]:
    """Return the colleagues who can sign on this laptop by their code, in Norwegian order."""
    active = witness.active_ids(session.database)
    found = [
        person
        for person in people.staff(session)
        if person.id in active and may(person.role, Right.WITNESS)
    ]
    return sorted(
        (person for person in found if person.id != session.user.id),
        key=lambda person: sort_key(person.name),
    )


def own_code(session: Session) -> WitnessCode | None:
    """Return what this laptop knows of this person's own code."""
    return records.get(session.database, WitnessCode, session.user.id)


def new_verifier(practitioner_id: str, code: str, params: KdfParams | None = None) -> str:
    """Return what the server keeps of a new code; the code itself goes nowhere. Slow.

    Raises WitnessCodeTooSimpleError.
    """
    if is_too_simple(code):
        raise WitnessCodeTooSimpleError
    return codes.make_verifier(code, practitioner_id, params or KdfParams())


def verify(session: Session, practitioner_id: str, code: str) -> bool:
    """Say whether this is the witness's code. Slow; in a worker with `Session.beside`.

    Wrong codes are counted for each witness, apart from passphrases; from the third on one waits.
    Raises OwnWitnessError, NoWitnessCodeError and WitnessLockedOutError.
    """
    if practitioner_id == session.user.id:
        raise OwnWitnessError
    known = records.get(session.database, WitnessCode, practitioner_id)
    person = records.get(session.database, Practitioner, practitioner_id)
    if known is None or not known.active or person is None or not person.active:
        raise NoWitnessCodeError
    if not may(person.role, Right.WITNESS):
        # The code is from before another role.
        raise NoWitnessCodeError
    tries = _Tries(session.database, session.clock, practitioner_id)
    # Counted before it is tried: whoever ends the program meanwhile has not gained a try.
    tries.begin()
    if not codes.fits(code, practitioner_id, known.verifier):
        with session.write() as unit:
            unit.audit("witness_code_refused", "practitioner", practitioner_id)
        return False
    tries.forget()
    return True


# --- signing late


def waiting(session: Session) -> list[Waiting]:
    """Return what waits for this person's signature, the newest first.

    Handouts of the patients on this laptop, and lines of the register. Nothing for a role that
    signs nothing.
    """
    if not has(session, Right.WITNESS):
        return []
    me, database = session.user.id, session.database
    groups: dict[tuple[str, str], list[MedicationAdministration | SupplyMovement]] = {}
    for dose in witness.unsigned_handouts(database, me):
        groups.setdefault((HANDOUT, _handing_over(dose)), []).append(dose)
    for line in witness.unsigned_lines(database, me):
        groups.setdefault((REGISTER, line.id), []).append(line)
    found = [_waiting(database, kind, values) for (kind, _), values in groups.items()]
    return sorted(found, key=lambda one: (one.happened_at, one.target_ids), reverse=True)


@needs(Right.WITNESS)
def confirm(session: Session, one: Waiting, note: str = "") -> ChangeSet:
    """Sign as the witness, late. Raises NotFoundError when it waits no more."""
    with session.write() as unit:
        if one not in waiting(session):
            raise NotFoundError(one.target_kind)
        now = trusted_time.now(session) or unit.now
        for target_id in one.target_ids:
            unit.save(
                WitnessStatement(
                    id=session.new_id(),
                    patient_id=one.patient_id,
                    target_kind=one.target_kind,
                    target_id=target_id,
                    witnessed_at=now,
                    recorded_at=unit.now,
                    author_id=session.user.id,
                    device_id=session.device_id,
                    sequence=unit.next_sequence(),
                    late=True,
                    note=note.strip(),
                ),
                action="witness_late",
            )
    session.settle()
    return unit.changes()


def standing_of(
    dose: MedicationAdministration, statements: Iterable[WitnessStatement] = ()
) -> Standing:
    """Say how the witness of a handout stands, given the signatures on it."""
    named = dose.witness
    if named is None:
        return Standing.NONE
    if named.practitioner_id in (None, dose.author_id):
        return Standing.NAME_ONLY
    if named.by_code:
        return Standing.BY_CODE
    signed = any(
        one.target_id == dose.id and one.author_id == named.practitioner_id for one in statements
    )
    return Standing.LATE if signed else Standing.WAITING


def statements(session: Session, target_ids: Sequence[str]) -> list[WitnessStatement]:
    """Return the signatures on these acts, the oldest first."""
    return witness.statements(session.database, target_ids)


def _handing_over(dose: MedicationAdministration) -> str:
    return dose.id if dose.take_home is None else dose.take_home.supply_id


def _waiting(
    database: Database, kind: str, values: list[MedicationAdministration | SupplyMovement]
) -> Waiting:
    first = min(values, key=lambda value: value.sequence)
    ids = tuple(sorted(value.id for value in values))
    if isinstance(first, SupplyMovement):
        return Waiting(
            kind, ids, None, first.author_id, first.happened_at, first, product=first.product
        )
    patient = records.get(database, Patient, first.patient_id)
    order = records.get(database, MedicationRequest, first.request_id)
    doses = (value for value in values if isinstance(value, MedicationAdministration))
    return Waiting(
        kind,
        ids,
        first.patient_id,
        first.author_id,
        first.given_at,
        first,
        patient_name="" if patient is None else patient.name,
        product="" if order is None else order.product,
        days=tuple(sorted(dose.day for dose in doses)),
    )


# --- slowing down


class _Tries:
    """Wrong codes of one witness in a row, kept in the encrypted store.

    The wait goes by the clock that nobody can set; after a restart of the machine it begins anew.
    """

    def __init__(self, database: Database, clock: Clock, practitioner_id: str) -> None:
        self._database = database
        self._clock = clock
        self._key = _TRIES + practitioner_id

    def begin(self) -> None:
        """Count one more try, or raise WitnessLockedOutError while a wait is running."""
        elapsed = self._clock.elapsed()
        with atomic(self._database):
            tries = self._read()
            count = int(tries.get("count", 0))
            left = wait_after(count) - self._waited(tries)
            if count and left > timedelta():
                raise WitnessLockedOutError(math.ceil(left.total_seconds()))
            value = {
                "count": count + 1,
                "at": to_iso(self._clock.now()),
                "boot_id": elapsed.boot_id,
                "elapsed_ms": elapsed.since_boot // _MILLISECOND,
            }
            state.write(self._database, self._key, json.dumps(value))

    def forget(self) -> None:
        """The right code was given."""
        state.write(self._database, self._key, "{}")

    def _read(self) -> dict[str, Any]:
        text = state.read(self._database, self._key)
        return {} if text is None else dict(json.loads(text))

    def _waited(self, tries: dict[str, Any]) -> timedelta:
        if not tries:
            return timedelta()
        elapsed = self._clock.elapsed()
        if not elapsed.boot_id:
            return max(self._clock.now() - from_iso(tries["at"]), timedelta())
        since = tries["elapsed_ms"] * _MILLISECOND if elapsed.boot_id == tries["boot_id"] else None
        return elapsed.since_boot - (since or timedelta())
