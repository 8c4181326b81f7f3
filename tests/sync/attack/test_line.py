"""Lines that break in the middle of a request: nothing that the server should raise alarm for."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.server.running import Running


def test_a_line_that_breaks_while_a_request_comes_in_is_no_fault_of_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It happens on every trip; an alarm for each would hide the real ones."""
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    running = Running(storage)
    with caplog.at_level(logging.INFO, "fieldapp.server"):
        head = (
            "POST /v2/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            f"{running.heads('POST', '/v2/exchange', running.token())}\r\nabc"
        )
        with socket.create_connection(("127.0.0.1", running.port)) as line:
            line.sendall(head.encode())
        running.stop()
    storage.close()
    ours = [
        record for record in caplog.records if record.name in ("fieldapp.server", "uvicorn.error")
    ]
    assert "exchange" in "\n".join(record.getMessage() for record in ours)
    assert [record for record in ours if record.levelno > logging.INFO] == []
