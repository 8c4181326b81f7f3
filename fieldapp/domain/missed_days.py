"""How many days a patient has been without the medicine of one order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    effective,
    is_active,
)

LONGEST = 60
"""Days looked back; beyond this the figure says no more than "very long"."""


def days_without(
    request: MedicationRequest, events: Iterable[MedicationAdministration], day: date
) -> int:
    """Count the calendar days before `day` that no dose covers; `day` itself is not counted.

    A dose covers its own day and the days up to the next planned one, because doses to take home
    are handed out with it. Doses of other orders are not looked at: a new order counts from its
    own first day. The figure stops at `LONGEST`.
    """
    earliest = max(request.valid_from, day - timedelta(days=LONGEST))
    given = [
        event.day
        for event in effective(events)
        if event.request_id == request.id
        and event.status is HandoutStatus.GIVEN
        and event.day < day
    ]
    start = max(given) + timedelta(days=1) if given else request.valid_from
    uncovered = max(start, earliest)
    while uncovered < day and not is_active(request, uncovered):
        uncovered += timedelta(days=1)
    return (day - uncovered).days
