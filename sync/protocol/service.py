"""The one interface between a laptop and the server.

`sync.client.http.HttpSyncService` implements it over a line, `sync.server.service` on the storage.
Every method raises a `SyncError`; a method that returns has succeeded.
"""

from __future__ import annotations

from typing import Protocol

from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    EnrolAnswer,
    EnrolRequest,
    HelloAnswer,
    LoginAnswer,
    LoginRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
)


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

    def push(self, request: PushRequest) -> PushAnswer:
        """Store changes, each on its own; safe to repeat.

        Raises LoginExpiredError, RevokedError.
        """
        ...

    def pull(self, request: PullRequest) -> PullAnswer:
        """Return the next page of what the user may see. Changes nothing; safe to repeat."""
        ...

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Say which records are held. Changes nothing; safe to repeat."""
        ...
