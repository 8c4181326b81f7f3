"""One program per store; the right ends with the program."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldapp.store.errors import AlreadyOpenError
from fieldapp.store.lock import LOCK_NAME, StoreLock

ROOT = Path(__file__).parents[3]
HOLDER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from fieldapp.store.lock import StoreLock\n"
    "StoreLock(Path(sys.argv[1])).acquire()\n"
    "print('held', flush=True)\n"
    "sys.stdin.readline()\n"
)


def test_a_second_lock_is_refused_until_the_first_is_released(tmp_path: Path) -> None:
    first, second = StoreLock(tmp_path), StoreLock(tmp_path)
    first.acquire()
    with pytest.raises(AlreadyOpenError):
        second.acquire()
    with pytest.raises(AlreadyOpenError):
        first.acquire()
    first.release()
    first.release()
    second.acquire()
    assert second.held
    second.release()


def test_another_program_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyOpenError):
            StoreLock(tmp_path).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        mine = StoreLock(tmp_path)
        mine.acquire()
        mine.release()
    assert (tmp_path / LOCK_NAME).read_bytes() == b""
