"""A laptop that several people share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.server_process import ServerProcess
from tests.scenarios.bad_input.conftest import _one_theme, tasks, theme
from tests.scenarios.people.shared_laptop import SharedLaptop

__all__ = ["_one_theme", "tasks", "theme"]


@pytest.fixture
def shared(tmp_path: Path, server: ServerProcess) -> Iterator[SharedLaptop]:
    """An empty laptop and a running server."""
    made = SharedLaptop(tmp_path / "data", server)
    yield made
    made.close()
