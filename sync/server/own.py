"""What a user may change about themselves, whatever their role."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fieldapp.clock import to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.handout_events import WitnessCode
from fieldapp.domain.rights import Right, may
from fieldapp.domain.witness_codes import is_verifier
from sync.protocol.errors import BadRequestError, NotAllowedError
from sync.protocol.own import SetWitnessCodeRequest, WitnessCodeAnswer
from sync.server.identity import Identity
from sync.server.service import World
from sync.server.storage.office import OfficeLine
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion

_KIND = "witness_code"


def set_witness_code(
    world: World, who: Identity, request: SetWitnessCodeRequest
) -> WitnessCodeAnswer:
    """Take over the verifier of the caller's own code, in place of an older one.

    Raises NotAllowedError for a role that signs nothing, and BadRequestError for what is no
    verifier, or costs too little to try or too much.
    """
    if not may(who.role, Right.WITNESS):
        raise NotAllowedError(Right.WITNESS.value)
    if not is_verifier(request.verifier):
        raise BadRequestError("verifier")
    now = world.clock.now()
    with world.storage.write() as transaction:
        transaction.records.take_turn()
        _put(transaction, WitnessCode(who.user_id, request.verifier, now), now)
        transaction.office.add_line(
            OfficeLine(to_iso(now), who.user_id, who.device_id, "set_witness_code")
        )
    return WitnessCodeAnswer(changed_at=now)


def end_witness_code(transaction: Transaction, user_id: str, now: datetime) -> None:
    """Nobody signs by the code of a closed account. The caller has taken the turn."""
    record = transaction.records.get(_KIND, user_id)
    if record is not None:
        _put(transaction, replace(from_body(WitnessCode, record.body), active=False), now)


def _put(transaction: Transaction, code: WitnessCode, now: datetime) -> None:
    transaction.records.put(
        NewVersion(
            kind=_KIND,
            id=code.id,
            patient_id=None,
            body=to_body(code),
            immutable=False,
            author_id=None,
            device_id=None,
            received_at=to_iso(now),
        )
    )
