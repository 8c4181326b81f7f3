"""The process of the program: what it keeps to itself, and that it leaves nothing lying about.

Memory that holds keys goes into no dump and is read by no other program of the same user.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import ctypes, resource, sys
from ui.app import _load_libraries
_load_libraries()
soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
PR_GET_DUMPABLE = 3
dumpable = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
sys.exit(0 if (soft, dumpable) == (0, 0) else 1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_the_program_bars_dumps_of_its_memory_before_it_unlocks() -> None:
    subprocess.run([sys.executable, "-c", CHILD], check=True, timeout=60)


LOOK_CHILD = """
import tempfile
from pathlib import Path
from ui.app import set_up
desk = set_up()
assert list(Path(tempfile.gettempdir()).iterdir())
desk.close()
"""


def test_the_look_leaves_nothing_in_the_folder_for_temporary_files(tmp_path: Path) -> None:
    variables = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    subprocess.run([sys.executable, "-c", LOOK_CHILD], check=True, timeout=60, env=variables)
    assert list(tmp_path.iterdir()) == []
