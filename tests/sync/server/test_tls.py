"""The server speaks TLS by itself; a laptop believes it only with the organisation's own CA."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import InterceptedError
from sync.server.settings import InsecureListenError, check_listen
from tests.sync.server.test_main import ROOT, Run, folder, run

__all__ = ["folder", "run"]

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=36_500)


def name_of(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with ca.pem, server.pem and server.key of a self-made CA."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = (
        x509.CertificateBuilder()
        .subject_name(name_of("CA"))
        .issuer_name(name_of("CA"))
        .public_key(ca_key.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                **dict.fromkeys(
                    (
                        *("digital_signature", "content_commitment", "key_encipherment"),
                        *("data_encipherment", "key_agreement", "encipher_only"),
                        "decipher_only",
                    ),
                    False,
                ),
                key_cert_sign=True,
                crl_sign=True,
            ),
            critical=True,
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name_of("server"))
        .issuer_name(name_of("CA"))
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    place = tmp_path / "tls"
    place.mkdir()
    (place / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (place / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (place / "server.key").write_bytes(pem_of(key))
    return place


@pytest.fixture
def address(run: Run, folder: Path, certificates: Path) -> Iterator[str]:
    """The address of a server process that speaks TLS."""
    run("--init")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "sync.server", "--data", str(folder), "run", "--port", "0"),
            *("--certificate", str(certificates / "server.pem")),
            *("--key", str(certificates / "server.key"), "--until-stdin-closes"),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["url"]
    process.communicate()


def test_a_laptop_believes_the_organisations_ca_and_nobody_else(
    address: str, certificates: Path
) -> None:
    assert address.startswith("https://")
    trusting = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    with HttpSyncService(address, lambda: None, Line(), verify=trusting) as service:
        assert service.hello().server_id
    with (
        HttpSyncService(address, lambda: None, Line()) as stranger,
        pytest.raises(InterceptedError),
    ):
        stranger.hello()


def test_without_tls_the_server_stays_on_its_own_machine() -> None:
    check_listen("0.0.0.0", behind_tls_proxy=False, has_tls=True)
    with pytest.raises(InsecureListenError):
        check_listen("0.0.0.0", behind_tls_proxy=False, has_tls=False)


def test_a_certificate_without_its_key_is_refused(run: Run, certificates: Path) -> None:
    run("--init")
    told = run("run", "--certificate", str(certificates / "server.pem"), code=1)
    assert "needs its key" in told
