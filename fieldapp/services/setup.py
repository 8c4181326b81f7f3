"""From an open store to a session: which server, which device, which person."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from fieldapp.clock import Clock
from fieldapp.domain.patients import Practitioner
from fieldapp.errors import RetryError, UserError
from fieldapp.ids import IdMaker
from fieldapp.security import orders_file
from fieldapp.security.orders_file import OrdersFile
from fieldapp.services.session import Session
from fieldapp.store import records, state, trusted_time
from fieldapp.store.db import Database
from fieldapp.store.state import CourierKeys, Enrolment

_SYNTHETIC = "synthetic_numbers"


class NotEnrolledError(UserError):
    """This laptop has not been made known to a server yet."""

    code = "not_enrolled"


class EnrolmentAnswer(Protocol):
    """What the sync client brings home from an enrolment."""

    @property
    def server_url(self) -> str: ...
    @property
    def server_id(self) -> str: ...
    @property
    def device_id(self) -> str: ...
    @property
    def device_secret(self) -> str: ...
    @property
    def user(self) -> Practitioner: ...
    @property
    def token(self) -> str: ...
    @property
    def token_expires_at(self) -> datetime: ...
    @property
    def courier(self) -> CourierKeys | None: ...
    @property
    def logged_in_at(self) -> datetime | None: ...
    @property
    def login_expires_at(self) -> datetime | None: ...
    @property
    def authorities(self) -> tuple[str, ...]: ...


def remember_enrolment(database: Database, enrolment: EnrolmentAnswer) -> Enrolment:
    """Store an enrolment inside the encrypted store, in place of an older one."""
    stored = Enrolment(
        server_url=enrolment.server_url,
        server_id=enrolment.server_id,
        device_id=enrolment.device_id,
        device_secret=enrolment.device_secret,
        user=enrolment.user,
        token=enrolment.token,
        token_expires_at=enrolment.token_expires_at,
        courier=enrolment.courier,
        logged_in_at=enrolment.logged_in_at,
        login_expires_at=enrolment.login_expires_at,
        authorities=enrolment.authorities,
    )
    state.remember_enrolment(database, stored)
    state.note_login(database, stored.logged_in_at)
    keep_orders_file(database)
    return stored


def orders_of(enrolment: Enrolment) -> OrdersFile | None:
    """What is needed to ask for orders to this laptop; None where the server's key is not known."""
    if enrolment.courier is None or not enrolment.courier.server_orders:
        return None
    return OrdersFile(
        enrolment.server_url,
        enrolment.server_id,
        enrolment.device_id,
        enrolment.courier.server_orders,
        enrolment.authorities,
    )


def keep_orders_file(database: Database) -> None:
    """Let the locked program know where to ask for orders."""
    enrolment = state.load_enrolment(database)
    known = None if enrolment is None else orders_of(enrolment)
    if known is not None:
        orders_file.write(database.path.parent, known)


def load_enrolment(database: Database) -> Enrolment | None:
    """The enrolment of this laptop; None before it was enrolled."""
    return state.load_enrolment(database)


def at_address(enrolment: Enrolment, server_url: str) -> Enrolment:
    """The same enrolment with a server that answers at another address now."""
    return replace(enrolment, server_url=server_url)


def renew_token(
    database: Database,
    token: str,
    expires_at: datetime,
    user: Practitioner | None = None,
    courier: CourierKeys | None = None,
    logged_in_at: datetime | None = None,
    login_expires_at: datetime | None = None,
    authorities: tuple[str, ...] | None = None,
) -> None:
    """Store what a new login gave."""
    state.renew_token(
        database,
        token,
        expires_at,
        user,
        courier,
        logged_in_at,
        login_expires_at,
        authorities,
    )


def clock_offset_ms(database: Database) -> int | None:
    """By how many milliseconds this laptop's clock was behind the server's when last told."""
    return state.clock_offset_ms(database)


def allow_synthetic_numbers(database: Database) -> None:
    """Let this store take national numbers of the series for made-up people; for the demo."""
    state.write(database, _SYNTHETIC, "1")


def takes_synthetic_numbers(database: Database) -> bool:
    """True for a store of the demo or of a test."""
    return state.read(database, _SYNTHETIC) == "1"


def open_session(database: Database, clock: Clock, new_id: IdMaker) -> Session:
    """The session of the person to whom this store belongs. Raises NotEnrolledError."""
    enrolment = state.load_enrolment(database)
    if enrolment is None:
        raise NotEnrolledError
    trusted_time.begin(database, clock)
    keep_orders_file(database)
    _note_time(database, clock)
    # What the server has sent since the enrolment is newer than the enrolment's own copy.
    user = records.get(database, Practitioner, enrolment.user.id) or enrolment.user
    return Session(database, user, enrolment.device_id, clock, new_id)


def _note_time(database: Database, clock: Clock) -> None:
    """Remember that it was this late; the offline lease counts by it. A full disk is no reason not
    to open.
    """
    with contextlib.suppress(UserError, RetryError):
        state.note_time_seen(database, trusted_time.now(database, clock) or clock.now())
