"""Everything that happened to a patient, newest first, across the kinds of record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.kinds import KINDS
from fieldapp.store.db import Database
from fieldapp.store.records import value_of

_TIMES = {
    "encounter": "started_at",
    "note": "signed_at",
    "medication_administration": "given_at",
    "screening_response": "authored_at",
    "rapid_test": "taken_at",
    "dose_incident": "happened_at",
    "pharmacy_report": "recorded_at",
    "communication": "happened_at",
    "medication_dispense": "handed_over_at",
    "adverse_event": "happened_at",
    "slot_reopening": "decided_at",
}
"""The column that places a kind in the timeline."""

_END_OF_TIME = "9999"
_SPARE = 20
"""So many records of one instant may follow a page's last one in the same table."""


@dataclass(frozen=True, slots=True)
class TimelineRecord:
    """One record; ``value`` is its domain value."""

    kind: str
    id: str
    at: datetime
    value: Any


def page(
    database: Database, patient_id: str, limit: int, before: datetime | None
) -> list[TimelineRecord]:
    """The newest records before an instant.

    About ``limit`` of them: records of one instant stay together on a page, so that asking again
    with the last one's time skips nothing.
    """
    until = _END_OF_TIME if before is None else to_iso(before)
    # Every table gives its newest rows by its own index. Sorting them all in one statement would
    # carry every body through the database's sorter, at ten times the price.
    rows = [
        (str(row["at"]), str(row["id"]), kind, str(row["body"]))
        for kind, time in _TIMES.items()
        for row in database.connection.execute(
            f"SELECT id, {time} AS at, body FROM {kind}"  # noqa: S608 (names from above)
            f" WHERE patient_id = ? AND {time} < ? ORDER BY {time} DESC LIMIT ?",
            (patient_id, until, limit + _SPARE),
        )
    ]
    rows.sort(reverse=True)
    if len(rows) > limit:
        last = rows[limit - 1][0]
        rows = [row for row in rows if row[0] >= last]
    return [
        TimelineRecord(
            kind, record_id, from_iso(at), value_of(KINDS[kind].value_type, body, patient_id)
        )
        for at, record_id, kind, body in rows
    ]
