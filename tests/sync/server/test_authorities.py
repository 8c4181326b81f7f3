"""The organisation's own CA: made, told, pinned by the enrolment code, changed."""

from __future__ import annotations

import ssl
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from fieldapp.clock import FixedClock, SystemClock
from fieldapp.ids import new_id
from sync.client.device_login import DeviceLogin
from sync.client.enrol import enrol, login
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.client.trust import believing_nobody, trusting
from sync.protocol.authorities import (
    certificate_of,
    code_and_pin,
    code_with_pin,
    fingerprint,
    has_fingerprint,
)
from sync.protocol.errors import CodeWithoutPinError, EnrolCodeError, InterceptedError
from sync.server import authorities
from sync.server.__main__ import main
from sync.server.app import create_app
from sync.server.listen import open_listener
from sync.server.storage.storage import Storage
from tests.sync.server.team import CHEAP, PASSWORD, Team


def made(folder: Path, *, host: str = "127.0.0.1") -> Path:
    """A CA with a server's certificate, as the commands make them."""
    assert main(["ca", "new", str(folder), "--organisation", "Fjordteamet"]) == 0
    assert main(["ca", "server", str(folder), "--host", host, "--host", "localhost"]) == 0
    return folder


def pem(folder: Path) -> str:
    return (folder / "ca.pem").read_text()


class Tls:
    """A server with TLS. Attributes: `url`, `team`."""

    def __init__(self, storage: Storage, certificates: Path) -> None:
        self.team = Team(storage)
        app = create_app(storage, self.team.clock, new_id, hasher=CHEAP)
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            ssl_certfile=certificates / "server.pem",
            ssl_keyfile=certificates / "server.key",
        )
        self._server = uvicorn.Server(config)
        self._socket = open_listener("127.0.0.1", 0)
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    def tell(self, *folders: Path) -> None:
        with self.team.storage.write() as transaction:
            authorities.set_authorities(transaction, [pem(folder) for folder in folders])

    def code(self) -> str:
        with self.team.storage.read() as transaction:
            known = transaction.accounts.user_named("kari")
        if known is None:
            self.team.add_user("kari")
        return self.team.admin.enrol_code("kari")[0]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "ca")


@pytest.fixture
def tls(embedded: Storage, folder: Path) -> Iterator[Tls]:
    server = Tls(embedded, folder)
    server.tell(folder)
    yield server
    server.stop()


def enrolled(tls: Tls, code: str) -> object:
    return enrol(
        tls.url,
        code,
        username="kari",
        password=PASSWORD,
        device_name="laptop",
        clock=tls.team.clock,
    )


# --- the certificate and its fingerprint


def test_a_ca_is_made_for_offices_that_have_none_and_its_key_is_its_owners(folder: Path) -> None:
    for name in ("ca.key", "server.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert certificate_of(pem(folder)).subject.rfc4514_string() == "CN=Fjordteamet fieldapp CA"
    # It is never written over: the certificates of a whole organisation hang on it.
    assert main(["ca", "new", str(folder), "--organisation", "x"]) == 1


def test_the_code_carries_eighty_bits_of_the_ca(folder: Path) -> None:
    text = code_with_pin("ABCD-EFGH-JKMN-PQRS", pem(folder))
    code, pin = code_and_pin(f"  {text.lower()} ")
    assert (code.upper(), pin) == ("ABCD-EFGH-JKMN-PQRS", fingerprint(pem(folder)).lower())
    assert pin is not None
    assert len(pin.replace("-", "")) * 5 == 80
    assert has_fingerprint(pem(folder), pin)
    assert not has_fingerprint(pem(folder), pin[:-1])
    assert not has_fingerprint(pem(folder), "")
    assert code_and_pin("ABCD-EFGH-JKMN-PQRS") == ("ABCD-EFGH-JKMN-PQRS", None)


@pytest.mark.parametrize("name", ["server.pem", "server.key"])
def test_what_is_no_certificate_of_a_ca_is_not_told_to_laptops(
    folder: Path, embedded: Storage, name: str
) -> None:
    with pytest.raises(ValueError), embedded.write() as transaction:  # noqa: PT011
        authorities.set_authorities(transaction, [(folder / name).read_text()])
    assert not has_fingerprint((folder / name).read_text(), "0000")


# --- making a laptop known


def test_a_laptop_finds_the_ca_by_the_code_and_believes_it_alone(tls: Tls, folder: Path) -> None:
    known = enrol(
        tls.url,
        tls.code(),
        username="kari",
        password=PASSWORD,
        device_name="laptop",
        clock=tls.team.clock,
    )
    assert known.authorities == (pem(folder),)
    with HttpSyncService(tls.url, DeviceLogin.of(known, tls.team.clock), Line()) as service:
        assert service.digests().digests is not None
    renewed = login(known, PASSWORD, clock=tls.team.clock)
    assert renewed.authorities == known.authorities


def test_without_the_fingerprint_nothing_is_sent_to_a_server_far_away(tls: Tls) -> None:
    code, _ = code_and_pin(tls.code())
    with pytest.raises(CodeWithoutPinError):
        enrolled(tls, code)


def test_whoever_answers_in_the_servers_place_gets_neither_code_nor_password(
    embedded: Storage, tls: Tls, tmp_path: Path
) -> None:
    """The one in between has a CA of their own, and even tells the right one's certificate."""
    code = tls.code()
    between = Tls(embedded, made(tmp_path / "theirs"))
    try:
        with pytest.raises(InterceptedError):
            enrol(
                between.url,
                code,
                username="kari",
                password=PASSWORD,
                device_name="laptop",
                clock=tls.team.clock,
            )
        between.tell(tmp_path / "theirs")
        with pytest.raises(InterceptedError):
            enrol(
                between.url,
                code,
                username="kari",
                password=PASSWORD,
                device_name="laptop",
                clock=tls.team.clock,
            )
    finally:
        between.stop()
    assert tls.team.admin.devices() == []
    tls.tell(tmp_path / "ca")
    enrolled(tls, code)  # it is still good, and no try was counted


def test_the_systems_own_authorities_count_for_nothing(folder: Path) -> None:
    assert len(trusting([pem(folder)]).get_ca_certs()) == 1
    assert trusting([pem(folder)]).verify_mode is ssl.CERT_REQUIRED
    assert trusting([pem(folder)]).check_hostname
    for context in (trusting([pem(folder)]), believing_nobody()):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_code_is_asked_for_without_its_fingerprint(tls: Tls) -> None:
    enrolled(tls, tls.code())
    with pytest.raises(EnrolCodeError):
        enrolled(tls, "0000-0000-0000-0000." + tls.code().partition(".")[2])


# --- another CA


def test_a_second_ca_is_told_beforehand_and_then_the_first_may_go(
    embedded: Storage, tls: Tls, folder: Path, tmp_path: Path
) -> None:
    known = enrol(
        tls.url,
        tls.code(),
        username="kari",
        password=PASSWORD,
        device_name="laptop",
        clock=tls.team.clock,
    )
    new = made(tmp_path / "new")
    changed = Tls(embedded, new)
    try:
        with pytest.raises(InterceptedError):
            login(replace(known, server_url=changed.url), PASSWORD, clock=tls.team.clock)
        tls.tell(folder, new)
        both = login(known, PASSWORD, clock=tls.team.clock)
        assert both.authorities == (pem(folder), pem(new))
        moved = login(replace(both, server_url=changed.url), PASSWORD, clock=tls.team.clock)
        tls.tell(new)
        after = login(moved, PASSWORD, clock=tls.team.clock)
        assert after.authorities == (pem(new),)
        with pytest.raises(InterceptedError):
            login(replace(after, server_url=tls.url), PASSWORD, clock=tls.team.clock)
    finally:
        changed.stop()


def test_the_commands_tell_the_ca_and_show_its_fingerprint(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "data")
    assert main(["--init", "--data", data]) == 0
    assert main(["ca", "next", "--data", data, str(folder / "ca.pem")]) == 1
    assert main(["ca", "set", "--data", data, str(folder / "server.pem")]) == 1
    assert main(["ca", "set", "--data", data, str(folder / "ca.pem")]) == 0
    capsys.readouterr()
    assert main(["ca", "show", "--data", data]) == 0
    assert fingerprint(pem(folder)) in capsys.readouterr().out
    assert main(["enrol-code", "--data", data, "admin"]) == 0
    assert fingerprint(pem(folder)) in capsys.readouterr().out


def test_a_certificate_lasts_for_about_a_year_and_begins_a_little_earlier(folder: Path) -> None:
    """A laptop's clock that is minutes behind must not turn a new certificate away."""
    authorities.new_server_certificate(folder, ["server.example"], SystemClock().now())
    text = (folder / "server.pem").read_text()
    assert "BEGIN CERTIFICATE" in text
    now = FixedClock(SystemClock().now()).now()
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(text.encode())
    assert certificate.not_valid_before_utc < now
    assert 390 < (certificate.not_valid_after_utc - now).days < 398
