"""Damaged stores give back what reads: unsent work first, counted, and the damaged files stay."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.security.rescue import Rescue
from fieldapp.security.vault import Vault
from fieldapp.store import claims, inbox, salvage
from fieldapp.store.db import PAGE_SIZE, Database
from fieldapp.store.errors import (
    DatabaseDamagedError,
    DatabaseMissingError,
    DatabasePlaintextError,
    DiskFullError,
)
from fieldapp.store.salvage import SalvageReport
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    make_vault,
    memory_secrets,
)

SPREAD = True
PARTS = 4
"""The walks over all pages are cut in so many tests, for several processes."""
UNSENT = 60
DRAFTS = 20
OTHERS = 300


@dataclass
class Laptop:
    """One store with unsent changes, drafts and records that the server has; locked."""

    folder: Path
    backend: MemoryKeyring

    @property
    def database(self) -> Path:
        return self.folder / "journal.db"

    def vault(self) -> Vault:
        return make_vault(self.folder, memory_secrets(self.backend))

    def salvage(self) -> SalvageReport:
        vault = self.vault()
        rescue = Rescue(vault, memory_secrets(self.backend), FixedClock(START))
        return rescue.salvage(vault.by_passphrase(USERNAME, PASSPHRASE))

    def damage_page(self, number: int) -> None:
        with self.database.open("r+b") as file:
            file.seek((number - 1) * PAGE_SIZE + 100)
            file.write(b"\xff" * 16)

    @property
    def pages(self) -> int:
        return self.database.stat().st_size // PAGE_SIZE

    @property
    def page_of_rows(self) -> int:
        """One that holds rows; the last few may be of the schema."""
        return self.pages - 6


def _fill(store: Database) -> None:
    body = json.dumps({"text": "Ødegård sov dårlig. " * 20})
    with store.transaction() as connection:
        for number in range(UNSENT):
            connection.execute(
                "INSERT INTO outbox (change_id, kind, record_id, patient_id, body, created_at)"
                " VALUES (?, 'note', ?, 'p1', ?, '2026-11-22T08:00:00+00:00')",
                (f"change-{number}", f"note-{number}", body),
            )
        for number in range(DRAFTS):
            connection.execute(
                "INSERT INTO draft (id, patient_id, form, body, saved_at, open)"
                " VALUES (?, 'p1', 'note', ?, '2026-11-22T08:00:00+00:00', 1)",
                (f"draft-{number}", body),
            )
        for number in range(OTHERS):
            connection.execute(
                "INSERT INTO unknown_record (kind, id, patient_id, body) VALUES ('x', ?, 'p1', ?)",
                (f"record-{number}", body),
            )


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    made = Laptop(tmp_path / "store", MemoryKeyring())
    vault = made.vault()
    store = vault.create(USERNAME, PASSPHRASE).store
    _fill(store)
    vault.lock()
    return made


def _count(store: Database, table: str) -> int:
    row = store.connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_page_anywhere_loses_at_most_its_own_rows_and_says_how_many(
    laptop: Laptop, tmp_path: Path, part: int
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(laptop.folder, whole)
    totals = {"outbox": UNSENT, "draft": DRAFTS, "unknown_record": OTHERS}
    lost_somewhere = 0
    for page in range(2, laptop.pages + 1, 20):
        shutil.rmtree(laptop.folder)
        shutil.copytree(whole, laptop.folder)
        laptop.damage_page(page)
        damaged = laptop.database.read_bytes()
        report = laptop.salvage()
        for table, total in totals.items():
            counted = report.tables[table]
            assert counted.lost is None or counted.copied + counted.lost == total, (page, table)
            lost_somewhere += total - counted.copied
        assert (report.kept / "journal.db").read_bytes() == damaged
        vault = laptop.vault()
        store = vault.unlock(USERNAME, PASSPHRASE)
        assert _count(store, "outbox") == report.unsent.copied
        assert claims.is_set_back(store)
        assert inbox.state(store).complete is False
        vault.lock()
    assert lost_somewhere > 0  # the pages that were spoilt did hold rows


@pytest.mark.parametrize("part", range(PARTS))
def test_rows_behind_a_damaged_leaf_are_read_and_only_its_own_are_lost(
    laptop: Laptop, part: int
) -> None:
    """Page by page over the outbox: whichever leaf is spoilt, both of its neighbours survive."""
    whole = laptop.database.read_bytes()
    losses = []
    for page in range(57, laptop.pages + 1, 12):
        laptop.database.write_bytes(whole)
        laptop.damage_page(page)
        report = laptop.salvage()
        if 0 < report.unsent.copied < UNSENT:
            losses.append(UNSENT - report.unsent.copied)
            assert report.unsent.lost == losses[-1]
    assert losses
    assert max(losses) <= 12  # rows of 0.4 kB on a page of 4 kB


def test_the_new_store_itself_knows_that_it_was_set_back(laptop: Laptop) -> None:
    laptop.damage_page(laptop.pages - 1)
    laptop.salvage()
    vault = laptop.vault()
    with vault.keys_by(vault.by_passphrase(USERNAME, PASSPHRASE)) as (key_file, root):
        store = Database.open(laptop.database, key_file.key_source(root))
        assert claims.is_set_back(store)
        store.close()


def test_a_store_cut_short_gives_back_what_lies_before_the_cut(laptop: Laptop) -> None:
    with laptop.database.open("r+b") as file:
        file.truncate(laptop.database.stat().st_size * 2 // 3 + 17)
    with pytest.raises(DatabaseDamagedError):
        laptop.vault().unlock(USERNAME, PASSPHRASE)
    report = laptop.salvage()
    assert report.unsent.copied + report.drafts.copied + report.others.copied > 0
    vault = laptop.vault()
    assert vault.unlock(USERNAME, PASSPHRASE)
    vault.lock()


def test_a_store_whose_first_page_is_gone_is_taken_from_an_older_copy_and_says_so(
    laptop: Laptop,
) -> None:
    vault = laptop.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    (laptop.folder / "copies").mkdir()
    store.copy_to(laptop.folder / "copies" / "journal-20261121T000000000000Z-v0004.db")
    vault.lock()
    laptop.damage_page(1)
    report = laptop.salvage()
    assert report.from_copy
    assert report.unsent.copied == UNSENT


def test_without_any_copy_a_store_that_cannot_be_read_at_all_stays_as_it_is(
    laptop: Laptop,
) -> None:
    laptop.damage_page(1)
    before = laptop.database.read_bytes()
    with pytest.raises(DatabaseDamagedError):
        laptop.salvage()
    assert laptop.database.read_bytes() == before
    assert not (laptop.folder / "damaged").exists()
    assert not list(laptop.folder.glob("*salvage*"))


@pytest.mark.parametrize("contents", [None, b""], ids=["missing", "empty"])
def test_a_missing_or_empty_store_is_not_called_salvaged(
    laptop: Laptop, contents: bytes | None
) -> None:
    laptop.database.unlink()
    if contents is not None:
        laptop.database.write_bytes(contents)
    with pytest.raises(DatabaseMissingError):
        laptop.salvage()


def test_a_store_in_clear_is_not_read_into_a_new_one(laptop: Laptop) -> None:
    laptop.database.write_bytes(b"SQLite format 3\x00" + bytes(4096))
    with pytest.raises(DatabasePlaintextError):
        laptop.salvage()


def test_an_interrupted_salvage_leaves_the_damaged_store_and_can_be_begun_again(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.damage_page(laptop.page_of_rows)
    before = laptop.database.read_bytes()

    def full(*_: object) -> None:
        raise DiskFullError

    with monkeypatch.context() as spoilt:
        spoilt.setattr(salvage, "_finish", full)
        with pytest.raises(DiskFullError):
            laptop.salvage()
    assert laptop.database.read_bytes() == before
    (laptop.folder / "journal.db.salvage").write_bytes(b"left by a crash")
    report = laptop.salvage()
    assert report.unsent.copied > 0


def test_signed_entries_are_guarded_in_the_new_store_as_they_were(laptop: Laptop) -> None:
    def triggers() -> list[str]:
        vault = laptop.vault()
        store = vault.unlock(USERNAME, PASSPHRASE)
        rows = store.connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        found = sorted(str(row["sql"]) for row in rows)
        vault.lock()
        return found

    before = triggers()
    laptop.damage_page(laptop.page_of_rows)
    laptop.salvage()
    assert triggers() == before


def test_no_file_of_a_salvage_holds_clear_text(laptop: Laptop) -> None:
    laptop.damage_page(laptop.page_of_rows)
    laptop.salvage()
    for path in laptop.folder.rglob("*"):
        if path.is_file():
            assert "Ødegård".encode() not in path.read_bytes(), path.name
            assert b"SQLite format 3" not in path.read_bytes(), path.name


def test_work_in_the_log_that_was_not_yet_moved_into_the_file_is_salvaged_too(
    laptop: Laptop, tmp_path: Path
) -> None:
    vault = laptop.vault()
    store = vault.unlock(USERNAME, PASSPHRASE)
    with store.transaction() as connection:
        connection.execute("UPDATE draft SET form = 'visit' WHERE id = 'draft-3'")
    taken = tmp_path / "taken"
    shutil.copytree(laptop.folder, taken)  # as a power cut would leave it
    vault.lock()
    cut = Laptop(taken, laptop.backend)
    assert (taken / "journal.db-wal").stat().st_size > 0
    cut.damage_page(cut.page_of_rows)
    report = cut.salvage()
    assert (report.kept / "journal.db-wal").stat().st_size > 0
    again = cut.vault()
    store = again.unlock(USERNAME, PASSPHRASE)
    row = store.connection.execute("SELECT form FROM draft WHERE id = 'draft-3'").fetchone()
    assert row is not None
    assert row["form"] == "visit"
    again.lock()
