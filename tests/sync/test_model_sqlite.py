"""Any mixture of work, syncs, faults and re-assignments ends well, on the embedded database."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from sync.server.storage.storage import Storage
from tests.sync.convergence import MODEL, PARTS, Convergence

SPREAD = True


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
@pytest.mark.parametrize("part", range(PARTS))
def test_laptops_and_server_agree_in_the_end_whatever_happened(storage: Storage, part: int) -> None:
    """`part`: see PARTS."""

    class OnThisStorage(Convergence):
        pass

    OnThisStorage.storage = storage
    run_state_machine_as_test(OnThisStorage, settings=MODEL)
