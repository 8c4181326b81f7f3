"""One running program per store, by a lock that the operating system holds on an open file.

The system lets go of the lock when the process ends, however it ends, so a crash never leaves a
store that says "already open". The lock file itself stays; it is empty and means nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fieldapp.paths import PRIVATE_FILE_MODE
from fieldapp.store.errors import AlreadyOpenError
from fieldapp.store.files import named_disk_errors

LOCK_NAME = "journal.lock"


class StoreLock:
    """The right to be the only program that has the store in ``folder`` open."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """True between ``acquire`` and ``release``."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock at once or raise AlreadyOpenError, also within one process."""
        if self._descriptor is not None:
            raise AlreadyOpenError
        with named_disk_errors():
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
        try:
            _lock_now(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise AlreadyOpenError from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Delete the file of a lock that is not held, with the folder it lies in about to go."""
        self._path.unlink(missing_ok=True)


if sys.platform == "win32":
    import msvcrt

    def _lock_now(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_now(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
