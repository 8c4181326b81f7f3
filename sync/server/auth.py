"""Passwords, enrolment codes and tokens: how they are made and what is stored of them."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import dataclass

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_CODE_LETTERS = 16
_CODE_GROUP = 4
_TOKEN_BYTES = 32
_SALT_BYTES = 16
_HASH_BYTES = 32

_one_at_a_time = threading.Lock()
"""Held while a password is hashed. OpenSSL spreads the lanes over threads of one shared pool, and
several hashes at once may wait there for one another for ever. It also bounds the memory that
strangers can make the server take."""


@dataclass(frozen=True, slots=True)
class PasswordHasher:
    """Argon2id with its cost; the result is a PHC string that names cost and salt.

    The defaults are the second choice of RFC 9106 (64 MiB, three passes).
    """

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4

    def hash(self, password: str) -> str:
        """Return what is stored of a password."""
        kdf = Argon2id(
            salt=os.urandom(_SALT_BYTES),
            length=_HASH_BYTES,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        with _one_at_a_time:
            return kdf.derive_phc_encoded(password.encode())

    def verify(self, password: str, stored: str | None) -> bool:
        """True when the password fits. Without a stored one the same time is spent for nothing,
        so that the answer's delay does not tell which user names exist.
        """
        if stored is None:
            self.hash(password)
            return False
        try:
            with _one_at_a_time:
                Argon2id.verify_phc_encoded(password.encode(), stored)
        except (InvalidKey, ValueError):
            return False
        return True


def new_token() -> str:
    """Return a random secret of 256 bits, for log-ins and laptops."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_password() -> str:
    """Return a random first password of 80 bits, easy to read aloud and to type."""
    return new_code().lower()


def new_code() -> str:
    """Return a random enrolment code of 80 bits: `XXXX-XXXX-XXXX-XXXX`, no I, L, O or U."""
    letters = "".join(secrets.choice(_CROCKFORD) for _ in range(_CODE_LETTERS))
    return "-".join(
        letters[start : start + _CODE_GROUP] for start in range(0, _CODE_LETTERS, _CODE_GROUP)
    )


def code_hash(code: str) -> str:
    """Return what is stored of an enrolment code, whatever case, blanks or hyphens it came with."""
    letters = code.upper().translate(_MISREAD).replace("-", "")
    return token_hash("".join(letters.split()))


def token_hash(secret: str) -> str:
    """Return what is stored of a random secret; slow hashing is for what people think up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two stored hashes in constant time."""
    return hmac.compare_digest(left, right)
