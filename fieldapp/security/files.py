"""Small private files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from fieldapp.errors import UserError
from fieldapp.paths import PRIVATE_FILE_MODE
from fieldapp.store.errors import DiskFullError, ReadOnlyStoreError

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}


def write_private_file(path: Path, data: bytes) -> None:
    """Replace ``path`` with ``data``, mode 0600, durable when this returns.

    A power cut leaves either the old or the new contents. Raises DiskFullError or
    ReadOnlyStoreError; the old file is then still there.
    """
    unfinished = path.with_name(path.name + ".tmp")
    try:
        _write_new(unfinished, data)
        unfinished.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        named = _named(error)
        if named is None:
            raise
        raise named from error


def flush_folder(folder: Path) -> None:
    """Make names that were just created, replaced or removed in ``folder`` durable."""
    if sys.platform != "win32":  # Windows has no such call
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_new(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, PRIVATE_FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _named(error: OSError) -> UserError | None:
    if error.errno in _FULL:
        return DiskFullError()
    if error.errno in _NOT_WRITABLE:
        return ReadOnlyStoreError()
    return None
