"""A laptop whose clock is wrong, against the real server over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.ids import new_id
from fieldapp.services import setup
from fieldapp.store import state
from sync.client.enrol import enrol
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.stores import PASSPHRASE, USERNAME, make_vault
from tests.sync.server.running import Running
from tests.sync.server.team import NOW, PASSWORD
from ui.sync.connection import HttpConnection


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    server = Running(storage)
    yield server
    server.stop()
    storage.close()


@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_leads_to_no_endless_log_in(
    running: Running, tmp_path: Path, days: int
) -> None:
    """By the laptop's clock a token is old before it is given: only the server may judge."""
    running.team.add_user("kari")
    code, _ = running.team.admin.enrol_code("kari")
    url = str(running.client.base_url)
    enrolment = enrol(url, code, username="kari", password=PASSWORD, device_name="Feltbærbar 3")
    clock = FixedClock(NOW + timedelta(days=days))
    store = make_vault(tmp_path / "laptop", clock=clock).create(USERNAME, PASSPHRASE).store
    state.remember_enrolment(store, enrolment)
    connection = HttpConnection(setup.open_session(store, clock, new_id))
    try:
        assert connection.run(lambda _: None, lambda: False).complete
        running.team.clock.advance(timedelta(hours=13))
        assert connection.run(lambda _: None, lambda: False).error_code == "login_expired"
        connection.login(PASSWORD)
        assert connection.run(lambda _: None, lambda: False).complete
    finally:
        connection.close()
        store.close()
