"""Two laptops and one server process: a day with and without coverage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.store import inbox, outbox
from sync.client.confirm import held_by_server
from sync.client.enrol import enrol, login
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import EnrolCodeError, OfflineError, WrongPasswordError
from tests.helpers.server_process import PASSWORD, ServerProcess
from tests.helpers.sync_world import Laptop, LaptopFactory, events_of

DAY = date(2026, 11, 22)


@pytest.fixture
def patients(server: ServerProcess) -> list[Patient]:
    """Three patients: the first is followed by both, the others by one each."""
    kari, ola = server.new_user("kari"), server.new_user("ola")
    office = server.office
    return [office.add_patient(kari, ola), office.add_patient(kari), office.add_patient(ola)]


@pytest.fixture
def kari(
    server: ServerProcess, factory: LaptopFactory, patients: list[Patient]
) -> Iterator[Laptop]:
    laptop = server.enrolled_laptop("kari", factory.path())
    yield laptop
    laptop.close()


@pytest.fixture
def ola(server: ServerProcess, factory: LaptopFactory, patients: list[Patient]) -> Iterator[Laptop]:
    laptop = server.enrolled_laptop("ola", factory.path())
    yield laptop
    laptop.close()


def test_a_day_without_coverage_reaches_the_colleague_whole_and_once(
    server: ServerProcess, kari: Laptop, ola: Laptop, patients: list[Patient]
) -> None:
    shared, own, _ = patients
    assert kari.sync().complete
    assert ola.sync().complete
    assert kari.ids("patient") == {shared.id, own.id}

    for laptop in (kari, ola):
        laptop.coverage.on = False
        laptop.sign_note(shared.id, "besøk")
        laptop.hand_out(shared.id, DAY)  # both give the same dose: neither can know
        assert laptop.sync().error_code == "offline"
        assert outbox.counts(laptop.database) == outbox.OutboxCounts(2, 0)
    kari.edit_patient(shared.id, phone="1", address="Storgata 1")
    ola.edit_patient(shared.id, phone="2", city="Bodø")

    for laptop in (kari, ola):
        laptop.coverage.on = True
        laptop.sync()
    (conflict,) = ola.unsent()
    assert conflict.reason_code == "conflict"
    outbox.keep_mine(ola.database, conflict.change_id, new_id)
    for laptop in (ola, kari, ola):
        assert laptop.sync().complete
        assert laptop.unsent() == []

    settled = kari.patient(shared.id)
    assert settled == ola.patient(shared.id)
    assert (settled.phone, settled.address, settled.city) == ("2", "Storgata 1", "Bodø")
    events = events_of([kari, ola])
    assert len(events) == 4
    assert events_of([kari]) == events_of([ola]) == events
    for kind, record_id in events:
        assert len(server.office.past_bodies(kind, record_id)) == 1
    assert set(held_by_server(kari.line, events)) == events


def test_a_server_that_is_killed_and_started_again_has_all_it_confirmed(
    server: ServerProcess, kari: Laptop, patients: list[Patient]
) -> None:
    kari.sync()
    sent = [kari.sign_note(patients[0].id, f"besøk {number}") for number in range(5)]
    assert kari.sync().complete
    waiting = kari.sign_note(patients[0].id, "etterpå")
    server.kill()
    report = kari.sync()
    assert (report.error_code, report.error_family) == ("connection_refused", "offline")
    last = inbox.state(kari.database).last_complete
    server.start()
    assert kari.login is not None
    with HttpSyncService(server.url, kari.login, Line()) as line:
        again = Laptop(kari.database.path, line, kari.who)
        assert again.sync().complete
        again.close()
    assert kari.unsent() == []
    assert last is not None
    assert all(server.office.body("note", note) for note in [*sent, waiting])


def test_a_laptop_logs_in_again_and_a_code_works_once(
    server: ServerProcess, patients: list[Patient]
) -> None:
    code, _ = server.admin.enrol_code("kari")
    enrolment = enrol(server.url, code, username="Kari ", password=PASSWORD, device_name="x")
    assert enrolment.user.username == "kari"
    with pytest.raises(EnrolCodeError):
        enrol(server.url, code, username="kari", password=PASSWORD, device_name="y")
    renewed = login(enrolment, PASSWORD)
    assert renewed.token != enrolment.token
    assert renewed.device_id == enrolment.device_id
    with pytest.raises(WrongPasswordError):
        login(enrolment, "feil passord")
    with pytest.raises(OfflineError):
        login(enrolment, PASSWORD, line=Line(on=False))
