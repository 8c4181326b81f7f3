"""Makes a new laptop known to the server, and logs a known one in again."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import Final

from fieldapp.domain.codec import from_body
from fieldapp.domain.patients import Practitioner
from fieldapp.store.state import Enrolment
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.messages import EnrolRequest, LoginRequest

APP_VERSION: Final = "0.1.0"


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
    """Present the one-time code; return the laptop's new identity, to be stored encrypted.

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
        token=answer.token,
        token_expires_at=answer.expires_at,
    )


def login(enrolment: Enrolment, password: str, *, line: Line | None = None) -> Enrolment:
    """Return the enrolment with a new token.

    Raises WrongPasswordError, RevokedError, or the error of the line.
    """
    with HttpSyncService(
        enrolment.server_url, lambda: None, line or Line(), server_id=enrolment.server_id
    ) as service:
        answer = service.login(
            LoginRequest(
                device_id=enrolment.device_id,
                device_secret=enrolment.device_secret,
                username=enrolment.user.username,
                password=password,
            )
        )
    return replace(
        enrolment,
        token=answer.token,
        token_expires_at=answer.expires_at,
        user=from_body(Practitioner, answer.practitioner),
    )
