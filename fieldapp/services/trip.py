"""Ready for trip: what must be so before leaving the office."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.medication import SlotKey
from fieldapp.domain.readiness import Code
from fieldapp.domain.rights import Right
from fieldapp.services import claims, machine, medication, reference, sync_status
from fieldapp.services.rights import has
from fieldapp.services.session import Session
from fieldapp.store import inbox, state
from fieldapp.store import patients as store_patients
from fieldapp.store import visits as store_visits

FREE_BYTES = 500_000_000
CLOCK_TOLERANCE = timedelta(minutes=5)
PASSPHRASE_STANDS = timedelta(days=7)
"""How long a proof of the passphrase counts; after a week one may have forgotten it."""
BATTERY_PERCENT = 60
_VERIFIED_AT = "passphrase_verified_at"


def _sync_limit() -> timedelta:
    return reference.handout().trip_sync_is_old.length


@dataclass(frozen=True, slots=True)
class TripCheck:
    """One line of the list. ``detail`` is the figure or the time behind it, as text.

    Codes: pull_complete, synced_recently, patients_present, doses_present, doses_claimed,
    passphrase, issues, nothing_parked, nothing_unsent, drafts_sent, disk_space, clock, battery,
    disk_encrypted. The last two are there only when the system tells, ``doses_claimed`` only when
    doses are planned. What is not ``needed`` is advice: one may leave without it.
    """

    code: str
    ok: bool
    detail: str = ""
    needed: bool = True


def checklist(session: Session, system_files: Path = machine.SYSTEM_FILES) -> list[TripCheck]:
    """Look at everything that can be known without a line; what cannot be known is left out."""
    status = sync_status.read(session)
    checks = [
        TripCheck("pull_complete", status.pull_complete),
        _synced_recently(session, status),
        _patients_present(session),
        _doses_present(session, status),
        _doses_claimed(session),
        _passphrase(session),
        TripCheck("nothing_parked", status.parked == 0, str(status.parked)),
        TripCheck("nothing_unsent", status.waiting == 0, str(status.waiting)),
        TripCheck("drafts_sent", status.drafts_unsent == 0, str(status.drafts_unsent)),
        _disk_space(session),
        _clock(session),
        _battery(system_files),
        _disk_encrypted(session, system_files),
    ]
    if status.issues:
        checks.insert(0, TripCheck("issues", False, str(status.issues)))
    return [check for check in checks if check is not None]


def ready(checks: list[TripCheck]) -> bool:
    """True when every line that is needed is in order."""
    return all(check.ok for check in checks if check.needed)


def note_passphrase_verified(session: Session) -> None:
    """Remember that this person's passphrase was just proved to open the store, and when.

    Nothing else is kept of it.
    """
    state.write(session.database, _VERIFIED_AT, to_iso(session.clock.now()))


def _passphrase(session: Session) -> TripCheck:
    seen = state.read(session.database, _VERIFIED_AT)
    if seen is None:
        return TripCheck("passphrase", False)
    age = session.clock.now() - from_iso(seen)
    return TripCheck("passphrase", timedelta() <= age <= PASSPHRASE_STANDS, seen)


def _battery(system_files: Path) -> TripCheck | None:
    found = machine.battery(system_files)
    if found is None:
        return None
    enough = found.percent >= BATTERY_PERCENT
    return TripCheck("battery", enough, str(found.percent), needed=not found.charging)


def _disk_encrypted(session: Session, system_files: Path) -> TripCheck | None:
    found = machine.disk_encrypted(session.database.path.parent, system_files)
    return None if found is None else TripCheck("disk_encrypted", found, needed=False)


def _synced_recently(session: Session, status: sync_status.SyncStatus) -> TripCheck:
    last = status.last_complete
    recent = last is not None and session.clock.now() - last <= _sync_limit()
    return TripCheck("synced_recently", recent, "" if last is None else last.isoformat())


def _patients_present(session: Session) -> TripCheck:
    """Every planned visit of today must have its patient here."""
    today = session.today()
    planned = store_visits.planned_for(session.database, session.user.id, today, today)
    wanted = {appointment.patient_id for appointment in planned}
    here = store_patients.by_ids(session.database, wanted)
    return TripCheck("patients_present", len(here) == len(wanted), f"{len(here)}/{len(wanted)}")


def _doses_present(session: Session, status: sync_status.SyncStatus) -> TripCheck | None:
    """The orders come with the pull; the figure is how many doses they plan for today."""
    if not has(session, Right.READ_PATIENTS):
        return None
    planned = medication.day_slots(session, session.today())
    return TripCheck("doses_present", status.pull_complete, str(len(planned)))


def _doses_claimed(session: Session) -> TripCheck | None:
    """How many of this service day's doses this laptop alone may hand out.

    What a colleague has reserved is theirs to give: it is told, and keeps nobody from leaving.
    """
    if not has(session, Right.HAND_OUT):
        return None
    own = {claim.id for claim in claims.held(session)}
    mine: dict[SlotKey, bool] = {}
    others: set[SlotKey] = set()
    for unit in claims.preset(session, 1):
        if Code.GIVEN in {finding.code for finding in unit.verdict.findings}:
            continue
        held_here = unit.claim is not None and unit.claim.id in own
        for slot in unit.slots:
            # A depot takes two claims: the day's and its own number's.
            mine[slot.key] = mine.get(slot.key, True) and held_here
            if unit.claim is not None and not held_here:
                others.add(slot.key)
    if not mine:
        return None
    count = sum(mine.values())
    missing = [key for key, held in mine.items() if not held and key not in others]
    return TripCheck(
        "doses_claimed", count == len(mine), f"{count}/{len(mine)}", needed=bool(missing)
    )


def _disk_space(session: Session) -> TripCheck:
    free = shutil.disk_usage(session.database.path.parent).free
    return TripCheck("disk_space", free >= FREE_BYTES, str(free // 1_000_000))


def _clock(session: Session) -> TripCheck:
    """The clock must not stand before what was written here or said by the server, nor go far
    from the server's by what the last sync measured."""
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
    measured = state.clock_offset_ms(session.database)
    offset = timedelta(milliseconds=abs(measured or 0))
    wrong = max(behind, offset)
    return TripCheck("clock", wrong <= CLOCK_TOLERANCE, str(int(wrong.total_seconds())))
