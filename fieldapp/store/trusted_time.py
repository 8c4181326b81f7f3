"""What time it really is, without a line: the server's last word and what has passed since.

Whoever hands out medicine must not gain a day by setting a clock. So the time that counts is the
server's, learnt from an answer to our own log-in, plus what a clock that nobody can set has counted
since (`Elapsed`, suspended time included). Closing the lid costs nothing.

- Within one start of the machine the machine's own clock is only compared: once it has moved
  against the other by more than `JUMP`, nothing counts until the server has been heard again.
- After a restart of the machine its clock is all there is. It counts, corrected by what was learnt,
  unless it shows a time before the latest one seen here.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from fieldapp.clock import Clock, Elapsed, from_iso, to_iso
from fieldapp.errors import RetryError, UserError
from fieldapp.store import state
from fieldapp.store.db import Database
from fieldapp.store.outbox import atomic

log = logging.getLogger(__name__)

JUMP: Final = timedelta(minutes=2)
"""More than any correction of a clock that runs as it should."""

LONGEST_EXCHANGE: Final = timedelta(minutes=2)
"""The time in an answer that took longer to come is too uncertain: the lid was closed meanwhile."""

_BASIS = "trusted_time"
_LATEST = "trusted_latest"
_PULL = "trusted_pull"
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class _Basis:
    """At `time` (true) the machine's clock showed `wall` and had run for `elapsed`.

    `offset` is what the server has taught: true time minus the machine's clock. `jumped` is set
    when the machine's clock was moved since.
    """

    time: datetime
    wall: datetime
    elapsed: Elapsed
    offset: timedelta
    jumped: bool = False


def note_server_time(
    database: Database, server_time: datetime, elapsed: Elapsed, wall: datetime
) -> None:
    """Take over the server's time, from an answer to our own log-in.

    `elapsed` and `wall` are what this machine counted and showed at that moment.
    """
    with atomic(database):
        _write_basis(database, _Basis(server_time, wall, elapsed, server_time - wall))
        # A time that a wrong clock once left here must not bar a right one for ever.
        state.write(database, _LATEST, to_iso(server_time))


def begin(database: Database, clock: Clock) -> None:
    """Take a first reading of this start of the machine; for whoever opens the store."""
    basis = _read_basis(database)
    if basis is None or basis.jumped:
        return
    elapsed, wall = clock.elapsed(), clock.now()
    if _same_boot(basis, elapsed):
        return
    time = wall + basis.offset
    trusted = time >= _latest(database, basis)
    fresh = _Basis(time, wall, elapsed, basis.offset) if trusted else replace(basis, jumped=True)
    _write_basis(database, fresh)


def now(database: Database, clock: Clock) -> datetime | None:
    """The true time in UTC, or None when nobody knows it before the next sync."""
    basis = _read_basis(database)
    if basis is None or basis.jumped:
        return None
    elapsed, wall = clock.elapsed(), clock.now()
    if not _same_boot(basis, elapsed):
        time = wall + basis.offset
        return time if time >= _latest(database, basis) else None
    passed = elapsed.since_boot - basis.elapsed.since_boot
    if abs(wall - basis.wall - passed) > JUMP:
        _remember_jump(database, basis)
        return None
    return basis.time + passed


def at_least(database: Database, clock: Clock) -> datetime | None:
    """A time that has passed for certain, also when the machine's clock was moved: what the server
    told in this start of the machine, and what has been counted since. None in another start.
    """
    basis = _read_basis(database)
    if basis is None:
        return None
    elapsed = clock.elapsed()
    if not _same_boot(basis, elapsed):
        return None
    return basis.time + (elapsed.since_boot - basis.elapsed.since_boot)


def note_latest(database: Database, clock: Clock) -> None:
    """Remember how late it is; part of every transaction that a person causes."""
    begin(database, clock)
    time = now(database, clock)
    basis = _read_basis(database)
    if time is not None and basis is not None and time > _latest(database, basis):
        state.write(database, _LATEST, to_iso(time))


def note_complete_pull(database: Database, at: datetime, elapsed: Elapsed) -> None:
    """Remember when a pull that was completed was asked for: `at` by the server's clock."""
    state.write(database, _PULL, json.dumps({"time": to_iso(at), **_of_elapsed(elapsed)}))


def pull_age(database: Database, clock: Clock) -> timedelta | None:
    """How long ago the last complete pull was; None before the first, or when nobody knows."""
    text = state.read(database, _PULL)
    if text is None:
        return None
    values = json.loads(text)
    then, elapsed = _elapsed_of(values), clock.elapsed()
    if then.boot_id and then.boot_id == elapsed.boot_id and then.since_boot <= elapsed.since_boot:
        return elapsed.since_boot - then.since_boot
    time = now(database, clock)
    return None if time is None else max(time - from_iso(values["time"]), timedelta())


def _same_boot(basis: _Basis, elapsed: Elapsed) -> bool:
    if not elapsed.boot_id or elapsed.boot_id != basis.elapsed.boot_id:
        return False
    # A machine whose name for its starts does not change is found out by what it counts.
    return elapsed.since_boot >= basis.elapsed.since_boot


def _latest(database: Database, basis: _Basis) -> datetime:
    text = state.read(database, _LATEST)
    # Instants are stored in whole milliseconds.
    return basis.time if text is None else from_iso(text)


def _remember_jump(database: Database, basis: _Basis) -> None:
    """A clock that is set back again is no better: it stays so until the server has been heard."""
    log.warning("the machine's clock was moved")
    try:
        _write_basis(database, replace(basis, jumped=True))
    except (UserError, RetryError) as error:
        log.warning("that the clock was moved could not be stored: %s", error.code)


def _read_basis(database: Database) -> _Basis | None:
    text = state.read(database, _BASIS)
    if text is None:
        return None
    values = json.loads(text)
    return _Basis(
        from_iso(values["time"]),
        from_iso(values["wall"]),
        _elapsed_of(values),
        values["offset_ms"] * _MILLISECOND,
        values["jumped"],
    )


def _write_basis(database: Database, basis: _Basis) -> None:
    values = {
        "time": to_iso(basis.time),
        "wall": to_iso(basis.wall),
        "offset_ms": basis.offset // _MILLISECOND,
        "jumped": basis.jumped,
        **_of_elapsed(basis.elapsed),
    }
    state.write(database, _BASIS, json.dumps(values))


def _of_elapsed(elapsed: Elapsed) -> dict[str, Any]:
    return {"boot_id": elapsed.boot_id, "elapsed_ms": elapsed.since_boot // _MILLISECOND}


def _elapsed_of(values: dict[str, Any]) -> Elapsed:
    return Elapsed(values["boot_id"], values["elapsed_ms"] * _MILLISECOND)
