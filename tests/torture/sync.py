"""A random walk of two laptops and a server: lost requests and replies, cut pages, power cuts.

The walk is the one of the model test (`tests.sync.convergence`), with dice in the place of
hypothesis: real engine, real cipher stores, real service and storage. A walk ends with quiet
syncs, after which nothing may be missing, doubled, unsent or different.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault
from tests.sync.convergence import FIELDS, PATIENTS, Convergence
from tests.torture.result import Result

_STEPS_OF_A_WALK = 60


def run(seconds: float, seed: int) -> Result:
    """Take walks until the time is up, at least one."""
    deadline = time.monotonic() + seconds
    steps = violations = 0
    with tempfile.TemporaryDirectory() as name:
        storage = Storage(sqlite.create(Path(name) / "server"))
        storage.initialise("server")

        class Walk(Convergence):
            pass

        Walk.storage = storage
        try:
            number = 0
            while number == 0 or time.monotonic() < deadline:
                acknowledged, problem = _walk(Walk(), random.Random(f"{seed}:{number}"))
                steps += acknowledged
                if problem is not None:
                    violations += 1
                    print(f"seed {seed}, walk {number}: {problem}", file=sys.stderr)
                number += 1
        finally:
            storage.close()
    return Result("sync", steps, violations, seed)


def _walk(walk: Convergence, dice: random.Random) -> tuple[int, str | None]:
    """One walk to its end; return the acknowledged operations and what went wrong, if anything."""
    problem = None
    try:
        walk.begin()
        for _ in range(_STEPS_OF_A_WALK):
            _step(walk, dice)
            walk.unsent_is_what_the_screen_shows()
            walk.no_event_is_lost()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    try:
        walk.teardown()
    except Exception as error:
        problem = problem or f"{type(error).__name__}: {error}"
    edits = sum(len(values) for values in walk.edits.values())
    return edits + len(walk.events) + len(walk.planned), problem


def _step(walk: Convergence, dice: random.Random) -> None:
    which, number = dice.randrange(len(walk.laptops)), dice.randrange(PATIENTS)
    field = dice.choice(FIELDS)
    acts: list[tuple[int, Callable[[], None]]] = [
        (5, lambda: walk.edit_patient(which, number, field)),
        (4, lambda: walk.sign_note(which, number)),
        (1, lambda: walk.write_addendum(which)),
        (3, lambda: walk.hand_out(which, number, dice.randrange(3))),
        (2, lambda: walk.settle_conflict(which, dice.random() < 0.5)),
        (1, lambda: walk.reassign(which, number)),
        (1, lambda: walk.correct_address(number)),
        (1, lambda: walk.plan_a_visit(number)),
        (5, lambda: walk.sync(which, _faults(dice))),
        (
            3,
            lambda: walk.sync_while_working(
                which, dice.choice(("push", "pull")), number, field, _faults(dice)
            ),
        ),
        (2, lambda: walk.sync_until_power_cut(which, dice.randrange(6), number)),
    ]
    (act,) = dice.choices([act for _, act in acts], [weight for weight, _ in acts])
    act()


def _faults(dice: random.Random) -> list[Fault]:
    return [dice.choice(list(Fault)) for _ in range(dice.randrange(6))]
