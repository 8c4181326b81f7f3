"""What each kind of record does when two sides disagree, and the merge of a record edited twice.

`RULES` is the one table that the store, the sync client and the server obey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Final

Body = Mapping[str, Any]


class Policy(StrEnum):
    """What happens to a record that exists on both sides."""

    EVENT = "event"
    """Immutable, union, unique by id; the same id with another body is refused and parked."""
    EDITED = "edited"
    """Merged by field against the base version; the same field changed twice waits for a person."""
    SERVER = "server"
    """The server's version wins; what a laptop sends is kept as a proposal."""


class Urgency(IntEnum):
    """What is sent first when the line is poor; smaller numbers first."""

    SAFETY = 0
    HANDOUT = 1
    RECORD = 2
    NOTE = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """The behaviour of one kind.

    `critical` records are never joined unseen: a change on both sides always waits for a person.
    `team`: a laptop may write it without a patient; it then goes to every laptop.
    """

    policy: Policy
    urgency: Urgency = Urgency.RECORD
    critical: bool = False
    team: bool = False


_EVENT: Final = Rule(Policy.EVENT)
_EDITED: Final = Rule(Policy.EDITED)
_SERVER: Final = Rule(Policy.SERVER)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "practitioner": _SERVER,
        "patient": _EDITED,
        "assignment": _SERVER,
        "flag": Rule(Policy.EDITED, critical=True),
        "contact": _EDITED,
        "medication_request": _SERVER,
        "proposal": _EDITED,
        "appointment": _EDITED,
        "encounter": _EDITED,
        "medication_administration": Rule(Policy.EVENT, Urgency.HANDOUT),
        "detected_issue": Rule(Policy.EDITED, Urgency.SAFETY, critical=True),
        "note": Rule(Policy.EVENT, Urgency.NOTE),
        "screening_response": _EVENT,
        "rapid_test": _EVENT,
        "claim": _SERVER,
        "slot_reopening": _SERVER,
        "witness_code": _SERVER,
        "pharmacy_report": Rule(Policy.EVENT, Urgency.HANDOUT),
        "dose_incident": Rule(Policy.EVENT, Urgency.HANDOUT),
        "witness_statement": Rule(Policy.EVENT, team=True),
        "communication": _EVENT,
        "medication_dispense": _EVENT,
        "adverse_event": _EDITED,
        "paper_sheet": Rule(Policy.EDITED, Urgency.HANDOUT, team=True),
        "supply_movement": Rule(Policy.EVENT, Urgency.HANDOUT, team=True),
        # Before what it blocks can be read by one more colleague.
        "entry_correction": Rule(Policy.EVENT, Urgency.SAFETY),
        "deletion": _SERVER,
    }
)
"""Every kind that travels. Drafts and lines of the access log travel beside the records: a draft is
replaced as a whole by its own laptop and never joined, a line of the log is an event."""


def rule_of(kind: str) -> Rule:
    """Return the rule of a kind.

    Unknown kinds come from a newer version; they are kept word for word, as events are.
    """
    return RULES.get(kind, _EVENT)


def policy_of(kind: str) -> Policy:
    """Return what happens to records of a kind that exist on both sides."""
    return rule_of(kind).policy


# --- the merge


@dataclass(frozen=True, slots=True)
class Merged:
    """Both edits fit together: `body` holds them."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """The same fields were changed to different values on both sides; a person chooses."""

    fields: tuple[str, ...]


def merge(
    base: Body, server: Body, incoming: Body, *, critical: bool = False
) -> Merged | FieldConflict:
    """Join the changes of `server` and `incoming` since `base`.

    A field missing on one side counts as unchanged there: an older program does not know it and
    must not erase it. Of a `critical` record every field that either side changed is in conflict as
    soon as both sides changed something and the results differ.
    """
    result = dict(server)
    clashes: list[str] = []
    ours_changed: set[str] = set()
    for field in incoming:
        ours, theirs, before = incoming[field], server.get(field), base.get(field)
        if ours in (before, theirs):
            continue
        ours_changed.add(field)
        if field in server and theirs != before:
            clashes.append(field)
        else:
            result[field] = ours
    if critical and ours_changed:
        theirs_changed = {field for field in server if server[field] != base.get(field)}
        if theirs_changed:
            return FieldConflict(tuple(sorted(ours_changed | theirs_changed)))
    return FieldConflict(tuple(sorted(clashes))) if clashes else Merged(result)
