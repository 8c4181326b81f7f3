"""What an organisation may set; every default is the safe one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fieldapp.errors import UserError
from sync.protocol.version import (
    MAX_PAGE_RECORDS,
    MAX_PLAIN_BYTES,
    MAX_RECORDS,
    MAX_WIRE_BYTES,
)

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class InsecureListenError(UserError):
    """Without TLS the server listens on this machine alone; put a TLS proxy in front of it."""

    code = "insecure_listen"


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and lifetimes. Sizes are bytes of one message, as it travels and unpacked."""

    token_life: timedelta = timedelta(minutes=30)
    login_life: timedelta = timedelta(hours=12)
    """How long after a password its short tokens can be renewed."""
    code_life: timedelta = timedelta(hours=1)
    code_tries: int = 5
    max_wire_bytes: int = MAX_WIRE_BYTES
    max_plain_bytes: int = MAX_PLAIN_BYTES
    page_limit: int = MAX_RECORDS
    exchange_page_limit: int = MAX_PAGE_RECORDS
    behind_proxy: bool = False
    """All requests come through a proxy that says where from (`X-Forwarded-For`)."""
    monitor_token_hash: str | None = None
    """Fingerprint of the token with which `/metrics` may be read from another machine."""


def check_listen(host: str, *, behind_tls_proxy: bool, has_tls: bool = False) -> None:
    """Raise InsecureListenError when passwords would travel in the open."""
    if host not in _LOOPBACK and not (behind_tls_proxy or has_tls):
        raise InsecureListenError(host)
