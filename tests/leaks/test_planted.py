"""Each look of `test_day` finds what it is there for: a careless thing is planted, and seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.leaks.day import PLANTS
from tests.leaks.look import Child, copies, keys_of, leaks, memory_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SPREAD = True

IN_MEMORY = ("root key", "database key")


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_the_look_finds_a_planted_leak(tmp_path: Path, plant: str) -> None:
    child = Child(tmp_path, plant)
    try:
        child.do("play")
        if plant not in IN_MEMORY:
            assert leaks(child) != [], PLANTS[plant]
            return
        child.do("lock")
        memory = memory_of(child.pid)
        assert any(copies(memory, key) for key in keys_of(tmp_path / "data").values())
    finally:
        child.close()
