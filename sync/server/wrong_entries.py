"""What the record-responsible sees of the entries that wait for their decision."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fieldapp.clock import from_iso
from sync.protocol.control import MarkRow, WrongEntryRow
from sync.server import corrections
from sync.server.corrections import Waiting
from sync.server.office_rows import name_in, patient_names
from sync.server.overview import staff_names
from sync.server.storage.storage import Transaction

_MOMENTS: Final = (
    *("signed_at", "given_at", "authored_at", "taken_at", "happened_at", "handed_over_at"),
    *("started_at", "recorded_at"),
)
"""The field that says when, the first of these that a body has."""

_AUTHORS: Final = ("author_id", "recorded_by", "handed_over_by")


def wrong_entry_rows(transaction: Transaction) -> list[WrongEntryRow]:
    """Return a row for every entry that waits, the longest waiting first."""
    found = corrections.waiting(transaction)
    names = staff_names(transaction)
    mentioned = {one.patient_id for one in found} | {
        mark.right_patient_id for one in found for mark in one.corrections
    }
    patients = patient_names(transaction, mentioned)
    return [
        WrongEntryRow(
            target_kind=one.target[0],
            target_id=one.target[1],
            patient_id=one.patient_id,
            patient_name=name_in(patients, one.patient_id),
            author_name=_author(one, names),
            written_at=_moment(one),
            marks=[
                MarkRow(
                    id=mark.id,
                    author_id=mark.author_id,
                    author_name=names.get(mark.author_id, ""),
                    marked_at=mark.marked_at,
                    reason=mark.reason,
                    right_patient_id=mark.right_patient_id,
                    right_patient_name=name_in(patients, mark.right_patient_id),
                )
                for mark in one.corrections
            ],
            body=one.entry.body if one.entry is not None else None,
            foreign=one.foreign,
            goes_along=len(corrections.related(transaction, one)) - 1,
        )
        for one in found
    ]


def _author(one: Waiting, names: dict[str, str]) -> str:
    body = one.entry.body if one.entry is not None else {}
    for field in _AUTHORS:
        if field in body:
            return names.get(str(body[field]), "")
    return ""


def _moment(one: Waiting) -> datetime | None:
    body = one.entry.body if one.entry is not None else {}
    for field in _MOMENTS:
        if isinstance(body.get(field), str):
            try:
                return from_iso(body[field])
            except ValueError:
                return None
    return None
