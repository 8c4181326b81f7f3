"""Two doses in one slot: what two laptops without coverage can do and only the server can see."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fieldapp.clock import to_iso
from fieldapp.domain.codec import to_body
from fieldapp.domain.issues import DetectedIssue, IssueStatus
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

_ISSUES: Final = uuid.UUID("0b9d3a57-7a3e-4a4b-8d6c-2b1f0c9f7e21")
DOUBLE_HANDOUT: Final = "double_handout"
_KIND: Final = "detected_issue"

Dose = tuple[str, str]
"""Event id and author id."""


def issue_id_of(slot: str) -> str:
    """Return the id of the safety item of a slot: the same one for ever."""
    return str(uuid.uuid5(_ISSUES, slot))


def raise_double_handouts(transaction: Transaction, slots: Sequence[str], now: datetime) -> None:
    """Write a safety item for every one of these slots in which two doses stand as given.

    One item for a slot; a dose that comes later is added to it, and opens it again.
    """
    found = transaction.records.doses_in(list(dict.fromkeys(slots)))
    doubled = {slot: doses for slot, doses in found.items() if len(doses) > 1}
    if not doubled:
        return
    present = transaction.records.get_many((_KIND, issue_id_of(slot)) for slot in doubled)
    for slot, doses in doubled.items():
        stored = present.get((_KIND, issue_id_of(slot)))
        body = _new(slot, doses, now) if stored is None else _grown(stored, doses)
        if body is None:
            continue
        transaction.records.add(
            NewVersion(
                kind=_KIND,
                id=body["id"],
                patient_id=body["patient_id"],
                body=body,
                immutable=False,
                author_id=None,
                device_id=None,
                received_at=to_iso(now),
            ),
            stored,
        )
    transaction.records.flush()


def _new(slot: str, doses: Sequence[Dose], now: datetime) -> dict[str, Any]:
    return to_body(
        DetectedIssue(
            id=issue_id_of(slot),
            patient_id=json.loads(slot)[0],
            code=DOUBLE_HANDOUT,
            evidence=tuple(event_id for event_id, _ in doses),
            raised_at=now,
            involved=_authors(doses),
        )
    )


def _grown(stored: StoredRecord, doses: Sequence[Dose]) -> dict[str, Any] | None:
    """Return the item with further doses, None when it names them all already.

    It may have come from a laptop, after a restore or made up: then who gave the doses is looked
    at too, for they do not answer it.
    """
    body = stored.body
    named = body.get("evidence", [])
    added = [event_id for event_id, _ in doses if event_id not in named]
    involved = body.get("involved", [])
    authors = [one for one in _authors(doses) if one not in involved]
    if not added and not authors:
        return None
    return {
        **body,
        "evidence": [*named, *added],
        "involved": [*involved, *authors],
        # Whoever answered it did not know of this dose.
        "status": IssueStatus.OPEN.value,
        "answered_by": None,
        "answered_at": None,
        "answer": "",
    }


def _authors(doses: Sequence[Dose]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(author_id for _, author_id in doses))
