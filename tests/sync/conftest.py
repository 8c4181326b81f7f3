"""Fixtures shared by the tests of sync: both real databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server.storage import sqlite
from sync.server.storage.postgres import PostgresDatabase
from sync.server.storage.storage import Storage
from tests.helpers.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """An empty, initialised storage; the test runs on both databases."""
    if request.param == "sqlite":
        opened = Storage(sqlite.create(tmp_path / "server"))
    else:
        opened = Storage(PostgresDatabase(request.getfixturevalue("postgres_url")))
    opened.initialise("server-1")
    yield opened
    opened.close()
