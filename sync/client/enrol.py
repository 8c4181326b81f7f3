"""Makes a new laptop known to the server, and logs a known one in again."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fieldapp.domain.codec import from_body
from fieldapp.domain.patients import Practitioner
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import LoginExpiredError
from sync.protocol.messages import EnrolRequest, LoginRequest

APP_VERSION: Final = "0.1.0"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a laptop knows about itself after enrolment; it is stored inside the encrypted store."""

    server_url: str
    server_id: str
    device_id: str
    device_secret: str = field(repr=False)
    user: Practitioner
    practitioner_body: Mapping[str, Any]
    """The user as the server sent it, word for word."""
    token: str = field(repr=False)
    token_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """A new token of a known laptop."""

    token: str = field(repr=False)
    token_expires_at: datetime
    user: Practitioner


def enrol(
    server_url: str,
    code: str,
    *,
    username: str,
    password: str,
    device_name: str,
    line: Line | None = None,
    app_version: str = APP_VERSION,
) -> Enrolment:
    """Present the one-time code; return the laptop's new identity.

    Raises EnrolCodeError, WrongPasswordError, or the error of the line (`sync.protocol.errors`).
    """
    with HttpSyncService(server_url, lambda: None, line or Line()) as service:
        answer = service.enrol(
            EnrolRequest(
                code=code.strip(),
                device_name=device_name,
                platform=platform.system(),
                app_version=app_version,
                username=username.strip(),
                password=password,
            )
        )
    return Enrolment(
        server_url=server_url,
        server_id=answer.server_id,
        device_id=answer.device_id,
        device_secret=answer.device_secret,
        user=from_body(Practitioner, answer.practitioner),
        practitioner_body=answer.practitioner,
        token=answer.token,
        token_expires_at=answer.expires_at,
    )


def login(
    server_url: str,
    *,
    server_id: str | None,
    device_id: str,
    device_secret: str,
    username: str,
    password: str,
    line: Line | None = None,
) -> Login:
    """Get a new token. Raises WrongPasswordError, RevokedError, or the error of the line."""
    with HttpSyncService(server_url, lambda: None, line or Line(), server_id=server_id) as service:
        answer = service.login(
            LoginRequest(
                device_id=device_id,
                device_secret=device_secret,
                username=username.strip(),
                password=password,
            )
        )
    return Login(answer.token, answer.expires_at, from_body(Practitioner, answer.practitioner))


def token_in_force(token: str | None, expires_at: datetime | None, now: datetime) -> str:
    """Return the token while it is good; raise LoginExpiredError without asking the server."""
    if token is None or expires_at is None or expires_at <= now:
        raise LoginExpiredError
    return token
