"""Settings that every test shares; fixtures of one package live in that package's own conftest."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

# Qt reads this when it is first imported, so it stands before any test module is collected.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Tests of windows leave cycles behind. Collected in the thread of a server that another test runs
# in this process, widgets would be destroyed outside the GUI thread: Qt ends the process then.
gc.disable()

_WHOLE_EVERY = 20
_ended = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Collect between two tests, in the main thread."""
    global _ended
    yield
    _ended += 1
    gc.collect(2 if _ended % _WHOLE_EVERY == 0 else 1)
