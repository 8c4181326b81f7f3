"""Was this store put back from a copy, or carried elsewhere?

Such a store has forgotten doses that it gave, or has a twin that gives the same ones. So the number
of its acts and the newest line of its log are noted outside the database: in a file beside it, and
in the keyring, which no copy of the folder brings along. Both notes name the place they were made
at and are sealed with a key of the store.

Trouble with the keyring alone proves nothing: then the file beside the store is believed. The note
in the keyring may lag behind, for it is written beside the work and must never hold it up.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldapp.errors import FieldAppError
from fieldapp.security.kdf import subkey
from fieldapp.security.keyring import DeviceSecrets
from fieldapp.security.secretbuf import wipe
from fieldapp.store.files import write_private_file

log = logging.getLogger(__name__)

ANCHOR_NAME: Final = "journal.hvanchor"

_PURPOSE: Final = "hv anchor v1"
_LONGEST: Final = 4096
_LAST_WAIT_SECONDS: Final = 2.0
_WINDOWS_MACHINE: Final = r"SOFTWARE\Microsoft\Cryptography"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`set_back`: the store forgot something or stands elsewhere. `highest`: what was noted."""

    set_back: bool
    highest: int


@dataclass(frozen=True, slots=True)
class _Note:
    """`in_keyring`: there was such a note in the keyring of this machine as well. `line`: the hash
    of the log's newest line; "" in the notes of older programs."""

    count: int
    place: str
    in_keyring: bool
    line: str = ""


class Anchor:
    """The notes of one store, from unlock to lock. `write` may be called from any thread."""

    def __init__(
        self, folder: Path, store_id: str, origin: str, root: bytearray, secrets: DeviceSecrets
    ) -> None:
        self._path = folder / ANCHOR_NAME
        self._store_id = store_id
        self._key = subkey(root, _PURPOSE)
        self._place = self._mark(f"{machine_name()}|{os.path.normcase(folder.resolve())}")
        self._keyring = _KeyringNotes(secrets, store_id, origin)
        self._guard = threading.Lock()
        self._written = -1
        self._in_keyring = False

    def judge(
        self, count: int | None, knows: Callable[[str], bool] = lambda line: True
    ) -> Judgement:
        """Compare what was noted with the store's own number. May ask the keyring: slow.

        `knows` tells whether the store's log holds the line with a hash. `count` is None for a
        store that has never been noted: it is as it should be without notes.
        """
        beside = self._read_beside()
        entry = self._keyring.read()
        noted = None if entry is None else self._open(entry)
        self._in_keyring = noted is not None or (beside is not None and beside.in_keyring)
        found = [note for note in (beside, noted) if note is not None]
        highest = max((note.count for note in found), default=0)
        if count is None and highest == 0:
            return Judgement(False, 0)
        behind = highest > (count or 0) or not all(knows(note.line) for note in found)
        elsewhere = any(note.place != self._place for note in found)
        # A keyring that works and has no note is not the one that this store was written with.
        missing = not found or (
            noted is None and self._keyring.works and beside is not None and beside.in_keyring
        )
        if behind or elsewhere or missing:
            log.warning(
                "store set back: behind %s, elsewhere %s, missing %s", behind, elsewhere, missing
            )
        return Judgement(behind or elsewhere or missing, highest)

    def write_first(self, count: int, line: str = "") -> None:
        """Note the number in the keyring, waiting for it, and then beside the store."""
        if self._keyring.write(self._seal(_Note(count, self._place, True, line))):
            self._in_keyring = True
        self.write(count, line)

    def write(self, count: int, line: str = "") -> None:
        """Note the number: beside the store at once, in the keyring soon. Raises nothing."""
        with self._guard:
            if count <= self._written or not self._key:
                return
            text = self._seal(_Note(count, self._place, self._in_keyring, line))
            try:
                write_private_file(self._path, text.encode("ascii"))
                self._written = count
            except (FieldAppError, OSError) as error:
                # The store is ahead of its note then, which says nothing against it.
                log.warning("the store's number was not noted: %s", type(error).__name__)
            self._keyring.write_soon(text)

    def close(self) -> None:
        """Wait a moment for the keyring, and forget the key."""
        self._keyring.wait(_LAST_WAIT_SECONDS)
        with self._guard:
            wipe(self._key)
            self._key = bytearray()

    def _read_beside(self) -> _Note | None:
        try:
            with self._path.open("rb") as file:
                data = file.read(_LONGEST)
        except OSError:
            return None
        return self._open(data.decode("ascii", errors="replace"))

    def _seal(self, note: _Note) -> str:
        values = [self._store_id, note.count, note.place, note.in_keyring, note.line]
        body = json.dumps(values, separators=(",", ":"))
        return f"{body} {self._mark(body)}"

    def _open(self, text: str) -> _Note | None:
        """The note, or None for one that is damaged or of another store."""
        body, _, mark = text.rpartition(" ")
        if not hmac.compare_digest(mark.encode(), self._mark(body).encode()):
            return None
        store_id, count, place, in_keyring, *line = json.loads(body)
        if store_id != self._store_id:
            return None
        return _Note(count, place, in_keyring, *line)

    def _mark(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


class _KeyringNotes:
    """The note in the keyring. `works` is False after it could not be asked.

    One thread writes, the newest text only: a keyring may take its time, and many do not like two
    callers at once.
    """

    def __init__(self, secrets: DeviceSecrets, store_id: str, origin: str) -> None:
        self._secrets = secrets
        self._store = (store_id, origin)
        self._guard = threading.Lock()
        self._next: str | None = None
        self._thread: threading.Thread | None = None
        self.works = True

    def read(self) -> str | None:
        try:
            return self._secrets.read_note(*self._store)
        except FieldAppError as error:
            log.info("the keyring was not asked for the store's number: %s", error.code)
            self.works = False
            return None

    def write(self, text: str) -> bool:
        """Write and wait; say whether the keyring took it."""
        if not self.works:
            return False
        try:
            self._secrets.write_note(*self._store, text)
        except FieldAppError as error:
            log.info("the keyring did not take the store's number: %s", error.code)
            self.works = False
        return self.works

    def write_soon(self, text: str) -> None:
        with self._guard:
            if not self.works:
                return
            self._next = text
            if self._thread is None:
                # A daemon: a keyring that does not answer must not keep the program from ending.
                self._thread = threading.Thread(target=self._work, name="anchor", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> None:
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._guard:
                text, self._next = self._next, None
                if text is None:
                    self._thread = None
                    return
            self.write(text)


def machine_name() -> str:
    """A name of this machine that its folders do not carry along; "" where there is none.

    Windows as its maker describes it, tried on Linux only.
    """
    try:
        if sys.platform == "win32":
            registry = importlib.import_module("winreg")
            with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, _WINDOWS_MACHINE) as key:
                return str(registry.QueryValueEx(key, "MachineGuid")[0])
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
