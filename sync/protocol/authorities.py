"""The organisation's own CA: how a laptop knows its certificate before it trusts anything.

The enrolment code carries a fingerprint of the CA's certificate: `XXXX-XXXX-XXXX-XXXX.YYYY-YYYY-
YYYY-YYYY`, 80 bits each. The laptop fetches the certificate from whoever answers, believes it only
if it has that fingerprint, and from then on believes TLS lines of this CA and of nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import Field

from sync.protocol.messages import Message

CA_PATH: Final = "/ca"
MAX_AUTHORITIES: Final = 4
"""The present CA, the next one, and room."""

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BITS: Final = 80
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
    digest = hashlib.sha256(certificate_of(pem).public_bytes(Encoding.DER)).digest()
    number = int.from_bytes(digest[: _BITS // 8], "big")
    letters = "".join(_LETTERS[number >> shift & 31] for shift in range(_BITS - 5, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def has_fingerprint(pem: str, wanted: str) -> bool:
    """True for a CA's certificate with this fingerprint, however it was typed."""
    try:
        return hmac.compare_digest(_plain(fingerprint(pem)), _plain(wanted))
    except ValueError:
        return False


def code_with_pin(code: str, pem: str | None) -> str:
    """Return what a person is given; without a CA the code alone."""
    return code if pem is None else f"{code}.{fingerprint(pem)}"


def code_and_pin(text: str) -> tuple[str, str | None]:
    """Take apart what a person typed; the fingerprint is None where there is none."""
    code, _, pin = text.strip().partition(".")
    return code.strip(), (pin.strip() or None)


def _plain(text: str) -> bytes:
    letters = text.upper().translate(_MISREAD).replace("-", "")
    return "".join(letters.split()).encode()
