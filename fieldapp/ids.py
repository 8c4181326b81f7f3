"""Identifiers made on the device: UUID version 7 (RFC 9562), as text.

Such ids sort in the order in which they were made, so rows inserted together stay together in
the database. Within one process the order is strict, even when the machine's clock steps back.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable

IdMaker = Callable[[], str]
"""Anything that makes a new unique id."""

_guard = threading.Lock()
_last_tick = 0


def new_id() -> str:
    """A new UUIDv7 in its usual text form (36 characters, lower case)."""
    tick = _next_tick()
    milliseconds, fraction = tick >> 12, tick & 0xFFF
    number = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    number |= 0x7 << 76
    number |= fraction << 64
    number |= 0b10 << 62
    number |= secrets.randbits(62)
    return str(uuid.UUID(int=number))


def _next_tick() -> int:
    """Time in 1/4096 ms, raised by one where the clock did not move since the last id."""
    global _last_tick
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    tick = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    with _guard:
        _last_tick = max(tick, _last_tick + 1)
        return _last_tick
