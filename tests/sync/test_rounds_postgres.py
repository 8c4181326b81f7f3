"""Any mixture of rounds, syncs, faults and changes ends without a double dose (PostgreSQL)."""

from __future__ import annotations

import random

import pytest

from sync.server.storage.storage import Storage
from tests.sync.rounds import Rounds
from tests.torture.claims import walk

SPREAD = True
WALKS = 8
"""Of 120 acts each."""


@pytest.mark.parametrize("storage", ["postgres"], indirect=True)
@pytest.mark.parametrize("number", range(WALKS))
def test_without_force_no_day_is_given_twice_and_no_interval_is_broken(
    storage: Storage, number: int
) -> None:
    assert walk(Rounds(storage), random.Random(f"rounds on postgres:{number}")) is None
