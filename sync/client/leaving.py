"""Sends everything off a laptop that the organisation has ended, before anything is destroyed.

The way is that of a courier file, over the line: sealed to the server, signed by the laptop,
settled by the server's signed receipt. It needs no log-in, which an ended laptop has no more, and
brings nothing back. What the server refuses waits at the office from then on, and counts as
delivered; what it can keep no copy of (`HERE_ALONE`) does not.

    seal what is left → deliver → read the receipt → again, until a receipt covers all there is

Cut off anywhere, it begins again; the server knows a repetition.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.clock import Clock
from fieldapp.domain.changes import HERE_ALONE
from fieldapp.domain.device_orders import OrdersFile
from fieldapp.store import audit, drafts, outbox, state
from fieldapp.store.db import Database
from sync.client import courier, standing
from sync.client.line import Line
from sync.protocol.courier import CourierReceipt, look_into_receipt
from sync.protocol.errors import ProtocolError_

_MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Handed:
    """What the server has answered, and what it has not.

    `stored` became records, `parked` waits at the office, `drafts` are unsigned texts that it has.
    `drafts_left` may not travel by the organisation's rule: a person signs or discards them.
    """

    stored: int = 0
    parked: int = 0
    drafts: int = 0
    changes_left: int = 0
    drafts_left: int = 0
    log_left: int = 0
    answered: frozenset[str] = frozenset()
    """The changes that the server has stored or keeps; some may still be listed here."""

    @property
    def complete(self) -> bool:
        """True when the server's receipts cover everything that was here."""
        return not (self.changes_left or self.drafts_left or self.log_left)


def hand_over(
    database: Database, known: OrdersFile, clock: Clock, actor_id: str, line: Line | None = None
) -> Handed:
    """Deliver until everything is answered or no more can be; slow, for a worker.

    `database` belongs to this thread. Raises CourierNoKeysError, BadRequestError for what the
    server does not take, and the error of the line; what was confirmed by then is settled.
    """
    run = _Run(database, known, clock, actor_id, line)
    for _ in range(_MOST_ROUNDS):
        if not run.one_round():
            return run.handed()
    raise ProtocolError_("rounds")


def holds_more(database: Database, handed: Handed) -> bool:
    """True when something stands here that no receipt covers: it was stored meanwhile."""
    return bool(_unsent(database) - handed.answered) or drafts.count_unsent(database) > 0


def _unsent(database: Database) -> set[str]:
    return {item.change_id for item in outbox.items(database)}


class _Run:
    """One attempt to hand everything over. Counts what the receipts cover."""

    def __init__(
        self, database: Database, known: OrdersFile, clock: Clock, actor_id: str, line: Line | None
    ) -> None:
        self._database = database
        self._known = known
        self._clock = clock
        self._actor_id = actor_id
        self._line = line
        self._covered: set[str] = set()
        # What is written down about the delivery itself is no reason for another one.
        self._last_line = audit.last_sequence(database)
        self._log_head = 0
        self._stored = self._parked = self._drafts = 0
        outbox.return_in_flight(database)
        # Also those that the server has had: it may have been set back since, and this is the end.
        drafts.all_unsent_again(database)

    def one_round(self) -> bool:
        """Seal and deliver what is left; return True when another round may bring more."""
        before = self._left()
        parts = courier.sealed_parts(
            self._database,
            actor_id=self._actor_id,
            now=self._clock.now(),
            action="sealed_for_leaving",
            leaving_out=self._covered,
            log_alone=self._log_left() > 0,
        )
        for part in parts:
            self._deliver(part.data)
        return any(self._left()) and self._left() != before

    def handed(self) -> Handed:
        changes, drafts_left, log_left = self._left()
        return Handed(
            self._stored,
            self._parked,
            self._drafts,
            changes,
            drafts_left,
            log_left,
            answered=frozenset(self._covered),
        )

    def _deliver(self, data: bytes) -> None:
        answer = standing.deliver(self._known, data, self._line)
        settled = courier.read_receipt(
            self._database,
            answer,
            actor_id=self._actor_id,
            now=self._clock.now(),
            action="left_with_receipt",
        )
        # Only now: `read_receipt` has proved that the server signed it for this very file.
        receipt = look_into_receipt(answer)
        self._covered.update(
            result.change_id
            for result in receipt.results
            if result.outcome.stored or result.reason not in HERE_ALONE
        )
        self._note_log(receipt)
        self._stored += settled.stored
        self._parked += settled.parked
        self._drafts += settled.drafts

    def _note_log(self, receipt: CourierReceipt) -> None:
        head = receipt.log_head
        if head is None:
            return
        if not audit.knows(self._database, head.hash):
            # Another chain than this one: the server has marked it, and no line will ever fit.
            self._log_head = self._last_line
            return
        self._log_head = max(self._log_head, head.sequence)
        state.remember_log_head(self._database, head.hash)

    def _left(self) -> tuple[int, int, int]:
        return (
            len(_unsent(self._database) - self._covered),
            drafts.count_unsent(self._database),
            self._log_left(),
        )

    def _log_left(self) -> int:
        return max(0, self._last_line - self._log_head)
