"""Private files on disk, durable, with the disk's refusals under our own names."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from fieldapp.errors import UserError
from fieldapp.paths import PRIVATE_FILE_MODE
from fieldapp.store.errors import DiskFullError, ReadOnlyStoreError

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}
_BINARY = getattr(os, "O_BINARY", 0)  # only Windows tells text from binary here


@contextlib.contextmanager
def named_disk_errors() -> Iterator[None]:
    """Turn "no space" and "not allowed to write" into DiskFullError and ReadOnlyStoreError."""
    try:
        yield
    except OSError as error:
        named = _named(error)
        if named is None:
            raise
        raise named from error


def create_private_file(path: Path) -> None:
    """Make an empty file with mode 0600; raises FileExistsError where there is one already."""
    with named_disk_errors():
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY
        os.close(os.open(path, flags, PRIVATE_FILE_MODE))


def write_private_file(path: Path, data: bytes) -> None:
    """Replace ``path`` with ``data``, mode 0600, durable when this returns.

    A power cut leaves either the old or the new contents. Raises DiskFullError or
    ReadOnlyStoreError; the old file is then still there.
    """
    unfinished = path.with_name(path.name + ".tmp")
    with named_disk_errors():
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY
            with os.fdopen(os.open(unfinished, flags, PRIVATE_FILE_MODE), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            flush_folder(path.parent)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


def flush_file(path: Path) -> None:
    """Make the contents of an existing file durable."""
    with named_disk_errors():
        descriptor = os.open(path, os.O_RDWR | _BINARY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Make names that were just created, replaced or removed in ``folder`` durable."""
    if sys.platform != "win32":  # Windows has no such call
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _named(error: OSError) -> UserError | None:
    if error.errno in _FULL:
        return DiskFullError()
    if error.errno in _NOT_WRITABLE:
        return ReadOnlyStoreError()
    return None
