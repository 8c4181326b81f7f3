"""A file system of a few megabytes, for tests of a full disk. Needs no rights of root.

Root mounts it in place. Anybody else lets a child with namespaces of its own mount it, and goes
there through the child's `/proc/PID/root`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MOUNT = 'mount -t tmpfs -o size="$1",mode=777 none "$2" && echo mounted && exec cat'


@contextmanager
def mounted(place: Path, size: int) -> Iterator[Path]:
    """A new, empty file system of `size` bytes; the folder that leads to it."""
    if sys.platform != "linux":
        pytest.skip("only Linux lets a test have a small file system")
    place.mkdir()
    if os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", place):
        try:
            yield place
        finally:
            _run("umount", place)
        return
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh"]
    with subprocess.Popen(
        [*command, str(size), str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        if child.stdout.readline() != "mounted\n":
            pytest.skip("this machine lets nobody have a small file system")
        # It ends, and the file system with it, when its input closes.
        yield Path(f"/proc/{child.pid}/root{place}")
        child.stdin.close()


def _run(*words: str | Path) -> bool:
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


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
