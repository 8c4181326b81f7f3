"""The days that this store alone may hand out on: wishing for them, holding and dropping them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import Claim, Store
from fieldapp.domain.medication import Slot
from fieldapp.domain.patients import Patient
from fieldapp.domain.readiness import Verdict
from fieldapp.domain.rights import Right
from fieldapp.services import medication, rules
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import claims as store
from fieldapp.store.claims import ClaimPinnedError, Name

__all__ = [
    "ClaimPinnedError",
    "Planned",
    "Wish",
    "drop",
    "held",
    "is_pinned",
    "own_store",
    "preset",
    "set_back",
    "wish",
    "wishes",
    "withdraw_wish",
]

Unit = tuple[str, str, str]
"""(patient id, substance group, unit); see `fieldapp.domain.claims`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A day or an injection that was asked for and not granted yet.

    `denied` is the server's reason (`sync.protocol.claims.DenialReason`), "" before it answered;
    `holder_*` say who has it, where somebody has.
    """

    patient_id: str
    group: str
    unit: str
    wished_at: datetime
    denied: str = ""
    holder_id: str = ""
    holder_name: str = ""
    holder_phone: str = ""
    holder_device: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A unit of the round of the coming days: what it takes to hand out these doses.

    `verdict` is the gravest of its doses, leaving aside that the day has not begun. `claim` is the
    one that stands, `mine` when it is this store's; `wished` when it was asked for already.
    """

    patient: Patient
    group: str
    unit: str
    slots: tuple[Slot, ...]
    verdict: Verdict
    claim: Claim | None = None
    mine: bool = False
    wished: bool = False


def own_store(session: Session) -> Store:
    """Return this user on this laptop."""
    return Store(session.device_id, session.user.id)


def held(session: Session) -> list[Claim]:
    """Return what this store holds and has not given up."""
    return store.held(session.database, own_store(session))


def is_pinned(session: Session, claim_id: str) -> bool:
    """True when a printed sheet that was not entered yet names the claim."""
    return claim_id in store.pinned(session.database, own_store(session))


@needs(Right.HAND_OUT)
def wish(session: Session, units: Iterable[Unit]) -> ChangeSet:
    """Ask for claims; the next sync brings them, or says why not."""
    names = [Name(*unit) for unit in units]
    with session.write() as unit_of_work:
        store.remember_own_store(session.database, own_store(session))
        store.add_wishes(session.database, names, unit_of_work.now)
        for name in names:
            unit_of_work.note_change("claim", name.claim_id, name.patient_id)
    return unit_of_work.changes()


def withdraw_wish(session: Session, units: Iterable[Unit]) -> ChangeSet:
    """Ask for these no more."""
    names = [Name(*unit) for unit in units]
    with session.write() as unit_of_work:
        store.remove_wishes(session.database, names)
        for name in names:
            unit_of_work.note_change("claim", name.claim_id, name.patient_id)
    return unit_of_work.changes()


def wishes(session: Session) -> list[Wish]:
    """Return what was asked for and not granted, with the server's answer where there is one."""
    return [
        Wish(
            one.name.patient_id,
            one.name.group,
            one.name.unit,
            one.wished_at,
            one.denied,
            holder_id=str(one.denied_body.get("holder_id") or ""),
            holder_name=str(one.denied_body.get("holder_name") or ""),
            holder_phone=str(one.denied_body.get("holder_phone") or ""),
            holder_device=str(one.denied_body.get("holder_device") or ""),
        )
        for one in store.wishes(session.database)
    ]


def drop(session: Session, claim_ids: Iterable[str]) -> ChangeSet:
    """Give claims up: nothing is given under them from now on, whether or not there is a line.

    Raises ClaimPinnedError, and gives none up, when a printed sheet names one of them.
    """
    with session.write() as unit_of_work:
        store.remember_own_store(session.database, own_store(session))
        for claim in store.drop(session.database, own_store(session), claim_ids):
            unit_of_work.audit("drop_claim", "claim", claim.id, claim.patient_id)
            unit_of_work.note_change("claim", claim.id, claim.patient_id)
    session.settle()
    return unit_of_work.changes()


def set_back(session: Session) -> None:
    """Note that this store was opened from a copy, or set back: it gives up all it holds."""
    with session.write():
        store.remember_own_store(session.database, own_store(session))
        store.note_set_back(session.database)
    session.settle()


@needs(Right.HAND_OUT)
def preset(session: Session, days: int) -> list[Planned]:
    """Return what this person's round needs on this service day and the following, `days` in all.

    Ordered by day, then by the patients' names. Raises ValueError for fewer than 1 day or more
    than the organisation's longest trip.
    """
    if not 1 <= days <= rules.longest_trip(session):
        raise ValueError("longer than the organisation's longest trip, or no day")
    first = medication.service_day(session)
    wished = {one.name for one in store.wishes(session.database)}
    planned = medication.planned_units_of(
        session, [first + timedelta(days=offset) for offset in range(days)]
    )
    return [
        Planned(
            patient,
            group,
            unit,
            slots,
            verdict,
            claim,
            mine=claim is not None and claim.held_by(own_store(session)),
            wished=Name(patient.id, group, unit) in wished,
        )
        for found in planned.values()
        for patient, group, unit, slots, verdict, claim in found
    ]
