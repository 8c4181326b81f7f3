"""The equal of `../shared/bench/proxy.py`, for machines without it; started by `_line.py`.

A TCP proxy on loopback that counts payload bytes, connections and HTTP requests. With a rate and a
round trip it is a laptop's line: pieces of at most 1460 bytes leave one after another in each
direction, arrive half a round trip later, and a new connection waits one round trip for its first
bytes. Whoever sends too fast is held up. It takes "get" and "reset" on its control port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from dataclasses import asdict, dataclass

_PIECE = 1460
_REQUEST = re.compile(rb"(?:GET|POST|PUT|DELETE|HEAD) [^ \r\n]{1,4000} HTTP/1\.[01]\r\n")


@dataclass(slots=True)
class _Counts:
    conns: int = 0
    up: int = 0
    down: int = 0
    http: int = 0


class _Direction:
    """One way of the line, shared by all connections."""

    def __init__(self, kbit: float, round_trip_ms: float) -> None:
        self.delay = round_trip_ms / 2000
        self._bits = kbit * 1000
        self._turn = asyncio.Lock()

    async def carry(self, size: int) -> None:
        """Wait until so many bytes have left; one at a time."""
        if self._bits:
            async with self._turn:
                await asyncio.sleep(size * 8 / self._bits)


class _Proxy:
    def __init__(self, target: int, kbit: float, round_trip_ms: float) -> None:
        self._target = target
        self._handshake = round_trip_ms / 1000
        self._up, self._down = (_Direction(kbit, round_trip_ms) for _ in range(2))
        self.counts = _Counts()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts.conns += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.sleep(self._handshake)
        await asyncio.gather(
            self._pump(reader, back, self._up, is_up=True),
            self._pump(there, writer, self._down, is_up=False),
        )

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        way: _Direction,
        *,
        is_up: bool,
    ) -> None:
        arriving: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(_deliver(arriving, target))
        clock = asyncio.get_running_loop()
        while piece := await source.read(_PIECE):
            self._count(piece, is_up=is_up)
            await way.carry(len(piece))
            arriving.put_nowait((clock.time() + way.delay, piece))
        arriving.put_nowait((clock.time() + way.delay, b""))
        await delivery

    def _count(self, piece: bytes, *, is_up: bool) -> None:
        if is_up:
            self.counts.up += len(piece)
            self.counts.http += len(_REQUEST.findall(piece))
        else:
            self.counts.down += len(piece)


async def _deliver(
    arriving: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter
) -> None:
    clock = asyncio.get_running_loop()
    while True:
        due, piece = await arriving.get()
        await asyncio.sleep(max(0.0, due - clock.time()))
        if not piece:
            target.close()
            return
        target.write(piece)


async def _main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("listen", "target", "control"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rtt-ms", type=float, default=0)
    parser.add_argument("--kbit", type=float, default=0)
    options = parser.parse_args()
    proxy = _Proxy(options.target, options.kbit, options.rtt_ms)

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.strip() == b"reset":
                proxy.counts = _Counts()
            writer.write(json.dumps(asdict(proxy.counts)).encode() + b"\n")
            await writer.drain()
        writer.close()

    await asyncio.start_server(control, "127.0.0.1", options.control)
    await asyncio.start_server(proxy.connect, "127.0.0.1", options.listen, limit=2 * _PIECE)
    print("ready", flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(_main())
