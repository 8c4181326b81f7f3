"""kill -9 at random moments of a process that writes; what was acknowledged must be there, exactly.

After every kill the store is opened again through the vault. It must hold just what the writer
told before it died, plus, whole or not at all, the one act that it was at. Then its files are
spoilt in some of the ways of `_faults`, which the store must tell apart.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.clock import FixedClock
from fieldapp.domain.medication import MedicationAdministration
from fieldapp.domain.notes import Note
from fieldapp.services import notes
from fieldapp.services.session import Session
from fieldapp.store import audit, outbox, records
from tests.torture._disks import suffer_small_disks
from tests.torture._faults import FAULTS, Scene, Signed, suffer
from tests.torture._ward import FIRST_MOMENT, make_ward, open_ward
from tests.torture.result import Result

_ROOT = Path(__file__).resolve().parents[2]
_SHORTEST_LIFE, _LONGEST_LIFE = 0.02, 0.8
"""Seconds that a writer lives after it is ready."""
FAULTS_PER_LIFE = 3
"""Of those of `_faults`, after each kill; all of them in turn."""

Act = dict[str, Any]


@dataclass
class Contents:
    """What is, or should be, in the store: texts by draft and note, (day, status) by dose."""

    drafts: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    doses: dict[str, tuple[str, str]] = field(default_factory=dict)

    def after(self, act: Act) -> Contents:
        """The contents once an act has been done."""
        drafts, signed, doses = dict(self.drafts), dict(self.notes), dict(self.doses)
        match act["act"]:
            case "draft":
                drafts[act["id"]] = act["text"]
            case "note":
                drafts.pop(act["id"], None)
                signed[act["id"]] = act["text"]
            case "discard":
                drafts.pop(act["id"], None)
            case "handout":
                doses[act["id"]] = (act["day"], act["status"])
        return Contents(drafts, signed, doses)


def run(seconds: float, seed: int) -> Result:
    """Kill writers until the time is up, at least one, and spoil the files after each.

    `done` counts the kills and the acts by kind, `faults` each fault and what came of it.
    """
    dice = random.Random(seed)
    deadline = time.monotonic() + seconds
    steps = violations = 0
    done: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for problem in suffer_small_disks(dice, faults):
        violations += 1
        print(f"seed {seed}: {problem}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        copies = Path(name)
        folder = copies / "laptop"
        make_ward(folder)
        _copy(folder, copies / "older")
        contents = Contents()
        left = itertools.cycle(dice.sample(sorted(FAULTS), len(FAULTS)))
        while True:
            told = _one_life(folder, dice)
            acts = [act for act in told if act["stage"] == "done"]
            steps += len(acts)
            done.update(act["act"] for act in acts)
            done["kill"] += 1
            for act in acts:
                contents = contents.after(act)
            _copy(folder, copies / "hot")
            unfinished = _unfinished(told)
            problems, contents = check(folder, contents, unfinished)
            _copy(folder, copies / "locked")
            signed = Signed(contents.notes, contents.doses, contents.drafts)
            # The act that the kill cut short was told to nobody, so the log alone may know it.
            untold = None if unfinished is None else unfinished["id"]
            scene = Scene(folder, copies / "hot", copies / "locked", copies / "older", dice)
            for fault in itertools.islice(left, FAULTS_PER_LIFE):
                outcome, problem = suffer(scene, fault, signed, untold)
                faults[f"{fault}: {outcome}"] += 1
                problems += [problem] if problem else []
            scene.lay(copies / "locked")
            if dice.random() < 0.2:
                _copy(folder, copies / "older")
            violations += len(problems)
            for problem in problems:
                print(f"seed {seed}: {problem}", file=sys.stderr)
            if time.monotonic() >= deadline:
                return Result(
                    "store", steps, violations, seed, dict(sorted(done.items())),
                    dict(sorted(faults.items())),
                )  # fmt: skip


def _copy(folder: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)


def _one_life(folder: Path, dice: random.Random) -> list[Act]:
    """Start a writer, kill it at a random moment; return what it told."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.torture._writer", str(folder), str(dice.randrange(2**31))],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=_ROOT,
    )
    assert process.stdout is not None
    with process:
        if '"ready"' not in process.stdout.readline():
            raise RuntimeError("the writer did not start; see the lines above")
        # Killed from another thread, so that a full pipe never holds up the writer.
        life = dice.uniform(_SHORTEST_LIFE, _LONGEST_LIFE)
        executioner = threading.Timer(life, process.kill)
        executioner.start()
        told = list(_whole_lines(process.stdout))
        executioner.join()
    return told


def _whole_lines(lines: Iterable[str]) -> Iterator[Act]:
    """What was told; a line cut short by the kill was never told."""
    for line in lines:
        if line.endswith("\n"):
            yield json.loads(line)


def _unfinished(told: list[Act]) -> Act | None:
    """The act that was begun and not acknowledged."""
    return told[-1] if told and told[-1]["stage"] == "begin" else None


# --- what must hold


def check(
    folder: Path, expected: Contents, unfinished: Act | None = None
) -> tuple[list[str], Contents]:
    """Open the store; return what is wrong with it, and what it really holds."""
    door, session = open_ward(folder, FixedClock(FIRST_MOMENT))
    try:
        found = read(session)
        problems = _differences(found, expected, unfinished)
        problems += _unsent_problems(session, found)
        if audit.first_broken(session.database) is not None:
            problems.append("the log of who did what is broken")
        problems += session.database.damage_report()
    finally:
        door.lock()
    return problems, found


def read(session: Session) -> Contents:
    """What the store holds."""
    doses = records.select(session.database, MedicationAdministration)
    return Contents(
        drafts={row.draft.id: str(row.draft.body["text"]) for row in notes.drafts(session)},
        notes={note.id: note.text for note in records.select(session.database, Note)},
        doses={dose.id: (dose.day.isoformat(), dose.status.value) for dose in doses},
    )


def _differences(found: Contents, expected: Contents, unfinished: Act | None) -> list[str]:
    if found == expected or (unfinished is not None and found == expected.after(unfinished)):
        return []
    problems = []
    for what in ("drafts", "notes", "doses"):
        have, want = getattr(found, what), getattr(expected, what)
        wrong = [key for key in have.keys() | want.keys() if have.get(key) != want.get(key)]
        if unfinished is not None:
            wrong = [key for key in wrong if key != unfinished["id"]]
        problems += [f"{what}: {key} is not as it was acknowledged" for key in sorted(wrong)]
    return problems or [f"an act was done by halves: {unfinished}"]


def _unsent_problems(session: Session, found: Contents) -> list[str]:
    """Every event waits to be sent once, word for word, and bears a number of its own."""
    problems = []
    waiting = outbox.items(session.database)
    ids = [item.record_id for item in waiting]
    if sorted(ids) != sorted([*found.notes, *found.doses]):
        problems.append("what waits to be sent is not what was made here")
    for item in waiting:
        if item.body != records.body_of(session.database, item.kind, item.record_id):
            problems.append(f"{item.kind} {item.record_id} waits with another text")
    numbers = [item.body["sequence"] for item in waiting]
    if len(set(numbers)) != len(numbers):
        problems.append("two events bear the same number")
    return problems
