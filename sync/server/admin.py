"""What an administrator does on the server itself. The terminal is `sync.server.__main__`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fieldapp.clock import Clock, to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.errors import UserError
from fieldapp.ids import IdMaker
from fieldapp.paths import normal_username
from sync.protocol.authorities import code_with_pin
from sync.server import assignments, auth, authorities, people
from sync.server.settings import Settings
from sync.server.storage import sqlite
from sync.server.storage.postgres import PostgresDatabase
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import DeviceRow, EnrolCodeRow, NewVersion, UserRow

_KIND = "practitioner"


class AdminError(UserError):
    """What was asked for cannot be done; the argument is the sentence."""

    code = "admin"

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server's data is: a folder with an embedded database, or a PostgreSQL."""

    folder: Path
    database_url: str | None = None
    environment_key: str | None = None

    def create(self) -> Storage:
        """Make a new, empty storage. Raises CannotOpenError when an embedded one is there."""
        if self.database_url is not None:
            return Storage(PostgresDatabase(self.database_url))
        return Storage(sqlite.create(self.folder, self.environment_key))

    def open(self) -> Storage:
        """Open the storage; nothing is created. Raises CannotOpenError, NotInitialisedError."""
        if self.database_url is not None:
            storage = Storage(PostgresDatabase(self.database_url))
        else:
            storage = Storage(sqlite.open_existing(self.folder, self.environment_key))
        try:
            _ = storage.server_id
        except BaseException:
            storage.close()
            raise
        return storage

    @property
    def is_new(self) -> bool:
        """True when there is nothing at all yet in the folder. A PostgreSQL is never new."""
        return self.database_url is None and not sqlite.exists(self.folder)


@dataclass(frozen=True, slots=True)
class Admin:
    """The administrator's acts on one storage."""

    storage: Storage
    clock: Clock
    new_id: IdMaker
    hasher: auth.PasswordHasher
    settings: Settings

    def add_user(
        self,
        username: str,
        name: str,
        role: Role,
        password: str,
        phone: str = "",
        *,
        language: str = "",
        team: str = "",
    ) -> str:
        """Add an account and its practitioner; return the user id.

        Colleagues ring `phone` when this person holds a day that they need.
        """
        if not password:
            raise AdminError("The password is empty.")
        user_id = self.new_id()
        stored = self.hasher.hash(password)
        with self.storage.write() as transaction, _said(username):
            transaction.records.take_turn()
            changes = people.Changes(role, language, team, phone)
            now = self.clock.now()
            people.add(transaction, user_id, username, name, stored, changes, now)
        return user_id

    def set_password(self, username: str, password: str) -> None:
        """Give a user a new password; whoever is logged in with the old one is logged out."""
        if not password:
            raise AdminError("The password is empty.")
        stored = self.hasher.hash(password)
        with self.storage.write() as transaction:
            user = _user(transaction, username)
            people.set_password(transaction, user.id, stored)

    def set_role(self, username: str, role: Role) -> None:
        """Give a user another role."""
        self.change(username, role=role)

    def change(
        self,
        username: str,
        *,
        role: Role | None = None,
        language: str | None = None,
        team: str | None = None,
    ) -> None:
        """Give a user another role, language or team; it takes effect at their next sync."""
        with self.storage.write() as transaction, _said(username):
            transaction.records.take_turn()
            user = _user(transaction, username)
            people.change(transaction, user, people.Changes(role, language, team), self.clock.now())

    def set_active(self, username: str, active: bool) -> None:
        """Close an account, or open it again."""
        with self.storage.write() as transaction:
            transaction.records.take_turn()
            user = _user(transaction, username)
            transaction.accounts.set_user_active(user.id, active)
            self._store(transaction, replace(_practitioner(transaction, user.id), active=active))

    def users(self) -> list[tuple[UserRow, Practitioner, int]]:
        """Return every account with its practitioner and the number of patients followed."""
        with self.storage.read() as transaction:
            return [
                (
                    user,
                    _practitioner(transaction, user.id),
                    len(transaction.scope.standing(user.id)),
                )
                for user in transaction.accounts.users()
            ]

    def devices(self) -> list[DeviceRow]:
        """Return every enrolled laptop."""
        with self.storage.read() as transaction:
            return transaction.accounts.devices()

    def revoke_device(self, device_id: str) -> None:
        """Shut a laptop out of the server."""
        with self.storage.write() as transaction:
            if transaction.accounts.device(device_id) is None:
                raise AdminError("There is no such laptop.")
            transaction.accounts.revoke_device(device_id)

    def assign(self, username: str, patient: str, *, primary: bool) -> None:
        """Let a user follow a patient, named by id or national number."""
        with self.storage.write() as transaction:
            user = _user(transaction, username)
            assignments.assign(
                transaction,
                user_id=user.id,
                patient_id=_patient_id(transaction, patient),
                primary=primary,
                now=self.clock.now(),
                new_id=self.new_id,
            )

    def unassign(self, username: str, patient: str) -> None:
        """End a user's following of a patient."""
        with self.storage.write() as transaction:
            user = _user(transaction, username)
            patient_id = _patient_id(transaction, patient)
            if not assignments.unassign(
                transaction, user_id=user.id, patient_id=patient_id, now=self.clock.now()
            ):
                raise AdminError("The user does not follow this patient.")

    def enrol_code(self, username: str) -> tuple[str, str]:
        """Make a one-time code for a user's next laptop; return it and when it runs out."""
        code = auth.new_code()
        expires_at = to_iso(self.clock.now() + self.settings.code_life)
        with self.storage.write() as transaction:
            user = _user(transaction, username)
            if not user.active:
                raise AdminError("The account is closed.")
            transaction.accounts.add_code(EnrolCodeRow(auth.code_hash(code), user.id, expires_at))
            return code_with_pin(code, authorities.present(transaction)), expires_at

    def import_team(self, path: Path) -> list[tuple[str, str]]:
        """Add the users of a file with lines `username;name;role`; all of them or none.

        Returns each user name with its first password.
        """
        entries = _team_file(path)
        present = {user.username for user, _, _ in self.users()}
        names = [normal_username(username) for username, _, _ in entries]
        clashes = sorted(present.intersection(names)) or sorted(
            name for name in set(names) if names.count(name) > 1
        )
        if clashes:
            raise AdminError(f"Already there or named twice: {', '.join(clashes)}.")
        made = []
        for username, name, role in entries:
            password = auth.new_password()
            self.add_user(username, name, role, password)
            made.append((normal_username(username), password))
        return made

    def _store(self, transaction: Transaction, practitioner: Practitioner) -> None:
        transaction.records.put(
            NewVersion(
                kind=_KIND,
                id=practitioner.id,
                patient_id=None,
                body=to_body(practitioner),
                immutable=False,
                author_id=None,
                device_id=None,
                received_at=to_iso(self.clock.now()),
            )
        )


def initialise(admin: Admin, username: str, name: str) -> str:
    """Set up an empty server with its first administrator; return the first password."""
    with admin.storage.read() as transaction:
        if transaction.accounts.users():
            raise AdminError("This server has been set up already.")
    admin.storage.initialise(admin.new_id())
    password = auth.new_password()
    admin.add_user(username, name, Role.ADMINISTRATOR, password)
    return password


_PERSON_SENTENCES = {
    "username": "A user needs a user name of at most 200 letters.",
    "username_taken": "There is a user named {0} already.",
    "name": "A user needs a user name and a name.",
    "role": "A user needs a role.",
    "language": "The languages are nb, nn and en.",
    "text": "A team or a telephone number has at most 200 letters.",
}


@contextmanager
def _said(username: str) -> Iterator[None]:
    """Say in a sentence what cannot be done about a person."""
    try:
        yield
    except people.PersonError as error:
        sentence = _PERSON_SENTENCES[error.reason].format(normal_username(username))
        raise AdminError(sentence) from None


def _user(transaction: Transaction, username: str) -> UserRow:
    user = transaction.accounts.user_named(normal_username(username))
    if user is None:
        raise AdminError(f"There is no user named {normal_username(username)}.")
    return user


def _practitioner(transaction: Transaction, user_id: str) -> Practitioner:
    record = transaction.records.get(_KIND, user_id)
    if record is None:
        raise AdminError("The account has no practitioner record.")
    return from_body(Practitioner, record.body)


def _patient_id(transaction: Transaction, patient: str) -> str:
    if transaction.records.get("patient", patient) is not None:
        return transaction.joins.owner_of(patient)
    digits = "".join(patient.split())
    found = [
        record.id
        for record in transaction.records.of_kind("patient")
        if digits
        and record.body.get("national_id") == digits
        and record.body.get("replaced_by") is None
    ]
    if len(found) != 1:
        raise AdminError("No single patient has this id or national number.")
    return found[0]


def _team_file(path: Path) -> list[tuple[str, str, Role]]:
    entries = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter=";"), start=1):
            if not row or number == 1 and row[0].strip().casefold() == "username":
                continue
            try:
                username, name, role = (cell.strip() for cell in row[:3])
                if not username or not name:
                    raise ValueError
                entries.append((username, name, Role(role)))
            except ValueError:
                roles = ", ".join(known.value for known in Role)
                raise AdminError(
                    f"Line {number} is not username;name;role. Roles: {roles}."
                ) from None
    return entries
