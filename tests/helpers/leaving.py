"""A laptop as a program finds it, with a real server process, and the office that gives orders."""

from __future__ import annotations

from pathlib import Path

from fieldapp.bootstrap import ORIGIN_TEST, Door, door_for
from fieldapp.clock import SystemClock
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind
from fieldapp.domain.patients import Role
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGINS, DeviceSecrets
from fieldapp.services import notes
from sync.client import leaving, standing
from sync.client.engine import Engine, SyncReport
from sync.client.enrol import enrol
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.lost import BreachReport, BreachRequest, GiveOrderRequest
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService
from tests.helpers.server_process import PASSWORD, ServerProcess, device_login
from tests.helpers.stores import PASSPHRASE, MemoryKeyring

REASON = "Mistet på toget"


class Machine:
    """A laptop as a program finds it: its folder, its keyring, its door, its line."""

    def __init__(self, server: ServerProcess, data: Path, username: str = "kari") -> None:
        self.server = server
        self.data = data
        self.keyring = MemoryKeyring()
        self.line = Line()
        self.door = self.new_door(username)
        code, _ = server.admin.enrol_code(username)
        enrolled = enrol(
            server.url, code, username=username, password=PASSWORD, device_name="laptop"
        )
        self.door.create(PASSPHRASE, enrolled)
        self.session = self.door.session()
        self.enrolment = enrolled
        self.login = device_login(enrolled)
        self.service = HttpSyncService(
            server.url, self.login, self.line, server_id=enrolled.server_id
        )
        known = self.door.orders()
        assert known is not None
        self.known = known

    def new_door(self, username: str = "kari") -> Door:
        secrets = DeviceSecrets(self.keyring, origins=ORIGINS)
        return door_for(
            username,
            self.data,
            origin=ORIGIN_TEST,
            secrets=secrets,
            clock=SystemClock(),
            params=FAST,
        )

    @property
    def folder(self) -> Path:
        return self.door.vault.folder

    def sync(self) -> SyncReport:
        engine = Engine(
            self.service, self.session.database.clone, self.session.clock, self.session.new_id
        )
        return engine.run(lambda progress: None, lambda: False)

    def sign(self, patient_id: str, text: str) -> str:
        draft = notes.new_draft(self.session, patient_id, "note", None, {"text": text})
        return notes.sign(self.session, draft.id).created_id or ""

    def hand_over(self) -> leaving.Handed:
        return leaving.hand_over(
            self.session.database,
            self.known,
            self.session.clock,
            self.session.user.id,
            self.line,
        )

    def ask(self) -> DeviceOrder | None:
        return standing.ask(self.known, self.line)

    def close(self) -> None:
        self.service.close()
        self.door.lock()


class Desk:
    """The office, beside the server process on the same database."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        user_id = server.admin.add_user("leder", "Leder", Role.TEAM_LEADER, PASSWORD)
        self.service = ServerOfficeService(
            server.office.world, Identity(user_id, "office-laptop", Role.TEAM_LEADER)
        )

    def order(self, machine: Machine, kind: DeviceOrderKind) -> None:
        device_id = machine.known.device_id
        self.service.give_order(GiveOrderRequest(device_id=device_id, kind=kind, reason=REASON))

    def report(self, machine: Machine) -> BreachReport:
        return self.service.breach_report(
            BreachRequest(device_id=machine.known.device_id, reason=REASON)
        )
