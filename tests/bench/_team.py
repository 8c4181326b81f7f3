"""The synthetic team that several benchmarks work on: the demo's, on a day that never changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import name_of
from fieldapp.domain.patients import Assignment, Patient, Practitioner
from fieldapp.store.inbox import IncomingRecord
from sync.server.seed import DEMO_USERNAME, SeedRecord, demo_team

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def user_of(records: list[SeedRecord]) -> Practitioner:
    """The case manager of the demo, who follows 25 patients."""
    return next(
        record.value
        for record in records
        if isinstance(record.value, Practitioner) and record.value.username == DEMO_USERNAME
    )


def patients_of(records: list[SeedRecord], user_id: str) -> set[str]:
    """Ids of the patients whom this person follows."""
    return {
        record.value.patient_id
        for record in records
        if isinstance(record.value, Assignment) and record.value.practitioner_id == user_id
    }


def patient_id_of(value: Any) -> str | None:
    """The patient a seeded value belongs to; None for staff."""
    return value.id if isinstance(value, Patient) else getattr(value, "patient_id", None)


def laptop_records() -> tuple[Practitioner, list[IncomingRecord]]:
    """The demo's user and everything that a first sync brings to that laptop."""
    records = list(demo_team(DAY))
    user = user_of(records)
    seen = patients_of(records, user.id) | {None}
    return user, [
        IncomingRecord(
            name_of(record.value),
            str(getattr(record.value, "id", "")),
            patient_id_of(record.value),
            number,
            to_body(record.value),
        )
        for number, record in enumerate(records, start=1)
        if patient_id_of(record.value) in seen
    ]
