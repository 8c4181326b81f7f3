"""The real server as a process of its own, as it runs in an office."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from fieldapp.clock import SystemClock
from fieldapp.domain.patients import Role
from fieldapp.ids import new_id
from fieldapp.store.state import Enrolment
from sync.client.device_login import DeviceLogin
from sync.client.enrol import enrol
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.server.admin import Admin, initialise
from sync.server.auth import PasswordHasher
from sync.server.service import Identity
from sync.server.settings import Settings
from sync.server.storage import sqlite
from sync.server.storage.postgres import PostgresDatabase
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Laptop, Office

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "et langt passord"


class RunningServer:
    """One server process on a database that is set up; may be killed and started again.

    Attributes: `where`, the arguments that name the database; `url` while it runs.
    """

    def __init__(self, where: list[str]) -> None:
        self.where = where
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the process and wait until it listens."""
        command = [sys.executable, "-m", "sync.server", *self.where]
        self._process = subprocess.Popen(
            [*command, "run", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        # Its log is read all the time, or a full pipe would stop it.
        self._reader = threading.Thread(target=_drain, args=(self._process.stderr,))
        self._reader.start()
        self.url = json.loads(self._process.stdout.readline())["url"]

    def kill(self) -> None:
        """End the process as a power cut would."""
        if self._process is not None and self._reader is not None:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class ServerProcess(RunningServer):
    """A server with its database: an embedded one in `folder`, or a PostgreSQL.

    Attributes: `office`, which looks into the same database from outside, and `admin`.
    """

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        if database_url is None:
            super().__init__(["--data", str(folder)])
            self._storage = Storage(sqlite.create(folder))
        else:
            super().__init__(["--database-url", database_url])
            self._storage = Storage(PostgresDatabase(database_url))
        self._storage.initialise(new_id())
        hasher = PasswordHasher(memory_kib=64, iterations=1, lanes=1)
        self.admin = Admin(self._storage, SystemClock(), new_id, hasher, Settings())
        initialise(self.admin, "admin", "Administrator")
        self.office = Office(self._storage)

    def close(self) -> None:
        """End the process and leave the database."""
        self.kill()
        self._storage.close()

    def new_user(self, username: str) -> Identity:
        """A case manager without a laptop yet."""
        user_id = self.admin.add_user(username, username.title(), Role.CASE_MANAGER, PASSWORD)
        return Identity(user_id, "", Role.CASE_MANAGER)

    def enrolled_laptop(self, username: str, path: Path) -> Laptop:
        """A laptop that was enrolled over the line with its one-time code."""
        code, _ = self.admin.enrol_code(username)
        enrolment = enrol(
            self.url, code, username=username, password=PASSWORD, device_name="laptop"
        )
        line = Line()
        device = device_login(enrolment)
        service = HttpSyncService(self.url, device, line, server_id=enrolment.server_id)
        who = Identity(enrolment.user.id, enrolment.device_id, enrolment.user.role)
        laptop = Laptop(path, service, who)
        laptop.coverage = line
        laptop.login = device
        return laptop


def device_login(enrolment: Enrolment) -> DeviceLogin:
    """What an enrolled laptop shows the server."""
    return DeviceLogin.of(enrolment, SystemClock())


def _drain(stream: IO[str]) -> None:
    with stream:
        for _ in stream:
            pass
