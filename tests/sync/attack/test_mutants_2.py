"""The other half of the ten thousand; a file of its own, so that another process sends them."""

from __future__ import annotations

import random
from pathlib import Path

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.attack.mutants import HALF_OF_THEM, Hive


def test_the_other_half_of_the_mutated_bodies_is_refused_or_parked(tmp_path: Path) -> None:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    hive = Hive(storage, random.Random(2211))
    hive.send_many(HALF_OF_THEM)
    hive.close()
    storage.close()
