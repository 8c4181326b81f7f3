"""A file system of a few megabytes, for tests of a full disk. Needs no rights of root.

Whoever may mount it does so. For anybody else `elsewhere` runs the one test again in a child: as
root in namespaces of its own (`unshare`), where mounting is allowed; and where the machine lets
nobody have those either, on a disk that is pretended (`pretended_disk`). The test itself cannot go
there, for a process with threads may not change its user.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.pretended_disk import size_file

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = "small_disk"
"""The name that the fixtures on top of `mounted` have in common."""

_PLACE = "FIELDAPP_SMALL_DISK"
"""Set for the child: what it has in place of a right to mount where it runs."""
_MOUNT, _PRETEND = "mount", "pretend"
_NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount")
_PRETENDED = (sys.executable, "-m", "tests.helpers.pretended_disk")


def must_go_elsewhere(fixtures: list[str]) -> bool:
    """True for a test that needs such a disk and may not mount it where it runs."""
    if FIXTURE not in fixtures or sys.platform != "linux" or os.environ.get(_PLACE):
        return False
    return not _mounts(())


@contextmanager
def mounted(place: Path, size: int) -> Iterator[Path]:
    """A new, empty file system of `size` bytes at `place`."""
    if sys.platform != "linux":
        pytest.skip("only Linux lets a test have a small file system")
    place.mkdir()
    if os.environ.get(_PLACE) == _PRETEND:
        size_file(place).write_text(str(size))
        yield place
        return
    if not must_go_elsewhere([FIXTURE]):
        subprocess.run(_mount(place, size), check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", str(place)], check=True)
        return
    yield place  # the child has the real one


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """The disk takes nothing meanwhile; a pretended one is full and its folders are closed."""
    if os.environ.get(_PLACE) != _PRETEND:
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        try:
            yield
        finally:
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        return
    room = size_file(place).read_text()
    size_file(place).write_text("0")
    everything = [place, *place.rglob("*")]
    modes = [(one, one.stat().st_mode) for one in everything]
    for one, mode in modes:
        one.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for one, mode in modes:
            one.chmod(mode)
        size_file(place).write_text(room)


def elsewhere(test: str) -> None:
    """Run one test, by its id, where it may have a small disk."""
    start, kind = way()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    variables = {**os.environ, _PLACE: kind}
    done = subprocess.run(
        [*start, *command], cwd=ROOT, env=variables, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-4000:]


@cache
def way() -> tuple[tuple[str, ...], str]:
    """How a child begins that may have a small disk, and what it has then."""
    if _mounts(_NAMESPACES):
        return _NAMESPACES, _MOUNT
    if _runs([*_PRETENDED, "true"]):
        return _PRETENDED, _PRETEND
    pytest.skip("this machine lets nobody have a small file system, nor pretend one")


@cache
def _mounts(start: tuple[str, ...]) -> bool:
    """Whether a small file system may be mounted by a command that begins like this."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if not _runs([*start, *_mount(place, 65536)]):
            return False
        if not start:  # in a namespace it went with its process
            subprocess.run(["umount", name], check=True)
        return True


def _mount(place: Path, size: int) -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]


def _runs(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def fill(place: Path, name: str = "filler") -> Path:
    """Leave no room in `place`; the file that takes it is returned, to be removed."""
    filler = place / name
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler
