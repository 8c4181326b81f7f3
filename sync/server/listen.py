"""The socket on which the server waits for laptops."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Final

_BACKLOG: Final = 2048


def is_this_machine(host: str) -> bool:
    """True for an address of this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that takes in connections already. Port 0: any free one. Raises OSError.

    The protocol is named on purpose: asyncio turns off Nagle's algorithm only where it stands.
    Otherwise the body of every answer waits until the laptop has acknowledged its head: 40 ms on a
    good line, and a whole round trip on a bad one.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
