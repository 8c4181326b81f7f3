"""The one interface between a laptop and the server.

`sync.client.http.HttpSyncService` implements it over a line, `sync.server.service` on the storage.
Every method raises a `SyncError`; a method that returns has succeeded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sync.protocol.claims import ClaimsAnswer, ClaimsRequest
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    DigestsAnswer,
    EnrolAnswer,
    EnrolRequest,
    ExchangeRequest,
    HelloAnswer,
    HoldingsAnswer,
    HoldingsRequest,
    LoginAnswer,
    LoginRequest,
    Page,
    Receipt,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The answer to an exchange: the receipt at once, the pages as they come.

    Going on in `pages` may raise any `SyncError`; what came before stays good. There are none when
    the request asked for none. Close `pages` when they are not read to the end.
    """

    receipt: Receipt
    pages: Iterator[Page]


class SyncService(Protocol):
    """What the server does for one identity (or for nobody yet: hello, enrol, login)."""

    def hello(self) -> HelloAnswer:
        """Say who the server is. Needs no log-in."""
        ...

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Make a new laptop known. Raises EnrolCodeError, WrongPasswordError."""
        ...

    def login(self, request: LoginRequest) -> LoginAnswer:
        """Give a new token. Raises WrongPasswordError, RevokedError."""
        ...

    def exchange(self, request: ExchangeRequest) -> Exchange:
        """Store what is sent, each change on its own, then tell what is new; safe to repeat.

        Raises LoginExpiredError, RevokedError, TooLargeError.
        """
        ...

    def claims(self, request: ClaimsRequest) -> ClaimsAnswer:
        """Release, report and give out claims; safe to repeat. See `sync.protocol.claims`.

        Raises LoginExpiredError, RevokedError, TooLargeError.
        """
        ...

    def digests(self) -> DigestsAnswer:
        """Say, patient by patient, what the user should hold. Changes nothing."""
        ...

    def holdings(self, request: HoldingsRequest) -> HoldingsAnswer:
        """Name every record of some patients. Changes nothing."""
        ...

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Say which records are held. Changes nothing; safe to repeat."""
        ...
