"""A laptop that leaves or is lost, with a real server process and real stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.bootstrap import ORIGIN_TEST, Door, door_for
from fieldapp.clock import FixedClock, SystemClock, to_iso
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind
from fieldapp.domain.patients import Patient, Role
from fieldapp.ids import new_id
from fieldapp.security import destroy, orders_file
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGINS, DeviceSecrets
from fieldapp.security.orders_file import OrdersFile
from fieldapp.services import notes, setup
from fieldapp.services.session import Session
from fieldapp.store import audit, drafts, outbox, state
from sync.client import leaving, standing
from sync.client.enrol import enrol, login
from sync.client.http import HttpSyncService
from sync.client.engine import Engine, SyncReport
from sync.client.line import Line
from sync.protocol.errors import BadRequestError, OfflineError, RevokedError
from sync.protocol.lost import BreachRequest, GiveOrderRequest
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService
from sync.server.rules import set_rules
from tests.helpers.server_process import PASSWORD, ServerProcess, device_login
from tests.helpers.stores import PASSPHRASE, MemoryKeyring, folder_contents

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

    def report(self, machine: Machine) -> Any:
        return self.service.breach_report(
            BreachRequest(device_id=machine.known.device_id, reason=REASON)
        )


@pytest.fixture
def patient(server: ServerProcess) -> Patient:
    kari = server.new_user("kari")
    return server.office.add_patient(kari)


@pytest.fixture
def machine(server: ServerProcess, patient: Patient, tmp_path: Path) -> Iterator[Machine]:
    made = Machine(server, tmp_path / "data")
    assert made.sync().complete
    yield made
    made.close()


@pytest.fixture
def desk(server: ServerProcess) -> Desk:
    return Desk(server)


def test_an_ended_laptop_sends_everything_without_a_password_and_then_destroys_itself(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    note_id = machine.sign(patient.id, "Siste besøk")
    draft = notes.new_draft(machine.session, patient.id, "note", None, {"text": "halvferdig"})
    desk.order(machine, DeviceOrderKind.ENDED)
    assert machine.sync().error_code == "revoked"
    assert outbox.counts(machine.session.database).waiting == 1

    order = machine.ask()
    assert order is not None and order.kind is DeviceOrderKind.ENDED
    handed = machine.hand_over()

    assert handed.complete
    assert (handed.stored, handed.parked, handed.drafts) == (1, 0, 1)
    assert server.office.body("note", note_id) is not None
    with server.office.storage.read() as transaction:
        assert [row.id for row in transaction.drafts.of_user(machine.session.user.id)] == [draft.id]
    machine.door.destroy_keys(order, machine.known)
    machine.door.lock()
    assert machine.door.destroy_files()
    assert not machine.folder.exists()
    assert machine.keyring.entries == {}
