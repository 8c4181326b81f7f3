"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Storage]:
    """An empty, initialised embedded storage, where the database makes no difference."""
    opened = Storage(sqlite.create(tmp_path / "embedded"))
    opened.initialise("server-1")
    yield opened
    opened.close()
