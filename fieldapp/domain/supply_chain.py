"""The chain of the register: every line holds the hash of the one before it in the same store.

The hash covers the body word for word, so that a server or an older program can work it out for
lines of a newer one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from fieldapp.domain.codec import to_body
from fieldapp.domain.supply import SupplyMovement

START: Final = ""
"""Stands where the first line has no line before it."""

Body = Mapping[str, Any]


def line_hash(body: Body) -> str:
    """Return the hash of a line's body: SHA-256 in hexadecimal over everything but `hash`."""
    content = {name: value for name, value in body.items() if name != "hash"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(line: SupplyMovement) -> SupplyMovement:
    """Return the line with its hash."""
    return replace(line, hash=line_hash(to_body(line)))


class Fault(StrEnum):
    """What is wrong with a line of a chain."""

    CHANGED = "changed"
    """Its contents are not those that its hash was made of."""
    NOT_CONNECTED = "not_connected"
    """It does not name the line that stands before it, or two lines have one place."""
    MISSING_BEFORE = "missing_before"
    """The line before it is not here; it may still be on its way."""


@dataclass(frozen=True, slots=True)
class Break:
    """A line that does not fit, by the store that wrote it."""

    device_id: str
    author_id: str
    sequence: int
    line_id: str
    fault: Fault


def breaks(bodies: Iterable[Body]) -> list[Break]:
    """Return what does not fit in the chains of these lines, by store and place.

    A body without the fields of a chain counts as changed. A gap is told once, at its end.
    """
    chains: dict[tuple[str, str], list[Body]] = {}
    for body in bodies:
        chains.setdefault((str(body.get("device_id")), str(body.get("author_id"))), []).append(body)
    return [found for store in sorted(chains) for found in _chain_breaks(store, chains[store])]


def _chain_breaks(store: tuple[str, str], lines: list[Body]) -> list[Break]:
    found: list[Break] = []
    place, head = 0, START
    for body in sorted(lines, key=lambda line: (_place(line), str(line.get("id")))):
        fault = _fault(body, place, head)
        if fault is not None:
            found.append(Break(*store, _place(body), str(body.get("id")), fault))
        place, head = _place(body), str(body.get("hash"))
    return found


def _fault(body: Body, place: int, head: str) -> Fault | None:
    if body.get("hash") != line_hash(body):
        return Fault.CHANGED
    if _place(body) == place + 1:
        return None if body.get("previous") == head else Fault.NOT_CONNECTED
    return Fault.MISSING_BEFORE if _place(body) > place else Fault.NOT_CONNECTED


def _place(body: Body) -> int:
    number = body.get("sequence")
    return number if isinstance(number, int) else 0
