"""Records that were changed here and by somebody else: both sides, until a person has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.patients import SEVERE_CATEGORIES, Flag, FlagState
from fieldapp.domain.rights import Right
from fieldapp.services import people
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import outbox
from fieldapp.store import patients as store_patients
from fieldapp.store.outbox import Body, Origin, OutboxItem

FOLLOWERS: Mapping[str, tuple[str, ...]] = {"flag": ("confirmed_on", "confirmed_by")}
"""Fields nobody chooses by themselves: they say who wrote what was chosen, and when."""

_AUTHORS = ("confirmed_by", "answered_by", "decided_by", "author_id", "created_by")
_MOMENTS = ("answered_at", "decided_at", "recorded_at", "confirmed_on")


@dataclass(frozen=True, slots=True)
class Side:
    """Who wrote one side, when and on which laptop; blank and None where that is not known."""

    who: str
    when: datetime | date | None
    device_name: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One parked edit with two sides. ``fields`` are those to choose between, in the record's
    own order; ``mine`` and ``servers`` are the whole bodies."""

    change_id: str
    kind: str
    record_id: str
    patient_id: str | None
    patient_name: str
    fields: tuple[str, ...]
    mine: Body
    servers: Body
    here: Side
    there: Side


@needs(Right.READ_PATIENTS)
def read(session: Session, change_id: str) -> Conflict | None:
    """The conflict behind a parked change; None when it is settled or no conflict."""
    return next((one for one in of(session) if one.change_id == change_id), None)


@needs(Right.READ_PATIENTS)
def of(session: Session, patient_id: str | None = None) -> list[Conflict]:
    """All conflicts, of one patient or of all, the oldest first."""
    found = [
        item for item in _parked(session) if patient_id is None or item.patient_id == patient_id
    ]
    if not found:
        return []
    names = people.names(session)
    patients = store_patients.by_ids(
        session.database, [item.patient_id for item in found if item.patient_id]
    )
    return [
        _conflict(
            session,
            item,
            names,
            patients[item.patient_id].name if item.patient_id in patients else "",
        )
        for item in found
    ]


@needs(Right.RECORD_CARE, Right.REGISTER_PATIENTS)
def settle(session: Session, change_id: str, mine: frozenset[str]) -> ChangeSet:
    """Settle a conflict: the fields in ``mine`` keep what was written here, the others take the
    server's value. Does nothing when the conflict is not there any more."""
    with session.write() as unit:
        conflict = read(session, change_id)
        if conflict is not None:
            followers = FOLLOWERS.get(conflict.kind, ()) if mine else ()
            changed = outbox.settle_fields(
                session.database, change_id, mine | frozenset(followers), session.new_id
            )
            unit.audit("settle", changed.kind, changed.id, changed.patient_id)
            unit.note_change(changed.kind, changed.id, changed.patient_id)
    return unit.changes()


# --- critical information


@needs(Right.READ_PATIENTS)
def other_sides(session: Session) -> dict[str, tuple[Flag, ...]]:
    """The server's side of every flag that was also changed here, by patient: never hidden behind
    ours, whether it is a conflict already or came while our change still waits to be sent.

    Each has the id of the flag it disagrees with.
    """
    found: dict[str, dict[str, Flag]] = {}
    for item in outbox.items(session.database, kind="flag"):
        servers = item.server_body if item.server_body is not None else _withheld(session, item)
        if item.patient_id is None or servers is None or servers == item.body:
            continue
        try:
            flag = from_body(Flag, servers)
        except BodyError:
            continue  # of a newer version; the conflict is listed all the same
        found.setdefault(item.patient_id, {})[item.record_id] = flag
    return {patient_id: tuple(flags.values()) for patient_id, flags in found.items()}


@needs(Right.READ_PATIENTS)
def with_severe(
    session: Session, shown: Mapping[str, tuple[Flag, ...]]
) -> dict[str, tuple[Flag, ...]]:
    """Severe flags by patient, with those that only the server's side of a conflict holds."""
    result = dict(shown)
    for patient_id, flags in other_sides(session).items():
        if patient_id not in result:
            continue
        have = {flag.category for flag in result[patient_id]}
        missing = tuple(
            flag
            for flag in flags
            if flag.active
            and flag.state is FlagState.PRESENT
            and flag.category in SEVERE_CATEGORIES - have
        )
        result[patient_id] += missing
    return result


# --- details


def _withheld(session: Session, item: OutboxItem) -> Body | None:
    """What a pull brought of a record behind our unsent change, newer than what that stands on."""
    known = outbox.version_of(session.database.connection, item.kind, item.record_id)
    return item.seen_body if (item.seen_version or 0) > known else None


def _parked(session: Session) -> list[OutboxItem]:
    if not outbox.counts(session.database).parked:
        return []
    return [
        item
        for item in outbox.items(session.database)
        if item.state == "parked"
        and item.server_body is not None
        and policy_of(item.kind) is Policy.EDITED
    ]


def _conflict(session: Session, item: OutboxItem, names: dict[str, str], name: str) -> Conflict:
    assert item.server_body is not None
    clashing = set(outbox.clashes(session.database, item.change_id))
    to_choose = clashing - set(FOLLOWERS.get(item.kind, ())) or clashing
    newest = [
        other
        for other in outbox.items(session.database)
        if (other.kind, other.record_id) == (item.kind, item.record_id)
    ][-1]
    return Conflict(
        change_id=item.change_id,
        kind=item.kind,
        record_id=item.record_id,
        patient_id=item.patient_id,
        patient_name=name,
        fields=tuple(field for field in newest.body if field in to_choose),
        mine=newest.body,
        servers=item.server_body,
        here=Side(session.user.name, newest.created_at),
        there=_side(item.server_body, item.server_by, names),
    )


def _side(body: Body, by: Origin, names: dict[str, str]) -> Side:
    """What the server told of the writer; else what the record itself tells."""
    author = by.author_id or next((body[field] for field in _AUTHORS if body.get(field)), None)
    moment = next((body[field] for field in _MOMENTS if body.get(field)), None)
    return Side(names.get(str(author), ""), by.received_at or _moment(moment), by.device_name or "")


def _moment(value: Any) -> datetime | date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        return None
