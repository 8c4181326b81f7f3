"""Time, passed in as an argument: the only module that reads the machine's clock.

Instants are aware ``datetime`` values in UTC. They are stored as text with millisecond precision
(``2026-11-22T08:15:00.000Z``), which sorts in time order.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")

_WINDOWS_BOOTS = (
    r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """How long the machine has run, suspended time included. Nobody can set it.

    Two readings can be compared while `boot_id` is the same; it changes with every start of the
    machine. `boot_id` is "" where the system does not tell: then nothing can be compared.
    """

    boot_id: str
    since_boot: timedelta


class Clock(Protocol):
    """Anything that knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def elapsed(self) -> Elapsed:
        """How long the machine has run."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> Elapsed:
        """How long the machine has run."""
        return machine_elapsed()


class FixedClock:
    """A clock for tests: stands still until it is told to advance."""

    def __init__(self, start: datetime) -> None:
        self._now = _as_utc(start)
        self._since_boot = timedelta(hours=1)
        self._boots = 1

    def elapsed(self) -> Elapsed:
        """How long the pretended machine has run."""
        return Elapsed(f"boot-{self._boots}", self._since_boot)

    def now(self) -> datetime:
        """The instant at which the clock stands, aware, in UTC."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Let time pass; a negative step turns the clock back without any time passing."""
        self._now += step
        self._since_boot += max(step, timedelta())

    def jump(self, step: timedelta) -> None:
        """Set the clock on or back without any time passing."""
        self._now += step

    def reboot(self) -> None:
        """Start the machine anew; the clock goes on as it was."""
        self._boots += 1
        self._since_boot = timedelta(minutes=1)


def machine_elapsed() -> Elapsed:
    """How long this machine has run, suspended time included, and which of its starts this is.

    Windows and macOS as their makers describe them; tried on Linux only.
    """
    try:
        if sys.platform == "win32":
            return _elapsed_of_windows()
        if sys.platform == "darwin":
            return _elapsed_of_macos()
        return _elapsed_of_linux()
    except (OSError, AttributeError, ValueError):
        # A system that does not tell: the reading can be compared with no other.
        return Elapsed("", timedelta(seconds=time.monotonic()))


def _elapsed_of_linux() -> Elapsed:
    seconds = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME"))  # noqa: B009
    return Elapsed(_boot_of_linux(), timedelta(seconds=seconds))


@functools.cache
def _boot_of_linux() -> str:
    """No program outlives the start of the machine that it began in."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _elapsed_of_windows() -> Elapsed:
    """GetTickCount64 counts sleep and hibernation; the kernel numbers its starts in the registry.

    The boot time that Windows tells moves with the clock and so proves nothing.
    """
    registry = importlib.import_module("winreg")
    ticks = getattr(ctypes, "windll").kernel32.GetTickCount64  # noqa: B009
    ticks.restype = ctypes.c_ulonglong
    with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, _WINDOWS_BOOTS) as key:
        number = registry.QueryValueEx(key, "BootId")[0]
    return Elapsed(f"windows-{int(number)}", timedelta(milliseconds=ticks()))


def _elapsed_of_macos() -> Elapsed:
    """mach_continuous_time counts sleep; the kernel names each start."""
    system = ctypes.CDLL("/usr/lib/libSystem.B.dylib", use_errno=True)
    name, length = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
    asked = b"kern.bootsessionuuid"
    if system.sysctlbyname(asked, name, ctypes.byref(length), None, ctypes.c_size_t(0)) != 0:
        raise OSError(ctypes.get_errno())
    base = (ctypes.c_uint32 * 2)()  # how many nanoseconds a tick is, as a fraction
    system.mach_timebase_info(ctypes.byref(base))
    system.mach_continuous_time.restype = ctypes.c_uint64
    nanoseconds = system.mach_continuous_time() * base[0] // base[1]
    return Elapsed(name.value.decode("ascii"), timedelta(microseconds=nanoseconds // 1000))


def to_iso(moment: datetime) -> str:
    """Text of an aware instant in UTC, cut to whole milliseconds.

    Raises ValueError for a naive value: its time zone would be a guess.
    """
    return _as_utc(moment).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_iso(text: str) -> datetime:
    """The aware UTC instant written by ``to_iso`` (any UTC offset is understood).

    Raises ValueError for text without an offset or that is no instant at all.
    """
    try:
        return _as_utc(datetime.fromisoformat(text))
    except OverflowError:
        # In UTC it would lie before the year 1 or after 9999.
        raise ValueError("outside the calendar") from None


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC)
