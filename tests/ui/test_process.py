"""Memory that holds keys goes into no dump and is read by no other program of the same user."""

from __future__ import annotations

import subprocess
import sys

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
