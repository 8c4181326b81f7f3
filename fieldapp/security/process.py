"""Keep the memory of this process from being written to disk or read by other programs."""

from __future__ import annotations

import ctypes
import logging
import sys

log = logging.getLogger(__name__)

_PR_SET_DUMPABLE = 4


def harden_process() -> bool:
    """Bar core dumps and, on Linux, reading by other programs of the same user.

    Called once by the application before the first unlock; not in tests. Returns False where the
    system has no such call or refuses it; the application goes on then.
    """
    if sys.platform == "win32":
        return False
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform != "linux":
        return True
    refused = ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if refused:
        log.warning("the system refused to bar memory dumps")
    return not refused
