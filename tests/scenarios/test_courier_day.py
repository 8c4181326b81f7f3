"""A day's work by stick with real processes: enrolled over the line, given in over the office's."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.domain.patients import Role
from fieldapp.store import outbox, state
from sync.client import courier
from sync.client.enrol import enrol, login
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.client.office import HttpOfficeService
from sync.protocol.errors import NotAllowedError
from sync.protocol.messages import Rules
from sync.protocol.office import SetRulesRequest
from sync.server.service import Identity
from tests.helpers.server_process import PASSWORD, ServerProcess, device_login
from tests.helpers.stores import START
from tests.helpers.sync_world import Laptop, LaptopFactory


def enrolled(server: ServerProcess, username: str) -> state.Enrolment:
    code, _ = server.admin.enrol_code(username)
    return enrol(server.url, code, username=username, password=PASSWORD, device_name="laptop")


def office_of(server: ServerProcess, username: str, role: Role) -> HttpSyncService:
    """The line of a member of staff at the office."""
    server.admin.add_user(username, username.title(), role, PASSWORD)
    return HttpSyncService(server.url, device_login(enrolled(server, username)), Line())


def test_a_laptop_without_network_delivers_by_stick_and_knows_it(
    server: ServerProcess, factory: LaptopFactory, tmp_path: Path
) -> None:
    patient = server.office.add_patient(server.new_user("kari"))
    enrolment = enrolled(server, "kari")
    assert enrolment.courier is not None
    line = Line()
    service = HttpSyncService(server.url, device_login(enrolment), line)
    who = Identity(enrolment.user.id, enrolment.device_id, enrolment.user.role)
    with (
        closing(Laptop(factory.path(), service, who)) as kari,
        office_of(server, "sjef", Role.ADMINISTRATOR) as chief,
        office_of(server, "siv", Role.SECRETARY) as secretary,
        HttpSyncService(server.url, device_login(enrolment), Line()) as karis_other_line,
    ):
        state.remember_enrolment(kari.database, enrolment)
        rules = HttpOfficeService(chief).set_rules(
            SetRulesRequest(drafts_travel=True, courier_allowed=True)
        )
        assert isinstance(rules, Rules)
        assert kari.sync().complete
        assert courier.allowed(kari.database)
        line.on = False  # the network card is dead
        # What does not pack small, so that the largest file passes through the office's line.
        notes = {kari.sign_note(patient.id, os.urandom(300_000).hex()) for _ in range(4)}
        written = courier.write_files(
            kari.database, tmp_path, actor_id=who.user_id, now=kari.clock.now()
        )
        assert written.changes == 4
        for path in written.paths:
            with pytest.raises(NotAllowedError):
                HttpOfficeService(karis_other_line).receive_courier(path.read_bytes())
            receipt = HttpOfficeService(secretary).receive_courier(path.read_bytes())
            courier.read_receipt(kari.database, receipt, actor_id=who.user_id, now=START)
        assert not kari.unsent()
        assert outbox.counts(kari.database).waiting == 0
        for note in notes:
            assert server.office.version("note", note)


def test_a_laptop_that_was_enrolled_before_couriers_gets_its_keys_at_its_next_log_in(
    server: ServerProcess,
) -> None:
    server.new_user("kari")
    enrolment = enrolled(server, "kari")
    with server.office.storage.write() as transaction:
        transaction._db.run("UPDATE device SET public_key = NULL")
    before = replace(enrolment, courier=None)
    login(before, PASSWORD)  # the answer is lost on its way
    renewed = login(before, PASSWORD)
    assert renewed.courier is not None
    assert enrolment.courier is not None
    assert renewed.courier.signing_key != enrolment.courier.signing_key
    assert renewed.courier.server_receipt == enrolment.courier.server_receipt
    with server.office.storage.read() as transaction:
        device = transaction.accounts.device(enrolment.device_id)
    assert device is not None
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(renewed.courier.signing_key))
    assert device.public_key == key.public_key().public_bytes_raw().hex()
    again = login(renewed, PASSWORD)
    assert again.courier == renewed.courier
