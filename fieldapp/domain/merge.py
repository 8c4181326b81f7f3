"""Three-way merge of a record edited in two places, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Merged:
    """Both edits fit together: `body` holds them."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """The same fields were changed to different values on both sides; a person chooses."""

    fields: tuple[str, ...]


def merge(base: Body, server: Body, incoming: Body) -> Merged | FieldConflict:
    """Join the changes of `server` and `incoming` since `base`.

    A field missing on one side counts as unchanged there: an older program does not know it and
    must not erase it.
    """
    result = dict(server)
    clashes: list[str] = []
    for field in incoming:
        ours, theirs, before = incoming[field], server.get(field), base.get(field)
        if ours in (before, theirs):
            continue
        if field in server and theirs != before:
            clashes.append(field)
        else:
            result[field] = ours
    return FieldConflict(tuple(sorted(clashes))) if clashes else Merged(result)
