"""What the server takes in with one request, and with several of one moment in one transaction.

The requests of one transaction are read, decided on and written together: the number of statements
hardly grows with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldapp.ids import IdMaker
from sync.protocol.messages import ExchangeRequest, LogHead, PushResult, Receipt
from sync.server import batch, cursors, intake
from sync.server.identity import Identity
from sync.server.rules import rules
from sync.server.storage.accounts import Beside
from sync.server.storage.storage import Transaction


@dataclass(frozen=True, slots=True)
class Taking:
    """One request. `request` is None for the push of protocol 1, which is records alone."""

    identity: Identity
    pushed: Sequence[batch.Pushed]
    now: datetime
    new_id: IdMaker
    request: ExchangeRequest | None = None

    @property
    def sent(self) -> batch.Sent:
        # The sequences of protocol 1 are no places in a queue.
        return batch.Sent(self.identity, self.pushed, self.now, numbered=self.request is not None)

    def together(self, transaction: Transaction, takings: Sequence[Taking]) -> list[Taken]:
        """Take in several requests. Raises BadValueError when a value cannot be stored."""
        begun = _begin(transaction, takings)
        with_records = [
            taking
            for taking, begin in zip(takings, begun, strict=True)
            if taking.pushed and not begin.diverged
        ]
        stored: dict[int, batch.Stored] = {}
        if with_records:
            found = batch.store_all(
                transaction, [taking.sent for taking in with_records], self.new_id
            )
            stored = {id(one): part for one, part in zip(with_records, found, strict=True)}
        nothing = batch.Stored([], [])
        parts = [stored.get(id(taking), nothing) for taking in takings]
        return _beside(transaction, takings, parts, begun)

    def alone(self, transaction: Transaction) -> Taken:
        """Take in this request; a change that cannot be stored is refused alone."""
        begun = _begin(transaction, [self])
        stored = batch.Stored([], [])
        if self.pushed and not begun[0].diverged:
            stored = batch.store(
                transaction,
                self.identity,
                self.pushed,
                self.now,
                self.new_id,
                numbered=self.request is not None,
            )
        return _beside(transaction, [self], [stored], begun)[0]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request: its results, and for an exchange what is told beside them."""

    results: list[PushResult]
    receipt: Receipt | None
    begin: cursors.Begin | None
    """Where its pages begin; None when it has none."""
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class _Begun:
    """How a request stands to what the server has stored."""

    begin: cursors.Begin | None = None
    diverged: bool = False


def _begin(transaction: Transaction, takings: Sequence[Taking]) -> list[_Begun]:
    """Say where the pages begin. First of all: what is stored from now on belongs to the epoch that
    this may begin.
    """
    if any(taking.pushed for taking in takings):
        transaction.records.take_turn()
    cursors.read_ahead(transaction, _heard(takings))
    return [_begun(transaction, taking.request) for taking in takings]


def _heard(takings: Sequence[Taking]) -> Iterator[str]:
    """The names of commits that the laptops have heard of."""
    for taking in takings:
        if taking.request is not None:
            yield taking.request.seen
            if taking.request.pull is not None:
                yield taking.request.pull.cursor or ""


def _begun(transaction: Transaction, request: ExchangeRequest | None) -> _Begun:
    if request is None:
        return _Begun()
    cursor = request.pull.cursor if request.pull is not None else None
    if cursors.diverged(transaction, request.seen, cursor or ""):
        return _Begun(diverged=True)
    if request.pull is None:
        return _Begun()
    return _Begun(cursors.begin(transaction, cursor))


def _beside(
    transaction: Transaction,
    takings: Sequence[Taking],
    parts: Sequence[batch.Stored],
    begun: Sequence[_Begun],
) -> list[Taken]:
    """Take in what travels beside the records, and build the receipts."""
    facts = transaction.accounts.beside(
        {(taking.identity.device_id, taking.identity.user_id) for taking in takings}
    )
    drafts_come = any(taking.request is not None and taking.request.drafts for taking in takings)
    present_rules = rules(transaction)
    taken, reports = [], []
    for taking, stored, began in zip(takings, parts, begun, strict=True):
        who, request, now, begin = taking.identity, taking.request, taking.now, began.begin
        known = facts[who.device_id, who.user_id]
        if request is not None and began.diverged:
            receipt = _of_another_time(transaction, request, now, known)
            taken.append(Taken([], receipt, None, transaction))
            continue
        if drafts_come or known.drafts:
            intake.signed(transaction, who, stored.signed)
        if request is None:
            taken.append(Taken(stored.results, None, None, transaction))
            continue
        differ = intake.drafts_differ(transaction, who, request.drafts_mark)
        held = intake.take_drafts(transaction, who, request.drafts, request.dropped_drafts, now)
        foreign, foreign_mark = None, request.foreign_drafts
        if drafts_come or known.drafts or request.foreign_drafts:
            foreign, foreign_mark = intake.foreign_drafts(transaction, who, request.foreign_drafts)
        reports.append(intake.report_of(who, request.report, now, stored.results, len(held)))
        known_seq = begin.cursor.effective if begin is not None else 0
        receipt = Receipt(
            server_time=now,
            results=stored.results,
            settled=(intake.settled_for(transaction, who, now, known_seq) if known.settled else []),
            drafts_held=held,
            drafts_kept=intake.drafts_kept(transaction, who) if differ else None,
            foreign_drafts=foreign,
            foreign_drafts_mark=foreign_mark,
            log_head=_log_head(transaction, taking, known),
            epoch=transaction.records.state().epoch,
            fresh=begin is not None and begin.fresh,
            forked=known.forked,
            rules=None if present_rules.mark == request.rules else present_rules,
        )
        taken.append(Taken(stored.results, receipt, begin, transaction))
    transaction.reports.put_all(reports)
    return taken


def _of_another_time(
    transaction: Transaction, request: ExchangeRequest, now: datetime, known: Beside
) -> Receipt:
    """Build the receipt for a laptop that has heard of what this server has lost. Nothing of the
    request is taken in: its edits rest on versions that are not the server's.
    """
    return Receipt(
        server_time=now,
        foreign_drafts_mark=request.foreign_drafts,
        log_head=LogHead(sequence=known.log_sequence, hash=known.log_hash),
        epoch=transaction.records.state().epoch,
        diverged=True,
        forked=known.forked,
    )


def _log_head(transaction: Transaction, taking: Taking, known: Beside) -> LogHead:
    if taking.request is not None and taking.request.log is not None:
        return intake.take_log(transaction, taking.identity, taking.request.log, taking.now)
    return LogHead(sequence=known.log_sequence, hash=known.log_hash)
