"""A server set back to a copy from before somebody was shut out: what is open again, what not."""

from __future__ import annotations

import pytest

from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.patients import Role
from fieldapp.security.device_orders import is_genuine
from sync.protocol.errors import EnrolCodeError, LoginExpiredError, RevokedError, WrongPasswordError
from sync.protocol.lost import GiveOrderRequest
from sync.protocol.messages import LoginRequest
from sync.protocol.office import CloseAccountRequest
from sync.protocol.people import NewPasswordRequest
from sync.protocol.proofs import make_assertion
from sync.server.claims import declare_restored
from sync.server.service import ServerSyncService
from sync.server.standing import standing
from sync.server.storage.storage import Storage
from tests.helpers import server_backup
from tests.sync.server.desk import REASON, desk, exchange
from tests.sync.server.team import (
    KEY,
    PASSWORD,
    PUBLIC_KEY,
    Laptop,
    Team,
    authenticate,
    change,
    enrol_request,
    patient,
)


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    return laptop


def say_that_it_was_restored(team: Team) -> None:
    with team.storage.write() as transaction:
        declare_restored(transaction, team.clock.now())


def give(team: Team, laptop: Laptop, kind: DeviceOrderKind, username: str) -> None:
    request = GiveOrderRequest(device_id=laptop.enrolled.device_id, kind=kind, reason=REASON)
    desk(team, Role.TEAM_LEADER, username).give_order(request)


def log_in(team: Team, laptop: Laptop) -> str:
    answer = laptop.enrolled
    word = make_assertion(KEY, answer.device_id, "server-1", team.clock.now())
    request = LoginRequest(
        device_id=answer.device_id,
        device_secret=answer.device_secret,
        username="kari",
        password=PASSWORD,
        device_key=PUBLIC_KEY,
        assertion=word,
    )
    return ServerSyncService(team.world).login(request, PUBLIC_KEY).token


def test_a_restore_brings_no_log_in_back_to_life(team: Team, kari: Laptop) -> None:
    """The thief's laptop was shut out after the copy; the copy holds its token."""
    token = kari.enrolled.token
    copy = server_backup.take(team.storage)
    give(team, kari, DeviceOrderKind.LOST, "leder")
    with pytest.raises(RevokedError):
        authenticate(team.world, token)
    server_backup.restore(team.storage, copy)
    say_that_it_was_restored(team)
    with pytest.raises(LoginExpiredError):
        authenticate(team.world, token)


def test_a_restore_brings_no_used_or_replaced_enrolment_code_back_to_life(team: Team) -> None:
    team.add_user("kari")
    code, _ = team.admin.enrol_code("kari")
    copy = server_backup.take(team.storage)
    request = enrol_request("kari", code)
    ServerSyncService(team.world).enrol(request)
    server_backup.restore(team.storage, copy)
    say_that_it_was_restored(team)
    with pytest.raises(EnrolCodeError):
        ServerSyncService(team.world).enrol(request)
    fresh, _ = team.admin.enrol_code("kari")
    ServerSyncService(team.world).enrol(enrol_request("kari", fresh))


def test_an_order_that_a_restore_has_forgotten_is_given_again_and_is_as_genuine(
    team: Team, kari: Laptop
) -> None:
    """Said plainly: until it is given again the server takes the laptop for a good one."""
    keys = kari.enrolled.server_keys
    assert keys is not None
    device_id = kari.enrolled.device_id
    copy = server_backup.take(team.storage)
    give(team, kari, DeviceOrderKind.LOST, "leder")
    first = standing(team.world, device_id).order
    assert first is not None
    server_backup.restore(team.storage, copy)
    say_that_it_was_restored(team)
    assert standing(team.world, device_id).order is None
    give(team, kari, DeviceOrderKind.LOST, "leder")
    again = standing(team.world, device_id).order
    assert again is not None
    # The key pair is in the copy: a laptop believes both, the old one too if it heard it before.
    for order in (first, again):
        assert is_genuine(order.order(), device_id, bytes.fromhex(keys.orders))
    with pytest.raises(RevokedError):
        log_in(team, kari)


def test_what_a_restore_opens_again_is_closed_again_by_the_office_alone(
    team: Team, kari: Laptop
) -> None:
    """Closed accounts and old passwords come back with the copy: `restored` tells the office."""
    office = desk(team, Role.TEAM_LEADER, "leder")
    user_id = str(kari.enrolled.practitioner["id"])
    copy = server_backup.take(team.storage)
    office.new_password(NewPasswordRequest(user_id=user_id))
    with pytest.raises(WrongPasswordError):
        log_in(team, kari)
    office.close_account(CloseAccountRequest(user_id=user_id, reason=REASON))
    server_backup.restore(team.storage, copy)
    say_that_it_was_restored(team)
    authenticate(team.world, log_in(team, kari))
    office.close_account(CloseAccountRequest(user_id=user_id, reason=REASON))
    with pytest.raises(RevokedError):
        log_in(team, kari)
