"""Every page of an encrypted store, decrypted with its key, to look for what should be gone.

SQLCipher 4: the page ends with a reserved part of 80 bytes (IV of 16, HMAC-SHA512 of 64); what
stands before it is AES-256-CBC. The first 16 bytes of the file are the salt. Pages in the
write-ahead log are encrypted in the same way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
_RESERVED = 80
_IV = 16
_SALT = 16
_WAL_HEADER = 32
_FRAME_HEADER = 24


def decrypted(path: Path, key: bytes) -> Iterator[bytes]:
    """Every page of a database file as it is in clear; `key` is the raw key of 32 bytes."""
    data = path.read_bytes()
    for start in range(0, len(data), PAGE):
        yield _page(data[start : start + PAGE], key, first=start == 0)


def decrypted_log(path: Path, key: bytes) -> Iterator[bytes]:
    """Every page in a write-ahead log, frames that are over and done with included."""
    data = path.read_bytes() if path.exists() else b""
    place = _WAL_HEADER
    while place + _FRAME_HEADER + PAGE <= len(data):
        (number,) = struct.unpack_from(">I", data, place)
        page = data[place + _FRAME_HEADER : place + _FRAME_HEADER + PAGE]
        yield _page(page, key, first=number == 1)
        place += _FRAME_HEADER + PAGE


def everything_in(folder: Path, key: bytes) -> bytes:
    """All that stands in the store's files in this folder and below it, in clear."""
    found = bytearray()
    for path in sorted(folder.rglob("*")):
        if path.name.endswith("-wal"):
            found += b"".join(decrypted_log(path, key))
        elif ".db" in path.name and not path.name.endswith("-shm"):
            found += b"".join(decrypted(path, key))
        elif path.is_file():
            found += path.read_bytes()
    return bytes(found)


def _page(page: bytes, key: bytes, *, first: bool) -> bytes:
    if len(page) < PAGE or not any(page):
        return page
    iv = page[PAGE - _RESERVED : PAGE - _RESERVED + _IV]
    body = page[_SALT if first else 0 : PAGE - _RESERVED]
    reader = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return reader.update(body) + reader.finalize()
