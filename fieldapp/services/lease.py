"""The offline lease: what this laptop may still show, so long after the last log-in at the server.

Services that read ask here, before anything is read; services that record never do. When the lease
has ended, of the patients of the trip the critical information, orders, claims and handouts stay
open; search, older notes and all other patients close until the next log-in. Nothing is deleted.

It is kept by the program and not by the cipher; see `fieldapp.domain.lease`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import date
from typing import Concatenate, ParamSpec, TypeVar

from fieldapp.clock import OSLO
from fieldapp.domain.lease import Area, Lease, LeaseState, lease
from fieldapp.errors import UserError
from fieldapp.services.session import Session
from fieldapp.store import claims, outbox, state, trusted_time, visits

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_LAST_DAY = date(9999, 12, 31)


class LeaseEndedError(UserError):
    """Too long since the last log-in at the server; a log-in opens it again (area)."""

    code = "lease_ended"


def current(session: Session) -> Lease:
    """The lease as it stands, by the latest time that was ever seen here.

    A store that has never been told of a log-in (it was enrolled by an older program) counts from
    when its token ran out.
    """
    database = session.database
    now = trusted_time.now(database, session.clock) or session.clock.now()
    # What was counted since the server was heard nobody can set, whatever the clock says.
    counted = trusted_time.at_least(database, session.clock) or now
    latest = max(now, counted, state.latest_seen(database) or now)
    last = state.last_login(database)
    if last is None:
        enrolment = state.load_enrolment(database)
        last = latest if enrolment is None else enrolment.token_expires_at
    return lease(last, latest, state.rules(database).lease_days)


def has_ended(session: Session) -> bool:
    """True when the lease has run out."""
    return current(session).state is LeaseState.ENDED


def is_closed(session: Session, area: Area, patient_id: str) -> bool:
    """True when `check` would raise."""
    try:
        check(session, area, patient_id)
    except LeaseEndedError:
        return True
    return False


def check(session: Session, area: Area, patient_id: str | None = None) -> None:
    """Go on only when this part of a patient, or of all of them, may be read.

    Raises LeaseEndedError.
    """
    known = current(session)
    if known.state is not LeaseState.ENDED:
        return
    on_trip = patient_id is not None and patient_id in trip_patients(session, known)
    if not known.allows(area, on_trip=on_trip):
        raise LeaseEndedError(area.value)


def narrowed(
    session: Session, area: Area, items: Iterable[T], patient_of: Callable[[T], str | None]
) -> list[T]:
    """Of a list over many patients that which may be read now; all of it while the lease stands."""
    known = current(session)
    if known.state is not LeaseState.ENDED:
        return list(items)
    trip = trip_patients(session, known)
    return [item for item in items if known.allows(area, on_trip=patient_of(item) in trip)]


def unless_closed(read: Callable[[], R]) -> R | None:
    """What is read, None where the lease has closed it; for what a page can do without."""
    try:
        return read()
    except LeaseEndedError:
        return None


def trip_patients(session: Session, known: Lease) -> frozenset[str]:
    """The patients of the trip: own claims, own visits from today on and under way, and wishes.

    Visits and wishes count that were there before the lease ended: nobody opens a patient by
    planning a visit.
    """
    database = session.database
    today = min(known.latest, known.until).astimezone(OSLO).date()
    own = claims.own_store(database)
    held = [] if own is None else claims.held(database, own)
    planned = visits.planned_for(database, session.user.id, today, _LAST_DAY)
    too_late = {
        item.record_id
        for item in outbox.items(database, "appointment")
        if item.created_at >= known.until
    }
    under_way = [
        visit
        for visit in visits.in_progress(database, session.user.id)
        if visit.started_at < known.until
    ]
    wished = [wish for wish in claims.wishes(database) if wish.wished_at < known.until]
    return frozenset(
        [
            *(claim.patient_id for claim in held),
            *(visit.patient_id for visit in planned if visit.id not in too_late),
            *(visit.patient_id for visit in under_way),
            *(wish.name.patient_id for wish in wished),
        ]
    )


def reads(
    area: Area,
) -> Callable[[Callable[Concatenate[Session, P], R]], Callable[Concatenate[Session, P], R]]:
    """`check` before a service that reads of one patient (`patient_id`, its first argument)."""

    def guarded(
        service: Callable[Concatenate[Session, P], R],
    ) -> Callable[Concatenate[Session, P], R]:
        @functools.wraps(service)
        def asked(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
            patient_id = args[0] if args else kwargs.get("patient_id")
            check(session, area, None if patient_id is None else str(patient_id))
            return service(session, *args, **kwargs)

        return asked

    return guarded


def reads_of_all(
    area: Area,
) -> Callable[[Callable[Concatenate[Session, P], R]], Callable[Concatenate[Session, P], R]]:
    """`check` before a service that reads across all patients does anything."""

    def guarded(
        service: Callable[Concatenate[Session, P], R],
    ) -> Callable[Concatenate[Session, P], R]:
        @functools.wraps(service)
        def asked(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
            check(session, area)
            return service(session, *args, **kwargs)

        return asked

    return guarded
