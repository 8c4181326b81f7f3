"""The model can fail: well-known bugs are planted one by one, and it finds each of them."""

from __future__ import annotations

import pytest

from tests.sync.planted import PLANTS
from tests.torture import sync as torture

SPREAD = True
SEED = 20_261_122
MOST_WALKS = 25
"""A bug that is not found in so many walks of the model counts as not found."""


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_the_model_finds_a_planted_bug(name: str) -> None:
    result = torture.run(0, SEED, plant=name, walks=MOST_WALKS, until_found=True)
    assert result.violations == 1, f"{name} was not found in {result.steps} steps"


def test_without_a_planted_bug_the_same_walk_finds_nothing() -> None:
    result = torture.run(0, SEED, walks=2)
    assert (result.violations, result.steps > 0) == (0, True)
