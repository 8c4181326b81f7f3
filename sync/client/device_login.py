"""A laptop's log-in at the server: its short token and the key that the token is bound to."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import Clock
from fieldapp.store.state import Enrolment
from sync.protocol.proofs import make_assertion, make_proof

_SOON: Final = timedelta(seconds=30)
"""A token with less than this left would run out on a slow line."""

_PURPOSE: Final = b"fieldapp device key\x00"

Renewed = Callable[[str, datetime], None]
"""Stores a new token and when it runs out."""


def _forget(token: str, expires_at: datetime) -> None:
    del token, expires_at


class DeviceLogin:
    """Called, it gives the present token, or None when nobody is logged in. Safe for threads.

    Attributes: `token`; `key`, to which it is bound; `authorities`, whom the line is believed by.

    The times of its proofs are the server's, as far as it knows them: a laptop whose clock is a day
    ahead still logs in.
    """

    def __init__(
        self,
        key: Ed25519PrivateKey,
        clock: Clock,
        *,
        token: str | None = None,
        expires_at: datetime | None = None,
        offset: timedelta = timedelta(0),
        on_renewed: Renewed = _forget,
        authorities: Sequence[str] = (),
    ) -> None:
        """`offset` is by how much this laptop's clock is behind the server's. TLS lines are
        believed by these `authorities` alone, where there are any.
        """
        self.authorities = tuple(authorities)
        self.key = key
        self.token = token
        self._clock = clock
        self._expires_at = expires_at
        self._offset = offset
        self._on_renewed = on_renewed
        self._guard = threading.Lock()

    def __call__(self) -> str | None:
        return self.token

    def __repr__(self) -> str:
        return "DeviceLogin()"

    @classmethod
    def of(
        cls,
        enrolment: Enrolment,
        clock: Clock,
        *,
        offset_ms: int | None = None,
        on_renewed: Renewed = _forget,
    ) -> DeviceLogin:
        """The log-in of an enrolled laptop."""
        return cls(
            signing_key(enrolment),
            clock,
            token=enrolment.token,
            expires_at=enrolment.token_expires_at,
            offset=timedelta(milliseconds=offset_ms or 0),
            on_renewed=on_renewed,
            authorities=enrolment.authorities,
        )

    def proof(self, method: str, url: str, token: str | None) -> str:
        """Return the proof for one request; each serves once. `token` is the one that goes with it:
        another thread may have renewed it meanwhile."""
        return make_proof(self.key, method, url, self._server_time(), token)

    def assertion(self, device_id: str, server_id: str) -> str:
        """Return the laptop's word for who it is, good for a minute."""
        return make_assertion(self.key, device_id, server_id, self._server_time())

    def learn_time(self, seconds: str) -> bool:
        """Take over the server's time (seconds since 1970); False for what is none."""
        if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 10:
            return False
        self._offset = datetime.fromtimestamp(int(seconds), UTC) - self._clock.now()
        return True

    def begin(self, enrolment: Enrolment) -> None:
        """Go on with a log-in that has just begun; it is stored already."""
        with self._guard:
            self.key = signing_key(enrolment)
            self.token, self._expires_at = enrolment.token, enrolment.token_expires_at

    @property
    def runs_out(self) -> bool:
        """True when the token is no longer good for another request, as far as is known here."""
        expires_at = self._expires_at
        return expires_at is not None and self._server_time() >= expires_at - _SOON

    def take(self, token: str, expires_at: datetime) -> None:
        """Use a renewed token from now on, and have it stored."""
        with self._guard:
            self.token, self._expires_at = token, expires_at
        self._on_renewed(token, expires_at)

    def _server_time(self) -> datetime:
        return self._clock.now() + self._offset


def signing_key(enrolment: Enrolment) -> Ed25519PrivateKey:
    """The laptop's key.

    One that was enrolled before there were keys derives it from its secret: the same each time, so
    that an answer which is lost on its way leaves no key at the server that nobody holds.
    """
    if enrolment.courier is not None:
        raw = bytes.fromhex(enrolment.courier.signing_key)
    else:
        raw = hashlib.sha256(_PURPOSE + enrolment.device_secret.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(raw)
