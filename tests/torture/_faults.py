"""What may happen to the files of a store, and what the program must say to each of it.

Every fault is done to the files as a kill left them (with a hot log) or as a lock left them. Then
the store is opened through the vault. It must hold all that was acknowledged, or say by its own
error that it is damaged, or say that it was set back. Opening as if nothing were wrong with a
signed record gone is a broken promise.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.clock import FixedClock
from fieldapp.errors import FieldAppError
from fieldapp.store import claims
from tests.torture._ward import FIRST_MOMENT, open_ward, store_folder

PAGE = 4096
DATABASE, LOG, KEY_FILE = "journal.db", "journal.db-wal", "journal.hvkey"

WHOLE = "nothing lost"
TOLD = "set back, and says so"
DRAFTS_LOST = "drafts lost"
"""The one loss that may be silent: words of the last moments that nobody has signed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What people signed: texts of notes, and doses, by id; and drafts, which may be lost."""

    notes: dict[str, str] = field(default_factory=dict)
    doses: dict[str, tuple[str, str]] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """The files at hand: `folder` of the laptop, `older` and a `hot` copy of its store's folder."""

    folder: Path
    hot: Path
    locked: Path
    older: Path
    dice: random.Random

    @property
    def store(self) -> Path:
        return store_folder(self.folder)

    def lay(self, copy: Path) -> None:
        """Put the whole laptop, its keyring too, back as it was in a copy."""
        shutil.rmtree(self.folder)
        shutil.copytree(copy, self.folder)


def _flip(scene: Scene, name: str) -> None:
    path = scene.store / name
    data = bytearray(path.read_bytes() if path.exists() else b"")
    if data:
        data[scene.dice.randrange(len(data))] ^= 1 << scene.dice.randrange(8)
        path.write_bytes(data)


def _flip_both_keys(scene: Scene) -> None:
    for name in (KEY_FILE, KEY_FILE + ".bak"):
        _flip(scene, name)


def _truncate(scene: Scene, name: str) -> None:
    path = scene.store / name
    if not path.exists():  # killed before it wrote anything
        return
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(scene.dice.randrange(size) if size else 0)


def _empty(scene: Scene) -> None:
    (scene.store / DATABASE).write_bytes(b"")


def _older_page(scene: Scene) -> None:
    """One page as it once was; its seal is genuine, so the cipher takes it."""
    path = scene.store / DATABASE
    now, before = path.read_bytes(), (store_folder(scene.older) / DATABASE).read_bytes()
    pages = [
        number
        for number in range(1, min(len(now), len(before)) // PAGE)
        if now[number * PAGE : (number + 1) * PAGE] != before[number * PAGE : (number + 1) * PAGE]
    ]
    if pages:
        number = scene.dice.choice(pages)
        with path.open("r+b") as file:
            file.seek(number * PAGE)
            file.write(before[number * PAGE : (number + 1) * PAGE])


def _older_database(scene: Scene) -> None:
    shutil.copyfile(store_folder(scene.older) / DATABASE, scene.store / DATABASE)
    (scene.store / LOG).unlink(missing_ok=True)


def _older_folder(scene: Scene) -> None:
    """All of the store but the keyring, which no copy of the folder brings along."""
    shutil.rmtree(scene.store)
    shutil.copytree(store_folder(scene.older), scene.store)


def _no_log(scene: Scene) -> None:
    for suffix in ("-wal", "-shm"):
        (scene.store / (DATABASE + suffix)).unlink(missing_ok=True)


HOT: dict[str, Callable[[Scene], None]] = {
    "a flipped byte in the log": lambda scene: _flip(scene, LOG),
    "a log cut short": lambda scene: _truncate(scene, LOG),
    "no log": _no_log,
    "a flipped byte in the database, log hot": lambda scene: _flip(scene, DATABASE),
}
LOCKED: dict[str, Callable[[Scene], None]] = {
    "a flipped byte in the database": lambda scene: _flip(scene, DATABASE),
    "a flipped byte in the key file": lambda scene: _flip(scene, KEY_FILE),
    "a flipped byte in both key files": _flip_both_keys,
    "a database cut short": lambda scene: _truncate(scene, DATABASE),
    "a database of 0 bytes": _empty,
    "no database": lambda scene: (scene.store / DATABASE).unlink(),
    "one older page": _older_page,
    "an older database": _older_database,
    "an older folder": _older_folder,
}
FAULTS = {**HOT, **LOCKED}


def suffer(
    scene: Scene, name: str, acknowledged: Signed, untold: str | None = None
) -> tuple[str, str | None]:
    """Do a fault and open the store; say what came of it, and the promise that it broke, if any.

    `untold` is an act that is in the hot log and was never acknowledged to anybody.
    """
    scene.lay(scene.hot if name in HOT else scene.locked)
    FAULTS[name](scene)
    files = _files(scene.store)
    try:
        door, session = open_ward(scene.folder, FixedClock(FIRST_MOMENT))
    except FieldAppError as error:
        untouched = _files(scene.store)
        # A hot log is emptied into the database before anything else: that may heal a torn page.
        lost = [path for path in files if files[path] != untouched.get(path) and name not in HOT]
        return error.code, f"{name}: the refusal changed {lost}" if lost else None
    except Exception as error:
        return type(error).__name__, f"{name}: {type(error).__name__} instead of an error of ours"
    try:
        from tests.torture.store import read

        found = read(session)
        told = claims.is_set_back(session.database)
    finally:
        door.lock()
    told_to_nobody = untold if name in HOT else None
    lost_notes = [key for key in acknowledged.notes if key not in {*found.notes, told_to_nobody}]
    lost_doses = [key for key in acknowledged.doses if key not in {*found.doses, told_to_nobody}]
    changed = [key for key, text in found.notes.items() if acknowledged.notes.get(key) != text]
    if told:
        return TOLD, None
    if lost_notes or lost_doses or changed:
        counts = f"{len(lost_notes)} notes, {len(lost_doses)} doses, {len(changed)} changed"
        return "SILENT", f"{name}: {counts} lost in silence"
    return (WHOLE if found.drafts == acknowledged.drafts else DRAFTS_LOST), None


def _files(folder: Path) -> dict[str, bytes]:
    """What may not change when the store refuses to open: everything that holds data."""
    names = (DATABASE, KEY_FILE, KEY_FILE + ".bak")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
