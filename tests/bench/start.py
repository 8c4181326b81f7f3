"""From the start of the process to a painted window."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fieldapp.bootstrap import door_for
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGIN_TEST
from tests.bench.rows import Row, turn_about

_ROOT = Path(__file__).resolve().parents[2]
_ROUNDS = 11


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # An existing store, so that the unlock page stands in the window.
        door = door_for("kari", folder, origin=ORIGIN_TEST, params=FAST)
        door.create("riktig hest batteri stift")
        door.lock()
        ours, bare = turn_about(
            lambda: _start("ours", str(folder)), lambda: _start("bare"), rounds=_ROUNDS
        )
    how = (
        "new process until the unlock window is painted (ui.__main__, offscreen) against a bare "
        f"QMainWindow in the same Python; median of {_ROUNDS} warm starts, turn about"
    )
    return [Row("start to painted window", ours, bare, "ms", how)]


def _start(*arguments: str) -> float:
    """Milliseconds from the call to the first paint in a new process."""
    command = [sys.executable, "-m", "tests.bench._start_side", *arguments]
    started = time.monotonic()
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=60,
    )
    return (float(done.stdout) - started) * 1000
