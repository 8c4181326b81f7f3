"""Reads what people type into small fields."""

from __future__ import annotations


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
