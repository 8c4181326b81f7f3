"""Fixtures of the scenarios: a server process and laptops that are cleared away at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.server_process import ServerProcess
from tests.helpers.sync_world import LaptopFactory


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A running server with an administrator and nobody else."""
    made = ServerProcess(tmp_path / "server")
    made.start()
    yield made
    made.close()


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    """Makes empty laptop stores."""
    return LaptopFactory(tmp_path)
