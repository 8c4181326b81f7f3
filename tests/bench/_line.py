"""The line of a laptop: a proxy that counts and, for the bad line, slows down as a valley does.

The proxy is the one of `../shared/bench`, so that ours and the peers are measured alike; where that
is missing, an equal of ours (`tests/bench/_proxy.py`).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """`kbit` a second each way and the round trip in milliseconds; 0: as fast as it goes."""

    name: str
    kbit: int = 0
    round_trip_ms: int = 0


LOOPBACK = Line("loopback")
BAD = Line("bad line", kbit=128, round_trip_ms=400)


def expected_seconds(size: int) -> float:
    """What `size` bytes need on the bad line at the least: one connect and one exchange."""
    return size * 8 / (BAD.kbit * 1000) + 2 * BAD.round_trip_ms / 1000


@dataclass(frozen=True, slots=True)
class Counted:
    """What passed: payload bytes of both directions, HTTP requests, TCP connections."""

    bytes: int
    requests: int
    connections: int


class MeasuredLine:
    """A line to `port` of this machine. `url` is where the laptop finds the server."""

    def __init__(self, port: int, line: Line, shared: Path | None) -> None:
        own = Path(__file__).with_name("_proxy.py")
        script = own if shared is None else shared / "proxy.py"
        listen, self._control = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{listen}"
        self._command = [sys.executable, str(script), "--listen", str(listen)]
        self._command += ["--target", str(port), "--control", str(self._control)]
        self._command += ["--rtt-ms", str(line.round_trip_ms), "--kbit", str(line.kbit)]

    def __enter__(self) -> MeasuredLine:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    def reset(self) -> None:
        """Count from nothing again."""
        self._ask("reset")

    def counted(self) -> Counted:
        """What passed since `reset`."""
        seen = self._ask("get")
        return Counted(seen["up"] + seen["down"], seen["http"], seen["conns"])

    def _ask(self, word: str) -> dict[str, Any]:
        with socket.create_connection(("127.0.0.1", self._control)) as line:
            line.sendall(f"{word}\n".encode())
            answer: dict[str, Any] = json.loads(line.makefile().readline())
            return answer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
