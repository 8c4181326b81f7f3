"""Pages of a COPY of a damaged database whose seal is broken, replaced by sealed empty ones.

SQLCipher refuses every query on a connection that has met a page with a broken seal, and a page
with the planner's statistics is met at every opening. With an empty page in its place only the rows
of that page are missing. What was on the page is not believed: a note with one altered word is
worse than one that is told as lost.

The format is that of SQLCipher 4: AES-256-CBC, then an HMAC-SHA512 over the encrypted bytes, the IV
and the page's number. Source: https://www.zetetic.net/sqlcipher/design/
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from fieldapp.store.errors import DatabaseDamagedError

_SALT = 16
_IV = 16
_MAC = 64
_RESERVE = _IV + _MAC
_MAC_SALT_MASK = 0x3A
_MAC_ROUNDS = 2
_PAGE_COUNT_AT = slice(28, 32)


def empty_damaged_pages(path: Path, key_text: bytearray, page_size: int) -> int:
    """Replace what is broken, missing at the end or cut through; return how many pages.

    ``key_text`` is SQLCipher's x'<64 hex key><32 hex salt>'; the caller wipes it. Raises
    DatabaseDamagedError when the first page, which tells where everything is, is broken itself.
    """
    sealer = _Sealer(key_text, page_size)
    replaced = 0
    with path.open("r+b") as file:
        first = file.read(page_size)
        if not sealer.is_whole(first, 1):
            raise DatabaseDamagedError
        size = file.seek(0, os.SEEK_END)
        count = max(-(-size // page_size), sealer.page_count(first))
        for number in range(2, count + 1):
            file.seek((number - 1) * page_size)
            if sealer.is_whole(file.read(page_size), number):
                continue
            file.seek((number - 1) * page_size)
            file.write(sealer.empty(number))
            replaced += 1
    return replaced


class _Sealer:
    def __init__(self, key_text: bytearray, page_size: int) -> None:
        digits = key_text[2:-1]
        self._key = bytearray.fromhex(digits[:64].decode("ascii"))
        salt = bytes.fromhex(digits[64:96].decode("ascii"))
        masked = bytes(byte ^ _MAC_SALT_MASK for byte in salt)
        self._mac_key = hashlib.pbkdf2_hmac("sha512", self._key, masked, _MAC_ROUNDS, 32)
        self._size = page_size

    def _mac(self, sealed: bytes, number: int) -> bytes:
        covered = sealed + number.to_bytes(4, "little")
        return hmac.digest(self._mac_key, covered, "sha512")

    def is_whole(self, page: bytes, number: int) -> bool:
        if len(page) != self._size:
            return False
        start = _SALT if number == 1 else 0
        sealed, mac = page[start:-_MAC], page[-_MAC:]
        return hmac.compare_digest(self._mac(sealed, number), mac)

    def page_count(self, first: bytes) -> int:
        """How many pages the database says that it has."""
        vector = first[-_RESERVE:-_MAC]
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(vector)).decryptor()
        clear = bytes(_SALT) + decryptor.update(first[_SALT : _SALT + 32])
        return int.from_bytes(clear[_PAGE_COUNT_AT], "big")

    def empty(self, number: int) -> bytes:
        vector = os.urandom(_IV)
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(vector)).encryptor()
        sealed = encryptor.update(bytes(self._size - _RESERVE)) + vector
        return sealed + self._mac(sealed, number)
