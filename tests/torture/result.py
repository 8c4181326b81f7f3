"""What a torture run found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """`steps` = acknowledged operations, `violations` = broken promises, `seed` repeats the run.

    `done` and `faults` count acts and faults by kind, where a torture tells them.
    """

    name: str
    steps: int
    violations: int
    seed: int
    done: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
