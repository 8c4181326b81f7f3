"""The row that every benchmark returns, and how two things are timed fairly."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `ratio` = ours / reference; `how` says what was compared, in a sentence."""

    name: str
    ours: float
    reference: float
    unit: str
    how: str

    @property
    def ratio(self) -> float:
        return self.ours / self.reference

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"ratio": self.ratio}

    def __str__(self) -> str:
        figures = f"{self.ours:12.3f} {self.reference:12.3f} {self.unit:<8}"
        return f"{self.name:<34} {figures} ratio {self.ratio:8.2f}   {self.how}"


def interleaved(
    ours: Callable[[], object], reference: Callable[[], object], *, rounds: int
) -> tuple[float, float]:
    """Return the median milliseconds of both, called turn about so that noise hits them alike.

    Each is called once before the measured rounds.
    """
    return turn_about(lambda: _milliseconds(ours), lambda: _milliseconds(reference), rounds=rounds)


def turn_about(
    ours: Callable[[], float], reference: Callable[[], float], *, rounds: int
) -> tuple[float, float]:
    """As `interleaved`, for two that measure themselves: each returns its own figure."""
    ours(), reference()
    mine: list[float] = []
    theirs: list[float] = []
    gc.collect()
    for _ in range(rounds):
        mine.append(ours())
        theirs.append(reference())
    return statistics.median(mine), statistics.median(theirs)


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000
