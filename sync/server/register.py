"""The narcotics register at the server: each laptop's chain is worked out again.

A line is never refused for it: what was written is kept, and the laptop is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fieldapp.domain.supply_chain import START, line_hash
from sync.server.storage.register import LineRow
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion

REGISTER_KIND: Final = "supply_movement"
_LARGEST_PLACE: Final = 2**53
_MAX_LETTERS: Final = 200


def check_chains(transaction: Transaction, versions: Iterable[NewVersion]) -> None:
    """Mark the laptops whose chain a stored line does not fit.

    A line whose predecessor is not here yet marks nobody: it may be on its way in a courier file.
    """
    rows: list[LineRow] = []
    broken: set[str] = set()
    for version in versions:
        if version.kind != REGISTER_KIND:
            continue
        row = _row(version.body)
        if row is None:
            broken.add(str(version.device_id or ""))
        else:
            rows.append(row)
    transaction.register.add(rows)
    broken |= _unconnected(transaction.register.beside(rows))
    for device_id in sorted(broken):
        transaction.register.mark_broken(device_id)


def _row(body: Mapping[str, Any]) -> LineRow | None:
    """Return a line's place; None when its hash is not that of its contents."""
    names = ("id", "device_id", "author_id", "previous", "hash")
    texts = [body.get(name) for name in names]
    place = body.get("sequence")
    if not isinstance(place, int) or not 0 < place < _LARGEST_PLACE:
        return None
    if not all(
        isinstance(text, str) and text.isprintable() and len(text) < _MAX_LETTERS for text in texts
    ):
        return None
    try:
        if body["hash"] != line_hash(body):
            return None
    except UnicodeEncodeError:  # half a letter somewhere, which no laptop of ours writes
        return None
    record_id, device_id, author_id, previous, own_hash = map(str, texts)
    return LineRow(record_id, device_id, author_id, place, previous, own_hash)


def _unconnected(lines: Sequence[LineRow]) -> set[str]:
    """Return the laptops with two lines in one place, or one that does not name its neighbour."""
    by_place: dict[tuple[str, str, int], LineRow] = {}
    found: set[str] = set()
    for line in lines:
        if by_place.setdefault((line.device_id, line.author_id, line.place), line) != line:
            found.add(line.device_id)
    for (device_id, author_id, place), line in by_place.items():
        before = by_place.get((device_id, author_id, place - 1))
        expected = START if place == 1 else before.hash if before is not None else line.previous
        if line.previous != expected:
            found.add(device_id)
    return found
