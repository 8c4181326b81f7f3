"""The passphrase once more, for an act that nobody may do by a slip or with another's hands.

The proof is the vault's own: the key file as it lies on the disk is opened with the passphrase and
closed again. Nothing is unlocked anew. Wrong tries are counted and slowed down together with those
of unlocking; no number of them deletes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fieldapp.clock import Elapsed
from fieldapp.errors import FieldAppError
from fieldapp.services import trip
from fieldapp.services.session import Session

STANDS_FOR: Final = timedelta(minutes=2)
"""A confirmation is for the act on the screen, not for the next one."""

Verify = Callable[[str], None]
"""Proves that a passphrase opens the store, or raises; `ui.context.AppContext.verify_passphrase`
and `fieldapp.bootstrap.Door.verify` are such."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """This person gave the passphrase when the machine had run for `at`."""

    practitioner_id: str
    at: Elapsed


def confirm_passphrase(session: Session, verify: Verify, passphrase: str) -> Confirmation:
    """Prove that the person at the keys knows the passphrase. Slow; runs in a worker.

    Reads nothing of the store. Raises WrongSecretError, LockedOutError and what else
    `Vault.verify_passphrase` raises.
    """
    verify(passphrase)
    return Confirmation(session.user.id, session.clock.elapsed())


def note_confirmed(session: Session) -> None:
    """Write into the log that the passphrase was given again, in the thread of the store."""
    with session.write() as unit:
        unit.audit("passphrase_confirmed", "practitioner", session.user.id)
        trip.note_passphrase_verified(session)


def note_refused(session: Session, error: FieldAppError) -> None:
    """Write into the log that it was refused. Keyring trouble is no refusal."""
    if error.code not in ("wrong_secret", "locked_out"):
        return
    with session.write() as unit:
        unit.audit("passphrase_refused", "practitioner", session.user.id)


def stands(session: Session, confirmation: Confirmation | None) -> bool:
    """True while a confirmation counts: this person's, of this start of the machine, just now."""
    if confirmation is None or confirmation.practitioner_id != session.user.id:
        return False
    elapsed = session.clock.elapsed()
    if elapsed.boot_id != confirmation.at.boot_id:
        return False
    return timedelta() <= elapsed.since_boot - confirmation.at.since_boot <= STANDS_FOR
