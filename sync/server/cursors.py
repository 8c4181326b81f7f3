"""Cursors as text, and what a laptop's cursor tells about the server itself.

The text is `epoch.effective.seq.mark`. The mark is that of the commit which took the number
`effective`: only a server on which the very same was stored has it. One that does not know the
mark was set back to a backup; it then begins a new epoch, and the laptop begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sync.server.storage.storage import Transaction
from sync.server.storage.values import START, Cursor, State

_MARK_LETTERS = 16
_FORM = re.compile(r"(\d{1,9})\.(\d{1,18})\.(\d{1,18})\.([0-9a-f]{0,16})", re.ASCII)
_FORM_BEFORE = re.compile(r"(\d{1,18})\.(\d{1,18})", re.ASCII)
"""As protocol 1 wrote it: without epoch and mark."""

_BELIEVED = 1_000_000_000
"""A cursor further ahead than this was made up; no server gives out so many numbers between two
backups."""
_BELIEVED_EPOCHS = 1000


@dataclass(frozen=True, slots=True)
class Begin:
    """Where the pages begin. `fresh`: not where the laptop's cursor stood."""

    cursor: Cursor
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    epoch: int
    cursor: Cursor
    mark: str | None


def commit(transaction: Transaction) -> str:
    """Return the text that names the newest commit, for a laptop to show next time. To be asked
    after a transaction that had its turn has ended well; "" after any other.
    """
    known = transaction.records.committed()
    if known is None:
        return ""
    epoch, newest, mark = known
    return f"{epoch}.{newest}.{newest}.{mark[:_MARK_LETTERS]}"


def read_ahead(transaction: Transaction, texts: Iterable[str]) -> None:
    """Read at once what the questions about many texts will need."""
    tokens = [token for token in map(_read, texts) if token is not None and token.mark]
    transaction.records.read_marks(token.cursor.effective for token in tokens)


def diverged(transaction: Transaction, *texts: str) -> bool:
    """True when a laptop has heard of a commit that this server never made: it was set back.

    Begins a new epoch then, unless another laptop's visit has begun it already; many may come at
    the same moment, and one epoch is begun. An empty text, one too old and one that was made up
    tell nothing.
    """
    tokens = [token for token in map(_read, texts) if token is not None]
    state = transaction.records.state()
    strange = [
        token
        for token in tokens
        if not _confirmed(transaction, token, state) and _tells_of_a_restore(token, state)
    ]
    if any(token.epoch >= state.epoch for token in strange):
        transaction.records.take_turn()
        # Others may have come first: what was true before our turn need not be true now.
        state = transaction.records.state()
        news = [token for token in strange if token.epoch >= state.epoch]
        if news:
            number = max(token.epoch for token in news) + 1
            newest = max(token.cursor.effective for token in news)
            transaction.records.begin_epoch(number, newest)
    return bool(strange)


def common(transaction: Transaction, texts: list[str]) -> int:
    """Return the number of the newest commit that both a laptop and this server know."""
    state = transaction.records.state()
    known = [token for token in map(_read, texts) if token is not None and token.mark]
    return max(
        (token.cursor.effective for token in known if _confirmed(transaction, token, state)),
        default=0,
    )


def written(transaction: Transaction, cursor: Cursor) -> str:
    """Return the text of a cursor for a page that was read in this transaction."""
    epoch = transaction.records.state().epoch
    return f"{epoch}.{cursor.effective}.{cursor.seq}.{_mark(transaction, cursor.effective)}"


def begin(transaction: Transaction, text: str | None) -> Begin:
    """Say where a pull begins: after the cursor, or anew where it cannot be used."""
    if text is None:
        return Begin(START)
    token = _read(text)
    if token is None:
        return Begin(START, fresh=True)
    state = transaction.records.state()
    if _confirmed(transaction, token, state):
        return Begin(token.cursor)
    return Begin(START, fresh=True)


def _confirmed(transaction: Transaction, token: _Token, state: State) -> bool:
    effective = token.cursor.effective
    if effective > state.newest or token.epoch > state.epoch:
        return False
    if effective == 0 or token.mark is None:
        return True
    return effective >= state.kept_from and token.mark == _mark(transaction, effective)


def _tells_of_a_restore(token: _Token, state: State) -> bool:
    """True for a place that some server gave out and that is not (any more) one of ours."""
    if token.mark is None or token.cursor.effective < state.kept_from:
        return False
    return (
        token.cursor.effective <= state.newest + _BELIEVED
        and token.epoch <= state.epoch + _BELIEVED_EPOCHS
    )


def _mark(transaction: Transaction, effective: int) -> str:
    if effective == 0:
        return ""
    return (transaction.records.mark_at(effective) or "")[:_MARK_LETTERS]


def _read(text: str) -> _Token | None:
    match = _FORM.fullmatch(text)
    if match is not None:
        return _Token(int(match[1]), Cursor(int(match[2]), int(match[3])), match[4])
    match = _FORM_BEFORE.fullmatch(text)
    if match is not None:
        return _Token(0, Cursor(int(match[1]), int(match[2])), None)
    return None
