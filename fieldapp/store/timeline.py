"""Everything that happened to a patient, newest first, across the kinds of record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.codec import from_body
from fieldapp.domain.kinds import KINDS
from fieldapp.store.db import Database

_TIMES = {
    "encounter": "started_at",
    "note": "signed_at",
    "medication_administration": "given_at",
    "screening_response": "authored_at",
    "rapid_test": "taken_at",
}
"""The column that places a kind in the timeline."""

_EACH = (
    "SELECT * FROM (SELECT '{kind}' AS kind, id, {time} AS at, body FROM {kind}"
    " WHERE patient_id = :patient AND {time} < :before ORDER BY {time} DESC LIMIT :limit + 20)"
)
_NEWEST = " UNION ALL ".join(_EACH.format(kind=kind, time=time) for kind, time in _TIMES.items())
_END_OF_TIME = "9999"


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
    parameters = {
        "patient": patient_id,
        "before": _END_OF_TIME if before is None else to_iso(before),
        "limit": limit,
    }
    # Every table gives its newest rows by its own index; only those few are sorted together.
    rows = database.connection.execute(
        f"SELECT * FROM ({_NEWEST}) ORDER BY at DESC, id DESC",  # noqa: S608 (texts from above)
        parameters,
    ).fetchall()
    if len(rows) > limit:
        last = rows[limit - 1]["at"]
        rows = [row for row in rows if row["at"] >= last]
    return [
        TimelineRecord(
            kind=str(row["kind"]),
            id=str(row["id"]),
            at=from_iso(str(row["at"])),
            value=from_body(KINDS[str(row["kind"])].value_type, json.loads(str(row["body"]))),
        )
        for row in rows
    ]
