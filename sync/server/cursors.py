"""Cursors as text, and what a laptop's cursor tells about the server itself.

The text is `epoch.effective.seq.mark`. The mark is that of the commit which took the number
`effective`: only a server on which the very same was stored has it. One that does not know the
mark was set back to a backup; it then begins a new epoch, and the laptop begins anew.
"""

from __future__ import annotations

import re
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


def written(transaction: Transaction, cursor: Cursor) -> str:
    """Return the text of a cursor for a page that was read in this transaction."""
    epoch = transaction.records.state().epoch
    return f"{epoch}.{cursor.effective}.{cursor.seq}.{_mark(transaction, cursor.effective)}"


def begin(transaction: Transaction, text: str | None) -> Begin:
    """Say where a pull begins. Starts a new epoch when the cursor shows that this server was set
    back; many laptops may show it at the same moment, and one epoch is begun.
    """
    if text is None:
        return Begin(START)
    token = _read(text)
    if token is None:
        return Begin(START, fresh=True)
    state = transaction.records.state()
    if _confirmed(transaction, token, state):
        return Begin(token.cursor)
    if _tells_of_a_restore(token, state):
        transaction.records.take_turn()
        # Others may have come first: what was true before our turn need not be true now.
        state = transaction.records.state()
        if _tells_of_a_restore(token, state):
            number = max(token.epoch, state.epoch) + 1
            transaction.records.begin_epoch(number, token.cursor.effective)
    return Begin(START, fresh=True)


def _confirmed(transaction: Transaction, token: _Token, state: State) -> bool:
    effective = token.cursor.effective
    if effective > state.newest or token.epoch > state.epoch:
        return False
    if effective == 0 or token.mark is None:
        return True
    return effective >= state.kept_from and token.mark == _mark(transaction, effective)


def _tells_of_a_restore(token: _Token, state: State) -> bool:
    """True for a cursor of the present epoch (or a later one) that we cannot have given out."""
    if token.epoch < state.epoch or token.cursor.effective < state.kept_from:
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
