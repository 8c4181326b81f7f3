"""Makes a new laptop known to the server, and logs a known one in again."""

from __future__ import annotations

import platform
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import Clock, SystemClock
from fieldapp.domain.codec import from_body
from fieldapp.domain.patients import Practitioner
from fieldapp.store.state import CourierKeys, Enrolment
from sync.client.device_login import DeviceLogin, signing_key
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.client.trust import believing_nobody
from sync.client.version import APP_VERSION
from sync.protocol.authorities import code_and_pin, has_fingerprint
from sync.protocol.errors import CodeWithoutPinError, InterceptedError
from sync.protocol.messages import EnrolRequest, LoginRequest, ServerKeys


def enrol(
    server_url: str,
    code: str,
    *,
    username: str,
    password: str,
    device_name: str,
    line: Line | None = None,
    app_version: str = APP_VERSION,
    machine_id: str = "",
    clock: Clock | None = None,
    disk_encrypted: bool | None = None,
) -> Enrolment:
    """Present the one-time code; return the laptop's new identity, to be stored encrypted.

    `machine_id` tells the office which stores lie on one laptop (`fieldapp.paths.machine_id`).
    For a server with TLS the code carries the fingerprint of its CA; nobody else is believed.
    Raises EnrolCodeError, WrongPasswordError, or the error of the line (`sync.protocol.errors`).
    """
    code, pin = code_and_pin(code)
    line = line or Line()
    authorities = _authorities_with(pin, server_url, line)
    key = Ed25519PrivateKey.generate()
    device = DeviceLogin(key, clock or SystemClock(), authorities=authorities)
    with HttpSyncService(server_url, device, line) as service:
        answer = service.enrol(
            EnrolRequest(
                code=code,
                device_name=device_name,
                platform=platform.system(),
                app_version=app_version,
                username=username.strip(),
                password=password,
                device_key=_public_half(key),
                machine_id=machine_id,
                disk_encrypted=disk_encrypted,
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
        courier=_courier_keys(key, answer.server_keys),
        logged_in_at=answer.server_time,
        login_expires_at=answer.login_expires_at,
        authorities=tuple(answer.authorities or authorities),
    )


def login(
    enrolment: Enrolment,
    password: str,
    *,
    line: Line | None = None,
    clock: Clock | None = None,
    offset_ms: int | None = None,
    machine_id: str = "",
) -> Enrolment:
    """Return the enrolment with a new token. `offset_ms`: as in `fieldapp.store.state`;
    `machine_id` tells the office on which laptop the store lies, "" nothing new.

    A laptop that was enrolled before there were courier files gets its keys now. Raises
    WrongPasswordError, RevokedError, or the error of the line.
    """
    key = signing_key(enrolment)
    device = DeviceLogin.of(enrolment, clock or SystemClock(), offset_ms=offset_ms)
    with HttpSyncService(
        enrolment.server_url, device, line or Line(), server_id=enrolment.server_id
    ) as service:
        answer = service.login(
            LoginRequest(
                device_id=enrolment.device_id,
                device_secret=enrolment.device_secret,
                username=enrolment.user.username,
                password=password,
                # Also when it was told before: a server that was restored may have lost it.
                device_key=_public_half(key),
                machine_id=machine_id,
            )
        )
    return replace(
        enrolment,
        token=answer.token,
        token_expires_at=answer.expires_at,
        user=from_body(Practitioner, answer.practitioner),
        courier=_courier_keys(key, answer.server_keys) or enrolment.courier,
        logged_in_at=answer.server_time,
        login_expires_at=answer.login_expires_at,
        # What a server says whose certificate was believed: so a change of CA reaches everybody.
        authorities=tuple(answer.authorities or enrolment.authorities),
    )


def _authorities_with(pin: str | None, server_url: str, line: Line) -> tuple[str, ...]:
    """Fetch the CA's certificate whose fingerprint came with the code; none for a line without TLS.

    Raises CodeWithoutPinError, InterceptedError.
    """
    if not server_url.strip().lower().startswith("https:"):
        return ()  # the line allows it to this very machine alone
    if pin is None:
        raise CodeWithoutPinError
    with HttpSyncService(server_url, lambda: None, line, verify=believing_nobody()) as anybody:
        offered = anybody.ca().certificates
    found = tuple(pem for pem in offered if has_fingerprint(pem, pin))
    if not found:
        raise InterceptedError("ca")
    return found


def _public_half(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _courier_keys(key: Ed25519PrivateKey, server: ServerKeys | None) -> CourierKeys | None:
    """The keys of courier files; None from a server that does not know of them."""
    if server is None:
        return None
    return CourierKeys(
        signing_key=key.private_bytes_raw().hex(),
        server_courier=server.courier,
        server_receipt=server.receipt,
        server_orders=server.orders,
        server_escrow=server.escrow,
    )
