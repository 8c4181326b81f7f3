"""Freeze an encrypted store of the newest schema, for the tests of all later versions.

    python -m tests.helpers.freeze_store [--replace]

Writes ``tests/data/stores/vNNNN``. A frozen store of a released schema is never written again;
``--replace`` is for a schema that nobody has used yet. All its persons are made up, and its secrets
are in this repository on purpose: its device secret lies in a demo keyring beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from fieldapp.security.anchor import ANCHOR_NAME
from fieldapp.security.keyring import NOTES_FILE_NAME, DemoKeyring
from fieldapp.store.db import Database
from fieldapp.store.lock import LOCK_NAME
from fieldapp.store.migrate import read_migrations, split_statements
from tests.helpers.stores import PASSPHRASE, USERNAME, make_vault

STORES = Path(__file__).parents[1] / "data" / "stores"
SAMPLE = STORES / "sample.sql"
FACTS_NAME = "facts.json"


def freeze(target: Path) -> None:
    """Create a store in ``target``, fill it with the sample rows and note how many there are."""
    vault = make_vault(target, DemoKeyring(target))
    created = vault.create(USERNAME, PASSPHRASE)
    with created.store.transaction() as connection:
        for statement in split_statements(SAMPLE.read_text(encoding="utf-8")):
            connection.execute(statement)
    facts = {
        "username": USERNAME,
        "passphrase": PASSPHRASE,
        "recovery_key": created.recovery_key,
        "rows": count_rows(created.store),
    }
    vault.lock()
    (target / LOCK_NAME).unlink()
    # Whoever unlocks a copy of it is told so; the notes of this place are of no use there.
    (target / ANCHOR_NAME).unlink()
    (target / NOTES_FILE_NAME).unlink()
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (target / FACTS_NAME).write_text(text, encoding="utf-8")


def count_rows(store: Database) -> dict[str, int]:
    """The number of rows in each table that has any (but SQLite's own)."""
    names = store.connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    ).fetchall()
    counts: dict[str, int] = {}
    for row in names:
        name = str(row["name"])
        found = store.connection.execute(f'SELECT count(*) AS n FROM "{name}"').fetchone()
        if found is not None and found["n"]:
            counts[name] = int(found["n"])
    return counts


def main() -> None:
    """Freeze the newest schema."""
    parser = argparse.ArgumentParser(description="Freeze a store of the newest schema.")
    parser.add_argument("--replace", action="store_true", help="the schema was never released")
    arguments = parser.parse_args()
    target = STORES / f"v{len(read_migrations()):04d}"
    if arguments.replace and target.exists():
        shutil.rmtree(target)
    if target.exists():
        parser.error(f"{target.name} is already frozen")
    freeze(target)


if __name__ == "__main__":
    main()
