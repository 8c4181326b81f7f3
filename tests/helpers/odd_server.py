"""A tiny real server on this machine that answers as badly as the field does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType

Behaviour = Callable[[socket.socket], None]


class OddServer:
    """Listens on a loopback port and lets `behaviour` deal with each connection in turn.

    Attributes: `url`; `requests`, the bytes that each caller sent.
    """

    def __init__(self, behaviour: Behaviour, *, listens_first: bool = True) -> None:
        """Without `listens_first` it speaks before it has read the request."""
        self._behaviour = behaviour
        self._listens_first = listens_first
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> OddServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._listens_first:
                self.requests.append(_read_request(connection))
            self._behaviour(connection)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def answers(status: int, content_type: str, body: bytes, **headers: str) -> Behaviour:
    """Answer with this and close. Header names are written with _ for -."""

    def behave(connection: socket.socket) -> None:
        lines = [
            f"HTTP/1.1 {status} Whatever",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        connection.close()

    return behave


def half_an_answer(connection: socket.socket) -> None:
    """Promise a thousand bytes, send a few, hang up."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/zstd\r\nFieldapp-Server: server-1\r\n"
        b"Content-Length: 1000\r\n\r\n" + b"\x28\xb5\x2f\xfd"
    )
    connection.close()


def streams(*pieces: bytes, then: Behaviour | None = None) -> Behaviour:
    """Answer under our name with a stream of these pieces; end it properly or do `then`."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/zstd\r\nFieldapp-Server: server-1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        # Whoever has heard enough hangs up while we still speak.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        if then is not None:
            then(connection)
        else:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"0\r\n\r\n")

    return behave


def hangs_up(connection: socket.socket) -> None:
    """Take the request and hang up without a word."""
    connection.close()


def says_nothing(connection: socket.socket) -> None:
    """Take the request, keep the line open and never answer."""


def speaks_gibberish(connection: socket.socket) -> None:
    """Answer with something that is not HTTP."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.close()
