"""Mutated bodies before the server's application, as many as the time allows."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.attack.mutants import Hive
from tests.torture.result import Result

_SHORT_OF_A_LOOK = 200


def run(seconds: float, seed: int) -> Result:
    """Send until the time is up. `done` counts the answers by path and status."""
    deadline = time.monotonic() + seconds
    steps = 0
    with tempfile.TemporaryDirectory() as name:
        storage = Storage(sqlite.create(Path(name) / "server"))
        storage.initialise("server-1")
        hive = Hive(storage, random.Random(seed))
        while time.monotonic() < deadline:
            for _ in range(_SHORT_OF_A_LOOK):
                hive.send_mutant()
            steps += _SHORT_OF_A_LOOK
            if not hive.agrees():
                hive.problems.append("the sums are not those of the rows")
                break
        hive.close()
        storage.close()
    for problem in hive.problems:
        print(f"seed {seed}: {problem}", file=sys.stderr)
    return Result("bodies", steps, len(hive.problems), seed, dict(sorted(hive.statuses.items())))
