"""Every store that an older version ever wrote opens, migrates and keeps its rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fieldapp.security.keyring import DemoKeyring
from fieldapp.security.vault import Vault
from fieldapp.store import claims
from fieldapp.store.db import Database
from fieldapp.store.migrate import read_migrations, schema_version
from tests.helpers.freeze_store import FACTS_NAME, STORES, count_rows
from tests.helpers.stores import make_vault, open_store

FROZEN = sorted(path for path in STORES.iterdir() if path.is_dir())


def _thawed(frozen: Path, tmp_path: Path) -> Vault:
    """A vault on a copy of the frozen store (git does not keep the private modes)."""
    folder = tmp_path / "store"
    shutil.copytree(frozen, folder)
    return make_vault(folder, DemoKeyring(folder))


def _schema(store: Database) -> list[tuple[str, str]]:
    rows = store.connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    )
    return [(row["name"], row["sql"]) for row in rows]


def test_the_newest_schema_has_its_frozen_store() -> None:
    expected = [f"v{number:04d}" for number in range(1, len(read_migrations()) + 1)]
    assert [path.name for path in FROZEN] == expected


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name)
def test_a_frozen_store_opens_migrates_and_keeps_its_rows(frozen: Path, tmp_path: Path) -> None:
    facts = json.loads((frozen / FACTS_NAME).read_text(encoding="utf-8"))
    vault = _thawed(frozen, tmp_path)
    store = vault.unlock(facts["username"], facts["passphrase"])
    assert schema_version(store) == len(read_migrations())
    assert store.damage_report() == []
    rows = count_rows(store)
    # What the store notes of itself grows with every unlocking; nothing else changes.
    assert rows.pop("store_state", 0) >= facts["rows"].pop("store_state", 0)
    assert facts["rows"].items() <= rows.items()
    note = store.connection.execute("SELECT body ->> '$.text' AS text FROM note").fetchone()
    assert note is not None
    assert note["text"] == "Sår på høyre fot"
    vault.lock()
    vault.unlock_with_recovery(facts["recovery_key"])
    vault.lock()


@pytest.mark.parametrize("name", ["v0001", "v0002"])
def test_a_store_of_before_there_were_claims_is_not_taken_for_set_back(
    name: str, tmp_path: Path
) -> None:
    facts = json.loads((STORES / name / FACTS_NAME).read_text(encoding="utf-8"))
    vault = _thawed(STORES / name, tmp_path)
    for _ in range(2):
        store = vault.unlock(facts["username"], facts["passphrase"])
        assert not claims.is_set_back(store)
        vault.lock()


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name)
def test_a_migrated_store_has_the_schema_of_a_new_one(frozen: Path, tmp_path: Path) -> None:
    facts = json.loads((frozen / FACTS_NAME).read_text(encoding="utf-8"))
    new = open_store(tmp_path / "new")
    vault = _thawed(frozen, tmp_path)
    assert _schema(vault.unlock(facts["username"], facts["passphrase"])) == _schema(new)
    vault.lock()
    new.close()


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name)
def test_a_frozen_store_holds_no_clear_text(frozen: Path) -> None:
    contents = (frozen / "journal.db").read_bytes()
    for word in ("Ødegård", "høyre fot", "CREATE TABLE", "SQLite format 3"):
        assert word.encode() not in contents
