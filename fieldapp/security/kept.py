"""What was half written when the window locked and the store would not take, or had no place for.

It is sealed with a key of the store before the root key is wiped, and lies in one file beside the
store. Where the disk takes no file it stays sealed in memory until the disk does, or until the
store is opened again: a full disk never keeps a window readable and never costs a word.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fieldapp.errors import FieldAppError
from fieldapp.security.kdf import subkey
from fieldapp.security.secretbuf import wipe
from fieldapp.store.files import write_private_file

log = logging.getLogger(__name__)

KEPT_NAME: Final = "journal.hvkept"

_PURPOSE: Final = "hv kept v1"
_NONCE_BYTES: Final = 12
_LONGEST: Final = 4 * 1024 * 1024


class Kept:
    """The sealed leftovers of one store. Raises nothing for a disk that is full or read-only."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEPT_NAME
        # None: whatever there is, lies in the file.
        self._sealed: bytes | None = None

    def keep(self, data: bytes, root: bytearray, store_id: str) -> None:
        """Seal `data` in place of what was kept before; no data takes that away."""
        if not data:
            self._sealed = None
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("what was kept could not be removed: %s", error.strerror)
            return
        nonce = os.urandom(_NONCE_BYTES)
        key = subkey(root, _PURPOSE)
        try:
            self._sealed = nonce + AESGCM(key).encrypt(nonce, data, store_id.encode())
        finally:
            wipe(key)
        self.store()

    def store(self) -> bool:
        """Try to put into the file what is in memory only; True when nothing is any more."""
        if self._sealed is None:
            return True
        try:
            write_private_file(self._path, self._sealed)
        except (FieldAppError, OSError) as error:
            log.warning("what is kept stays in memory: %s", type(error).__name__)
            return False
        self._sealed = None
        return True

    def read(self, root: bytearray, store_id: str) -> bytes:
        """What is kept; nothing for a file that is missing, damaged or of another store.

        A damaged file is left where it lies.
        """
        sealed = self._sealed if self._sealed is not None else self._read_file()
        if len(sealed) <= _NONCE_BYTES:
            return b""
        key = subkey(root, _PURPOSE)
        try:
            return AESGCM(key).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], store_id.encode()
            )
        except InvalidTag:
            log.warning("what was kept cannot be read")
            return b""
        finally:
            wipe(key)

    def _read_file(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(_LONGEST)
        except OSError:
            return b""
