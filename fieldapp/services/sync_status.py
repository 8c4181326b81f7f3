"""What is sent and what is not, in figures and by name, and what a person decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.rights import Right
from fieldapp.services import issues
from fieldapp.services.rights import has
from fieldapp.services.session import Session, UnitOfWork
from fieldapp.store import drafts, inbox, outbox, state
from fieldapp.store import patients as store_patients
from fieldapp.store.outbox import Body, OutboxItem


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Counts of this laptop.

    ``waiting`` are changes that are to be sent, those in the air just now included. ``parked`` are
    all that a person must look at; ``conflicts`` are those of them with two sides to choose from.
    ``issues`` are open safety items. ``drafts_unsent`` are drafts that the server has not got in
    the state they are in here; 0 where the organisation keeps drafts on the laptops.
    """

    waiting: int
    parked: int
    last_complete: datetime | None
    pull_complete: bool
    drafts: int
    conflicts: int = 0
    issues: int = 0
    drafts_unsent: int = 0

    @property
    def unsent(self) -> int:
        """Everything that leaves by itself with the next sync: changes and drafts."""
        return self.waiting + self.drafts_unsent

    @property
    def stopped(self) -> int:
        """What is parked for another reason than a conflict."""
        return self.parked - self.conflicts

    @property
    def all_sent(self) -> bool:
        """True only when nothing waits, nothing is parked and the pull is complete."""
        return self.unsent == 0 and self.parked == 0 and self.pull_complete


@dataclass(frozen=True, slots=True)
class UnsentItem:
    """One line of the list of what is unsent.

    ``title_code`` tells records of one kind apart (template, status, instrument, panel …).
    ``state`` is waiting, in_flight or parked. ``mine`` and ``servers`` are the two sides of a
    parked edit; ``decidable`` says that a person can choose between them. ``handed_over`` says
    that the office was asked to deal with it. ``waits_for`` is the change that this one cannot go
    before, because that one is parked. A draft has the kind "draft" and its own id as change id.
    """

    change_id: str
    patient_id: str | None
    patient_name: str
    kind: str
    title_code: str
    created_at: datetime
    state: str
    reason_code: str | None
    reason_detail: str | None
    mine: Body
    servers: Body | None
    record_id: str = ""
    handed_over: bool = False
    waits_for: str | None = None

    @property
    def decidable(self) -> bool:
        """True for a conflict: two sides of one record, of which a person chooses."""
        two_sides = self.state == "parked" and self.servers is not None
        return two_sides and policy_of(self.kind) is Policy.EDITED


_TITLE_FIELDS = {
    "note": "template",
    "medication_administration": "status",
    "screening_response": "instrument",
    "rapid_test": "panel",
    "encounter": "status",
    "appointment": "status",
    "flag": "category",
}


def read(session: Session) -> SyncStatus:
    """How things stand now."""
    counts = outbox.counts(session.database)
    pull = inbox.state(session.database)
    return SyncStatus(
        waiting=counts.waiting,
        parked=counts.parked,
        last_complete=pull.last_complete,
        pull_complete=pull.complete,
        drafts=drafts.count(session.database),
        conflicts=counts.conflicts,
        issues=issues.count_open(session) if has(session, Right.READ_PATIENTS) else 0,
        drafts_unsent=drafts_unsent(session),
    )


def drafts_unsent(session: Session) -> int:
    """How many drafts the server has not got as they stand here. Quick: asked every second."""
    return drafts.count_unsent(session.database) if _drafts_travel(session) else 0


def unsent(session: Session) -> list[UnsentItem]:
    """Everything that is not on the server yet, oldest first; drafts come last."""
    found = outbox.items(session.database)
    waiting_drafts = drafts.unsent(session.database) if _drafts_travel(session) else []
    patients = store_patients.by_ids(
        session.database,
        {
            *(item.patient_id for item in found if item.patient_id),
            *(draft.patient_id for draft in waiting_drafts),
        },
    )
    held_back = _held_back(session, found)
    return [
        UnsentItem(
            change_id=item.change_id,
            patient_id=item.patient_id,
            patient_name=(
                patients[item.patient_id].name
                if item.patient_id in patients and item.patient_id is not None
                else ""
            ),
            kind=item.kind,
            title_code=str(item.body.get(_TITLE_FIELDS.get(item.kind, ""), "")),
            created_at=item.created_at,
            state=item.state,
            reason_code=item.reason_code,
            reason_detail=item.reason_detail,
            mine=item.body,
            servers=item.server_body,
            record_id=item.record_id,
            handed_over=item.handed_over,
            waits_for=held_back.get(item.change_id),
        )
        for item in found
    ] + [
        UnsentItem(
            change_id=draft.id,
            patient_id=draft.patient_id,
            patient_name=(patients[draft.patient_id].name if draft.patient_id in patients else ""),
            kind="draft",
            title_code=draft.form,
            created_at=draft.saved_at,
            state="waiting",
            reason_code=None,
            reason_detail=None,
            mine={},
            servers=None,
            record_id=draft.id,
        )
        for draft in waiting_drafts
    ]


def _held_back(session: Session, found: list[OutboxItem]) -> dict[str, str]:
    """Change id of what waits -> change id of the parked one that it waits for.

    Later edits of a parked record wait for it, and so does all that points to a record which the
    server has not got, in chains of any length.
    """
    blocking: dict[str, str] = {}
    parked: dict[tuple[str, str], str] = {}
    result: dict[str, str] = {}
    connection = session.database.connection
    for item in found:
        record = (item.kind, item.record_id)
        if item.state == "parked":
            parked.setdefault(record, item.change_id)
            reason = item.change_id
        else:
            pointed = [item.body.get(name) for name in outbox.POINTERS]
            if item.patient_id != item.record_id:
                pointed.append(item.patient_id)
            first = next((blocking[key] for key in pointed if key in blocking), None)
            waits_for = parked.get(record) or first
            if waits_for is None:
                continue
            result[item.change_id] = waits_for
            reason = waits_for
        if outbox.version_of(connection, *record) == 0:
            blocking.setdefault(item.record_id, reason)
    return result


def retry(session: Session, change_id: str) -> ChangeSet:
    """Let a parked change wait again. Does nothing when it is not there any more."""
    with session.write() as unit:
        item = _parked(session, change_id)
        if item is not None:
            outbox.retry(session.database, change_id)
            _note(unit, "retry", Change(item.kind, item.record_id, item.patient_id))
    return unit.changes()


def hand_over(session: Session, change_id: str) -> ChangeSet:
    """Ask the office to deal with a parked change. It stays here, and counted, until the office
    has settled it.

    The server holds what it refused; the line of the log that travels there says that help is
    wanted, and the office sees such changes first.
    """
    with session.write() as unit:
        item = _parked(session, change_id)
        if item is not None and not item.handed_over:
            outbox.hand_over(session.database, change_id, unit.now)
            _note(unit, "hand_over", Change(item.kind, item.record_id, item.patient_id))
    return unit.changes()


def _drafts_travel(session: Session) -> bool:
    return state.rules(session.database).drafts_travel


def _parked(session: Session, change_id: str) -> OutboxItem | None:
    for item in outbox.items(session.database):
        if item.change_id == change_id and item.state == "parked":
            return item
    return None


def _note(unit: UnitOfWork, action: str, change: Change) -> None:
    unit.audit(action, change.kind, change.id, change.patient_id)
    unit.note_change(change.kind, change.id, change.patient_id)
