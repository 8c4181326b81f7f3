"""The server's socket: an answer never waits for what came before it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from sync.server.listen import open_listener


def test_the_body_of_an_answer_never_waits_until_its_head_was_acknowledged() -> None:
    waits: list[bool] = []

    async def answered(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line: socket.socket = writer.get_extra_info("socket")
        waits.append(not line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask_once() -> None:
        listener = open_listener("127.0.0.1", 0)
        async with await asyncio.start_server(answered, sock=listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            await reader.read()
            writer.close()
            await writer.wait_closed()

    asyncio.run(ask_once())
    assert waits == [False]


def test_a_port_that_is_taken_is_told_and_no_socket_stays_behind() -> None:
    with open_listener("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use|one usage"):
        open_listener("127.0.0.1", first.getsockname()[1])
