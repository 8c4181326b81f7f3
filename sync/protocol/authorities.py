"""The organisation's own CA: how a laptop knows its certificate before it trusts anything.

The enrolment code carries a fingerprint of the CA's certificate: `XXXX-XXXX-XXXX-XXXX.YYYY-YYYY-
YYYY-YYYY`, 80 bits each. The laptop fetches the certificate from whoever answers, believes it only
if it has that fingerprint, and from then on believes TLS lines of this CA and of nobody else.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import Field

from fieldapp.domain import paper
from sync.protocol.messages import Message

CA_PATH: Final = "/ca"
MAX_AUTHORITIES: Final = 4
"""The present CA, the next one, and room."""

_LONGEST_PEM: Final = 16_384

Certificate = Annotated[str, Field(max_length=_LONGEST_PEM)]


class CaAnswer(Message):
    """Certificates (PEM) of the CAs that the server's own certificate may come from."""

    certificates: Annotated[list[Certificate], Field(max_length=MAX_AUTHORITIES)]


def certificate_of(pem: str) -> x509.Certificate:
    """Return the one CA certificate of a text. Raises ValueError for anything else."""
    found = x509.load_pem_x509_certificates(pem.encode("ascii"))
    if len(found) != 1:
        raise ValueError("one certificate is wanted")
    try:
        basic = found[0].extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        raise ValueError("no certificate of a CA") from None
    if not basic.value.ca:
        raise ValueError("no certificate of a CA")
    return found[0]


def fingerprint(pem: str) -> str:
    """Return 80 bits of a certificate's SHA-256, as people type them. Raises ValueError."""
    return paper.fingerprint(certificate_of(pem).public_bytes(Encoding.DER))


def has_fingerprint(pem: str, wanted: str) -> bool:
    """True for a CA's certificate with this fingerprint, however it was typed."""
    try:
        return hmac.compare_digest(
            paper.plain(fingerprint(pem)).encode(), paper.plain(wanted).encode()
        )
    except ValueError:
        return False


def code_with_pin(code: str, pem: str | None) -> str:
    """Return what a person is given; without a CA the code alone."""
    return code if pem is None else f"{code}.{fingerprint(pem)}"


def code_and_pin(text: str) -> tuple[str, str | None]:
    """Take apart what a person typed; the fingerprint is None where there is none."""
    code, _, pin = text.strip().partition(".")
    return code.strip(), (pin.strip() or None)
