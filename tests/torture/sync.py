"""A random walk of three laptops and a server, with every fault of the model.

The walk is the one of the model test (`tests.sync.fleet`), with dice in the place of hypothesis:
real engine, real cipher stores, real service and storage. A walk ends with quiet syncs, after which
nothing may be missing, doubled, unsent or different.
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault
from tests.sync.fleet import DAYS, FIELDS, JUMPS, MOST_COMMITS, PATIENTS, ROLES, Fleet
from tests.sync.planted import PLANTS
from tests.torture.result import Result

_STEPS_OF_A_WALK = 60


def run(
    seconds: float,
    seed: int,
    *,
    plant: str | None = None,
    walks: int | None = None,
    until_found: bool = False,
) -> Result:
    """Take walks until the time is up, at least one; exactly so many where `walks` says so.

    `plant` plants a bug of `tests.sync.planted`; `until_found` ends with the first violation.
    """
    deadline = time.monotonic() + seconds
    steps = violations = number = 0
    done: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    while number < walks if walks is not None else number == 0 or time.monotonic() < deadline:
        dice = random.Random(f"{seed}:{number}")
        with PLANTS[plant]() if plant is not None else contextlib.nullcontext():
            fleet, problem = _walk_in_a_new_world(dice)
        steps += sum(fleet.done.values())
        done.update(fleet.done)
        faults.update(fleet.faults)
        if problem is not None:
            violations += 1
            print(f"seed {seed}, walk {number}: {problem}", file=sys.stderr)
            if until_found:
                break
        number += 1
    return Result("sync", steps, violations, seed, dict(sorted(done.items())), dict(faults))


def _walk_in_a_new_world(dice: random.Random) -> tuple[Fleet, str | None]:
    with tempfile.TemporaryDirectory() as name:
        storage = Storage(sqlite.create(Path(name) / "server"))
        storage.initialise("server")
        try:
            fleet = Fleet(storage)
            return fleet, _walk(fleet, dice)
        finally:
            storage.close()


def _walk(fleet: Fleet, dice: random.Random) -> str | None:
    """One walk to its end; return what went wrong, if anything."""
    problem = None
    try:
        fleet.begin()
        for _ in range(_STEPS_OF_A_WALK):
            _step(fleet, dice)
            fleet.unsent_is_what_the_screen_shows()
            fleet.no_event_is_lost()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    try:
        fleet.end()
    except Exception as error:
        problem = problem or f"{type(error).__name__}: {error}"
    return problem


def _step(fleet: Fleet, dice: random.Random) -> None:
    which, number = dice.randrange(len(fleet.laptops)), dice.randrange(PATIENTS)
    field, during = dice.choice(FIELDS), dice.choice(("push", "pull"))
    faults = [dice.choice(list(Fault)) for _ in range(dice.randrange(6))]
    acts: list[tuple[float, Callable[[], None]]] = [
        (5, lambda: fleet.edit_patient(which, number, field)),
        (4, lambda: fleet.sign_note(which, number)),
        (1, lambda: fleet.write_addendum(which)),
        (3, lambda: fleet.hand_out(which, number, dice.randrange(DAYS))),
        (2, lambda: fleet.begin_draft(which, number)),
        (2, lambda: fleet.write_on(which)),
        (2, lambda: fleet.finish_draft(which, dice.random() < 0.6)),
        (3, lambda: fleet.mark_wrong(which, dice.randrange(50))),
        (2, lambda: fleet.decide_on_marks(dice.random() < 0.7)),
        (2, lambda: fleet.settle_conflict(which, dice.random() < 0.5)),
        (1, lambda: fleet.reassign(which, number)),
        (1, lambda: fleet.change_role(which, dice.choice(ROLES))),
        (1, lambda: fleet.end_laptop(which, dice.randrange(3))),
        (0.5, lambda: fleet.lose_laptop(which)),
        (1, lambda: fleet.correct_address(number)),
        (1, lambda: fleet.plan_visit(number)),
        (6, lambda: fleet.sync(which, faults)),
        (3, lambda: fleet.sync_while_working(which, during, number, field, faults)),
        (2, lambda: fleet.sync_until_power_cut(which, dice.randrange(MOST_COMMITS), number)),
        (1, lambda: fleet.sync_while_the_server_dies(which)),
        (1, lambda: fleet.jump_clock(which, dice.choice(JUMPS))),
        (1, fleet.back_up_server),
        (1, fleet.restore_server),
        (1, lambda: fleet.copy_laptop(which)),
        (1, lambda: fleet.set_laptop_back(which)),
    ]
    (act,) = dice.choices([act for _, act in acts], [weight for weight, _ in acts])
    act()
