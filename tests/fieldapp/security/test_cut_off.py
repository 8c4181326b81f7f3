"""A power cut at every single step of what changes keys or files: one of the ways in is left, and
no unsent work is gone."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.errors import FieldAppError
from fieldapp.security import escrow
from fieldapp.security.rescue import Rescue
from fieldapp.security.vault import Vault, by_recovery_key
from fieldapp.store.db import PAGE_SIZE
from tests.fieldapp.security.conftest import NAMES, Place
from tests.fieldapp.security.power_cut import cut_after
from tests.helpers.stores import (
    PASSPHRASE,
    START,
    USERNAME,
    MemoryKeyring,
    make_vault,
    memory_secrets,
)

NEW = "en helt annen frase her"


def copy_of(place: Place, folder: Path) -> Place:
    shutil.copytree(place.folder, folder)
    made = Place(folder, MemoryKeyring(), recovery_key=place.recovery_key)
    made.backend.entries.update(place.backend.entries)
    return made


def rescue_of(place: Place) -> Rescue:
    return Rescue(place.vault(), memory_secrets(place.backend), place.clock)


def opened(place: Place, passphrases: tuple[str, ...], keys: tuple[str, ...]) -> list[list[str]]:
    """The rows by each way that still opens the store."""
    found = []
    ways: list[Callable[[Vault], object]] = [
        *(lambda vault, text=text: vault.unlock(USERNAME, text) for text in passphrases),
        *(lambda vault, text=text: vault.unlock_with_recovery(text) for text in keys),
    ]
    for way in ways:
        vault = place.vault()
        with contextlib.suppress(FieldAppError):
            way(vault)
            found.append(place.names(vault))
        vault.lock()
    return found


def walk(place: Place, tmp_path: Path, act: Callable[[Place], object]) -> list[Place]:
    """Do it with the power cut after each of its steps; every place as it was left."""
    with cut_after(None) as whole:
        act(copy_of(place, tmp_path / "whole"))
    assert whole.count > 3
    left = []
    for number in range(whole.count):
        one = copy_of(place, tmp_path / f"cut-{number}")
        with cut_after(number):
            act(one)
        # The dead program holds neither lock nor database of what is looked at.
        left.append(copy_of(one, tmp_path / f"after-{number}"))
    return left


def test_a_recovery_cut_off_anywhere_leaves_the_old_ways_or_the_new_ones(
    place: Place, tmp_path: Path
) -> None:
    new_key = Rescue.offer_recovery_key()

    def recover(one: Place) -> None:
        rescue_of(one).finish(by_recovery_key(place.recovery_key), USERNAME, NEW, new_key)

    for one in walk(place, tmp_path, recover):
        by_old = opened(one, (PASSPHRASE,), (place.recovery_key,))
        by_new = opened(one, (NEW,), (new_key,))
        # Both of a kind or neither: never a new passphrase beside a recovery key nobody has.
        assert sorted([len(by_old), len(by_new)]) == [0, 2]
        assert all(names == NAMES for names in by_old + by_new)


def test_a_new_passphrase_cut_off_anywhere_leaves_one_that_opens(
    place: Place, tmp_path: Path
) -> None:
    def rebind(one: Place) -> None:
        vault = one.vault()
        vault.unlock(USERNAME, PASSPHRASE)
        vault.rebind(USERNAME, NEW)

    for one in walk(place, tmp_path, rebind):
        assert len(opened(one, (PASSPHRASE, NEW), ())) == 1
        assert len(opened(one, (), (place.recovery_key,))) == 1


def test_a_rebinding_with_an_empty_keyring_cut_off_anywhere_keeps_the_recovery_key(
    place: Place, tmp_path: Path
) -> None:
    place.backend.entries.clear()

    def rebind(one: Place) -> None:
        vault = one.vault()
        vault.unlock_with_recovery(place.recovery_key)
        vault.rebind(USERNAME, NEW)

    for one in walk(place, tmp_path, rebind):
        assert opened(one, (), (place.recovery_key,)) == [NAMES]


def test_an_opening_by_the_officers_cut_off_anywhere_can_be_done_again(
    place: Place, tmp_path: Path
) -> None:
    private, public = escrow.new_private_key()
    vault = place.vault()
    vault.unlock(USERNAME, PASSPHRASE)
    Rescue(vault, memory_secrets(place.backend), place.clock).take_escrow(public)
    vault.lock()
    request = rescue_of(place).ask_escrow(USERNAME)
    answer = escrow.answer(request, private, public)
    new_key = Rescue.offer_recovery_key()

    def recover(one: Place) -> None:
        rescue = rescue_of(one)
        rescue.finish(rescue.by_answer(answer), USERNAME, NEW, new_key)

    for one in walk(place, tmp_path, recover):
        if not opened(one, (NEW,), ()):
            recover(one)
        assert opened(one, (NEW,), (new_key,)) == [NAMES, NAMES]


# --- salvage, with work that is in the log alone


@pytest.fixture
def damaged(tmp_path: Path) -> tuple[Path, MemoryKeyring]:
    """A store that lost power: a broken page in the file, the newest unsent change in the log."""
    backend = MemoryKeyring()
    vault = make_vault(tmp_path / "store", memory_secrets(backend))
    store = vault.create(USERNAME, PASSPHRASE).store
    with store.transaction() as connection:
        connection.executemany(
            "INSERT INTO unknown_record (kind, id, patient_id, body) VALUES ('x', ?, 'p1', ?)",
            [(str(number), json.dumps({"text": "Ødegård " * 200})) for number in range(50)],
        )
    store.checkpoint()
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO outbox (change_id, kind, record_id, patient_id, body, created_at)"
            " VALUES ('c1', 'note', 'n1', 'p1', '{}', '2026-11-22T08:00:00+00:00')"
        )
    taken = tmp_path / "taken"
    shutil.copytree(tmp_path / "store", taken)
    vault.lock()
    with (taken / "journal.db").open("r+b") as file:
        size = (taken / "journal.db").stat().st_size
        file.seek((size // PAGE_SIZE // 2) * PAGE_SIZE + 100)
        file.write(b"\xff" * 16)
    return taken, backend


def salvage_in(folder: Path, backend: MemoryKeyring) -> None:
    vault = make_vault(folder, memory_secrets(backend))
    rescue = Rescue(vault, memory_secrets(backend), FixedClock(START))
    rescue.salvage(vault.by_passphrase(USERNAME, PASSPHRASE))


def test_a_salvage_cut_off_anywhere_loses_no_change_of_the_log(
    damaged: tuple[Path, MemoryKeyring], tmp_path: Path
) -> None:
    source, backend = damaged
    shutil.copytree(source, tmp_path / "whole")
    with cut_after(None) as whole:
        salvage_in(tmp_path / "whole", backend)
    # Before the middle nothing but copies is touched.
    for number in range(whole.count // 2, whole.count + 1):
        folder = tmp_path / f"cut-{number}"
        shutil.copytree(source, folder)
        with cut_after(number):
            salvage_in(folder, backend)
        after = tmp_path / f"after-{number}"
        subprocess.run(["cp", "-a", str(folder), str(after)], check=True)  # with its second names
        folder = after
        vault = make_vault(folder, memory_secrets(backend))
        try:
            store = vault.unlock(USERNAME, PASSPHRASE)
        except FieldAppError:
            salvage_in(folder, backend)
            store = vault.unlock(USERNAME, PASSPHRASE)
        rows = store.connection.execute("SELECT change_id FROM outbox").fetchall()
        assert [row["change_id"] for row in rows] == ["c1"], number
        vault.lock()
