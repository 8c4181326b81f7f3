"""An overdose and its follow-up. Written once, then edited until the follow-up is closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import EventError, check_adverse_event
from fieldapp.domain.handout_events import AdverseEvent, FollowUp
from fieldapp.domain.lease import Area
from fieldapp.domain.rights import Right
from fieldapp.services import lease, people
from fieldapp.services.corrections import Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import drafts, records


@dataclass(frozen=True, slots=True)
class OverdoseEntry:
    """What the form says. `id` is that of the event, new or known; `happened_at` None for "now"."""

    id: str
    patient_id: str
    description: str
    substances: str = ""
    happened_at: datetime | None = None
    done: tuple[FollowUp, ...] = ()
    responsible: str = ""
    due_on: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class AdverseEventView:
    """An overdose, with the name of whoever wrote it first."""

    event: AdverseEvent
    author_name: str


@needs(Right.RECORD_CARE)
def save(session: Session, entry: OverdoseEntry) -> ChangeSet:
    """Write an overdose, or its follow-up. The first author stays the author.

    Raises EventError; nothing is written then.
    """
    with session.write() as unit:
        present = records.get(session.database, AdverseEvent, entry.id)
        if present is not None and present.patient_id != entry.patient_id:
            raise EventError("not_this_patient")
        if present is None:
            happened = entry.happened_at or unit.now
            event = AdverseEvent(entry.id, entry.patient_id, happened, unit.now, session.user.id)
        else:
            event = replace(present, happened_at=entry.happened_at or present.happened_at)
        event = replace(
            event,
            description=entry.description.strip(),
            substances=entry.substances.strip(),
            done=tuple(step for step in FollowUp if step in entry.done),
            responsible=entry.responsible.strip(),
            due_on=entry.due_on,
            closed=entry.closed,
        )
        check_adverse_event(event, unit.now)
        if event != present:
            unit.save(event)
        drafts.delete(session.database, entry.id)
    session.settle()
    return unit.changes(entry.id)


@needs(Right.READ_PATIENTS)
def get(session: Session, event_id: str) -> AdverseEvent:
    """One overdose. Raises NotFoundError, also for one that this person may not read."""
    event = records.get(session.database, AdverseEvent, event_id)
    if event is None or Veil(session).hides("adverse_event", event_id, event.author_id):
        raise NotFoundError(event_id)
    lease.check(session, Area.OLDER_NOTES, event.patient_id)
    return event


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def for_patient(session: Session, patient_id: str) -> list[AdverseEventView]:
    """The overdoses of a patient: those still followed up first, then the newest."""
    every = records.select(session.database, AdverseEvent, "patient_id = ?", (patient_id,))
    found = Veil(session, patient_id).open_ones(every)
    found.sort(key=lambda one: (one.happened_at, one.id), reverse=True)
    found.sort(key=lambda one: one.closed)
    names = people.names(session)
    return [AdverseEventView(one, names.get(one.author_id, "")) for one in found]
