"""The receipt of a day: what this person wrote, counted from the store, and by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from fieldapp.clock import OSLO
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.domain.rights import Right
from fieldapp.domain.visits import EncounterStatus
from fieldapp.services import sync_status
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import patients
from fieldapp.store import receipt as store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DayReceipt:
    """Counts of one service day on this laptop.

    `visits_signed` are finished visits with at least one signed note; `handouts` counts given and
    not given, counter-entries aside. `drafts_left` are all drafts on this laptop and `all_sent`
    says that nothing waits here. `names` are (kind, id) of every event and visit of the day, to
    ask the server for.
    """

    day: date
    patients: int
    visits_signed: int
    handouts: int
    screenings: int
    rapid_tests: int
    drafts_left: int
    all_sent: bool
    names: tuple[tuple[str, str], ...]


@needs(Right.READ_PATIENTS)
def of_day(session: Session, day: date) -> DayReceipt:
    """Count what the user of this session recorded on `day` (Oslo), on this laptop."""
    database, me = session.database, session.user.id
    start = datetime.combine(day, time.min, OSLO)
    end = datetime.combine(day + timedelta(days=1), time.min, OSLO)

    def mine(kind_type: type[T]) -> list[T]:
        return store.recorded(database, kind_type, me, session.device_id, start, end)

    notes, screenings, tests = mine(Note), mine(ScreeningResponse), mine(RapidTest)
    written = {note.encounter_id for note in notes}
    visits = [
        visit
        for visit in store.visits_of(database, me)
        if visit.id in written and visit.status is EncounterStatus.FINISHED
    ]
    handouts = [
        event
        for event in mine(MedicationAdministration)
        if event.status is not HandoutStatus.ENTERED_IN_ERROR
    ]
    status = sync_status.read(session)
    return DayReceipt(
        day=day,
        patients=len(patients.active(database)),
        visits_signed=len(visits),
        handouts=len(handouts),
        screenings=len(screenings),
        rapid_tests=len(tests),
        drafts_left=status.drafts,
        all_sent=status.all_sent,
        names=(
            *(("encounter", visit.id) for visit in visits),
            *(("note", note.id) for note in notes),
            *(("medication_administration", event.id) for event in handouts),
            *(("screening_response", event.id) for event in screenings),
            *(("rapid_test", event.id) for event in tests),
        ),
    )


@needs(Right.READ_PATIENTS)
def printed(session: Session, day: date, *, to_folder: bool = False) -> None:
    """Log that the receipt of a day was printed, or put into a file."""
    with session.write() as unit:
        unit.audit("export" if to_folder else "print", "receipt", day.isoformat())
