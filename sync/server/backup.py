"""Copies of the embedded database: made while the server runs, proved before they count.

A copy is a folder with the encrypted database and `backup.json`, which says what it must hold. The
key is not beside it unless that was asked for: whoever finds the folder can read nothing. A
PostgreSQL is copied with its own tools (`sync/OPERATIONS.md`).
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from fieldapp.clock import to_iso
from fieldapp.errors import UserError
from fieldapp.paths import make_private_folder
from sync.protocol.digests import as_text
from sync.server.storage import sqlite
from sync.server.storage.base import CannotOpenError
from sync.server.storage.storage import Storage

DESCRIPTION_NAME = "backup.json"

_FILES = tuple(f"{sqlite.DATABASE_NAME}{ending}" for ending in ("", "-wal", "-shm", "-journal"))
"""A database and what the library lays beside it."""


class BackupError(UserError):
    """A copy cannot be made or used; the argument is the sentence."""

    code = "backup"

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Description:
    """What a copy holds. `digest` is the sum over every record (`sync.protocol.digests`)."""

    server_id: str
    made_at: str
    newest_seq: int
    records: int
    digest: str


def back_up(
    folder: Path, environment_key: str | None, target: Path, now: datetime, *, with_key: bool
) -> Description:
    """Copy the database in `folder` to the new folder `target` and prove the copy.

    Other processes may go on reading and writing meanwhile; the copy is one moment of it. Raises
    BackupError when `target` holds anything or the copy does not prove to be whole, and
    CannotOpenError when there is no database to copy.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupError("The folder for the copy is not empty. Nothing was written.")
    make_private_folder(target)
    try:
        with closing(sqlite.open_existing(folder, environment_key)) as database:
            database.copy_to(target / sqlite.DATABASE_NAME)
        key = environment_key or sqlite.read_key(folder / sqlite.KEY_NAME)
        description = _proved(target, key, now)
        _write_durably(
            target / DESCRIPTION_NAME, json.dumps(asdict(description), indent=1).encode() + b"\n"
        )
        if with_key:
            sqlite.write_key(target / sqlite.KEY_NAME, key)
    except BaseException:
        # Half a copy must not be taken for one.
        for name in (DESCRIPTION_NAME, sqlite.DATABASE_NAME, sqlite.KEY_NAME):
            (target / name).unlink(missing_ok=True)
        raise
    return description


def restore(folder: Path, key: str | None, source: Path, *, keep_key: bool = True) -> Description:
    """Put a copy in the place of a database that is gone, under the key that it was made with.

    `key` None: the key lies in the copy's folder. `keep_key` False: the key comes from the
    environment and is written nowhere. Raises BackupError when `folder` holds a
    database, when the copy is not whole or is not what its description says, and CannotOpenError
    for a wrong key. Nothing is put in place before the copy has been proved.
    """
    # A log that was left behind would be written into the copy at its first opening.
    present = [name for name in _FILES if (folder / name).exists()]
    if present:
        raise BackupError(
            f"There is a database here ({', '.join(present)}). Move it away first, every file of"
            " it; nothing was changed."
        )
    expected = _described(source)
    used_key = key or _key_beside(source)
    make_private_folder(folder)
    trial = folder / "restoring"
    shutil.rmtree(trial, ignore_errors=True)
    make_private_folder(trial)
    try:
        shutil.copyfile(source / sqlite.DATABASE_NAME, trial / sqlite.DATABASE_NAME)
        os.chmod(trial / sqlite.DATABASE_NAME, 0o600)
        found = _proved(trial, used_key, None)
        if (found.server_id, found.newest_seq, found.records, found.digest) != (
            expected.server_id,
            expected.newest_seq,
            expected.records,
            expected.digest,
        ):
            raise BackupError("The copy does not hold what its description says.")
        if keep_key:
            _keep_key(folder / sqlite.KEY_NAME, used_key)
        os.replace(trial / sqlite.DATABASE_NAME, folder / sqlite.DATABASE_NAME)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    return expected


def _proved(folder: Path, key: str, now: datetime | None) -> Description:
    """Open a copy and read all of it: the seal of every page, the structure, every record's text.

    Raises BackupError when the sums that are kept are not those of the texts.
    """
    database = sqlite.open_existing(folder, key)
    with closing(Storage(database)) as storage:
        if database.damage() is not None:
            raise BackupError("The copy is damaged. It was not kept.")
        with storage.read() as transaction:
            worked_out = transaction.facts.worked_out_digest()
            facts = transaction.facts.facts("")
            if worked_out != transaction.facts.kept_digest():
                raise BackupError("The sums of the copy are not those of its records.")
        return Description(
            server_id=storage.server_id,
            made_at="" if now is None else to_iso(now),
            newest_seq=facts.newest_seq,
            records=facts.records,
            digest=as_text(worked_out),
        )


def _described(source: Path) -> Description:
    try:
        fields = json.loads((source / DESCRIPTION_NAME).read_text(encoding="utf-8"))
        return Description(**fields)
    except (FileNotFoundError, ValueError, TypeError):
        raise BackupError("This folder is no copy: its description is missing.") from None


def _key_beside(source: Path) -> str:
    try:
        return sqlite.read_key(source / sqlite.KEY_NAME)
    except CannotOpenError:
        raise BackupError("The copy's key is needed: name its file with --key-file.") from None


def _keep_key(path: Path, key: str) -> None:
    if not path.exists():
        sqlite.write_key(path, key)
    elif sqlite.read_key(path) != key:
        raise BackupError("Another key lies here. Move it away first; nothing was changed.")


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
