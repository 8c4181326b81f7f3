"""Real encrypted stores for tests, quick to open; only the keyring is a double."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import keyring.errors

from fieldapp.clock import Clock, FixedClock
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGIN_TEST, ORIGINS, DeviceSecrets
from fieldapp.security.vault import Vault
from fieldapp.store.db import Database
from fieldapp.store.migrate import MIGRATIONS

USERNAME = "kari"
PASSPHRASE = "riktig hest batteri stift"
START = datetime(2026, 11, 22, 8, 15, tzinfo=UTC)


class MemoryKeyring:
    """A keyring that lives as long as the test; ``entries`` may be looked at and emptied."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError(service)


def memory_secrets(backend: MemoryKeyring | None = None) -> DeviceSecrets:
    """Device secrets in memory, for stores of every origin."""
    return DeviceSecrets(backend or MemoryKeyring(), origins=ORIGINS)


def make_vault(
    folder: Path,
    secrets: DeviceSecrets | None = None,
    clock: Clock | None = None,
    migrations: Path = MIGRATIONS,
    origin: str = ORIGIN_TEST,
) -> Vault:
    """A vault in ``folder`` with cheap passphrases and, unless given, a keyring of its own."""
    return Vault(
        folder,
        secrets or memory_secrets(),
        clock or FixedClock(START),
        params=FAST,
        origin=origin,
        migrations=migrations,
    )


def open_store(tmp_path: Path) -> Database:
    """A new store in ``tmp_path / "store"`` with the newest schema; the test closes it."""
    return make_vault(tmp_path / "store").create(USERNAME, PASSPHRASE).store


def folder_contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below ``folder`` with the file's bytes (None for a folder)."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
