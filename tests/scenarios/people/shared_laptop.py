"""One laptop on which several people have stores, and the server they all belong to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from fieldapp import paths
from fieldapp.bootstrap import ORIGIN_TEST, Door, door_for
from fieldapp.domain.notes import Note
from fieldapp.domain.patients import Patient, Role
from fieldapp.ids import new_id
from fieldapp.security.kdf import FAST
from fieldapp.services.session import Session
from fieldapp.store import outbox, records
from sync.client.engine import SyncReport
from sync.client.enrol import enrol
from tests.helpers.server_process import PASSWORD, ServerProcess
from tests.helpers.stores import MemoryKeyring, memory_secrets
from ui.sync.connection import HttpConnection

PHRASES = {
    "kari": "riktig hest batteri stift",
    "ola": "en helt annen lang frase",
    "tredje": "og nok en lang frase her",
}


class SharedLaptop:
    """Attributes: `folder`, `server`, `keyring` (one for all, as of one account of the system)."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        self.folder = folder
        self.server = server
        self.keyring = MemoryKeyring()
        self.recovery: dict[str, str] = {}
        self._doors: list[Door] = []

    def door(self, username: str) -> Door:
        """A new door to somebody's store; closed at the end of the test."""
        made = door_for(
            username,
            self.folder,
            origin=ORIGIN_TEST,
            secrets=memory_secrets(self.keyring),
            params=FAST,
        )
        self._doors.append(made)
        return made

    def add(self, username: str, role: Role = Role.CASE_MANAGER) -> str:
        """An account, and its store on this laptop made by a first start; return the user id."""
        user_id = self.server.admin.add_user(username, username.title(), role, PASSWORD)
        code, _ = self.server.admin.enrol_code(username)
        enrolment = enrol(
            self.server.url,
            code,
            username=username,
            password=PASSWORD,
            device_name="felles",
            machine_id=paths.machine_id(self.folder),
        )
        door = self.door(username)
        self.recovery[username] = door.create(PHRASES[username], enrolment)
        door.lock()
        return user_id

    def unlocked(self, username: str) -> tuple[Door, Session]:
        """Somebody's own store, open."""
        door = self.door(username)
        door.unlock(PHRASES[username])
        return door, door.session()

    def close(self) -> None:
        """Lock everything."""
        for door in self._doors:
            door.lock()


def sync(session: Session) -> SyncReport:
    """One whole sync over the real line."""
    with closing(HttpConnection(session)) as line:
        return line.run(lambda _: None, lambda: False)


def sign_note(session: Session, patient_id: str, text: str) -> str:
    """Write and sign a note, as the note card does; return its id."""
    now = session.clock.now()
    with session.write() as unit:
        note = Note(
            new_id(),
            patient_id,
            session.user.id,
            "generic",
            text,
            now,
            now,
            session.device_id,
            unit.next_sequence(),
        )
        unit.save(note, "sign")
    return note.id


def unsent(session: Session) -> int:
    """How many changes wait in a store."""
    return outbox.counts(session.database).waiting


def knows_patient(session: Session, patient: Patient) -> bool:
    """True when the store holds this patient."""
    return records.get(session.database, Patient, patient.id) is not None
