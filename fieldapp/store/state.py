"""The store's own memory: the device's counter, the enrolment, and the settings of the screens.

Keys of the pull (cursor, last complete sync, purging) belong to ``fieldapp.store.inbox``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.patients import Practitioner
from fieldapp.store.db import Database
from fieldapp.store.outbox import CLOCK_OFFSET, atomic, dump

_SEQUENCE = "device_sequence"
_ENROLMENT = "enrolment"
_LATEST_CLOCK = "latest_clock"
_LAST_LOGIN = "last_login"
_LATEST_SEEN = "latest_seen"
_RULES = "rules"
_EPOCH = "epoch"
_LOG_HEAD = "log_head"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the organisation has decided; `mark` is the server's fingerprint of it.

    `service_day_begins` is local time ("06:00"). A pull older than `pull_max_age_hours` gives no
    green light; `longest_trip_days` counts today. Nobody may choose a longer time before the lock
    than `lock_minutes`. `lease_days` after the last log-in at the server
    older notes close.
    """

    mark: str = ""
    drafts_travel: bool = True
    courier_allowed: bool = False
    service_day_begins: str = "06:00"
    pull_max_age_hours: int = 72
    longest_trip_days: int = 7
    two_person_register: bool = False
    witness_required: bool = False
    folder_export_allowed: bool = False
    lease_days: int = 7
    lock_minutes: int = 3
    etreat_hours: int = 24
    btg_hours: int = 8

    @property
    def day_begins(self) -> time:
        """When a service day begins, in local time."""
        return time.fromisoformat(self.service_day_begins)

    @property
    def pull_max_age(self) -> timedelta:
        return timedelta(hours=self.pull_max_age_hours)


@dataclass(frozen=True, slots=True)
class CourierKeys:
    """What courier files need, in hexadecimal: this laptop's private half and the server's publics.

    `signing_key` (Ed25519) never leaves the encrypted store; `repr` does not show it. Files are
    sealed to `server_courier` (X25519); receipts are signed by `server_receipt` (Ed25519), and
    orders to this laptop by `server_orders` ("" until a server has told it). `server_escrow`
    (X25519) is the organisation's: its officers can open the store ("" where there is none).
    """

    signing_key: str
    server_courier: str
    server_receipt: str
    server_orders: str = ""
    server_escrow: str = ""

    def __repr__(self) -> str:
        return "CourierKeys()"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Which server this laptop belongs to, who it is there, and the user's present token.

    The secrets lie in the encrypted store and nowhere else; ``repr`` does not show them.
    """

    server_url: str
    server_id: str
    device_id: str
    device_secret: str
    user: Practitioner
    token: str
    token_expires_at: datetime
    courier: CourierKeys | None = None
    """None on a laptop that was enrolled before there were courier files, until it logs in."""
    login_expires_at: datetime | None = None
    """Until when the token can be renewed without a password; None where it cannot."""
    authorities: tuple[str, ...] = ()
    """Certificates (PEM) of the organisation's CAs; a TLS line is believed by them alone. None for
    a server on this machine, and on a laptop that was enrolled before there were any."""

    logged_in_at: datetime | None = None
    """When the last log-in with a password was, by the server's clock; the lease counts from it."""

    def __repr__(self) -> str:
        return f"Enrolment(device_id={self.device_id!r})"


# --- values by key


def read(database: Database, key: str) -> str | None:
    """The value under a key, or None."""
    row = database.connection.execute(
        "SELECT value FROM store_state WHERE key = ?", (key,)
    ).fetchone()
    return None if row is None else str(row["value"])


def write(database: Database, key: str, value: str) -> None:
    """Set a value; joins the open transaction or runs in one of its own."""
    with atomic(database) as connection:
        connection.execute(
            "INSERT INTO store_state (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


# --- the device's own counter


def next_sequence(database: Database) -> int:
    """Take the next number of this device; orders its events whatever its clock said.

    Part of the caller's transaction: a number whose event was rolled back is given out again.
    """
    number = int(read(database, _SEQUENCE) or 0) + 1
    write(database, _SEQUENCE, str(number))
    return number


def note_clock(database: Database, now: datetime) -> None:
    """Remember the latest time at which something was written here."""
    text = to_iso(now)
    if (read(database, _LATEST_CLOCK) or "") < text:
        write(database, _LATEST_CLOCK, text)


def latest_clock(database: Database) -> str | None:
    """The latest time at which something was written here, as text; None in a new store."""
    return read(database, _LATEST_CLOCK)


def note_login(database: Database, at: datetime | None) -> None:
    """Remember the last log-in at the server, by its clock; what was seen of time begins anew.

    A time that a wrong clock once left here must not close the store for ever.
    """
    if at is not None:
        write(database, _LAST_LOGIN, to_iso(at))
        write(database, _LATEST_SEEN, to_iso(at))


def last_login(database: Database) -> datetime | None:
    """When that was; None where it was never told."""
    text = read(database, _LAST_LOGIN)
    return None if text is None else from_iso(text)


def note_time_seen(database: Database, now: datetime) -> None:
    """Remember the latest time that was ever seen here: a clock put back prolongs no lease."""
    text = to_iso(now)
    if (read(database, _LATEST_SEEN) or "") < text:
        write(database, _LATEST_SEEN, text)


def latest_seen(database: Database) -> datetime | None:
    """The latest time that was ever seen here since the last log-in."""
    text = read(database, _LATEST_SEEN)
    return None if text is None else from_iso(text)


# --- what the server told of itself


def rules(database: Database) -> Rules:
    """The organisation's rules as last told; before that drafts travel and courier files do not."""
    text = read(database, _RULES)
    return Rules() if text is None else from_body(Rules, json.loads(text))


def remember_rules(database: Database, new: Rules) -> None:
    """Obey these from now on."""
    write(database, _RULES, dump(to_body(new)))


def epoch(database: Database) -> int | None:
    """The server's epoch that this store has come to terms with; it grows with each restore."""
    text = read(database, _EPOCH)
    return None if text is None else int(text)


def remember_epoch(database: Database, number: int) -> None:
    """All that a restored server may have lost has been offered to it again."""
    write(database, _EPOCH, str(number))


def log_head(database: Database) -> str:
    """The hash of the newest line of the access log that the server holds; "" for none."""
    return read(database, _LOG_HEAD) or ""


def remember_log_head(database: Database, line_hash: str) -> None:
    """The server holds the log up to this line."""
    write(database, _LOG_HEAD, line_hash)


def clock_offset_ms(database: Database) -> int | None:
    """By how many milliseconds this laptop's clock was behind the server's when last told."""
    text = read(database, CLOCK_OFFSET)
    return None if text is None else int(text)


def remember_clock_offset(database: Database, milliseconds: int) -> None:
    """Learnt from an answer to a log-in of ours only: anybody may set a clock otherwise."""
    write(database, CLOCK_OFFSET, str(milliseconds))


# --- enrolment


def remember_enrolment(database: Database, enrolment: Enrolment) -> None:
    """Store the enrolment in place of an older one."""
    write(database, _ENROLMENT, dump(to_body(enrolment)))


def load_enrolment(database: Database) -> Enrolment | None:
    """The enrolment of this laptop; None before it was enrolled."""
    text = read(database, _ENROLMENT)
    return None if text is None else from_body(Enrolment, json.loads(text))


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
    """Store a new token (after a login) and, where given, the user as the server now knows them,
    the keys of courier files, the end of the log-in and the organisation's CAs."""
    with atomic(database):
        current = load_enrolment(database)
        if current is not None:
            changed = replace(
                current,
                token=token,
                token_expires_at=expires_at,
                user=user or current.user,
                courier=courier or current.courier,
                logged_in_at=logged_in_at or current.logged_in_at,
                login_expires_at=login_expires_at or current.login_expires_at,
                authorities=current.authorities if authorities is None else authorities,
            )
            remember_enrolment(database, changed)
            note_login(database, logged_in_at)


# --- settings


def setting(database: Database, key: str) -> str | None:
    """A setting of the screens, or None."""
    row = database.connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def put_setting(database: Database, key: str, value: str) -> None:
    """Store a setting; joins the open transaction or runs in one of its own."""
    with atomic(database) as connection:
        connection.execute(
            "INSERT INTO setting (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


def settings(database: Database, prefix: str) -> dict[str, str]:
    """All settings whose key begins with a prefix, by key."""
    rows = database.connection.execute(
        "SELECT key, value FROM setting WHERE substr(key, 1, length(?)) = ? ORDER BY key",
        (prefix, prefix),
    )
    return {str(row["key"]): str(row["value"]) for row in rows}
