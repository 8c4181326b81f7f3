"""Starts the day as a child with folders of its own, and looks through all that it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fieldapp.security import keyfile
from fieldapp.security.keyring import DemoKeyring
from tests.helpers.laptop import make_laptop, store_folder
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.leaks import words

ROOT = Path(__file__).resolve().parents[2]
_PLACES = {
    "HOME": "home",
    "TMPDIR": "temporary",
    "SQLITE_TMPDIR": "temporary",
    "XDG_CONFIG_HOME": "home/config",
    "XDG_DATA_HOME": "home/data",
    "XDG_CACHE_HOME": "home/cache",
    "XDG_STATE_HOME": "home/state",
    "XDG_RUNTIME_DIR": "home/runtime",
}


class Child:
    """The day as a process. Attributes: `root`, below which all lies that it may write; `data`."""

    def __init__(self, root: Path, plant: str = "", prefix: tuple[str, ...] = ()) -> None:
        self.root = root
        self._is_traced = bool(prefix)
        self.data = root / "data"
        make_laptop(self.data)
        variables = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        for name, place in _PLACES.items():
            (root / place).mkdir(parents=True, exist_ok=True, mode=0o700)
            variables[name] = str(root / place)
        words_of_command = [sys.executable, "-m", "tests.leaks.day", str(self.data), plant]
        with (root / "said.txt").open("wb") as said:
            self.process = subprocess.Popen(
                [*prefix, *words_of_command],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        try:
            self._hear("ready")
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process of the program itself, not of whoever traces it."""
        pid = self.process.pid
        if not self._is_traced:
            return pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def do(self, part: str) -> None:
        """Let the child do a part of its day, and wait until it is done."""
        assert self.process.stdin is not None
        self.process.stdin.write(part + "\n")
        self.process.stdin.flush()
        self._hear(part)

    def close(self) -> None:
        self.process.kill()
        with self.process:  # closes its pipes
            pass

    def _hear(self, part: str) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        said = (self.root / "said.txt").read_text(errors="replace")
        assert line, f"the day ended in {part}: {said[-2000:]}"
        assert json.loads(line) == {"done": part}


def leaks(child: Child) -> list[str]:
    """Where below the child's folders, and in which of its open files, words of the day stand."""
    found = [
        f"{path.relative_to(child.root)}: {name}"
        for path in sorted(child.root.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for name in words.found_in(path.read_bytes())
    ]
    return found + [
        f"{name} (open): {word}"
        for name, contents in open_files(child.pid)
        for word in words.found_in(contents)
    ]


def open_files(pid: int) -> list[tuple[str, bytes]]:
    """The plain files that a process has open, deleted ones and those in memory too."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(entry)
            if entry.is_file() and os.access(entry, os.R_OK):
                found.append((name, entry.read_bytes()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


def names_of_files(child: Child) -> list[str]:
    """All files below the child's folders; their names may say nothing either."""
    return [str(path.relative_to(child.root)) for path in sorted(child.root.rglob("*"))]


# --- memory


def memory_of(pid: int) -> bytes:
    """All that a process can write to: heap, stacks, and what it has mapped."""
    parts: list[bytes] = []
    with (
        Path(f"/proc/{pid}/maps").open(encoding="utf-8") as maps,
        Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory,
    ):
        for line in maps:
            span, modes = line.split()[:2]
            if not modes.startswith("rw") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                parts.append(memory.read(end - start))
            except OSError:  # a guard page, or a mapping that has gone meanwhile
                continue
    return b"\n".join(parts)


def keys_of(data: Path) -> dict[str, bytes]:
    """The root key and the database key of the laptop's store."""
    folder = store_folder(data)
    parsed = keyfile.read(folder / "journal.hvkey")
    slot = parsed.find_slot(keyfile.SLOT_PASSPHRASE, USERNAME)
    assert slot is not None
    secret = DemoKeyring(data).get(parsed.store_id, parsed.origin)
    root = parsed.open_passphrase_slot(slot, PASSPHRASE, secret)
    text = parsed.key_source(root)()
    return {"root": bytes(root), "database": bytes.fromhex(text[2:66].decode())}


def copies(memory: bytes, key: bytes) -> int:
    """How often a key stands in memory, as it is or in hexadecimal."""
    return sum(memory.count(form) for form in (key, key.hex().encode(), key.hex().upper().encode()))
