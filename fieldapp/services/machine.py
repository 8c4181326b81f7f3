"""What this computer can tell about itself: its battery, and whether its disk is encrypted.

Every answer may be None, which means that the system does not tell; nothing is guessed from that.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSTEM_FILES: Final = Path("/sys")
"""Where Linux describes the hardware."""

_SECONDS: Final = 2.0
"""How long a program of the system may take to answer."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge in per cent from 0 to 100, and whether it is being charged or on the mains."""

    percent: int
    charging: bool


def battery(system_files: Path = SYSTEM_FILES) -> Battery | None:
    """The battery, or None for a computer without one or one that does not tell."""
    if sys.platform == "win32":
        return _battery_of_windows()
    if sys.platform == "darwin":
        return battery_from_pmset(_said("pmset", "-g", "batt"))
    return _battery_of_linux(system_files)


def disk_encrypted(path: Path, system_files: Path = SYSTEM_FILES) -> bool | None:
    """True when the disk under `path` is encrypted by the system, None when it does not tell."""
    if sys.platform == "darwin":
        said = _said("fdesetup", "status")
        return None if said is None else "FileVault is On" in said
    if sys.platform == "win32":
        return None  # only an administrator may ask
    while not path.exists() and path != path.parent:
        path = path.parent  # a folder that is yet to be made will lie where its parent does
    try:
        device = os.stat(path).st_dev
    except OSError:
        return None
    return _encrypted_below(
        system_files / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
    )


def battery_from_pmset(said: str | None) -> Battery | None:
    """Read what macOS says: "... 83%; discharging; 4:12 remaining"."""
    line = next((line for line in (said or "").splitlines() if "%" in line), "")
    figure = line.partition("%")[0].split()[-1:] or [""]
    if not figure[0].isdigit():
        return None
    return Battery(int(figure[0]), "discharging" not in line)


def _battery_of_linux(system_files: Path) -> Battery | None:
    for supply in sorted((system_files / "class" / "power_supply").glob("*")):
        if _text(supply / "type") != "Battery" or _text(supply / "scope") == "Device":
            continue  # the mains, or the battery of a mouse
        percent = _text(supply / "capacity")
        if percent.isdigit():
            return Battery(int(percent), _text(supply / "status") != "Discharging")
    return None


def _encrypted_below(device: Path) -> bool | None:
    """Look at a disk and at what it lies on; encrypted when any layer is."""
    if not device.exists():
        return None  # a file system without a disk of its own
    if _text(device / "dm" / "uuid").startswith("CRYPT-"):
        return True
    below = list((device / "slaves").glob("*"))
    return any(_encrypted_below(layer) is True for layer in below)


def _battery_of_windows() -> Battery | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("mains", ctypes.c_ubyte),
            ("flag", ctypes.c_ubyte),
            ("percent", ctypes.c_ubyte),
            ("saver", ctypes.c_ubyte),
            ("seconds_left", ctypes.c_ulong),
            ("seconds_full", ctypes.c_ulong),
        )

    status = Status()
    answered = getattr(ctypes, "windll").kernel32.GetSystemPowerStatus(  # noqa: B009
        ctypes.byref(status)
    )
    if not answered or status.percent > 100:
        return None
    return Battery(int(status.percent), status.mains == 1)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _said(*command: str) -> str | None:
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout
