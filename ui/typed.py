"""Reads what people type into small fields."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

_DECIMAL = re.compile(r"[-\u2212+]?(\d+|\d{1,3}([ \u00a0\u202f]\d{3})+)([.,]\d+)?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})", re.ASCII)
_GROUPING = str.maketrans("", "", " \u00a0\u202f")


def parse_clock(text: str) -> tuple[int, int] | None:
    """Read a local time as people type it: "08:30", "8.30", "830"; None for anything else."""
    plain = text.strip().replace(".", ":")
    if ":" not in plain and len(plain) in (3, 4):
        plain = f"{plain[:-2]}:{plain[-2:]}"
    hour, _, minute = plain.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(minute) == 2):
        return None
    found = int(hour), int(minute)
    return found if found[0] < 24 and found[1] < 60 else None


def parse_decimal(text: str) -> Decimal | None:
    """Read a figure as people type or paste it: "37,5", "37.5", "-3", "1 234,5"; None otherwise.

    The one place that reads figures, because QLocale refuses "37.5" and writes a minus sign
    (U+2212) that Python refuses.
    """
    plain = text.strip()
    if not _DECIMAL.fullmatch(plain):  # a space counts only between thousands: "3 7" is no figure
        return None
    return Decimal(plain.translate(_GROUPING).replace(",", ".").replace("\u2212", "-"))


def parse_day(text: str) -> date | None:
    """Read a day as Norwegians write it: "05.03.2026", "5.3.26"; None for anything else."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        return None
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None
