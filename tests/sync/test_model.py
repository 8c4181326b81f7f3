"""Any mixture of work, syncs, faults, restores and re-assignments ends well."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from sync.server.storage.storage import Storage
from tests.sync.convergence import Convergence

MODEL = settings(
    max_examples=16,
    stateful_step_count=40,
    deadline=None,
    database=None,  # a failure is found again from its seed, not from a file
    suppress_health_check=list(HealthCheck),
)

PARTS = 3
"""The steps are taken in parts, so that several processors can share them: 16 × 40 in each, on both
databases of the server, close to four thousand together."""


@pytest.mark.parametrize("part", range(PARTS))
def test_laptops_and_server_agree_in_the_end_whatever_happened(storage: Storage, part: int) -> None:
    """Runs on both databases of the server."""

    class OnThisStorage(Convergence):
        pass

    OnThisStorage.storage = storage
    run_state_machine_as_test(OnThisStorage, settings=MODEL)
