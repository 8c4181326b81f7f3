"""Whoever stands before the server's door without being its laptop, or with a laptop that was lost:
what they can guess, and whom they can keep out. A real server over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.patients import Role
from fieldapp.ids import new_id
from sync.protocol import courier
from sync.protocol.access import OpenPatientRequest
from sync.protocol.errors import (
    RevokedError,
    TooManyTriesError,
    WrongPasswordError,
)
from sync.protocol.lost import GiveOrderRequest
from sync.protocol.messages import EnrolAnswer, LoginRequest, Outcome
from sync.protocol.proofs import PROOF_HEADER, make_assertion
from sync.protocol.standing import ObeyedRequest
from sync.server import limits, review
from sync.server.access import open_patient
from sync.server.identity import Identity
from sync.server.service import ServerSyncService
from sync.server.standing import deliver as deliver_on_order
from sync.server.standing import obeyed
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.attack.sealed_parts import delivery, part
from tests.sync.server.desk import REASON, desk, exchange
from tests.sync.server.running import Running
from tests.sync.server.team import KEY, PASSWORD, PUBLIC_KEY, Laptop, Team, change, note, patient


@pytest.fixture
def running(tmp_path: Any) -> Iterator[Running]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    made = Running(storage)
    yield made
    made.stop()
    storage.close()


@pytest.fixture
def team(running: Running) -> Team:
    return running.team


def login_request(team: Team, answer: EnrolAnswer, password: str = PASSWORD) -> LoginRequest:
    word = make_assertion(KEY, answer.device_id, "server-1", team.clock.now())
    return LoginRequest(
        device_id=answer.device_id,
        device_secret=answer.device_secret,
        username="kari",
        password=password,
        device_key=PUBLIC_KEY,
        assertion=word,
    )


def log_in(team: Team, answer: EnrolAnswer, password: str = PASSWORD) -> str:
    return (
        ServerSyncService(team.world).login(login_request(team, answer, password), PUBLIC_KEY).token
    )


def tried(team: Team) -> int:
    with team.storage.read() as transaction:
        return len(transaction._db.rows("SELECT 1 FROM tried"))


# --- the recovery officer's password


def test_no_password_of_an_officer_is_looked_at_without_a_laptops_signature(
    running: Running, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise anybody guesses it, locks the officer out, and keeps the server busy hashing."""
    laptop = team.laptop("kari")
    team.add_user("gro", Role.RECOVERY_OFFICER)
    hashed: list[str] = []
    verify = type(team.world.hasher).verify

    def counted(self: Any, password: str, stored: str | None) -> bool:
        hashed.append(password)
        return verify(self, password, stored)

    monkeypatch.setattr(type(team.world.hasher), "verify", counted)
    stranger = Ed25519PrivateKey.generate()
    forged = part(team, laptop, change(patient()), key=stranger)
    for data in (b"", b"x" * 200, forged):
        for _ in range(limits.DELIVER.tries):
            said = running.client.post("/v2/deliver", json=delivery(data, password="gjettet"))
            assert said.status_code in (400, 422)
    assert hashed == []
    assert tried(team) == 0
    good = running.client.post("/v2/deliver", json=delivery(part(team, laptop)))
    assert good.status_code == 200


def test_an_officers_password_is_guessed_ten_times_at_one_laptop_and_works_at_another(
    running: Running, team: Team
) -> None:
    found, other = team.laptop("kari"), team.laptop("ola")
    team.add_user("gro", Role.RECOVERY_OFFICER)
    codes = [
        running.client.post(
            "/v2/deliver", json=delivery(part(team, found, sequence=number), password="gjettet")
        ).json()["code"]
        for number in range(limits.DELIVER.tries + 1)
    ]
    assert codes == ["wrong_password"] * limits.DELIVER.tries + ["too_many_tries"]
    said = running.client.post("/v2/deliver", json=delivery(part(team, found, sequence=99)))
    assert said.json()["code"] == "too_many_tries"
    said = running.client.post("/v2/deliver", json=delivery(part(team, other)))
    assert said.status_code == 200


def test_a_part_makes_nobody_but_its_laptops_user_the_author(running: Running, team: Team) -> None:
    """The officer's role gives the colleague no rights, and the colleague's text stays the
    colleague's, whatever a changed client writes into it."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    team.add_user("gro", Role.RECOVERY_OFFICER)
    forged = change(note(text="Skrevet av en annen"))
    said = running.client.post("/v2/deliver", json=delivery(part(team, laptop, forged)))
    assert said.status_code == 200
    with team.storage.read() as transaction:
        stored = transaction.records.get("note", "n1")
    assert stored is not None
    assert stored.author_id == laptop.enrolled.practitioner["id"]
    practitioner = dict(laptop.enrolled.practitioner)
    raised = change(patient("p2")).model_copy(
        update={
            "kind": "practitioner",
            "id": practitioner["id"],
            "patient_id": None,
            "body": {**practitioner, "role": "administrator"},
        }
    )
    receipt = running.client.post(
        "/v2/deliver", json=delivery(part(team, laptop, raised, sequence=2))
    )
    assert receipt.status_code == 200
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
        record = transaction.records.get("practitioner", practitioner["id"])
    assert user is not None
    assert record is not None
    assert (user.role, record.body["role"]) == ("case_manager", "case_manager")


# --- whom one can keep out


def test_a_found_laptop_that_was_shut_out_uses_up_no_tries_and_guesses_nothing(team: Team) -> None:
    lost, new = team.laptop("kari"), team.enrol("kari")
    desk(team, Role.TEAM_LEADER).give_order(
        GiveOrderRequest(
            device_id=lost.enrolled.device_id, kind=DeviceOrderKind.LOST, reason=REASON
        )
    )
    for password in ["feil"] * (limits.LOGIN.tries + 2) + [PASSWORD]:
        with pytest.raises(RevokedError):
            log_in(team, lost.enrolled, password)
    log_in(team, new)


def test_wrong_passwords_on_a_laptop_lock_its_user_out_of_no_other(team: Team) -> None:
    stolen, new = team.laptop("kari"), team.enrol("kari")
    for _ in range(limits.LOGIN.tries):
        with pytest.raises(WrongPasswordError):
            log_in(team, stolen.enrolled, "feil")
    with pytest.raises(TooManyTriesError):
        log_in(team, stolen.enrolled)
    log_in(team, new)


def test_what_neighbours_on_the_same_network_do_keeps_no_laptop_from_logging_in(
    running: Running, team: Team
) -> None:
    """A mobile network gives thousands one address."""
    team.add_user("kari")
    answer = team.enrol("kari")
    for _ in range(limits.STRANGERS.tries):
        limits.take(team.world, limits.STRANGERS, "127.0.0.1")

    def log_in_over_the_line() -> httpx2.Response:
        return running.client.post(
            "/v1/login",
            content=login_request(team, answer).model_dump_json(),
            headers={PROOF_HEADER: running.proof("POST", "/v1/login")},
        )

    assert log_in_over_the_line().status_code == 200


def test_openings_outside_the_list_come_to_an_end_and_begin_again_after_an_hour(team: Team) -> None:
    laptop = team.laptop("kari")
    for number in range(limits.OPEN.tries + 1):
        exchange(team, laptop, change(patient(f"p{number}")))
    ola = team.laptop("ola")
    who = Identity(
        str(ola.enrolled.practitioner["id"]), ola.enrolled.device_id, Role.CASE_MANAGER.value
    )

    def open_(number: int) -> None:
        request = OpenPatientRequest(
            id=new_id(), patient_id=f"p{number}", reason=AccessReason.BTG, words="Akutt"
        )
        open_patient(team.world, who, request)

    for number in range(limits.OPEN.tries):
        open_(number)
    with pytest.raises(TooManyTriesError):
        open_(limits.OPEN.tries)
    team.clock.advance(timedelta(hours=1))
    open_(limits.OPEN.tries)


# --- older paths


@pytest.mark.parametrize("path", ["/v1/push", "/v1/pull", "/v1/confirm"])
def test_the_paths_of_the_first_release_take_no_token_without_the_laptops_key(
    running: Running, path: str
) -> None:
    token = running.token()
    headers = {"Authorization": f"Bearer {token}", "Fieldapp-Protocol": "1"}
    url = f"http://127.0.0.1:{running.port}{path}"
    said = httpx2.post(url, content=b'{"records": []}', headers=headers, trust_env=False)
    assert (said.status_code, said.json()["code"]) == (401, "proof_refused")


# --- the road of an order


def ordered(team: Team, laptop: Laptop, kind: DeviceOrderKind) -> str:
    office = desk(team, Role.TEAM_LEADER, f"leder-{kind.value}")
    office.give_order(
        GiveOrderRequest(device_id=laptop.enrolled.device_id, kind=kind, reason=REASON)
    )
    with team.storage.read() as transaction:
        given = transaction.device_orders.standing(laptop.enrolled.device_id)
    assert given is not None
    return given.order.id


def parked(team: Team, laptop: Laptop) -> int:
    with team.storage.read() as transaction:
        return transaction.parked.counts_open().get(laptop.enrolled.device_id, 0)


def test_whoever_has_a_lost_laptop_fills_no_list_without_end_on_any_road(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_FROM_LOST", 5)
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    ordered(team, laptop, DeviceOrderKind.LOST)
    for sequence in range(3):
        records = [change(note(f"n{sequence}-{number}")) for number in range(3)]
        data = part(team, laptop, *records, sequence=sequence + 1)
        answer = deliver_on_order(team.world, laptop.enrolled.device_id, data)
        receipt = courier.look_into_receipt(answer)
        assert [result.outcome for result in receipt.results] == [Outcome.REFUSED] * 3
    assert parked(team, laptop) == 5


def test_what_comes_after_a_laptop_has_said_that_it_is_destroyed_waits_for_a_person(
    team: Team,
) -> None:
    """Somebody keeps an image of an ended laptop and writes on in the colleague's name."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    order_id = ordered(team, laptop, DeviceOrderKind.ENDED)
    device_id = laptop.enrolled.device_id
    deliver_on_order(team.world, device_id, part(team, laptop, change(note("n1"))))
    obeyed(team.world, device_id, ObeyedRequest(order_id=order_id))
    data = part(team, laptop, change(note("n2")), sequence=2)
    deliver_on_order(team.world, device_id, data)
    with team.storage.read() as transaction:
        assert transaction.records.get("note", "n1") is not None
        assert transaction.records.get("note", "n2") is None
    assert parked(team, laptop) == 1
