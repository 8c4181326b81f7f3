"""A file system of a few megabytes, for tests of a full disk. Needs no rights of root.

Root mounts it. For anybody else `in_a_namespace` runs the one test again in a child that is root in
namespaces of its own (`unshare`), where mounting is allowed; the test itself cannot go there, for a
process with threads may not change its user.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = "small_disk"
"""The name that the fixtures on top of `mounted` have in common."""

_NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount")


def must_go_elsewhere(fixtures: list[str]) -> bool:
    """True for a test that needs such a disk and may not mount it where it runs."""
    return FIXTURE in fixtures and sys.platform == "linux" and os.geteuid() != 0


@contextmanager
def mounted(place: Path, size: int) -> Iterator[Path]:
    """A new, empty file system of `size` bytes at `place`."""
    if sys.platform != "linux":
        pytest.skip("only Linux lets a test have a small file system")
    place.mkdir()
    if os.geteuid() != 0:
        yield place  # the child has the real one
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody have a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def in_a_namespace(test: str) -> None:
    """Run one test, by its id, as root of namespaces of its own."""
    if subprocess.run([*_NAMESPACES, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody but root have a small file system")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    done = subprocess.run([*_NAMESPACES, *command], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-4000:]


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
