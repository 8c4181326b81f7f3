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
from datetime import timedelta
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
        (4, lambda: _hand_a_day_over(rounds, dice)),
        (3, lambda: _give_late_and_early(rounds, dice)),
        (2, lambda: _restore_under_a_claim(rounds, dice)),
        (2, lambda: _set_back_after_a_dose(rounds, dice)),
        (2, lambda: _clock_runs_ahead(rounds, dice)),
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


def _hand_a_day_over(rounds: Rounds, dice: random.Random) -> None:
    """A holder gives a day up on a poor line, another takes it, and both try to give."""
    ready = rounds.ready()
    if not ready:
        return
    which, number = dice.choice(ready)
    other = dice.choice([one for one in range(len(STORES)) if one != which])
    rounds.give_up(which, number)
    rounds.sync(which, [dice.choice(list(Fault)) for _ in range(dice.randrange(4))])
    rounds.get_ready(other, number, 1, 0, [])
    first, second = dice.sample((which, other), 2)
    rounds.hand_out(first, number)
    rounds.hand_out(second, number)


def _give_late_and_early(rounds: Rounds, dice: random.Random) -> None:
    """One gives today's dose late at night, another tomorrow's early; neither syncs between."""
    which, other = dice.sample(range(len(STORES)), 2)
    number = dice.randrange(PATIENTS)
    claims = [(which, 0), (other, 1)]
    dice.shuffle(claims)
    for store, first in claims:
        rounds.get_ready(store, number, 1, first, [])
    rounds.pass_until(local_time(dice.choice((17, 23)), 30))
    rounds.hand_out(which, number)
    rounds.pass_until(local_time(dice.choice((6, 7)), 30))
    rounds.hand_out(other, number)


def _restore_under_a_claim(rounds: Rounds, dice: random.Random) -> None:
    """The server forgets a claim that its holder, out in the field, still goes by."""
    which, other = dice.sample(range(len(STORES)), 2)
    number = dice.randrange(PATIENTS)
    rounds.back_up_server()
    rounds.get_ready(which, number, 1, 0, [])
    rounds.restore_server()
    rounds.get_ready(other, number, 1, 0, [])
    for store in dice.sample((which, other), 2):
        rounds.hand_out(store, number)


def _set_back_after_a_dose(rounds: Rounds, dice: random.Random) -> None:
    """A store is set back to before a dose that nobody else has heard of."""
    which, number = dice.randrange(len(STORES)), dice.randrange(PATIENTS)
    rounds.pass_until(local_time(8, 30))
    rounds.get_ready(which, number, 1, 0, [])
    rounds.copy_laptop(which)
    rounds.hand_out(which, number)
    rounds.set_laptop_back(which)
    for _ in range(2):
        rounds.get_ready(which, number, 1, 0, [])
    rounds.hand_out(which, number)


def _clock_runs_ahead(rounds: Rounds, dice: random.Random) -> None:
    """Somebody sets the laptop's clock to tomorrow, with tomorrow claimed as well."""
    which, number = dice.randrange(len(STORES)), dice.randrange(PATIENTS)
    laptop, _ = STORES[which]
    rounds.get_ready(which, number, 2, 0, [])
    rounds.hand_out(which, number)
    rounds.jump_clock(laptop, timedelta(hours=24))
    rounds.hand_out(which, number, day=1)
    rounds.jump_clock(laptop, -timedelta(hours=24))
