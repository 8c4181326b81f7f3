"""What the unlock page shows: pure values and how they follow from what happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication

from ui.errors import sentence

LOCKED_OUT = "locked_out"
WRONG_SECRET = "wrong_secret"  # noqa: S105  (an error code)
WRONG_PIN = "wrong_pin"
PIN_GONE = "pin_gone"
FORGOTTEN = "forgotten"
"""What help is asked about when nothing is wrong but the passphrase."""


class Phase(Enum):
    """READY for a passphrase, WORKING on one, or WAITING because of too many wrong ones."""

    READY = auto()
    WORKING = auto()
    WAITING = auto()


@dataclass(frozen=True, slots=True)
class UnlockState:
    """`code` is the last refusal, None before the first; `seconds` counts down while WAITING.

    `by_pin`: a PIN is asked for and not the passphrase; `left` tries with it after a wrong one.
    """

    phase: Phase = Phase.READY
    code: str | None = None
    seconds: int = 0
    by_pin: bool = False
    left: int = 0

    @property
    def may_submit(self) -> bool:
        return self.phase is Phase.READY

    @property
    def is_wrong_secret(self) -> bool:
        """The user mistyped, as opposed to something being wrong with the machine."""
        return self.code in (WRONG_SECRET, LOCKED_OUT, WRONG_PIN)

    @property
    def help_code(self) -> str:
        """What a call for help is about: the refusal that stands, or a forgotten passphrase."""
        nothing_else = self.code in (None, PIN_GONE) or self.is_wrong_secret
        return FORGOTTEN if nothing_else else str(self.code)


def submitted(state: UnlockState) -> UnlockState:
    """A passphrase or a PIN is being tried."""
    return replace(state, phase=Phase.WORKING, code=None, seconds=0, left=0)


def refused(state: UnlockState, code: str, seconds: int = 0, left: int = 0) -> UnlockState:
    """The store did not open; `seconds` is the wait that a lock-out asks for, `left` the tries
    that remain with the PIN. Without a PIN the passphrase is asked for."""
    phase = Phase.WAITING if seconds > 0 else Phase.READY
    by_pin = state.by_pin and code != PIN_GONE
    return replace(state, phase=phase, code=code, seconds=seconds, left=left, by_pin=by_pin)


def asking_for(state: UnlockState, *, pin: bool) -> UnlockState:
    """The person would rather type the PIN, or the passphrase."""
    if not state.may_submit:
        return state
    return UnlockState(by_pin=pin)


def ticked(state: UnlockState) -> UnlockState:
    """One second went by."""
    if state.phase is not Phase.WAITING:
        return state
    left = state.seconds - 1
    if left > 0:
        return replace(state, seconds=left)
    return UnlockState(by_pin=state.by_pin)


def message(state: UnlockState) -> str:
    """The words under the field; empty while there is nothing to say."""
    if state.phase is Phase.WORKING:
        return QCoreApplication.translate("unlock", "Låser opp …")
    if state.phase is Phase.WAITING:
        return _waiting_text(state.seconds)
    if state.code == WRONG_PIN:
        text = QCoreApplication.translate(
            "unlock",
            "PIN-koden stemmer ikke. Ingenting er slettet. "
            "Du har {n} forsøk igjen, så trengs passfrasen.",
        )
        return text.format(n=state.left)
    return sentence(state.code) if state.code else ""


def _waiting_text(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    clock = f"{minutes}:{rest:02}" if minutes else f"{rest} s"
    text = QCoreApplication.translate(
        "unlock", "For mange forsøk på rad. Alt er trygt lagret. Du kan prøve igjen om {clock}."
    )
    return text.format(clock=clock)
