"""From secrets to keys: Argon2id for passphrases, HKDF-SHA256 for everything random.

passphrase ── Argon2id ──┐
device secret ───────────┴─ HKDF ──► key that wraps the root key (passphrase slot)
recovery key ────────────── HKDF ──► key that wraps the root key (recovery slot)
root key ─── HKDF-Expand ──► database key, key for the mark on the key file
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from fieldapp.security.errors import KeyFileDamagedError, PassphraseTooShortError
from fieldapp.security.secretbuf import wipe

KEY_BYTES = 32
SALT_BYTES = 16
ALGORITHM = "argon2id"

MINIMUM_CHARACTERS = 12
MINIMUM_WORDS = 4

# Outside these limits a key file is refused: weaker would help a thief, heavier would let an
# altered file exhaust the machine's memory.
_MEMORY_LIMITS = (19 * 1024, 1024 * 1024)
_ITERATION_LIMITS = (1, 20)
_LANE_LIMITS = (1, 16)


@dataclass(frozen=True, slots=True)
class KdfParams:
    """The cost of one passphrase try: ``memory_kib`` KiB, ``iterations`` passes, ``lanes``.

    The default is the second choice of RFC 9106 (64 MiB, 3 passes, 4 lanes): about 0.15 s on a
    laptop. Raises KeyFileDamagedError for values outside the limits.
    """

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        checks = (
            (self.memory_kib, _MEMORY_LIMITS),
            (self.iterations, _ITERATION_LIMITS),
            (self.lanes, _LANE_LIMITS),
        )
        for value, (least, most) in checks:
            if type(value) is not int or not least <= value <= most:
                raise KeyFileDamagedError("kdf")

    def costs_at_least(self, least: KdfParams) -> bool:
        """True when a guess costs as much memory, and as much work, as with `least`."""
        work, least_work = (p.memory_kib * p.iterations for p in (self, least))
        return self.memory_kib >= least.memory_kib and work >= least_work

    def as_json(self) -> dict[str, object]:
        """The form in which the key file keeps the parameters."""
        return {"alg": ALGORITHM, "m": self.memory_kib, "t": self.iterations, "p": self.lanes}

    @classmethod
    def from_json(cls, value: object) -> KdfParams:
        """Parse what ``as_json`` wrote; raises KeyFileDamagedError for anything else."""
        if not isinstance(value, Mapping) or value.get("alg") != ALGORITHM:
            raise KeyFileDamagedError("kdf")
        try:
            return cls(value["m"], value["t"], value["p"])
        except KeyError as error:
            raise KeyFileDamagedError("kdf") from error


FAST = KdfParams(memory_kib=_MEMORY_LIMITS[0], iterations=1, lanes=1)
"""The lowest cost that is accepted; for tests and the demo."""


one_at_a_time = threading.Lock()
"""OpenSSL spreads the lanes over threads of one shared pool; two stretches at once may wait there
for one another for ever."""


def check_passphrase(passphrase: str) -> None:
    """Raise PassphraseTooShortError unless it has twelve characters or four words.

    A six-digit number would be found in hours by someone who holds the laptop.
    """
    normal = unicodedata.normalize("NFC", passphrase).strip()
    words = {word for word in normal.split() if len(word) > 1}
    if len(normal) < MINIMUM_CHARACTERS and len(words) < MINIMUM_WORDS:
        raise PassphraseTooShortError


def stretch_passphrase(passphrase: str, salt: bytes, params: KdfParams) -> bytearray:
    """Argon2id of the passphrase in NFC: macOS keyboards may give å as two characters.

    Takes about as long as ``params`` says and frees the interpreter meanwhile, so it belongs in
    a worker thread. The caller wipes the 32 bytes.
    """
    encoded = bytearray(unicodedata.normalize("NFC", passphrase).encode("utf-8"))
    stretched = bytearray(KEY_BYTES)
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=params.iterations,
        lanes=params.lanes,
        memory_cost=params.memory_kib,
    )
    try:
        # The library takes any buffer; only its type hint asks for bytes.
        with one_at_a_time:
            kdf.derive_into(cast(bytes, encoded), stretched)
    finally:
        wipe(encoded)
    return stretched


def wrapping_key(
    secret: bytearray, device_secret: bytearray | None, salt: bytes, purpose: str
) -> bytearray:
    """HKDF of the user's secret and, where given, the device secret; 32 bytes to be wiped."""
    length = len(secret) + (len(device_secret) if device_secret is not None else 0)
    material = bytearray(length)
    material[: len(secret)] = secret
    if device_secret is not None:
        material[len(secret) :] = device_secret
    key = bytearray(KEY_BYTES)
    try:
        HKDF(hashes.SHA256(), KEY_BYTES, salt, purpose.encode("utf-8")).derive_into(material, key)
    finally:
        wipe(material)
    return key


def subkey(root: bytearray, purpose: str) -> bytearray:
    """A key for one purpose, expanded from the root key; 32 bytes to be wiped."""
    key = bytearray(KEY_BYTES)
    HKDFExpand(hashes.SHA256(), KEY_BYTES, purpose.encode("utf-8")).derive_into(root, key)
    return key
