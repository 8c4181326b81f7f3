"""Sends what lies sealed on a colleague's store, for a recovery officer who may not read it.

The store is open, but nothing of it is shown: its unsent work is sealed to the server, signed by
the store's own key, given in with the officer's own password, and settled by the signed receipt.
Cut off in the middle, it may be done again; the server knows a repetition.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from fieldapp.clock import Clock
from fieldapp.store import drafts, outbox, sealed, state
from fieldapp.store.db import Database
from fieldapp.store.state import Enrolment
from sync.client.courier import read_receipt, sealed_parts
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.client.trust import trusting
from sync.protocol.courier import CourierNoKeysError
from sync.protocol.errors import ProtocolError_
from sync.protocol.people import DeliverRequest


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of it. Counts, and the sender's name as the server knows it.

    `parked` waits at the office for a person; `drafts` are unsigned texts that the server keeps;
    `left_here` could not be sent (drafts that do not travel by the organisation's rule, or what a
    person must look at first) and stays sealed.
    """

    stored: int
    parked: int
    drafts: int
    left_here: int
    sender_name: str = ""


def deliver(
    database: Database,
    clock: Clock,
    *,
    username: str,
    password: str,
    line: Line | None = None,
) -> Delivered:
    """Send everything unsent. Call it off the window's thread; `database` belongs to this one.

    Raises a SyncError; what had been confirmed by then is settled, the rest still waits. Drafts
    that did not fit into the first part are sent by another round.
    """
    enrolment = state.load_enrolment(database)
    if enrolment is None:
        raise CourierNoKeysError
    stored = parked = held = 0
    sender = ""
    with _connect(enrolment, line or Line()) as service:
        while True:
            before = _unsent(database)
            parts = sealed_parts(
                database,
                actor_id=sealed.BY_RECOVERY_KEY,
                now=clock.now(),
                action="sealed_for_sending",
            )
            for part in parts:
                answer = service.deliver(
                    DeliverRequest(
                        username=username,
                        password=password,
                        data=base64.b64encode(part.data).decode("ascii"),
                    )
                )
                settled = read_receipt(
                    database,
                    _bytes(answer.data),
                    actor_id=answer.sender_id,
                    now=clock.now(),
                    action="sent_for_others",
                )
                sender = answer.sender_name
                stored += settled.stored
                parked += settled.parked
                held += settled.drafts
            if not parts or _unsent(database) in (0, before):
                break
    return Delivered(stored, parked, held, _unsent(database), sender)


def can_be_sent(database: Database) -> bool:
    """True when the store has the keys for it; one enrolled long ago gets them at a log-in."""
    enrolment = state.load_enrolment(database)
    return enrolment is not None and enrolment.courier is not None


def _connect(enrolment: Enrolment, line: Line) -> HttpSyncService:
    """The store's own server, believed by its own CA alone; nobody is logged in."""
    return HttpSyncService(
        enrolment.server_url,
        lambda: None,
        line,
        server_id=enrolment.server_id,
        verify=trusting(enrolment.authorities) if enrolment.authorities else True,
    )


def _unsent(database: Database) -> int:
    return outbox.counts(database).waiting + drafts.count_unsent(database)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError_("data") from None


__all__ = ["CourierNoKeysError", "Delivered", "can_be_sent", "deliver"]
