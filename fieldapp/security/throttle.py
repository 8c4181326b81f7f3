"""Slow down guessing: three free tries, then a wait of 5 s that doubles up to 15 minutes.

The count lies in a file beside the key file and survives a restart. It is a speed bump: whoever
can put back old files can put back this one too. Nothing is ever wiped after failures, because
unsent visits exist only here.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fieldapp.clock import Clock, from_iso, to_iso
from fieldapp.errors import UserError
from fieldapp.security.errors import LockedOutError
from fieldapp.store.files import write_private_file

FREE_TRIES = 3
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: datetime


class Throttle:
    """The count of failed passphrase tries on one store."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        # The count of this process, for the case that the disk is full.
        self._seen: _Failures | None = None

    def check(self) -> None:
        """Raise LockedOutError with the seconds left while a wait is running."""
        failures = self._read()
        if failures is None:
            return
        now = self._clock.now()
        if failures.last > now:
            # The machine's clock was set back: wait once more in full, but not for years.
            failures = _Failures(failures.count, now)
            self._write(failures)
        left = failures.last + wait_after(failures.count) - now
        if left > timedelta(0):
            raise LockedOutError(math.ceil(left.total_seconds()))

    def count_failure(self) -> None:
        """One more wrong passphrase. Trouble with the keyring must not be counted."""
        failures = self._read()
        self._write(_Failures((failures.count if failures else 0) + 1, self._clock.now()))

    def reset(self) -> None:
        """The right passphrase was given."""
        self._seen = None
        self._path.unlink(missing_ok=True)

    def _read(self) -> _Failures | None:
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
            stored = _Failures(int(value["count"]), from_iso(value["last"]))
        except FileNotFoundError:
            return self._seen
        except (ValueError, KeyError, TypeError):
            # Unreadable is not the same as "no failures": one wait, from now.
            stored = _Failures(FREE_TRIES, self._clock.now())
            self._write(stored)
        if self._seen is not None and self._seen.count > stored.count:
            return self._seen
        return stored

    def _write(self, failures: _Failures) -> None:
        self._seen = failures
        text = json.dumps({"count": failures.count, "last": to_iso(failures.last)})
        try:
            write_private_file(self._path, text.encode("utf-8"))
        except UserError as error:
            # A full or read-only disk must not keep the owner out.
            log.warning("the count of failed tries was not stored: %s", error.code)


def wait_after(failures: int) -> timedelta:
    """How long to wait after this many wrong passphrases in a row."""
    if failures < FREE_TRIES:
        return timedelta(0)
    doublings = min(failures - FREE_TRIES, 16)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))
