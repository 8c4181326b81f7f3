"""A disk without room and a disk that takes nothing, under the same writer and the same check.

Needs to mount a small file system: as root, or in a namespace of its own (`unshare -Urm python3
run.py torture …`). Elsewhere it says so, and the rest of the torture goes on.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fieldapp.clock import FixedClock
from fieldapp.errors import FieldAppError
from tests.torture._faults import Signed
from tests.torture._ward import FIRST_MOMENT, make_ward, open_ward, store_folder
from tests.torture._writer import Ids, Writer

_BYTES = 16_000_000
_MOST_STEPS = 400


def suffer_small_disks(dice: random.Random, faults: Counter[str]) -> list[str]:
    """One round on a full disk and one on a read-only one; what was broken."""
    with tempfile.TemporaryDirectory() as name, _disk(Path(name) / "disk") as disk:
        if disk is None:
            faults["a full disk: not tried, nothing may be mounted here"] += 1
            print("no small disk: only root, or unshare -Urm, may mount one", file=sys.stderr)
            return []
        folder = disk / "laptop"
        make_ward(folder)
        return [*_full(folder, disk, dice, faults), *_read_only(folder, disk, faults)]


def _full(folder: Path, disk: Path, dice: random.Random, faults: Counter[str]) -> list[str]:
    """Write until the disk refuses; what was acknowledged before is there, now and later."""
    clock, ids = FixedClock(FIRST_MOMENT), Ids()
    door, session = open_ward(folder, clock, ids)
    writer = Writer(session, clock, ids, dice, tell=lambda *_, **__: None)
    _fill(disk / "ballast", dice.choice((0, 8, 24, 60)))
    refused = None
    before = _read(session)
    for _ in range(_MOST_STEPS):
        before = _read(session)
        try:
            writer.step()
        except FieldAppError as error:
            refused = error.code
            break
    # One step may be two acts: of the last one the first half may stand.
    now = _read(session)
    (disk / "ballast").unlink()
    door.lock()
    door, session = open_ward(folder, FixedClock(FIRST_MOMENT))
    again = _read(session)
    complaints = session.database.damage_report()
    door.lock()
    faults[f"a full disk: {refused}"] += 1
    problems = [f"a full disk: {complaints}"] if complaints else []
    if not (set(before.notes) <= set(again.notes) and set(before.doses) <= set(again.doses)):
        problems.append("a full disk: an acknowledged act is gone")
    if again != now:
        problems.append("a full disk: what stood after the refusal is not what stands now")
    return problems


def _read_only(folder: Path, disk: Path, faults: Counter[str]) -> list[str]:
    """A disk that takes nothing: a word of its own, and no byte is changed."""
    files = _bytes_of(store_folder(folder))
    if not _run("mount", "-o", "remount,ro", disk):
        faults["read-only: not tried"] += 1
        return []
    try:
        door, session = open_ward(folder, FixedClock(FIRST_MOMENT))
        outcome = f"opens with {len(_read(session).notes)} notes"
        door.lock()
    except FieldAppError as error:
        outcome = error.code
    except OSError as error:
        outcome = f"OSError {error.errno}"
    finally:
        _run("mount", "-o", "remount,rw", disk)
    faults[f"read-only: {outcome.split(' with')[0]}"] += 1
    problems = [] if not outcome.startswith("OSError") else [f"read-only: {outcome} has no word"]
    if _bytes_of(store_folder(folder)) != files:
        problems.append("read-only: files changed")
    door, session = open_ward(folder, FixedClock(FIRST_MOMENT))
    door.lock()
    return problems


def _read(session: object) -> Signed:
    from fieldapp.services.session import Session
    from tests.torture.store import read

    assert isinstance(session, Session)
    found = read(session)
    return Signed(found.notes, found.doses, found.drafts)


def _bytes_of(folder: Path) -> dict[str, bytes]:
    names = ("journal.db", "journal.hvkey", "journal.hvkey.bak")
    return {name: (folder / name).read_bytes() for name in names}


def _fill(ballast: Path, pages_left: int) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - pages_left * 4096))


@contextmanager
def _disk(place: Path) -> Iterator[Path | None]:
    place.mkdir()
    if shutil.which("mount") is None or os.name != "posix" or os.geteuid() != 0:
        yield None
        return
    if not _run("mount", "-t", "tmpfs", "-o", f"size={_BYTES}", "none", place):
        yield None
        return
    try:
        yield place
    finally:
        _run("umount", place)


def _run(*words: str | Path) -> bool:
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
