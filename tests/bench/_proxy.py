"""A TCP proxy on loopback that counts what passes, as a laptop's line would carry it."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

_CHUNK = 65536


class CountingProxy:
    """Hands every connection on to `port` of this machine.

    Attributes: `url`, `up` and `down` (payload bytes from and to the laptop; no TCP or IP headers),
    `connections`.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._guard = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.up = 0
        self.down = 0
        self.connections = 0

    def __enter__(self) -> CountingProxy:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in (self._listener, *self._open):
            # A thread that waits on a socket wakes up by shutdown, not by close.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    @property
    def total(self) -> int:
        """Bytes in both directions so far."""
        with self._guard:
            return self.up + self.down

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                laptop, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [laptop, server]
            self.connections += 1
            self._start(self._pump, laptop, server, "up")
            self._start(self._pump, server, laptop, "down")

    def _pump(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                # Counted before it is handed on: whoever has read an answer finds it counted.
                with self._guard:
                    setattr(self, direction, getattr(self, direction) + len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
