"""Passwords, enrolment codes, log-ins."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from fieldapp.domain.patients import Role
from sync.protocol.errors import EnrolCodeError, LoginExpiredError, RevokedError, WrongPasswordError
from sync.protocol.messages import LoginRequest
from sync.protocol.proofs import make_assertion
from sync.server import auth
from sync.server.admin import AdminError
from sync.server.service import ServerSyncService
from sync.server.storage.storage import Storage
from tests.sync.server.team import (
    CHEAP,
    KEY,
    PASSWORD,
    PUBLIC_KEY,
    Team,
    authenticate,
    enrol_request,
)


@pytest.fixture
def team(embedded: Storage) -> Team:
    team = Team(embedded)
    team.add_user("kari")
    return team


def enrol(team: Team, code: str, *, username: str = "kari", password: str = PASSWORD) -> None:
    ServerSyncService(team.world).enrol(enrol_request(username, code, password))


# --- passwords


def test_a_password_is_stored_as_argon2id_with_its_cost_and_its_own_salt() -> None:
    first, second = CHEAP.hash(PASSWORD), CHEAP.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert first != second
    assert CHEAP.verify(PASSWORD, first)
    assert not CHEAP.verify(PASSWORD + " ", first)


def test_the_default_cost_is_the_second_choice_of_rfc_9106() -> None:
    hasher = auth.PasswordHasher()
    assert (hasher.memory_kib, hasher.iterations, hasher.lanes) == (65536, 3, 4)


def test_a_hash_made_at_another_cost_still_opens() -> None:
    stored = auth.PasswordHasher(memory_kib=128, iterations=2, lanes=1).hash("å")
    assert CHEAP.verify("å", stored)


@pytest.mark.parametrize("stored", [None, "", "plain", "$argon2id$v=19$m=64,t=1,p=1$x$y"])
def test_what_is_no_stored_password_fits_nothing(stored: str | None) -> None:
    assert not CHEAP.verify("plain", stored)


# --- codes


def test_a_code_has_eighty_bits_in_letters_that_are_not_misread() -> None:
    codes = {auth.new_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)


def test_a_code_may_be_typed_in_any_case_with_the_usual_misreadings() -> None:
    assert auth.code_hash("A0B1-CDEF-GHJK-MNPQ") == auth.code_hash(" aOb i cdefghjk-mnpq ")


def test_a_code_enrols_one_laptop_and_is_then_dead(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    enrol(team, code.lower())
    with pytest.raises(EnrolCodeError):
        enrol(team, code)
    assert [device.name for device in team.admin.devices()] == ["Feltbærbar 3"]


def test_a_code_lives_for_an_hour(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    team.clock.advance(timedelta(hours=1))
    with pytest.raises(EnrolCodeError):
        enrol(team, code)


def test_a_code_dies_after_five_wrong_tries(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    for _ in range(5):
        with pytest.raises(EnrolCodeError):
            enrol(team, auth.new_code())
    with pytest.raises(EnrolCodeError):
        enrol(team, code)


def test_four_wrong_tries_leave_one(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    for _ in range(4):
        with pytest.raises(EnrolCodeError):
            enrol(team, auth.new_code())
    enrol(team, code)


def test_a_wrong_password_is_told_as_such_and_counts_as_a_try(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            enrol(team, code, password="feil")
    with pytest.raises(EnrolCodeError):
        enrol(team, code)


def test_a_code_belongs_to_its_user(team: Team) -> None:
    team.add_user("ola")
    code, _ = team.admin.enrol_code("kari")
    with pytest.raises(EnrolCodeError):
        enrol(team, code, username="ola")
    with pytest.raises(EnrolCodeError):
        enrol(team, code, username="nobody")
    enrol(team, code)


def test_a_closed_account_enrols_no_laptop(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    team.admin.set_active("kari", active=False)
    with pytest.raises(RevokedError):
        enrol(team, code)
    with pytest.raises(AdminError):
        team.admin.enrol_code("kari")


def test_nothing_secret_is_stored_in_a_form_that_can_be_used(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    answer = ServerSyncService(team.world).enrol(enrol_request("kari", code))
    secrets = {code, code.replace("-", ""), PASSWORD, answer.token, answer.device_secret}
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
        device = transaction.accounts.device(answer.device_id)
        token = transaction.accounts.token(auth.token_hash(answer.token))
    for row in (user, device, token):
        assert row is not None
        assert not any(secret in repr(row) for secret in secrets)


# --- log-ins


def login(team: Team, **changes: str) -> str:
    known = team.enrol("kari") if "device_id" not in changes else None
    fields = {
        "device_id": known.device_id if known else "",
        "device_secret": known.device_secret if known else "",
        "username": "kari",
        "password": PASSWORD,
        **changes,
    }
    device_id = fields["device_id"]
    word = make_assertion(KEY, device_id, "server-1", team.clock.now())
    request = LoginRequest(**fields, device_key=PUBLIC_KEY, assertion=word)
    return ServerSyncService(team.world).login(request, PUBLIC_KEY).token


def test_an_enrolled_laptop_logs_in_again(team: Team) -> None:
    token = login(team, username=" KARI ")
    assert authenticate(team.world, token).role == Role.CASE_MANAGER


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "feil"},
        {"device_secret": "feil"},
        {"device_id": "ukjent"},
        {"username": "ukjent"},
        {"username": "ola"},
    ],
)
def test_whatever_does_not_fit_is_told_as_a_wrong_password(
    team: Team, changes: dict[str, str]
) -> None:
    team.add_user("ola")
    with pytest.raises(WrongPasswordError):
        login(team, **changes)


def test_a_revoked_laptop_does_not_log_in(team: Team) -> None:
    answer = team.enrol("kari")
    team.admin.revoke_device(answer.device_id)
    request = LoginRequest(
        device_id=answer.device_id,
        device_secret=answer.device_secret,
        username="kari",
        password=PASSWORD,
        device_key=PUBLIC_KEY,
        assertion=make_assertion(KEY, answer.device_id, "server-1", team.clock.now()),
    )
    with pytest.raises(RevokedError):
        ServerSyncService(team.world).login(request, PUBLIC_KEY)


def test_a_new_password_ends_the_log_ins_of_the_old_one(team: Team) -> None:
    answer = team.enrol("kari")
    team.admin.set_password("kari", "et annet")
    with pytest.raises(LoginExpiredError):
        authenticate(team.world, answer.token)


def test_a_role_given_later_counts_from_the_next_request(team: Team) -> None:
    answer = team.enrol("kari")
    team.admin.set_role("kari", Role.TEAM_LEADER)
    assert authenticate(team.world, answer.token).role == Role.TEAM_LEADER
