"""Ready for trip: what must be so before leaving the office."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta

from fieldapp.clock import from_iso
from fieldapp.services import medication, sync_status
from fieldapp.services.session import Session
from fieldapp.store import inbox, state
from fieldapp.store import patients as store_patients
from fieldapp.store import visits as store_visits

OLDEST_SYNC = timedelta(hours=12)
FREE_BYTES = 500_000_000
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TripCheck:
    """One line of the list. ``detail`` is the figure or the time behind it, as text.

    Codes: pull_complete, synced_recently, patients_present, doses_present, nothing_parked,
    nothing_unsent, disk_space, clock.
    """

    code: str
    ok: bool
    detail: str = ""


def checklist(session: Session) -> list[TripCheck]:
    """Look at everything that can be known without a line; what cannot be known is left out."""
    status = sync_status.read(session)
    return [
        TripCheck("pull_complete", status.pull_complete),
        _synced_recently(session, status),
        _patients_present(session),
        _doses_present(session, status),
        TripCheck("nothing_parked", status.parked == 0, str(status.parked)),
        TripCheck("nothing_unsent", status.waiting == 0, str(status.waiting)),
        _disk_space(session),
        _clock(session),
    ]


def ready(checks: list[TripCheck]) -> bool:
    """True when every line is in order."""
    return all(check.ok for check in checks)


def _synced_recently(session: Session, status: sync_status.SyncStatus) -> TripCheck:
    last = status.last_complete
    recent = last is not None and session.clock.now() - last <= OLDEST_SYNC
    return TripCheck("synced_recently", recent, "" if last is None else last.isoformat())


def _patients_present(session: Session) -> TripCheck:
    """Every planned visit of today must have its patient here."""
    today = session.today()
    planned = store_visits.planned_for(session.database, session.user.id, today, today)
    wanted = {appointment.patient_id for appointment in planned}
    here = store_patients.by_ids(session.database, wanted)
    return TripCheck("patients_present", len(here) == len(wanted), f"{len(here)}/{len(wanted)}")


def _doses_present(session: Session, status: sync_status.SyncStatus) -> TripCheck:
    """The orders come with the pull; the figure is how many doses they plan for today."""
    planned = medication.day_slots(session, session.today())
    return TripCheck("doses_present", status.pull_complete, str(len(planned)))


def _disk_space(session: Session) -> TripCheck:
    free = shutil.disk_usage(session.database.path.parent).free
    return TripCheck("disk_space", free >= FREE_BYTES, str(free // 1_000_000))


def _clock(session: Session) -> TripCheck:
    """The clock must not stand before what was already written here or said by the server."""
    now = session.clock.now()
    seen = [
        from_iso(text)
        for text in (
            state.latest_clock(session.database),
            state.read(session.database, inbox.LATEST_SERVER_TIME),
        )
        if text is not None
    ]
    latest = max(seen, default=now)
    behind = max(latest - now, timedelta())
    return TripCheck("clock", behind <= CLOCK_TOLERANCE, str(int(behind.total_seconds())))
