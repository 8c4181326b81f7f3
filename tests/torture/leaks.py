"""Days in the real window, every write of every thread and child of it traced and looked through.

Covers what is written by system calls (files, sockets, pipes, files without a name), the files and
the open descriptors afterwards, and the two keys in memory after the lock. Needs `strace` for the
first; without it that part is said to be missing. Not covered: what the kernel itself writes (swap,
hibernation), and writes through mapped memory, of which there is one: the index of SQLite's log
(`-shm`), which holds page numbers and is looked through as a file.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.leaks import words
from tests.leaks.day import PLANTS as PLANTS
from tests.leaks.look import Child, copies, keys_of, leaks, memory_of
from tests.torture.result import Result

_CALLS = "write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg"
_LONGEST = 4 * 1024 * 1024
_STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_TARGET = re.compile(rb"(?:write|send)\w*\((\d+)<([^>]*)>")


def run(seconds: float, seed: int, *, plant: str | None = None) -> Result:
    """Live days until the time is up, at least one. `plant` is a leak of `tests.leaks.day`."""
    deadline = time.monotonic() + seconds
    violations = days = 0
    done: Counter[str] = Counter()
    strace = shutil.which("strace")
    if strace is None:
        print("strace is not here: the writes are not traced", file=sys.stderr)
    while days == 0 or time.monotonic() < deadline:
        with tempfile.TemporaryDirectory() as name:
            problems = list(_day(Path(name), strace, plant or "", done))
        for problem in problems:
            print(f"day {days}: {problem}", file=sys.stderr)
        violations += len(problems)
        days += 1
    done["days"] = days
    return Result("leaks", done["writes traced"] or days, violations, seed, dict(done))


def _day(folder: Path, strace: str | None, plant: str, done: Counter[str]) -> Iterator[str]:
    trace = folder / "trace"
    laptop = folder / "laptop"
    laptop.mkdir()
    prefix: tuple[str, ...] = ()
    if strace is not None:
        prefix = (strace, "-f", "-qq", "-y", "-xx", "-s", str(_LONGEST), "-e", f"trace={_CALLS}")
        prefix += ("-o", str(trace), "--")
    child = Child(laptop, plant, prefix)
    try:
        child.do("play")
        yield from leaks(child)
        child.do("lock")
        memory = memory_of(child.pid)
        for name, key in keys_of(child.data).items():
            if copies(memory, key):
                yield f"the {name} key is in memory after the lock"
        child.do("unlock")
        child.do("end")
        child.process.wait(60)
    finally:
        child.close()
    if strace is not None:
        yield from _written(trace, done)


def _written(trace: Path, done: Counter[str]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    with trace.open("rb") as lines:
        for line in lines:
            data = b"".join(
                bytes.fromhex(text.replace(b"\\x", b"").decode())
                for text, _ in _STRING.findall(line)
            )
            if not data:
                continue
            done["writes traced"] += 1
            done["bytes traced"] += len(data)
            target = _TARGET.search(line)
            place = "?" if target is None else _readable(target[2])
            for word in words.found_in(data):
                if (place, word) not in seen:
                    seen.add((place, word))
                    yield f"written to {place}: {word}"


def _readable(name: bytes) -> str:
    """The name that strace puts behind a descriptor, also where it is said in hexadecimal."""
    text = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), name)
    return text.decode(errors="replace")
