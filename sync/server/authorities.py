"""The organisation's CAs as laptops are told them, and a small CA for offices that have none.

The certificates lie in the table `meta`, so that every process tells the same. The private half of
a CA never lies on the server: `new_authority` writes it to a folder that is then taken away.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fieldapp.paths import PRIVATE_FILE_MODE, make_private_folder
from sync.protocol.authorities import CaAnswer, certificate_of
from sync.server.storage.storage import Transaction

_META: Final = "authorities"
_CA_LIFE: Final = timedelta(days=3650)
_SERVER_LIFE: Final = timedelta(days=397)
_EARLIER: Final = timedelta(hours=1)


def authorities(transaction: Transaction) -> list[str]:
    """Return the CAs' certificates (PEM): the present one first, then the next, if there is one."""
    text = transaction.meta(_META)
    return [] if text is None else list(json.loads(text))


def present(transaction: Transaction) -> str | None:
    """Return the certificate whose fingerprint stands in enrolment codes."""
    known = authorities(transaction)
    return known[0] if known else None


def set_authorities(transaction: Transaction, certificates: Sequence[str]) -> None:
    """Tell laptops these from now on. Raises ValueError for what is no CA's certificate."""
    for pem in certificates:
        certificate_of(pem)
    transaction.set_meta(_META, json.dumps(list(certificates)))


def told(transaction: Transaction) -> CaAnswer:
    """Return what whoever asks is told."""
    return CaAnswer(certificates=authorities(transaction))


# --- a CA of one's own


def new_authority(folder: Path, organisation: str, now: datetime) -> None:
    """Make a CA: `ca.pem` and `ca.key` (mode 0600) in a new or empty folder. Raises OSError."""
    make_private_folder(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"{organisation} fieldapp CA")
    builder = (
        _certificate(name, name, key.public_key(), now, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    _write_new(folder / "ca.key", _private(key))
    _write_new(folder / "ca.pem", _public(builder.sign(key, hashes.SHA256())))


def new_server_certificate(folder: Path, hosts: Sequence[str], now: datetime) -> None:
    """Make `server.pem` and `server.key` for these names, signed by the CA of the folder.

    Raises OSError, ValueError. Those that are there already are replaced: they last for a year.
    """
    authority = certificate_of((folder / "ca.pem").read_text(encoding="ascii"))
    ca_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _certificate(_name(hosts[0]), authority.subject, key.public_key(), now, _SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    for name in ("server.key", "server.pem"):
        (folder / name).unlink(missing_ok=True)
    _write_new(folder / "server.key", _private(key))
    _write_new(folder / "server.pem", _public(builder.sign(ca_key, hashes.SHA256())))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + life)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _usage(*allowed: str) -> x509.KeyUsage:
    uses = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{use: use in allowed for use in uses})


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_new(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
