"""How a laptop shows that it holds the key to which its token is bound.

Two forms, both signed with the laptop's Ed25519 key (JWS, algorithm EdDSA and no other):

* a *proof* (DPoP, RFC 9449) goes with every request in the header `DPoP`. It names method and path,
  the time by the server's clock as far as the laptop knows it, and the fingerprint of the token
  (`ath`). Its `jti` serves once.
* an *assertion* (private_key_jwt, RFC 7523) goes with a log-in. It names the laptop (`iss`, `sub`)
  and the server (`aud`), lives for at most a minute, and its `jti` serves once.

Both are standard, so that a national log-in service can take this server's place later.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.protocol.errors import ProofRefusedError, ProofTimeError

PROOF_HEADER: Final = "DPoP"
SCHEME: Final = "DPoP"

OLDEST_PROOF: Final = timedelta(minutes=5)
"""A proof may be this old when its request arrives: a proxy may hold back a request until its body
is whole, and four megabytes take minutes on a thin line. It serves once all the same."""

NEWEST_PROOF: Final = timedelta(minutes=1)
"""By so much a proof may be ahead of the server's time."""

ASSERTION_LIFE: Final = timedelta(seconds=60)

_ALGORITHM: Final = "EdDSA"
_PROOF_TYPE: Final = "dpop+jwt"
_LONGEST: Final = 2048
_NAME_BYTES: Final = 12
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_KEY_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_OPTIONS: Final[Any] = {
    "verify_exp": False,  # times are compared below, with the server's own clock
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass(frozen=True, slots=True)
class Proven:
    """What a good proof says. `public_key` is 32 bytes in hexadecimal, `name` its `jti`.

    `name` must be remembered until `until`; `ath` is the token's fingerprint, None without a token.
    """

    public_key: str
    name: str
    until: datetime
    ath: str | None


def thumbprint(public_key: str) -> str:
    """Return the fingerprint of a key (RFC 7638), to which tokens are bound."""
    text = json.dumps(_jwk(bytes.fromhex(public_key)), sort_keys=True, separators=(",", ":"))
    return _base64(hashlib.sha256(text.encode()).digest())


def fingerprint_of_token(token: str) -> str:
    """Return what a proof says of the token beside it (`ath`)."""
    return _base64(hashlib.sha256(token.encode()).digest())


# --- made by a laptop


def make_proof(
    key: Ed25519PrivateKey, method: str, url: str, at: datetime, token: str | None = None
) -> str:
    """Return the text of the header for one request."""
    claims = {
        "htm": method,
        "htu": url.split("?", 1)[0].split("#", 1)[0],
        "iat": int(at.timestamp()),
        "jti": secrets.token_urlsafe(_NAME_BYTES),
    }
    if token is not None:
        claims["ath"] = fingerprint_of_token(token)
    headers = {"typ": _PROOF_TYPE, "jwk": _jwk(key.public_key().public_bytes_raw())}
    return jwt.encode(claims, key, _ALGORITHM, headers)


def make_assertion(key: Ed25519PrivateKey, device_id: str, server_id: str, at: datetime) -> str:
    """Return the laptop's word for who it is."""
    issued = int(at.timestamp())
    claims = {
        "iss": device_id,
        "sub": device_id,
        "aud": server_id,
        "iat": issued,
        "exp": issued + int(ASSERTION_LIFE.total_seconds()),
        "jti": secrets.token_urlsafe(_NAME_BYTES),
    }
    return jwt.encode(claims, key, _ALGORITHM)


# --- read by the server


def read_proof(text: str, method: str, path: str, now: datetime) -> Proven:
    """Return what a proof says. Raises ProofRefusedError, ProofTimeError.

    Of the address only the path is compared: behind a proxy the server does not know by which name
    it was called, and the token's fingerprint names the server anyway.
    """
    header = _header(text)
    if header.get("typ") != _PROOF_TYPE:
        raise ProofRefusedError
    raw = _raw_key(header.get("jwk"))
    claims = _claims(text, Ed25519PublicKey.from_public_bytes(raw))
    address, ath = claims.get("htu"), claims.get("ath")
    if claims.get("htm") != method or not isinstance(address, str) or _path_of(address) != path:
        raise ProofRefusedError
    if ath is not None and not isinstance(ath, str):
        raise ProofRefusedError
    made = _moment(claims.get("iat"))
    if not now - OLDEST_PROOF <= made <= now + NEWEST_PROOF:
        raise _time_told(now)
    return Proven(raw.hex(), _name(claims), made + OLDEST_PROOF, ath)


def read_assertion(
    text: str, public_key: str, device_id: str, server_id: str, now: datetime
) -> Proven:
    """Return what an assertion of this laptop's key says. Raises as `read_proof`."""
    _header(text)
    raw = bytes.fromhex(public_key)
    claims = _claims(text, Ed25519PublicKey.from_public_bytes(raw))
    if (claims.get("iss"), claims.get("sub")) != (device_id, device_id):
        raise ProofRefusedError
    if claims.get("aud") != server_id:
        raise ProofRefusedError
    issued, until = _moment(claims.get("iat")), _moment(claims.get("exp"))
    if until > issued + ASSERTION_LIFE:
        raise ProofRefusedError
    if not (issued - NEWEST_PROOF <= now < until):
        raise _time_told(now)
    return Proven(public_key, _name(claims), until, None)


def _time_told(now: datetime) -> ProofTimeError:
    return ProofTimeError(str(int(now.timestamp())))


def _header(text: str) -> dict[str, Any]:
    """The head of a text that is signed in the one way that counts here."""
    if len(text) > _LONGEST or not text.isascii():
        raise ProofRefusedError
    try:
        header = jwt.get_unverified_header(text)
    except jwt.PyJWTError:
        raise ProofRefusedError from None
    # Named here as well as in the check itself: "none", or a shared secret, is no signature.
    # A head that the reader must understand ("crit") is one that we do not.
    if header.get("alg") != _ALGORITHM or "crit" in header:
        raise ProofRefusedError
    return header


def _claims(text: str, key: Ed25519PublicKey) -> dict[str, Any]:
    try:
        return jwt.decode(text, key, algorithms=[_ALGORITHM], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ProofRefusedError from None


def _raw_key(jwk: object) -> bytes:
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise ProofRefusedError
    text = jwk.get("x")
    # A private half in a header would be one that everybody can read.
    if "d" in jwk or not isinstance(text, str) or _KEY_TEXT.fullmatch(text) is None:
        raise ProofRefusedError
    return base64.urlsafe_b64decode(text + "=")


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**33:
        raise ProofRefusedError
    return datetime.fromtimestamp(seconds, UTC)


def _name(claims: dict[str, Any]) -> str:
    name = claims.get("jti")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ProofRefusedError
    return name


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        raise ProofRefusedError from None


def _jwk(raw: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64(raw)}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
