"""Whether a new recovery key is due, and why: a small file beside the key file, with no secret.

It is read while the store is open, so that its owner is asked to make a new key on a calm day.
Whoever deletes the file keeps the owner from being asked; the keys themselves are as they were.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path

from fieldapp.errors import FieldAppError
from fieldapp.store.files import write_private_file

log = logging.getLogger(__name__)

DUE_NAME = "journal.newkey"


class KeyDue(StrEnum):
    """UNPROVED: the key was shown, and nobody has shown that it stands on paper. USED: a colleague
    has opened the store with it to send from it, and made no new one."""

    UNPROVED = "unproved"
    USED = "used"


def read(folder: Path) -> KeyDue | None:
    """Why a new key is due; None when none is."""
    try:
        return KeyDue((folder / DUE_NAME).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def mark(folder: Path, why: KeyDue) -> None:
    """Remember it. Raises nothing: a full disk stops neither a start nor a sending."""
    try:
        write_private_file(folder / DUE_NAME, why.encode("ascii"))
    except (FieldAppError, OSError) as error:
        log.warning("that a recovery key is due is not noted: %s", type(error).__name__)


def clear(folder: Path) -> None:
    """A new key stands on paper and is in place."""
    try:
        (folder / DUE_NAME).unlink(missing_ok=True)
    except OSError as error:
        log.warning("that a recovery key was due is not forgotten: %s", type(error).__name__)
