"""One's own lines of the access log, and what is logged of looking at or printing a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldapp.clock import from_iso
from fieldapp.services.session import Session
from fieldapp.store import audit
from fieldapp.store import patients as store_patients


@dataclass(frozen=True, slots=True)
class OwnLine:
    """What this person did here. `patient_name` is empty where the patient has left the laptop."""

    at: datetime
    action: str
    kind: str | None
    patient_name: str
    reason: str | None


def lines(session: Session, limit: int = 100) -> list[OwnLine]:
    """The newest first: this person's own, in this store, whatever their role."""
    found = [
        line
        for line in audit.lines(session.database, limit=limit)
        if line.actor_id == session.user.id
    ]
    patients = store_patients.by_ids(
        session.database, [line.patient_id for line in found if line.patient_id is not None]
    )
    return [
        OwnLine(
            at=from_iso(line.at),
            action=line.action,
            kind=line.kind,
            patient_name=patients[line.patient_id].name if line.patient_id in patients else "",
            reason=line.reason,
        )
        for line in found
    ]


def note_printed(session: Session, patient_id: str, *, to_folder: bool) -> None:
    """Log that who looked at a patient was put on paper, or into a file."""
    with session.write() as unit:
        unit.audit("export" if to_folder else "print", "access_log", patient_id, patient_id)


def note_report_printed(session: Session, device_id: str, *, to_folder: bool) -> None:
    """Log that the report of what lay on a laptop was put on paper, or into a file."""
    with session.write() as unit:
        unit.audit("export" if to_folder else "print", "breach_report", device_id)


def note_read(session: Session, place: str) -> None:
    """Log that this person opened a page that shows several patients at once."""
    with session.write() as unit:
        unit.audit("open", place)
