"""A witness code is set online at one's own log-in, and recognised on a colleague's laptop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.domain.codec import from_body
from fieldapp.domain.handout_events import WitnessCode
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.errors import FieldAppError
from fieldapp.ids import new_id
from fieldapp.security.kdf import FAST
from fieldapp.services import witness
from fieldapp.services.session import Session
from fieldapp.services.witness import NoWitnessCodeError
from fieldapp.store import records
from sync.client import own
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import BadRequestError, LoginExpiredError
from sync.protocol.office import CloseAccountRequest
from sync.protocol.own import SetWitnessCodeRequest
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService
from sync.server.own import set_witness_code
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Laptop, LaptopFactory, Office
from tests.sync.server.desk import office_log
from tests.sync.server.running import Running

CODE = "fjell 47"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    opened = Storage(sqlite.create(tmp_path / "server"))
    opened.initialise("server-1")
    yield opened
    opened.close()


@pytest.fixture
def office(storage: Storage) -> Office:
    return Office(storage)


@pytest.fixture
def running(storage: Storage) -> Iterator[Running]:
    server = Running(storage)
    yield server
    server.stop()


def user_with_record(office: Office, name: str) -> Identity:
    who = office.new_user()
    office.put(Practitioner(who.user_id, who.user_id, name, Role.LAR_STAFF), "practitioner", None)
    return who


def session_of(laptop: Laptop) -> Session:
    user = records.get(laptop.database, Practitioner, laptop.who.user_id)
    assert user is not None
    return Session(laptop.database, user, laptop.who.device_id, laptop.clock, new_id)


@pytest.fixture
def laptop(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    made = LaptopFactory(tmp_path).laptop(office, user_with_record(office, "Kari Nordmann"))
    yield made
    made.close()


def test_a_code_is_known_on_every_laptop_after_its_next_pull_and_a_new_one_replaces_it(
    office: Office, laptop: Laptop
) -> None:
    berit = user_with_record(office, "Berit Åsheim")
    laptop.sync()
    with pytest.raises(NoWitnessCodeError):
        witness.verify(session_of(laptop), berit.user_id, CODE)

    for code in (CODE, "ny kode 9"):
        verifier = witness.new_verifier(berit.user_id, code, FAST)
        set_witness_code(office.world, berit, SetWitnessCodeRequest(verifier=verifier))
        assert laptop.sync().complete
        assert witness.verify(session_of(laptop), berit.user_id, code)

    assert not witness.verify(session_of(laptop), berit.user_id, CODE)


def test_the_code_of_a_closed_account_counts_no_more(office: Office, laptop: Laptop) -> None:
    berit = user_with_record(office, "Berit Åsheim")
    verifier = witness.new_verifier(berit.user_id, CODE, FAST)
    set_witness_code(office.world, berit, SetWitnessCodeRequest(verifier=verifier))
    laptop.sync()
    chief = Identity(laptop.who.user_id, laptop.who.device_id, Role.ADMINISTRATOR)

    ServerOfficeService(office.world, chief).close_account(
        CloseAccountRequest(user_id=berit.user_id, reason="Sluttet")
    )
    laptop.sync()

    with pytest.raises(NoWitnessCodeError):
        witness.verify(session_of(laptop), berit.user_id, CODE)


def test_over_the_line_everybody_sets_their_own_code_and_nobody_elses(running: Running) -> None:
    token = running.token("kari")
    with running.service(token) as connection:
        with running.team.storage.read() as transaction:
            kari = transaction.accounts.user_named("kari")
        assert kari is not None
        verifier = witness.new_verifier(kari.id, CODE, FAST)

        answer = own.set_witness_code(connection, verifier)

        with pytest.raises(BadRequestError):
            own.set_witness_code(connection, CODE)  # the code itself is no verifier
    with running.team.storage.read() as transaction:
        record = transaction.records.get("witness_code", kari.id)
    assert record is not None
    stored = from_body(WitnessCode, record.body)
    assert (stored.verifier, stored.changed_at) == (verifier, answer.changed_at)
    assert record.patient_id is None
    (line,) = [one for one in office_log(running.team) if one.act == "set_witness_code"]
    assert line.actor_id == kari.id


def test_without_a_log_in_no_code_is_set(running: Running) -> None:
    with (
        HttpSyncService(
            f"http://127.0.0.1:{running.port}", lambda: "guessed", Line(), server_id="server-1"
        ) as connection,
        pytest.raises(LoginExpiredError),
    ):
        own.set_witness_code(connection, witness.new_verifier("u-1", CODE, FAST))


def test_a_laptop_cannot_write_a_code_as_a_record(office: Office, laptop: Laptop) -> None:
    """The kind is the server's own; see the rule of `fieldapp.domain.merge`."""
    laptop.sync()
    session = session_of(laptop)
    forged = WitnessCode(laptop.who.user_id, "x", laptop.clock.now())
    with pytest.raises(FieldAppError), session.write() as unit:
        unit.save(forged)
