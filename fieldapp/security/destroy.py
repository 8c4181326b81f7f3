"""Destroys a store on the organisation's order, so that nobody can ever read it again.

    mark → device secret in the keyring → key file and its copies → database, drafts, all the rest
    → orders file → mark → folder

The keys are what counts: without them the database is noise, on every copy of the disk as well but
for who has the recovery key. Overwriting files proves nothing on an SSD and is done for the key
file alone, which is small. The mark comes first and goes last, so that a crash in between is
finished at the next start; a folder with the mark is no store any more.

`begin` is the only way in, and only with an order that is genuine for this very store.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from fieldapp.domain.device_orders import DeviceOrder
from fieldapp.errors import FieldAppError, RetryError, UserError
from fieldapp.paths import DESTROYED_NAME, user_folders
from fieldapp.security import keyfile, orders_file
from fieldapp.security.device_orders import is_genuine
from fieldapp.security.keyring import ORIGINS, DeviceSecrets
from fieldapp.security.vault import DATABASE_NAME, KEY_FILE_NAME
from fieldapp.store.files import flush_folder, write_private_file
from fieldapp.store.lock import LOCK_NAME

log = logging.getLogger(__name__)

KEYRING_SECONDS: Final = 5.0
"""So long the keyring may take: an unlock prompt that nobody answers must not hold this up."""

_LEFT: Final = ".in-keyring"
"""Ending of a file beside a folder that is gone, whose device secret the keyring still has."""


class NotOursError(UserError):
    """The order is not the organisation's, or is for another laptop. Nothing is destroyed."""

    code = "order_not_genuine"


@dataclass(frozen=True, slots=True)
class Mark:
    """What is being destroyed, and on which order."""

    order_id: str
    store_id: str
    origin: str


def is_begun(folder: Path) -> bool:
    """True when this store is being destroyed, or as good as gone."""
    return (folder / DESTROYED_NAME).exists()


def begin(
    folder: Path, order: DeviceOrder, device_id: str, public_key: bytes, secrets: DeviceSecrets
) -> None:
    """Destroy the keys, at once and for ever. The files are next: `finish`.

    `device_id` and `public_key` are what this store knows of itself and of the organisation. May be
    called while the store is open; call it off the screen's thread. Raises NotOursError.
    """
    if not is_genuine(order, device_id, public_key):
        raise NotOursError
    log.warning("the store is being destroyed on order %s", order.id)
    mark = Mark(order.id, *_named_in(folder))
    _write_mark(folder, mark)
    _destroy_keys(folder, mark, secrets)


def finish(folder: Path, secrets: DeviceSecrets) -> bool:
    """Delete what is left of a store whose destruction has begun; return True when all is gone.

    False: a file is still in use, and is deleted at the next start. A secret that the keyring does
    not let go of now is asked for again then, too; nothing is left that it could open.
    """
    if not is_begun(folder):
        return not folder.exists()
    mark = _read_mark(folder)
    present, _ = _named_in(folder)
    if not mark.order_id or (present and present != mark.store_id):
        # No mark of ours, or a new store was made where the old one was: the order was not for it.
        return _remove(folder / DESTROYED_NAME)
    if not _destroy_keys(folder, mark, secrets):
        _remember_secret(folder, mark)
    last = (LOCK_NAME, orders_file.ORDERS_NAME, DESTROYED_NAME)
    first = [path for path in sorted(folder.rglob("*"), reverse=True) if path.name not in last]
    first.sort(key=lambda path: not path.name.startswith(DATABASE_NAME))
    if not all([_remove(path) for path in first]):
        return False
    gone = all([_remove(folder / name) for name in last])
    with contextlib.suppress(OSError):
        folder.rmdir()
    if gone:
        log.warning("the store is destroyed")
    return gone


def finish_all(data: Path, secrets: DeviceSecrets) -> list[str]:
    """At the start: finish what a crash interrupted; return the orders that are obeyed now."""
    obeyed = []
    for folder in user_folders(data):
        order_id = order_being_obeyed(folder)
        if is_begun(folder) and finish(folder, secrets) and order_id:
            obeyed.append(order_id)
    for left in sorted(data.glob(f"*{_LEFT}")):
        if _forget_secret(_read(left), secrets):
            _remove(left)
    return obeyed


def order_being_obeyed(folder: Path) -> str:
    """The id of the order on which a store is being destroyed; "" for none."""
    return _read_mark(folder).order_id if is_begun(folder) else ""


# --- inner parts


def _named_in(folder: Path) -> tuple[str, str]:
    """The store's id and origin, by which the keyring knows its secret; "" when nobody can tell."""
    try:
        key_file = keyfile.read(folder / KEY_FILE_NAME)
    except (FieldAppError, OSError):
        return "", ""
    return key_file.store_id, key_file.origin


def _destroy_keys(folder: Path, mark: Mark, secrets: DeviceSecrets) -> bool:
    """Return True when the keyring holds nothing of this store any more."""
    secret_gone = _forget_secret(mark, secrets)
    for path in sorted(folder.glob(KEY_FILE_NAME + "*")):
        _overwrite(path)
        _remove(path)
    with contextlib.suppress(OSError):
        flush_folder(folder)
    return secret_gone


def _forget_secret(mark: Mark, secrets: DeviceSecrets) -> bool:
    if not mark.store_id or mark.origin not in ORIGINS:
        return True  # no key file was there that could be opened with it
    try:
        secrets.forget_store(mark.store_id, mark.origin, KEYRING_SECONDS)
    except (UserError, RetryError) as error:
        log.warning("the keyring keeps the device secret for now: %s", error.code)
        return False
    return True


def _overwrite(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> bool:
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is still there: %s", path.name, error.strerror)
        return False
    return True


def _write_mark(folder: Path, mark: Mark) -> None:
    # A full disk must not save what is to be destroyed; then there is just no second attempt.
    with contextlib.suppress(UserError, RetryError, OSError):
        if not is_begun(folder):
            _write(folder / DESTROYED_NAME, mark)


def _remember_secret(folder: Path, mark: Mark) -> None:
    with contextlib.suppress(UserError, RetryError, OSError):
        _write(folder.with_name(folder.name + _LEFT), mark)


def _write(path: Path, mark: Mark) -> None:
    write_private_file(path, json.dumps(asdict(mark)).encode("utf-8"))


def _read_mark(folder: Path) -> Mark:
    return _read(folder / DESTROYED_NAME)


def _read(path: Path) -> Mark:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Mark(str(values["order_id"]), str(values["store_id"]), str(values["origin"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Mark("", "", "")
