from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.security.kept import KEPT_NAME
from fieldapp.security.vault import Vault
from tests.helpers.small_disk import fill, mounted
from tests.helpers.stores import PASSPHRASE, USERNAME, folder_contents, make_vault

WORDS = b"Ringte legen om dosen"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = make_vault(tmp_path / "store")
    made.create(USERNAME, PASSPHRASE)
    return made


def _reopen(vault: Vault) -> Vault:
    """The store as a new process finds it."""
    vault.lock()
    fresh = Vault(vault.folder, vault._secrets, vault._clock, params=vault._params)
    fresh.unlock(USERNAME, PASSPHRASE)
    return fresh


def test_what_is_kept_at_a_lock_is_there_in_the_next_process_and_sealed_meanwhile(
    vault: Vault,
) -> None:
    vault.keep(WORDS)
    assert vault.store_kept()
    fresh = _reopen(vault)
    assert fresh.kept() == WORDS
    for content in folder_contents(vault.folder).values():
        assert content is None or WORDS not in content
    fresh.lock()


def test_keeping_nothing_takes_the_file_away(vault: Vault) -> None:
    vault.keep(WORDS)
    vault.keep(b"")
    assert vault.kept() == b""
    assert not (vault.folder / KEPT_NAME).exists()
    vault.lock()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    with mounted(tmp_path / "disk", 8_000_000) as place:
        yield place


def test_on_a_full_disk_it_stays_sealed_in_memory_until_there_is_room(small_disk: Path) -> None:
    vault = make_vault(small_disk / "store")
    vault.create(USERNAME, PASSPHRASE)
    fillers = [fill(small_disk)]
    vault.keep(WORDS)
    vault.lock()
    fillers.append(fill(small_disk, "filler-2"))  # closing the store has made a little room
    assert not vault.store_kept()
    assert WORDS not in (vault._kept._sealed or b"")
    assert not (vault.folder / KEPT_NAME).exists()
    for filler in fillers:
        filler.unlink()
    assert vault.store_kept()
    fresh = _reopen(vault)
    assert fresh.kept() == WORDS
    fresh.lock()


def test_a_damaged_file_is_left_where_it_lies_and_opens_nothing(vault: Vault) -> None:
    vault.keep(WORDS)
    file = vault.folder / KEPT_NAME
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data)
    fresh = _reopen(vault)
    assert fresh.kept() == b""
    assert file.read_bytes() == data
    fresh.lock()
