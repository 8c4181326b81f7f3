"""A random walk of three laptops that hand out medicine, with every fault of the model.

The walk is the one of `tests.sync.rounds`: real services, real cipher stores, real engine, real
service and storage. After every dose the world's own books say whether something happened that may
never happen; at the end everything is compared.
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import time as local_time
from pathlib import Path

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault
from tests.sync.planted_claims import PLANTS
from tests.sync.rounds import JUMPS, PATIENTS, STEPS, STORES, Rounds
from tests.torture.result import Result

__all__ = ["PLANTS", "run"]

STEPS_OF_A_WALK = 120
_MOST_COMMITS = 16


def run(
    seconds: float,
    seed: int,
    *,
    plant: str | None = None,
    walks: int | None = None,
    until_found: bool = False,
) -> Result:
    """Take walks until the time is up, at least one; exactly so many where `walks` says so.

    `plant` plants a bug of `tests.sync.planted_claims`; `until_found` ends with the first
    violation. `done` tells the acts by kind, and how many doses were given, forced and refused.
    """
    deadline = time.monotonic() + seconds
    steps = violations = number = 0
    done: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    while number < walks if walks is not None else number == 0 or time.monotonic() < deadline:
        dice = random.Random(f"{seed}:{number}")
        with PLANTS[plant]() if plant is not None else contextlib.nullcontext():
            rounds, problem = walk_in_a_new_world(dice)
        steps += sum(rounds.done.values())
        done.update(rounds.done)
        faults.update(rounds.faults)
        if problem is not None:
            violations += 1
            print(f"seed {seed}, walk {number}: {problem}", file=sys.stderr)
            if until_found:
                break
        number += 1
    return Result("claims", steps, violations, seed, dict(sorted(done.items())), dict(faults))


def walk_in_a_new_world(dice: random.Random) -> tuple[Rounds, str | None]:
    with tempfile.TemporaryDirectory() as name:
        storage = Storage(sqlite.create(Path(name) / "server"))
        storage.initialise("server")
        try:
            rounds = Rounds(storage)
            return rounds, walk(rounds, dice)
        finally:
            storage.close()


def walk(rounds: Rounds, dice: random.Random, steps: int = STEPS_OF_A_WALK) -> str | None:
    """One walk to its end; return what went wrong, if anything."""
    problem = None
    try:
        rounds.begin()
        for _ in range(steps):
            step(rounds, dice)
            rounds.check()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    try:
        rounds.end()
    except Exception as error:
        problem = problem or f"{type(error).__name__}: {error}"
    return problem


def step(rounds: Rounds, dice: random.Random) -> None:
    """One act, chosen by dice: mostly what people do, now and then what goes wrong."""
    which, number = dice.randrange(len(STORES)), dice.randrange(PATIENTS)
    laptop, user = dice.randrange(3), dice.randrange(3)
    faults = [dice.choice(list(Fault)) for _ in range(dice.randrange(5))]
    days, first = dice.choice((1, 1, 2, 3)), dice.choice((0, 0, 1))
    some_faults = faults if dice.random() < 0.4 else []
    acts: list[tuple[int, Callable[[], object]]] = [
        (20, lambda: rounds.get_ready(which, number, days, first, some_faults)),
        (4, lambda: rounds.claim(which, number, days, first)),
        (4, lambda: rounds.give_up(which, number)),
        (12, lambda: rounds.hand_out(which, number, dice.choice((0, 0, 1, 2)))),
        (20, lambda: _hand_out_what_is_held(rounds, dice)),
        (3, lambda: rounds.force(which, number)),
        (2, lambda: rounds.tell(which, number)),
        (3, lambda: rounds.undo(which)),
        (12, lambda: rounds.pass_time(dice.choice(STEPS))),
        (5, lambda: rounds.pass_until(local_time(dice.choice((1, 5, 6, 7, 8, 17, 23)), 30))),
        (12, lambda: rounds.sync(which, some_faults)),
        (3, lambda: rounds.sync_until_power_cut(which, dice.randrange(_MOST_COMMITS))),
        (1, lambda: rounds.sync_while_the_server_dies(which)),
        (2, lambda: rounds.change_order(number, dice.choice(("dose", "hold", "replace")))),
        (5, lambda: rounds.reassess(number)),
        (1, lambda: rounds.reassign(user, number)),
        (1, lambda: rounds.jump_clock(laptop, dice.choice(JUMPS))),
        (1, lambda: rounds.reboot(laptop)),
        (1, rounds.back_up_server),
        (1, rounds.restore_server),
        (1, lambda: rounds.copy_laptop(which)),
        (1, lambda: rounds.set_laptop_back(which)),
    ]
    (act,) = dice.choices([act for _, act in acts], [weight for weight, _ in acts])
    act()


def _hand_out_what_is_held(rounds: Rounds, dice: random.Random) -> None:
    ready = rounds.ready()
    if ready:
        which, number = dice.choice(ready)
        rounds.hand_out(which, number, dice.choice((0, 0, 1, 2)))
