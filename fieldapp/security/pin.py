"""A PIN that opens a store again while the program runs: short to type, and worth nothing later.

The root key is wrapped under a key made of the PIN (Argon2id) and a random secret of this process.
Both that secret and the wrapped key lie in this object's buffers and nowhere else: never on a disk,
so a PIN is gone with the process, after five wrong tries in a row, and eight hours after it was
set. Then the passphrase is asked for, and nothing has been lost.
"""

from __future__ import annotations

import os
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fieldapp.clock import Clock, Elapsed
from fieldapp.security.errors import PinGoneError, PinWeakError, WrongPinError
from fieldapp.security.kdf import KEY_BYTES, SALT_BYTES, KdfParams, stretch_passphrase, wrapping_key
from fieldapp.security.secretbuf import wipe

LEAST_DIGITS = 6
MOST_DIGITS = 12
MOST_TRIES = 5
LONGEST_LIFE = timedelta(hours=8)

_PURPOSE = "hv pin v1"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class PinKeeper:
    """Holds at most one PIN's wrapped root key. Its slow methods belong on a worker thread.

    `params` is the cost of one try; the same as for a passphrase.
    """

    def __init__(self, clock: Clock, params: KdfParams) -> None:
        self._clock = clock
        self._params = params
        self._secret = bytearray()
        self._wrapped = bytearray()
        self._salt = b""
        self._nonce = b""
        self._tries = 0
        self._set_at: Elapsed | None = None

    @property
    def stands(self) -> bool:
        """True while a PIN can open the store. One that has grown too old is dropped by asking."""
        if self._set_at is not None and self._is_too_old(self._set_at):
            self.drop()
        return self._set_at is not None

    def set(self, pin: str, root: bytearray) -> None:
        """Wrap `root` under this PIN, in place of an earlier one. Slow.

        Raises PinWeakError; an earlier PIN stands then.
        """
        check_pin(pin)
        self.drop()
        self._secret = bytearray(os.urandom(KEY_BYTES))
        self._salt = os.urandom(SALT_BYTES)
        self._nonce = os.urandom(_NONCE_BYTES)
        self._wrapped = bytearray(KEY_BYTES + _TAG_BYTES)
        key = self._key(pin)
        try:
            AESGCM(key).encrypt_into(self._nonce, root, None, self._wrapped)
        finally:
            wipe(key)
        self._set_at = self._clock.elapsed()

    def open(self, pin: str) -> bytearray:
        """The root key, to be wiped by the caller. Slow. A right PIN gives five new tries.

        Raises WrongPinError with the tries that are left, PinGoneError when there is no PIN or
        this was the last wrong try.
        """
        if not self.stands:
            raise PinGoneError
        # Counted before it is tried: whoever stops the program half-way has used a try up.
        self._tries += 1
        root = bytearray(KEY_BYTES)
        key = self._key(pin)
        try:
            AESGCM(key).decrypt_into(self._nonce, self._wrapped, None, root)
        except InvalidTag:
            left = MOST_TRIES - self._tries
            if left <= 0:
                self.drop()
                raise PinGoneError from None
            raise WrongPinError(left) from None
        finally:
            wipe(key)
        self._tries = 0
        return root

    def drop(self) -> None:
        """Forget the PIN; harmless when there is none."""
        wipe(self._secret, self._wrapped)
        self._secret, self._wrapped = bytearray(), bytearray()
        self._salt = self._nonce = b""
        self._tries = 0
        self._set_at = None

    def _key(self, pin: str) -> bytearray:
        stretched = stretch_passphrase(pin, self._salt, self._params)
        try:
            return wrapping_key(stretched, self._secret, self._salt, _PURPOSE)
        finally:
            wipe(stretched)

    def _is_too_old(self, since: Elapsed) -> bool:
        now = self._clock.elapsed()
        if now.boot_id != since.boot_id:
            return True
        return now.since_boot - since.since_boot >= LONGEST_LIFE


def check_pin(pin: str) -> None:
    """Raise PinWeakError for what a finder would try first.

    Refused are: fewer than six or more than twelve digits, or anything else than digits; fewer than
    three different digits; digits in a row up or down; a short part said several times.
    """
    if not pin.isascii() or not pin.isdigit() or not LEAST_DIGITS <= len(pin) <= MOST_DIGITS:
        raise PinWeakError
    if len(set(pin)) < 3 or _is_a_row(pin) or _is_repeated(pin):
        raise PinWeakError


def _is_a_row(pin: str) -> bool:
    """123456, 987654, and over the edge: 890123."""
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    return steps in ({1}, {9})


def _is_repeated(pin: str) -> bool:
    """123123, 12341234: the PIN turned by a part of its length is the same PIN."""
    return pin in (pin + pin)[1:-1]
