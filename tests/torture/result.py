"""What a torture run found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """`steps` = acknowledged operations, `violations` = broken promises, `seed` repeats the run."""

    name: str
    steps: int
    violations: int
    seed: int
