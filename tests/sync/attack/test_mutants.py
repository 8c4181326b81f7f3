"""Bodies that no laptop sends: refused or parked, never a crash, never half stored.

Ten thousand of them with those of `test_mutants_2`, which another process sends meanwhile.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.protocol.errors import ProtocolError_
from sync.server.service import ServerSyncService
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.attack.mutants import HALF_OF_THEM, Hive

SEED = 1122


@pytest.fixture
def hive(tmp_path: Path) -> Iterator[Hive]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    made = Hive(storage, random.Random(SEED))
    yield made
    made.close()
    storage.close()


def test_mutated_bodies_are_refused_or_parked_and_nothing_is_half_stored(hive: Hive) -> None:
    hive.send_many(HALF_OF_THEM)


def test_a_server_that_stores_before_it_looks_is_found_out(
    hive: Hive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the comparison after a refusal can fail."""
    true_exchange = ServerSyncService.exchange

    def careless(service: ServerSyncService, request: object) -> object:
        true_exchange(service, request)  # type: ignore[arg-type]
        raise ProtocolError_("late")

    monkeypatch.setattr(ServerSyncService, "exchange", careless)
    for _ in range(100):
        hive.send_mutant()
    assert any("and yet stored" in problem for problem in hive.problems)


def test_a_crash_is_found_out(hive: Hive, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(service: ServerSyncService, request: object) -> object:
        raise KeyError("x")

    monkeypatch.setattr(ServerSyncService, "exchange", crash)
    for _ in range(100):
        hive.send_mutant()
    assert hive.problems != []
