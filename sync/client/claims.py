"""What the laptop says of claims, and what it notes of the answer.

The claims themselves come as records with the pull that follows; nothing is green before that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fieldapp.domain.changes import Change
from fieldapp.store import claims, inbox, outbox, state
from fieldapp.store.claims import Call, Denied, Granted, Name
from fieldapp.store.db import Database
from sync.protocol.claims import (
    MAX_CLAIMS,
    ClaimName,
    ClaimsAnswer,
    ClaimsRequest,
    Denial,
    HeldClaim,
)
from sync.protocol.service import SyncService

_REPORTED = "claims_reported"
"""Key of `store_state`: the server's epoch in which this store has last said what it holds."""


@dataclass(frozen=True, slots=True)
class Told:
    """`epoch`: in which the server took it in, None when it is of another epoch than the store."""

    epoch: int | None
    changes: tuple[Change, ...]


def is_something_to_tell(database: Database, epoch: int) -> bool:
    """True when this store holds, has given up or wants claims, was set back, or has said nothing
    of claims since the server was.
    """
    if int(state.read(database, _REPORTED) or 0) != epoch:
        return True
    call = claims.prepare_call(database)
    return bool(call.held or call.released or call.wanted or call.set_back)


def tell(service: SyncService, database: Database, now: datetime) -> Told:
    """Make the call and note the answer."""
    epoch = state.epoch(database) or 0
    call = claims.prepare_call(database)
    answer = service.claims(_request(call, epoch, inbox.newest_seen(database), now))
    if answer.epoch != epoch:
        # The server was set back, and took nothing of it in. The pull learns what that means.
        return Told(None, ())
    _note(database, call, answer)
    return Told(epoch, tuple(_changes(answer)))


def _request(call: Call, epoch: int, seen: str, now: datetime) -> ClaimsRequest:
    return ClaimsRequest(
        now=now,
        epoch=epoch,
        seen=seen,
        held=[_held(one) for one in call.held],
        released=[_held(one) for one in call.released[:MAX_CLAIMS]],
        wanted=[] if call.set_back else [_name(one) for one in call.wanted[:MAX_CLAIMS]],
        all_sent=call.all_sent,
        set_back=call.set_back,
    )


def _note(database: Database, call: Call, answer: ClaimsAnswer) -> None:
    with outbox.atomic(database):
        claims.apply_answer(
            database,
            granted=[_granted(one) for one in answer.granted],
            denied=[_denied(one) for one in answer.denied],
            released=[_granted(one) for one in answer.released],
            set_back_told=call.set_back,
        )
        if state.read(database, _REPORTED) != str(answer.epoch):
            state.write(database, _REPORTED, str(answer.epoch))


def _changes(answer: ClaimsAnswer) -> Iterable[Change]:
    named = [*answer.granted, *(one.name for one in answer.denied), *answer.released]
    for name in (_store_name(one) for one in named):
        yield Change("claim", name.claim_id, name.patient_id)


def _store_name(name: ClaimName) -> Name:
    return Name(name.patient_id, name.group, name.unit)


def _name(name: Name) -> ClaimName:
    return ClaimName(patient_id=name.patient_id, group=name.group, unit=name.unit)


def _held(one: Granted) -> HeldClaim:
    return HeldClaim(
        patient_id=one.name.patient_id,
        group=one.name.group,
        unit=one.name.unit,
        grant=one.grant,
        held_since=one.held_since,
    )


def _granted(one: HeldClaim) -> Granted:
    return Granted(_store_name(one), one.grant, one.held_since)


def _denied(one: Denial) -> Denied:
    body = one.model_dump(mode="json", exclude={"name", "reason"})
    return Denied(_store_name(one.name), one.reason.value, body)
