"""An upgrade costs no unsent change: from every schema that was released, and killed in it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.notes import Draft
from fieldapp.security import keyfile, vault
from fieldapp.security.keyring import DemoKeyring
from fieldapp.store import drafts, outbox
from fieldapp.store.db import Database
from fieldapp.store.migrate import read_migrations, schema_version
from tests.helpers.freeze_store import FACTS_NAME, STORES, count_rows
from tests.helpers.stores import make_vault

SPREAD = True
ROOT = Path(__file__).parents[3]
OLDER = sorted(path for path in STORES.iterdir() if path.is_dir())[:-1]

KILLED = """
import os, signal, sys
from pathlib import Path
from fieldapp.clock import SystemClock
from fieldapp.security.keyring import DemoKeyring
from fieldapp.store import migrate
from fieldapp.store.db import Database
from tests.helpers.stores import PASSPHRASE, USERNAME, make_vault

folder, moment = Path(sys.argv[1]), sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dies_before(place, name):
    def killed(*arguments, **options):
        die()
    setattr(place, name, killed)

def dies_after(place, name):
    true = getattr(place, name)
    def killed(*arguments, **options):
        true(*arguments, **options)
        die()
    setattr(place, name, killed)

if moment == "before the copy":
    dies_before(migrate, "_copy_before")
elif moment == "after the copy":
    dies_after(migrate, "_copy_before")
elif moment == "in the copy":
    from fieldapp.store import db
    dies_before(db, "flush_file")
elif moment == "before the end is checked":
    dies_before(migrate.db, "full_text_indexes")
elif moment == "after the commit":
    dies_before(Database, "checkpoint")
elif moment == "before old copies are cleared":
    dies_before(migrate, "_forget_old_copies")
else:
    true_split = migrate.split_statements
    left = [int(moment)]
    def counted(script):
        for statement in true_split(script):
            if left[0] == 0:
                die()
            left[0] -= 1
            yield statement
    migrate.split_statements = counted
make_vault(folder, DemoKeyring(folder), SystemClock()).unlock(USERNAME, PASSPHRASE)
"""
MOMENTS = (
    "before the copy",
    "in the copy",
    "after the copy",
    *("0", "1", "5", "9"),
    "before the end is checked",
    "after the commit",
    "before old copies are cleared",
)


def _thaw(frozen: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path / "store"
    shutil.copytree(frozen, folder)
    return folder, json.loads((frozen / FACTS_NAME).read_text(encoding="utf-8"))


def _unsent_in_the_old_schema(frozen: Path, tmp_path: Path, facts: dict[str, Any]) -> list[Any]:
    """What waits in a frozen store, read without the program's migrations."""
    folder = tmp_path / "before"
    shutil.copytree(frozen, folder)
    parsed = keyfile.read(folder / vault.KEY_FILE_NAME)
    slot = parsed.find_slot(keyfile.SLOT_PASSPHRASE, facts["username"])
    assert slot is not None
    secret = DemoKeyring(folder).get(parsed.store_id, parsed.origin)
    root = parsed.open_passphrase_slot(slot, facts["passphrase"], secret)
    store = Database.open(folder / vault.DATABASE_NAME, parsed.key_source(root), parsed.page_size)
    found = _unsent(store)
    store.close()
    return found


def _unsent(store: Database) -> list[Any]:
    rows = store.connection.execute(
        "SELECT change_id, kind, record_id, patient_id, body, state, reason_code FROM outbox"
        " ORDER BY sequence"
    )
    return [tuple(row) for row in rows]


def _left_open(store: Database) -> list[Draft]:
    return list(drafts.everything(store))


@pytest.mark.parametrize("frozen", OLDER, ids=lambda path: path.name)
def test_every_unsent_change_of_an_older_store_is_sent_by_this_program(
    frozen: Path, tmp_path: Path
) -> None:
    folder, facts = _thaw(frozen, tmp_path)
    before = _unsent_in_the_old_schema(frozen, tmp_path, facts)
    assert before, "the frozen store has something to lose"
    opened = make_vault(folder, DemoKeyring(folder))
    store = opened.unlock(facts["username"], facts["passphrase"])
    assert _unsent(store) == before
    waiting = [row[0] for row in before if row[5] != "parked"]
    sent = [change.change_id for change in outbox.take_batch(store, 1000, 10**9)]
    assert set(sent) == set(waiting)
    assert len(_left_open(store)) == facts["rows"].get("draft", 0)
    opened.lock()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("frozen", OLDER, ids=lambda path: path.name)
def test_an_upgrade_that_is_killed_loses_nothing_and_is_done_at_the_next_start(
    frozen: Path, tmp_path: Path, moment: str
) -> None:
    folder, facts = _thaw(frozen, tmp_path)
    before = _unsent_in_the_old_schema(frozen, tmp_path, facts)
    command = [sys.executable, "-c", KILLED, str(folder), moment]
    died = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-1000:]

    opened = make_vault(folder, DemoKeyring(folder))
    store = opened.unlock(facts["username"], facts["passphrase"])
    assert schema_version(store) == len(read_migrations())
    assert store.damage_report() == []
    assert _unsent(store) == before
    rows = count_rows(store)
    rows.pop("store_state", None)
    facts["rows"].pop("store_state", None)
    assert facts["rows"].items() <= rows.items()
    opened.lock()
