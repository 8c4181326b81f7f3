"""Who comes in: proofs, assertions, renewed tokens, and what is left of an older laptop's token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import FixedClock
from fieldapp.domain.patients import Role
from sync.client.device_login import DeviceLogin
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import (
    EnrolCodeError,
    LoginExpiredError,
    ProofRefusedError,
    ProofTimeError,
    RevokedError,
    SyncError,
    TokenExpiredError,
    TooManyTriesError,
    UpgradeNeededError,
    WrongPasswordError,
)
from sync.protocol.messages import (
    EnrolAnswer,
    ExchangeRequest,
    LaptopReport,
    LoginRequest,
    PullPart,
)
from sync.protocol.proofs import (
    PROOF_HEADER,
    fingerprint_of_token,
    make_assertion,
    make_proof,
    thumbprint,
)
from sync.server import door, limits
from sync.server.door import Shown
from sync.server.service import ServerSyncService
from sync.server.storage.storage import Storage
from tests.sync.server.running import Running
from tests.sync.server.team import (
    KEY,
    NOW,
    PASSWORD,
    PUBLIC_KEY,
    Team,
    authenticate,
    enrol_request,
)

PATH = "/v2/exchange"
URL = f"https://server{PATH}"
STRANGE_KEY = Ed25519PrivateKey.generate()
REPORT = LaptopReport(now=NOW, app_version="1", waiting=0, parked=0, conflicts=0, drafts_unsent=0)
ASKING = ExchangeRequest(report=REPORT, pull=PullPart(cursor=None, page_records=100))


@pytest.fixture
def team(storage: Storage) -> Team:
    team = Team(storage)
    team.add_user("kari")
    return team


@pytest.fixture
def running(embedded: Storage) -> Iterator[Running]:
    server = Running(embedded)
    yield server
    server.stop()


def admitted(team: Team, token: str, proof: str | None) -> str:
    return door.authenticate(team.world, Shown("POST", PATH, token, proof)).device_id


def good_proof(team: Team, token: str, **changes: Any) -> str:
    facts = {"key": KEY, "method": "POST", "url": URL, "at": team.clock.now(), **changes}
    return make_proof(facts["key"], facts["method"], facts["url"], facts["at"], token)


# --- proofs


def test_a_token_with_a_fresh_proof_of_its_key_is_let_in(team: Team) -> None:
    answer = team.enrol("kari")
    proof = good_proof(team, answer.token)
    assert admitted(team, answer.token, proof) == answer.device_id


def test_a_token_alone_is_worth_nothing(team: Team) -> None:
    answer = team.enrol("kari")
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, None)


def test_a_proof_serves_once(team: Team) -> None:
    answer = team.enrol("kari")
    proof = good_proof(team, answer.token)
    admitted(team, answer.token, proof)
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, proof)


def test_of_a_proof_that_is_shown_many_times_at_once_one_is_let_in(team: Team) -> None:
    answer = team.enrol("kari")
    proof = good_proof(team, answer.token)

    def show(_: int) -> bool:
        try:
            admitted(team, answer.token, proof)
        except ProofRefusedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(show, range(24))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"key": STRANGE_KEY},
        {"method": "GET"},
        {"url": "https://server/v2/claims"},
        {"url": "https://server/v2/exchange/../claims"},
    ],
)
def test_a_proof_for_something_else_is_refused(team: Team, changes: dict[str, Any]) -> None:
    answer = team.enrol("kari")
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, good_proof(team, answer.token, **changes))


def test_a_proof_of_another_token_is_refused(team: Team) -> None:
    answer = team.enrol("kari")
    other = team.enrol("kari")
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, good_proof(team, other.token))
    without = make_proof(KEY, "POST", URL, team.clock.now())
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, without)


def test_another_laptops_token_is_refused_with_ones_own_key(team: Team) -> None:
    """What a thief of a token would do: prove the token with the key that they have."""
    answer = team.enrol("kari")
    proof = good_proof(team, answer.token, key=STRANGE_KEY)
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, proof)


@pytest.mark.parametrize(
    ("by", "good"),
    [
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
        (timedelta(minutes=1), True),
        (timedelta(minutes=1, seconds=1), False),
        (timedelta(days=-400), False),
    ],
)
def test_a_proof_of_another_time_is_answered_with_the_servers(
    team: Team, by: timedelta, good: bool
) -> None:
    answer = team.enrol("kari")
    proof = good_proof(team, answer.token, at=team.clock.now() + by)
    if good:
        admitted(team, answer.token, proof)
        return
    with pytest.raises(ProofTimeError) as raised:
        admitted(team, answer.token, proof)
    assert raised.value.args == (str(int(team.clock.now().timestamp())),)


def test_what_was_used_is_forgotten_when_it_is_too_old_anyway(team: Team) -> None:
    answer = team.enrol("kari")
    admitted(team, answer.token, good_proof(team, answer.token))
    team.clock.advance(timedelta(minutes=6))
    team.enrol("kari")
    with team.storage.read() as transaction:
        ((kept,),) = transaction._db.rows("SELECT count(*) FROM used_proof")
    assert kept == 0


def test_strangers_leave_nothing_behind(team: Team) -> None:
    """Otherwise whoever can send requests could fill the disk."""
    for number in range(5):
        token = f"made-up-{number}"
        with pytest.raises(LoginExpiredError):
            admitted(team, token, good_proof(team, token, key=STRANGE_KEY))
    with team.storage.read() as transaction:
        ((kept,),) = transaction._db.rows("SELECT count(*) FROM used_proof")
    assert kept == 0


# --- what is no signature


def coded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts_of(team: Team, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, body, _ = good_proof(team, token).split(".")
    return tuple(
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, body)
    )


def signed(head: dict[str, Any], body: dict[str, Any], key: Ed25519PrivateKey = KEY) -> str:
    text = f"{coded(head)}.{coded(body)}"
    return f"{text}.{coded(key.sign(text.encode()))}"


Forge = Callable[[dict[str, Any], dict[str, Any]], str]


def without_signature(head: dict[str, Any], body: dict[str, Any]) -> str:
    return f"{coded({**head, 'alg': 'none'})}.{coded(body)}."


def with_the_public_key_as_a_secret(head: dict[str, Any], body: dict[str, Any]) -> str:
    text = f"{coded({**head, 'alg': 'HS256'})}.{coded(body)}"
    secret = bytes.fromhex(PUBLIC_KEY)
    return f"{text}.{coded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def altered(head: dict[str, Any], body: dict[str, Any]) -> str:
    text = signed(head, body)
    first, _, last = text.split(".")
    return f"{first}.{coded({**body, 'iat': body['iat'] + 1})}.{last}"


def with_the_head_of(**changes: Any) -> Forge:
    return lambda head, body: signed({**head, **changes}, body)


def with_the_body_of(**changes: Any) -> Forge:
    return lambda head, body: signed(head, {**body, **changes})


@pytest.mark.parametrize(
    "forge",
    [
        without_signature,
        with_the_public_key_as_a_secret,
        altered,
        with_the_head_of(alg="HS256"),
        with_the_head_of(alg="none"),
        with_the_head_of(alg="ES256"),
        with_the_head_of(typ="JWT"),
        with_the_head_of(typ=None),
        with_the_head_of(crit=["x"]),
        with_the_head_of(jwk=None),
        with_the_head_of(jwk={"kty": "oct", "k": "AAAA"}),
        with_the_head_of(jwk={"kty": "OKP", "crv": "Ed25519", "x": "short"}),
        with_the_head_of(jwk={"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}),
        with_the_body_of(jti=None),
        with_the_body_of(jti="kort"),
        with_the_body_of(jti="x" * 65),
        with_the_body_of(jti="æøåæøåæøå"),
        with_the_body_of(iat=None),
        with_the_body_of(iat="1"),
        with_the_body_of(iat=True),
        with_the_body_of(iat=1.5),
        with_the_body_of(iat=-1),
        with_the_body_of(iat=10**30),
        with_the_body_of(htu=None),
        with_the_body_of(htu="https://[server"),
        with_the_body_of(ath=None),
        with_the_body_of(ath=7),
        lambda head, body: "",
        lambda head, body: "a.b.c",
        lambda head, body: "é",
        lambda head, body: signed(head, {**body, "x": "x" * 4000}),
        lambda head, body: signed(head, body) + "\0",
    ],
)
def test_what_is_no_proof_is_refused_and_breaks_nothing(embedded: Storage, forge: Forge) -> None:
    team = Team(embedded)
    team.add_user("kari")
    answer = team.enrol("kari")
    proof = forge(*parts_of(team, answer.token))
    with pytest.raises(LoginExpiredError) as raised:
        admitted(team, answer.token, proof)
    assert type(raised.value) in (ProofRefusedError, ProofTimeError)


def test_a_key_with_its_private_half_in_the_open_is_refused(embedded: Storage) -> None:
    team = Team(embedded)
    team.add_user("kari")
    answer = team.enrol("kari")
    head, body = parts_of(team, answer.token)
    head["jwk"]["d"] = coded(KEY.private_bytes_raw())
    with pytest.raises(ProofRefusedError):
        admitted(team, answer.token, signed(head, body))


def test_two_proofs_are_one_too_many(running: Running) -> None:
    token = running.token()
    proofs = [running.proof("GET", "/v2/digests", token) for _ in range(2)]
    headers = [("Authorization", f"DPoP {token}"), *((PROOF_HEADER, proof) for proof in proofs)]
    answer = running.client.get("/v2/digests", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "proof_refused")


def test_the_fingerprint_of_a_key_is_that_of_the_standard() -> None:
    """The example of RFC 8037, appendix A.3."""
    raw = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert thumbprint(raw.hex()) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert fingerprint_of_token("abc") == coded(hashlib.sha256(b"abc").digest())


# --- renewal


def renew(team: Team, token: str, key: Ed25519PrivateKey = KEY) -> str:
    path = "/v2/token"
    proof = make_proof(key, "POST", f"https://server{path}", team.clock.now(), token)
    return door.renew(team.world, Shown("POST", path, token, proof)).token


def test_a_token_that_has_run_out_is_renewed_as_long_as_its_log_in_stands(team: Team) -> None:
    token = team.enrol("kari").token
    for _ in range(11):
        team.clock.advance(timedelta(hours=1))
        with pytest.raises(TokenExpiredError):
            authenticate(team.world, token)
        token = renew(team, token)
        authenticate(team.world, token)
    team.clock.advance(timedelta(hours=1))
    with pytest.raises(LoginExpiredError) as raised:
        renew(team, token)
    assert not isinstance(raised.value, TokenExpiredError)


def test_no_token_outlives_its_log_in(team: Team) -> None:
    answer = team.enrol("kari")
    team.clock.advance(timedelta(hours=11, minutes=50))
    token = renew(team, answer.token)
    team.clock.advance(timedelta(minutes=10))
    with pytest.raises(LoginExpiredError):
        authenticate(team.world, token)


def test_the_older_token_stays_good_because_the_answer_may_be_lost(team: Team) -> None:
    token = team.enrol("kari").token
    assert renew(team, token) != renew(team, token)
    authenticate(team.world, token)


def test_a_token_is_renewed_by_its_own_laptop_alone(team: Team) -> None:
    token = team.enrol("kari").token
    with pytest.raises(ProofRefusedError):
        renew(team, token, STRANGE_KEY)
    with pytest.raises(ProofRefusedError):
        door.renew(team.world, Shown("POST", "/v2/token", token, None))


def test_a_new_password_or_a_laptop_shut_out_renews_nothing(team: Team) -> None:
    token = team.enrol("kari").token
    team.admin.set_password("kari", "et annet")
    with pytest.raises(LoginExpiredError):
        renew(team, token)
    team.add_user("ola")
    answer = team.enrol("ola")
    team.admin.revoke_device(answer.device_id)
    with pytest.raises(RevokedError):
        renew(team, answer.token)


def test_the_receipt_brings_a_new_token_once_half_the_life_is_gone(running: Running) -> None:
    stored: list[str] = []
    token = running.token()
    device = DeviceLogin(
        KEY, running.team.clock, token=token, on_renewed=lambda new, _: stored.append(new)
    )
    with service(running, device) as laptop:
        list(laptop.exchange(ASKING).pages)
        assert stored == []
        running.team.clock.advance(timedelta(minutes=15))
        list(laptop.exchange(ASKING).pages)
        assert [device.token] == stored
        assert device.token != token
        list(laptop.exchange(ASKING).pages)
    assert len(stored) == 1


# --- the laptop's side


def service(running: Running, device: DeviceLogin) -> HttpSyncService:
    url = f"http://127.0.0.1:{running.port}"
    return HttpSyncService(url, device, Line(), server_id="server-1")


@pytest.mark.parametrize("wrong_by", [timedelta(days=1), timedelta(days=-400), timedelta(hours=2)])
def test_a_laptop_whose_clock_is_wrong_learns_the_time_and_goes_on(
    running: Running, wrong_by: timedelta
) -> None:
    token = running.token()
    device = DeviceLogin(KEY, FixedClock(NOW + wrong_by), token=token)
    sent: list[int] = []
    with service(running, device) as laptop:
        laptop._client.event_hooks = {"response": [lambda answer: sent.append(answer.status_code)]}
        laptop.digests()
        laptop.digests()
    assert sent == [401, 200, 200]


def test_a_server_that_always_says_another_time_is_not_asked_for_ever(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise ProofTimeError("1")

    token = running.token()
    monkeypatch.setattr(door, "read_proof", never)
    sent: list[int] = []
    with service(running, DeviceLogin(KEY, running.team.clock, token=token)) as laptop:
        laptop._client.event_hooks = {"response": [lambda answer: sent.append(answer.status_code)]}
        with pytest.raises(ProofTimeError):
            laptop.digests()
    assert sent == [401, 401]


def test_a_token_that_ran_out_is_renewed_on_the_way_without_a_person(running: Running) -> None:
    token = running.token()
    device = DeviceLogin(KEY, running.team.clock, token=token)
    running.team.clock.advance(timedelta(hours=3))
    with service(running, device) as laptop:
        laptop.digests()
        assert device.token != token
        # Once the laptop knows when it runs out, it does not ask in vain.
        running.team.clock.advance(timedelta(hours=3))
        sent: list[int] = []
        laptop._client.event_hooks = {"response": [lambda answer: sent.append(answer.status_code)]}
        laptop.digests()
        assert sent == [200, 200]
        running.team.clock.advance(timedelta(hours=8))
        with pytest.raises(LoginExpiredError):
            laptop.digests()


def test_a_token_that_another_thread_renews_meanwhile_spoils_no_request(running: Running) -> None:
    class RenewedBeside(DeviceLogin):
        def __call__(self) -> str | None:
            shown, self.token = self.token, "renewed-beside"
            return shown

    device = RenewedBeside(KEY, running.team.clock, token=running.token())
    with service(running, device) as laptop:
        laptop.digests()
    assert device.token == "renewed-beside"


# --- log-in


def login_request(team: Team, answer: EnrolAnswer, **changes: Any) -> LoginRequest:
    word = make_assertion(KEY, answer.device_id, "server-1", team.clock.now())
    fields = {
        "device_id": answer.device_id,
        "device_secret": answer.device_secret,
        "username": "kari",
        "password": PASSWORD,
        "device_key": PUBLIC_KEY,
        "assertion": word,
        **changes,
    }
    return LoginRequest(**fields)


def log_in(team: Team, request: LoginRequest, proven: str | None = PUBLIC_KEY) -> str:
    return ServerSyncService(team.world).login(request, proven).token


def test_a_log_in_needs_the_laptops_own_word(team: Team) -> None:
    answer = team.enrol("kari")
    log_in(team, login_request(team, answer))
    with pytest.raises(UpgradeNeededError):
        log_in(team, login_request(team, answer, assertion=None))
    with pytest.raises(UpgradeNeededError):
        log_in(team, login_request(team, answer, assertion=None, device_key=None), None)


def test_the_laptops_word_serves_once(team: Team) -> None:
    answer = team.enrol("kari")
    request = login_request(team, answer)
    log_in(team, request)
    with pytest.raises(ProofRefusedError):
        log_in(team, request)


@pytest.mark.parametrize(
    ("key", "device_id", "server_id", "seconds", "error"),
    [
        (STRANGE_KEY, None, "server-1", 0, ProofRefusedError),
        (KEY, "another", "server-1", 0, ProofRefusedError),
        (KEY, None, "another", 0, ProofRefusedError),
        (KEY, None, "server-1", -61, ProofTimeError),
        (KEY, None, "server-1", 61, ProofTimeError),
    ],
)
def test_a_word_of_another_laptop_for_another_server_or_of_another_time_is_refused(
    team: Team,
    key: Ed25519PrivateKey,
    device_id: str | None,
    server_id: str,
    seconds: int,
    error: type[SyncError],
) -> None:
    answer = team.enrol("kari")
    at = team.clock.now() + timedelta(seconds=seconds)
    word = make_assertion(key, device_id or answer.device_id, server_id, at)
    with pytest.raises(error):
        log_in(team, login_request(team, answer, assertion=word))


def test_a_word_that_would_live_for_longer_than_a_minute_is_refused(team: Team) -> None:
    answer = team.enrol("kari")
    issued = int(team.clock.now().timestamp())
    claims = {
        "iss": answer.device_id,
        "sub": answer.device_id,
        "aud": "server-1",
        "iat": issued,
        "exp": issued + 61,
        "jti": "a" * 16,
    }
    word = signed({"alg": "EdDSA", "typ": "JWT"}, claims)
    with pytest.raises(ProofRefusedError):
        log_in(team, login_request(team, answer, assertion=word))


def test_a_laptops_key_is_replaced_by_no_other(team: Team) -> None:
    answer = team.enrol("kari")
    strange = STRANGE_KEY.public_key().public_bytes_raw().hex()
    word = make_assertion(STRANGE_KEY, answer.device_id, "server-1", team.clock.now())
    request = login_request(team, answer, device_key=strange, assertion=word)
    with pytest.raises(ProofRefusedError):
        log_in(team, request, strange)
    with pytest.raises(ProofRefusedError):
        log_in(team, request)  # told one key, proved another
    # The word of the right key beside a proof of another one.
    mixed = login_request(team, answer, device_key=strange)
    with pytest.raises(ProofRefusedError):
        log_in(team, mixed, strange)


def test_a_wrong_password_comes_to_nothing_without_the_laptop(team: Team) -> None:
    """Nobody guesses passwords from elsewhere, and no slow hash is worked out for strangers."""
    answer = team.enrol("kari")
    request = login_request(team, answer, device_secret="feil", password="feil")
    for _ in range(limits.LOGIN.tries + 5):
        with pytest.raises(WrongPasswordError):
            log_in(team, request)
    log_in(team, login_request(team, answer))


# --- a laptop of the first release


def test_a_laptop_whose_key_nobody_knows_delivers_by_protocol_1_and_reaches_nothing_else(
    running: Running,
) -> None:
    team = running.team
    team.add_user("kari")
    answer = team.enrol("kari")
    with team.storage.write() as transaction:
        transaction._db.run("UPDATE device SET public_key = NULL")
    request = login_request(team, answer, device_key=None, assertion=None)
    sent = running.client.post("/v1/login", content=request.model_dump_json())
    token = sent.json()["token"]
    for path, status in (("/v1/push", 200), ("/v2/exchange", 426), ("/v2/office/overview", 426)):
        said = httpx2.post(
            f"http://127.0.0.1:{running.port}{path}",
            content=b'{"records": []}',
            headers={"Authorization": f"Bearer {token}", "Fieldapp-Protocol": "1"},
            trust_env=False,
        )
        assert said.status_code == status, path


def test_once_such_a_laptop_is_upgraded_its_key_is_known_and_no_other_way_is_left(
    team: Team,
) -> None:
    answer = team.enrol("kari")
    with team.storage.write() as transaction:
        transaction._db.run("UPDATE device SET public_key = NULL")
    authenticate(team.world, log_in(team, login_request(team, answer)))
    with pytest.raises(UpgradeNeededError):
        log_in(team, login_request(team, answer, device_key=None, assertion=None), None)


def test_no_laptop_is_made_known_without_a_key(running: Running) -> None:
    running.team.add_user("kari")
    code, _ = running.team.admin.enrol_code("kari")
    content = enrol_request("kari", code).model_dump_json()
    said = running.client.post("/v1/enrol", content=content)
    assert (said.status_code, said.json()["code"]) == (426, "upgrade_needed")
    told = enrol_request("kari", code).model_copy(update={"device_key": "ab" * 32})
    headers = {PROOF_HEADER: running.proof("POST", "/v1/enrol")}
    said = running.client.post("/v1/enrol", content=told.model_dump_json(), headers=headers)
    assert (said.status_code, said.json()["code"]) == (401, "proof_refused")


# --- how often


def test_a_code_that_two_laptops_use_at_once_makes_one_of_them_known(team: Team) -> None:
    code, _ = team.admin.enrol_code("kari")
    request = enrol_request("kari", code)

    def use(_: int) -> bool:
        try:
            ServerSyncService(team.world).enrol(request)
        except EnrolCodeError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(4))) == 1
    assert len(team.admin.devices()) == 1


def test_passwords_are_guessed_ten_times_a_quarter_and_a_right_one_begins_anew(team: Team) -> None:
    answer = team.enrol("kari")

    def guess(password: str) -> None:
        log_in(team, login_request(team, answer, password=password))

    for _ in range(limits.LOGIN.tries - 1):
        with pytest.raises(WrongPasswordError):
            guess("feil")
    guess(PASSWORD)
    for _ in range(limits.LOGIN.tries):
        with pytest.raises(WrongPasswordError):
            guess("feil")
    with pytest.raises(TooManyTriesError) as raised:
        guess(PASSWORD)
    assert raised.value.args == ("900",)
    team.clock.advance(timedelta(minutes=15))
    guess(PASSWORD)


def test_tries_at_once_are_all_counted(team: Team) -> None:
    def try_once(_: int) -> bool:
        try:
            limits.take(team.world, limits.ENROL, "kari")
        except TooManyTriesError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_once, range(40))) == limits.ENROL.tries


def test_what_is_counted_names_nobody_and_is_cleared_away(team: Team) -> None:
    limits.take(team.world, limits.ENROL, "kari")
    team.clock.advance(timedelta(days=2))
    limits.take(team.world, limits.ENROL, "ola")
    with team.storage.read() as transaction:
        rows = transaction._db.rows("SELECT * FROM tried")
    assert len(rows) == 1
    assert "ola" not in repr(rows)


def test_an_address_from_which_too_much_was_refused_has_to_wait(running: Running) -> None:
    world = running.team.world
    for _ in range(limits.STRANGERS.tries):
        limits.take(world, limits.STRANGERS, "127.0.0.1")
    said = running.client.post(
        "/v1/enrol",
        content=enrol_request("kari", "x").model_dump_json(),
        headers={PROOF_HEADER: running.proof("POST", "/v1/enrol")},
    )
    assert (said.status_code, said.json()["code"]) == (429, "too_many_tries")
    assert int(said.headers["Retry-After"]) <= 900


def test_questions_without_a_log_in_are_counted(running: Running) -> None:
    world = running.team.world
    assert running.client.get("/v2/standing/x").status_code == 200
    for _ in range(limits.STANDING.tries):
        try:
            limits.take(world, limits.STANDING, "127.0.0.1")
        except TooManyTriesError:
            break
    assert running.client.get("/v2/standing/x").status_code == 429


@pytest.mark.parametrize(
    ("text", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("not an address", "unknown"),
    ],
)
def test_a_household_counts_as_one_address(text: str, counts_as: str) -> None:
    assert limits.address(text) == counts_as


def test_every_role_is_let_in_by_the_same_door(embedded: Storage) -> None:
    team = Team(embedded)
    for role in Role:
        team.add_user(role.value, role)
        answer = team.enrol(role.value)
        assert authenticate(team.world, answer.token).role == role
