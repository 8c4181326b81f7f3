"""A vault with one store in it, locked, and the parts a test may want to spoil."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.security.vault import Vault
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    make_vault,
    memory_secrets,
)

MIGRATIONS = Path(__file__).parent / "migrations"
NAMES = [f"Åse Ødegård {number}" for number in range(200)]


@dataclass
class Place:
    """A folder with a store, its keyring and its clock; ``vault`` gives a fresh program."""

    folder: Path
    backend: MemoryKeyring = field(default_factory=MemoryKeyring)
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    recovery_key: str = ""

    def vault(self) -> Vault:
        return make_vault(
            self.folder, memory_secrets(self.backend), self.clock, migrations=MIGRATIONS
        )

    def names(self, vault: Vault) -> list[str]:
        assert vault.store is not None
        rows = vault.store.connection.execute("SELECT name FROM person ORDER BY id")
        return [row["name"] for row in rows]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A locked store with 200 names in it."""
    made = Place(tmp_path / "store")
    vault = made.vault()
    created = vault.create(USERNAME, PASSPHRASE)
    with created.store.transaction() as connection:
        connection.executemany("INSERT INTO person (name) VALUES (?)", [(name,) for name in NAMES])
    vault.lock()
    made.recovery_key = created.recovery_key
    return made
