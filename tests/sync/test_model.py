"""Any mixture of work, syncs, lost messages, power cuts and re-assignments ends well."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from sync.server.storage.storage import Storage
from tests.sync.convergence import Convergence

MODEL = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    database=None,  # a failure is found again from its seed, not from a file
    suppress_health_check=list(HealthCheck),
)


def test_laptops_and_server_agree_in_the_end_whatever_happened(storage: Storage) -> None:
    """Runs on both databases of the server."""

    class OnThisStorage(Convergence):
        pass

    OnThisStorage.storage = storage
    run_state_machine_as_test(OnThisStorage, settings=MODEL)
