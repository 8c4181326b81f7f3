"""The device secret: 32 random bytes per store in the keyring of the operating system.

A stolen disk is useless without it. Only keyrings from a fixed list are trusted: the library's own
choice can be turned, by an environment variable, to one that keeps nothing or keeps it in clear.
Three kinds of trouble are told apart (unavailable, locked, missing); none is ever taken to mean
that there is no store.

``DemoKeyring`` keeps the secret in a file, for the demo and for tests; it refuses every store that
was not created by those.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import importlib
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import keyring.errors

from fieldapp.paths import make_private_folder
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    KeyringLockedError,
    KeyringUnavailableError,
)
from fieldapp.security.kdf import KEY_BYTES
from fieldapp.security.secretbuf import wipe
from fieldapp.store.files import write_private_file

log = logging.getLogger(__name__)

SERVICE = "fieldapp.store"
ENTRY = "device-secret"
NOTE_SERVICE = "fieldapp.anchor"
NOTE_ENTRY = "commit-number"
REPLY_SERVICE = "fieldapp.escrow"
REPLY_ENTRY = "reply-key"
TIMEOUT_SECONDS = 30.0
NOTE_TIMEOUT_SECONDS = 5.0

NOTES_FILE_NAME = "DEMO-KEYRING-notes.json"
"""Where the demo keeps the notes: in the folder of its keyring."""

ORIGIN_SYSTEM = "system"
ORIGIN_DEMO = "demo"
ORIGIN_TEST = "test"
ORIGINS = frozenset({ORIGIN_SYSTEM, ORIGIN_DEMO, ORIGIN_TEST})

_TRUSTED = {
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS.Keyring",),
    "linux": (
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
    ),
}

_Result = TypeVar("_Result")


class KeyringBackend(Protocol):
    """What is used of a keyring; the interface of the ``keyring`` library."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, or None when there is none."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the entry, in place of an older one."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry; raises PasswordDeleteError when there is none."""
        ...


def trusted_backend() -> KeyringBackend:
    """The keyring of this operating system; raises KeyringUnavailableError when there is none."""
    for dotted in _TRUSTED.get(sys.platform, ()):
        module_name, class_name = dotted.rsplit(".", 1)
        try:
            backend_class = getattr(importlib.import_module(module_name), class_name)
            if not backend_class.viable:
                continue
            backend = backend_class()
        except Exception as error:  # whatever a broken desktop raises: it is not available
            log.info("keyring %s not usable: %s", class_name, type(error).__name__)
            continue
        if sys.platform == "win32":
            # The default lets the secret travel with a roaming profile.
            backend.persist = "local machine"
        return cast(KeyringBackend, backend)
    raise KeyringUnavailableError


class DeviceSecrets:
    """The device secrets in one keyring.

    ``backend`` is chosen from the trusted list at first use; tests hand one in. ``origins`` names
    the kinds of stores that this keyring may serve.
    """

    def __init__(
        self,
        backend: KeyringBackend | None = None,
        origins: frozenset[str] = frozenset({ORIGIN_SYSTEM}),
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._backend = backend
        self._origins = origins
        self._timeout = timeout_seconds

    def create(self, store_id: str, origin: str) -> bytearray:
        """Make and store a new secret, and prove by reading it back that it was kept.

        The caller wipes the result. Raises KeyringUnavailableError or KeyringLockedError.
        """
        self._check_origin(origin)
        secret = bytearray(os.urandom(KEY_BYTES))
        # One short line: some keyrings lose everything over an entry with several.
        text = base64.b64encode(secret).decode("ascii")
        service = _service(store_id)
        self._call(lambda backend: backend.set_password(service, ENTRY, text))
        if self._call(lambda backend: backend.get_password(service, ENTRY)) != text:
            wipe(secret)
            raise KeyringUnavailableError
        return secret

    def get(self, store_id: str, origin: str) -> bytearray:
        """The stored secret, to be wiped by the caller.

        Raises DeviceSecretMissingError when the keyring works but has no such entry (or a
        useless one), KeyringUnavailableError or KeyringLockedError.
        """
        self._check_origin(origin)
        text = self._call(lambda backend: backend.get_password(_service(store_id), ENTRY))
        if text is None:
            raise DeviceSecretMissingError
        try:
            secret = bytearray(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError) as error:
            raise DeviceSecretMissingError from error
        if len(secret) != KEY_BYTES:
            raise DeviceSecretMissingError
        return secret

    def delete(self, store_id: str, origin: str) -> None:
        """Remove the secret; does nothing when there is none."""
        self._check_origin(origin)

        def remove(backend: KeyringBackend) -> None:
            try:
                backend.delete_password(_service(store_id), ENTRY)
            except keyring.errors.PasswordDeleteError:
                log.info("no device secret to delete")

        self._call(remove)

    def forget_store(self, store_id: str, origin: str, longest: float = TIMEOUT_SECONDS) -> None:
        """Remove everything that stands here of a store: its secret first, then the notes.

        Raises KeyringUnavailableError, and KeyringLockedError after ``longest`` seconds.
        """
        self._check_origin(origin)

        def remove(backend: KeyringBackend) -> None:
            for service, entry in (
                (_service(store_id), ENTRY),
                (f"{NOTE_SERVICE}/{store_id}", NOTE_ENTRY),
                (f"{REPLY_SERVICE}/{store_id}", REPLY_ENTRY),
            ):
                with contextlib.suppress(keyring.errors.PasswordDeleteError):
                    backend.delete_password(service, entry)

        self._call(remove, longest)

    def read_note(self, store_id: str, origin: str) -> str | None:
        """How far the store had come when that was last noted here; None when it never was.

        No secret; see `fieldapp.security.anchor`. Raises KeyringUnavailableError or
        KeyringLockedError, the latter after a few seconds: nobody waits for this.
        """
        self._check_origin(origin)
        service = f"{NOTE_SERVICE}/{store_id}"
        return self._call(
            lambda backend: backend.get_password(service, NOTE_ENTRY), NOTE_TIMEOUT_SECONDS
        )

    def write_note(self, store_id: str, origin: str, text: str) -> None:
        """Note how far the store has come. Raises what `read_note` raises."""
        self._check_origin(origin)
        service = f"{NOTE_SERVICE}/{store_id}"
        self._call(
            lambda backend: backend.set_password(service, NOTE_ENTRY, text), NOTE_TIMEOUT_SECONDS
        )

    def keep_reply_key(self, store_id: str, origin: str, text: str | None) -> None:
        """Keep the key for the answer to an escrow request, so that the program may be closed while
        the officers work; None forgets it. Raises KeyringUnavailableError or KeyringLockedError.
        """
        self._check_origin(origin)
        service = f"{REPLY_SERVICE}/{store_id}"

        def change(backend: KeyringBackend) -> None:
            if text is not None:
                backend.set_password(service, REPLY_ENTRY, text)
                return
            with contextlib.suppress(keyring.errors.PasswordDeleteError):
                backend.delete_password(service, REPLY_ENTRY)

        self._call(change)

    def reply_key(self, store_id: str, origin: str) -> str | None:
        """What `keep_reply_key` kept; None for none. Raises what it raises."""
        self._check_origin(origin)
        service = f"{REPLY_SERVICE}/{store_id}"
        return self._call(lambda backend: backend.get_password(service, REPLY_ENTRY))

    def _check_origin(self, origin: str) -> None:
        if origin not in self._origins:
            raise KeyringUnavailableError

    def _call(
        self, action: Callable[[KeyringBackend], _Result], longest: float = TIMEOUT_SECONDS
    ) -> _Result:
        """Run ``action`` in a thread of its own: an unlock prompt may block for ever."""
        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def work() -> None:
            try:
                if self._backend is None:
                    self._backend = trusted_backend()
                answers.put((True, action(self._backend)))
            except Exception as error:  # handed to the caller below
                answers.put((False, error))

        # A daemon: a prompt that nobody answers must not keep the program from ending.
        threading.Thread(target=work, name="keyring", daemon=True).start()
        try:
            succeeded, answer = answers.get(timeout=min(longest, self._timeout))
        except queue.Empty:
            raise KeyringLockedError from None
        if succeeded:
            return cast(_Result, answer)
        if isinstance(answer, (KeyringUnavailableError, KeyringLockedError)):
            raise answer
        if isinstance(answer, keyring.errors.KeyringLocked):
            raise KeyringLockedError from answer
        # Besides KeyringError, the bus and the desktop libraries raise classes of their own.
        raise KeyringUnavailableError from answer


class DemoKeyring(DeviceSecrets):
    """A keyring in a plain file beside a demo store: NO protection, for made-up patients only.

    It serves stores with the origin "demo" or "test" and refuses all others.
    """

    FILE_NAME = "DEMO-KEYRING-no-protection.json"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            _FileBackend(folder / self.FILE_NAME), frozenset({ORIGIN_DEMO, ORIGIN_TEST})
        )


class _FileBackend:
    """Entries in one JSON file; notes in one beside it.

    Notes are written often: whoever writes one must never put back an older list of secrets.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()

    def get_password(self, service: str, username: str) -> str | None:
        value = self._read(self._file(username)).get(f"{service}/{username}")
        return value if isinstance(value, str) else None

    def set_password(self, service: str, username: str, password: str) -> None:
        file = self._file(username)
        with self._guard:
            entries = self._read(file)
            entries[f"{service}/{username}"] = password
            self._write(file, entries)

    def delete_password(self, service: str, username: str) -> None:
        file = self._file(username)
        with self._guard:
            entries = self._read(file)
            if entries.pop(f"{service}/{username}", None) is None:
                raise keyring.errors.PasswordDeleteError("no such entry")
            self._write(file, entries)

    def _file(self, username: str) -> Path:
        return self._path.with_name(NOTES_FILE_NAME) if username == NOTE_ENTRY else self._path

    def _read(self, file: Path) -> dict[str, object]:
        try:
            entries = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        if not isinstance(entries, dict):
            raise ValueError("not a demo keyring")
        return entries

    def _write(self, file: Path, entries: dict[str, object]) -> None:
        make_private_folder(file.parent)
        write_private_file(file, json.dumps(entries, indent=1).encode("utf-8"))


def _service(store_id: str) -> str:
    # One service name per store: on Windows several entries of one service get in each other's way.
    return f"{SERVICE}/{store_id}"
