"""What changes about a member of staff; the office and the terminal both come here.

A change takes effect at the next sync of that person's stores: a role and a language travel as the
practitioner's record, a new password ends the log-ins. Nothing here touches what waits on a laptop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from fieldapp.clock import to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.domain.people import LANGUAGES, LONGEST_NAME
from fieldapp.domain.rights import Right, may
from fieldapp.errors import UserError
from fieldapp.paths import normal_username
from sync.server.own import end_witness_code
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, UserRow

KIND = "practitioner"


class PersonError(UserError):
    """What was asked for cannot be; the code is the one that the office is told."""

    code = "person"

    @property
    def reason(self) -> str:
        """username, username_taken, name, role, language, text."""
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Changes:
    """What shall be different; None leaves it."""

    role: Role | None = None
    language: str | None = None
    team: str | None = None
    phone: str | None = None

    def __post_init__(self) -> None:
        """Raise PersonError for a language that the program does not speak, or too long a text."""
        if self.language and self.language not in LANGUAGES:
            raise PersonError("language")
        if any(len(text or "") > LONGEST_NAME for text in (self.team, self.phone)):
            raise PersonError("text")


def add(
    transaction: Transaction,
    user_id: str,
    username: str,
    name: str,
    password_hash: str,
    changes: Changes,
    now: datetime,
) -> None:
    """Add an account with its practitioner; `changes` names at least the role.

    The caller has taken the turn. Raises PersonError.
    """
    normal = normal_username(username)
    if not normal or len(normal) > LONGEST_NAME:
        raise PersonError("username")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise PersonError("name")
    if changes.role is None:
        raise PersonError("role")
    if transaction.accounts.user_named(normal) is not None:
        raise PersonError("username_taken")
    transaction.accounts.add_user(UserRow(user_id, normal, changes.role.value, password_hash))
    person = Practitioner(
        user_id,
        normal,
        name.strip(),
        changes.role,
        phone=(changes.phone or "").strip(),
        language=changes.language or "",
        team=(changes.team or "").strip(),
    )
    _store(transaction, to_body(person), now)


def reopen(transaction: Transaction, user: UserRow, now: datetime) -> None:
    """Open a closed account again. The caller has taken the turn. Raises PersonError."""
    record = transaction.records.get(KIND, user.id)
    if record is None:
        raise PersonError("name")
    transaction.accounts.set_user_active(user.id, True)
    person = replace(from_body(Practitioner, record.body), active=True)
    _store(transaction, {**record.body, **to_body(person)}, now)


def change(transaction: Transaction, user: UserRow, changes: Changes, now: datetime) -> None:
    """Change what is named. The caller has taken the turn. Raises PersonError."""
    record = transaction.records.get(KIND, user.id)
    if record is None:
        raise PersonError("name")
    person = from_body(Practitioner, record.body)
    changed = replace(
        person,
        role=changes.role or person.role,
        language=person.language if changes.language is None else changes.language,
        team=person.team if changes.team is None else changes.team.strip(),
        phone=person.phone if changes.phone is None else changes.phone.strip(),
    )
    if changed.role is not person.role or changed.role.value != user.role:
        transaction.accounts.set_role(user.id, changed.role.value)
        if not may(changed.role, Right.WITNESS):
            end_witness_code(transaction, user.id, now)
    if changed != person:
        # What a newer program wrote into the record stays there.
        _store(transaction, {**record.body, **to_body(changed)}, now)


def set_password(transaction: Transaction, user_id: str, password_hash: str) -> None:
    """Give a new password; whoever is logged in with the old one is logged out."""
    transaction.accounts.set_password(user_id, password_hash)
    transaction.accounts.end_logins(user_id)


def _store(transaction: Transaction, body: dict[str, object], now: datetime) -> None:
    transaction.records.put(
        NewVersion(
            kind=KIND,
            id=str(body["id"]),
            patient_id=None,
            body=body,
            immutable=False,
            author_id=None,
            device_id=None,
            received_at=to_iso(now),
        )
    )
