"""Well-known bugs of handing out without coverage, each to be planted for the length of a run.

`python3 run.py torture claims --plant NAME` plants one; `tests/sync/test_planted_claims.py` shows
that the model finds each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from unittest import mock

from fieldapp.domain import readiness
from fieldapp.domain.claims import Claim
from fieldapp.domain.medication import Slot
from fieldapp.domain.readiness import Finding, Situation
from fieldapp.services import trusted_time
from fieldapp.services.session import Session
from fieldapp.store import claims as store
from fieldapp.store import records
from fieldapp.store.claims import Granted
from fieldapp.store.db import Connection, Database
from fieldapp.store.outbox import atomic
from sync.protocol.claims import DenialReason
from sync.server import claims as server
from tests.sync import rounds

_reason_against = server._Call._reason_against
_apply_answer = store.apply_answer
_of_the_slot = readiness._of_the_slot
_too_near_doses = readiness._too_near_doses
_open_store = rounds.StoreOnLaptop.__init__


def nothing(*_: object) -> Iterator[Finding]:
    """Find nothing in the way."""
    return iter(())


def _without_the_schemas_guard(self: rounds.StoreOnLaptop, *arguments: Any) -> None:
    """The schema refuses a dose without a claim by itself; a bug of the rule must get past it."""
    _open_store(self, *arguments)
    self.database.connection.execute("DROP TRIGGER IF EXISTS medication_administration_is_claimed")


@contextlib.contextmanager
def claims_ignored() -> Iterator[None]:
    """Give without asking whether the day is claimed."""
    with (
        mock.patch.object(readiness, "_of_the_claims", nothing),
        mock.patch.object(rounds.StoreOnLaptop, "__init__", _without_the_schemas_guard),
    ):
        yield


def expiry_frees(call: Any, name: Any, claim: Claim | None, *more: Any) -> DenialReason | None:
    """Take a claim to be free some hours after it was given out."""
    reason = _reason_against(call, name, claim, *more)
    if reason is DenialReason.HELD and claim is not None and claim.granted_at is not None:
        return None if call._now - claim.granted_at > timedelta(hours=3) else reason
    return reason


def held_by_two(call: Any, *more: Any) -> DenialReason | None:
    """Give a claim out to whoever asks."""
    reason = _reason_against(call, *more)
    return None if reason is DenialReason.HELD else reason


@contextlib.contextmanager
def release_before_drop() -> Iterator[None]:
    """Tell the server first, and note the giving up when its answer is here.

    A number below zero in `claim_drop` stands for "about to be given up".
    """

    def note(connection: Connection, claims: Iterable[Claim]) -> None:
        connection.executemany(
            'INSERT INTO claim_drop (claim_id, "grant") VALUES (?, ?) ON CONFLICT (claim_id)'
            ' DO UPDATE SET "grant" = excluded."grant", told = 0'
            ' WHERE -excluded."grant" > abs(claim_drop."grant")',
            [(claim.id, -claim.grant) for claim in claims],
        )

    def given_up(database: Database, *_: object) -> tuple[Granted, ...]:
        found = records.select(
            database,
            Claim,
            'state = \'held\' AND "grant" <= (SELECT abs(claim_drop."grant") FROM claim_drop'
            " WHERE claim_drop.claim_id = claim.id)",
        )
        return tuple(map(store._granted, found))

    def apply(database: Database, **answer: Any) -> None:
        with atomic(database) as connection:
            connection.executemany(
                'UPDATE claim_drop SET "grant" = abs("grant") WHERE claim_id = ?',
                [(one.name.claim_id,) for one in answer.get("released", ())],
            )
            _apply_answer(database, **answer)

    with (
        mock.patch.object(store, "_note_dropped", note),
        mock.patch.object(store, "_given_up", given_up),
        mock.patch.object(store, "apply_answer", apply),
    ):
        yield


@contextlib.contextmanager
def order_in_the_key() -> Iterator[None]:
    """Ask of a dose only whether its own order was given: a new order is another slot."""

    def of_the_order(
        rule: Callable[..., Iterator[Finding]],
    ) -> Callable[..., Iterator[Finding]]:
        def asked(situation: Situation, slot: Slot, *more: Any) -> Iterator[Finding]:
            for finding in rule(situation, slot, *more):
                about = [one for one in situation.events if one.id == finding.event_id]
                if all(one.request_id == slot.key.request_id for one in about):
                    yield finding

        return asked

    with (
        mock.patch.object(readiness, "_of_the_slot", of_the_order(_of_the_slot)),
        mock.patch.object(readiness, "_too_near_doses", of_the_order(_too_near_doses)),
    ):
        yield


def wall_clock(session: Session) -> datetime:
    """Believe the laptop's clock, whatever it says."""
    return session.clock.now()


def _planted(owner: object, name: str, bug: object) -> contextlib.AbstractContextManager[Any]:
    return mock.patch.object(owner, name, bug)


PLANTS: Final[dict[str, Callable[[], contextlib.AbstractContextManager[Any]]]] = {
    "claims-ignored": claims_ignored,
    "expiry-frees": lambda: _planted(server._Call, "_reason_against", expiry_frees),
    "held-by-two": lambda: _planted(server._Call, "_reason_against", held_by_two),
    "release-before-drop": release_before_drop,
    "order-in-the-key": order_in_the_key,
    "neighbours-ignored": lambda: _planted(readiness, "_too_near_unknown", nothing),
    "own-interval-ignored": lambda: _planted(readiness, "_too_near_doses", nothing),
    "restore-unnoticed": lambda: _planted(server._Call, "_waits_for_others", lambda *_: False),
    "set-back-unnoticed": lambda: _planted(rounds.Rounds, "_tell_set_back", lambda *_: None),
    "set-back-day-renewed": lambda: _planted(server._Call, "hold_for_unknown", lambda *_: None),
    "wall-clock": lambda: _planted(trusted_time, "now", wall_clock),
}
