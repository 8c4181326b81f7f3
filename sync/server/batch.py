"""One batch of pushed changes, stored with few statements however many there are.

Everything that the decisions need is read at once, after the turn is taken; the decisions are made
in memory, in the order in which the changes were sent; then everything is written at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.claims import Store
from fieldapp.domain.codec import to_body
from fieldapp.domain.corrections import (
    CORRECTION_KIND,
    DELETION_KIND,
    ENTRY_DELETED,
    Deletion,
    deletion_id,
)
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.patients import Role
from fieldapp.domain.proposals import Proposal
from fieldapp.domain.rights import may_write
from fieldapp.ids import IdMaker
from sync.protocol.messages import Body, Outcome, PushRecord, PushResult
from sync.protocol.office import WITHOUT_RIGHT
from sync.server import corrections
from sync.server.assignments import assign
from sync.server.decide import Decision, Examined, Held, decide, examine
from sync.server.flagging import flagged_among
from sync.server.identity import Identity
from sync.server.own_fields import as_allowed
from sync.server.policy import NEVER_WISHED, Admission, Reach, admit, has_happened
from sync.server.register import REGISTER_KIND, check_chains
from sync.server.safety import is_looked_at, look_at
from sync.server.storage.base import BadValueError
from sync.server.storage.parked import ParkedChange
from sync.server.storage.records import HANDOUT_KIND, Name
from sync.server.storage.storage import Transaction
from sync.server.storage.values import Applied, NewChange, NewVersion, StoredRecord

_PROPOSALS: Final = uuid.UUID("6c1c2b0e-55c6-4be1-9f3c-0d7f6f6f2f11")
"""Names the proposals made of changes of what the server owns: the same one for the same change."""

KEPT_AS_PROPOSAL: Final = "kept_as_proposal"
PROPOSAL_KIND: Final = "proposal"
NOT_ITS_AUTHORS: Final = "not_own_handout"
WITNESS_IS_GIVER: Final = "witness_is_giver"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A change with what its body showed by itself, before any lock was taken."""

    record: PushRecord
    examined: Examined

    @property
    def name(self) -> Name:
        return (self.record.kind, self.record.id)


def examined(records: Sequence[PushRecord]) -> list[Pushed]:
    """Judge each change by itself."""
    return [
        Pushed(record, examine(record.kind, record.id, _named_patient(record), record.body))
        for record in records
    ]


def _named_patient(record: PushRecord) -> str | None:
    """Return the patient whom the body names. Where two were joined it may be the one who is gone;
    whether both are one is known only later, and a restored server may have lost the join.
    """
    named = record.body.get("patient_id")
    if record.kind == "patient" or record.patient_id is None or not isinstance(named, str):
        return record.patient_id
    return named


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: a result for each change, and (id, body) of what is now stored."""

    results: list[PushResult]
    signed: list[tuple[str, Body]]


@dataclass(frozen=True, slots=True)
class Sent:
    """The changes of one request. `numbered`: their sequences are places in the laptop's queue."""

    identity: Identity
    pushed: Sequence[Pushed]
    now: datetime
    numbered: bool


def store(
    transaction: Transaction,
    identity: Identity,
    pushed: Sequence[Pushed],
    now: datetime,
    new_id: IdMaker,
    *,
    numbered: bool,
) -> Stored:
    """Store a batch, each change on its own. Waits for the turn.

    A value that the database refuses is found by storing them one by one, and refused alone.
    """
    try:
        with transaction.savepoint():
            (stored,) = store_all(transaction, [Sent(identity, pushed, now, numbered)], new_id)
            return stored
    except BadValueError:
        if len(pushed) == 1:
            return Stored([_refused(pushed[0].record, "not_storable")], [])
    parts = [store(transaction, identity, [one], now, new_id, numbered=numbered) for one in pushed]
    return Stored(
        [result for part in parts for result in part.results],
        [signed for part in parts for signed in part.signed],
    )


def store_all(transaction: Transaction, requests: Sequence[Sent], new_id: IdMaker) -> list[Stored]:
    """Store the changes of several requests as if one came after the other. Waits for the turn.

    Raises BadValueError, after which the transaction is lost, when the database refuses a value.
    """
    transaction.records.take_turn()
    known = _Known(transaction, requests)
    found = [_Batch(transaction, sent, known, new_id).run() for sent in requests]
    known.write()
    for sent, stored in zip(requests, found, strict=True):
        known.keep_what_was_not_stored(sent, stored.results)
    return found


class _Known:
    """What is stored of everything that several requests name, kept up while they are decided on;
    and what is to be written of it.
    """

    def __init__(self, transaction: Transaction, requests: Sequence[Sent]) -> None:
        self._transaction = transaction
        records = transaction.records
        good = [
            (sent, pushed)
            for sent in requests
            for pushed in sent.pushed
            if pushed.examined.problem is None
        ]
        self.applied = records.applied_many([pushed.record.change_id for _, pushed in good])
        self.present = records.get_many(pushed.name for _, pushed in good)
        self.patients = transaction.scope.ties_of(
            {
                (sent.identity.user_id, patient_id)
                for sent, pushed in good
                for patient_id in self._patients_of(pushed)
                if patient_id is not None
            }
        )
        older = [base for _, pushed in good if (base := self._base_of(pushed)) is not None]
        self.bases: dict[tuple[int, str, str], Mapping[str, Any]] = dict(records.bodies_at(older))
        self._places = records.changes_at(
            [
                (queue_of(sent.identity), pushed.record.sequence)
                for sent, pushed in good
                if sent.numbered
            ]
        )
        self._gone = set(
            transaction.deletions.gone(name for _, pushed in good for name in _touched(pushed))
        )
        self._parked = transaction.parked.all_waiting(
            {sent.identity.device_id for sent in requests}
        )
        self._changes: dict[str, NewChange] = {}
        self._to_look_at: list[NewVersion] = []
        self._newest_time: datetime | None = None
        self._to_flag: list[NewVersion] = []
        self._forked: list[tuple[Identity, int]] = []
        self._register_lines: list[NewVersion] = []
        self._device_names: dict[str, str | None] = {}

    def is_gone(self, pushed: Pushed) -> str | None:
        """Return why a change of what was deleted, or a mark or wish about it, is not taken in."""
        return None if self._gone.isdisjoint(_touched(pushed)) else ENTRY_DELETED

    def delete_again(self, decision: Deletion, patient_id: str, now: datetime) -> StoredRecord:
        """Carry out a deletion of the time before this server was set back."""
        stored = corrections.again(self._transaction, decision, patient_id, now)
        self.present[stored.kind, stored.id] = stored
        for one in decision.removed if decision.deleted else ():
            self._gone.add((one.kind, one.id))
            self.present.pop((one.kind, one.id), None)
        return stored

    def _patients_of(self, pushed: Pushed) -> tuple[str | None, ...]:
        present = self.present.get(pushed.name)
        stored = present.patient_id if present is not None else None
        return (pushed.record.patient_id, _named_patient(pushed.record), stored)

    def _base_of(self, pushed: Pushed) -> tuple[int, str, str] | None:
        """Name the older version that an edit was made on, where it must be read."""
        record, present = pushed.record, self.present.get(pushed.name)
        if present is None or policy_of(record.kind) is not Policy.EDITED:
            return None
        if not 0 < record.base_version < present.seq:
            return None
        return (record.base_version, record.kind, record.id)

    def device_name(self, device_id: str | None) -> str | None:
        """Return the name of a laptop; read only where two sides are shown, which is rare."""
        if device_id is None:
            return None
        if device_id not in self._device_names:
            device = self._transaction.accounts.device(device_id)
            self._device_names[device_id] = device.name if device is not None else None
        return self._device_names[device_id]

    def add(self, version: NewVersion, present: StoredRecord | None, now: datetime) -> int:
        """Add a version to be stored; return its number."""
        stored = self._transaction.records.add(version, present)
        self.present[version.kind, version.id] = stored
        if present is not None:
            # A later change of the same batch may have been made on it.
            self.bases[present.seq, present.kind, present.id] = present.body
        marked = version.out_of_scope or version.without_right
        if version.kind != PROPOSAL_KIND and (marked or version.kind == HANDOUT_KIND):
            self._to_flag.append(version)
        if version.kind == REGISTER_KIND:
            self._register_lines.append(version)
        if is_looked_at(version):
            self._to_look_at.append(version)
            self._newest_time = now
        return stored.seq

    def remember(self, sent: Sent, record: PushRecord, version: int) -> None:
        """Note in which version a change is stored, and whether its place was taken."""
        change = NewChange(record.change_id, record.kind, record.id, version)
        if sent.numbered:
            queue = queue_of(sent.identity)
            change = change._replace(device_id=queue, sequence=record.sequence)
            before = self._places.setdefault((queue, record.sequence), record.change_id)
            if before != record.change_id:
                # Two changes from one place of one queue: the laptop was cloned, or set back.
                self._forked.append((sent.identity, record.sequence))
        self.applied.setdefault(record.change_id, Applied(record.kind, record.id, version))
        self._changes.setdefault(record.change_id, change)

    def write(self) -> None:
        """Write everything that was added: a few statements, however much it is."""
        # Read before the writes, which are sent without waiting for each.
        flagged = flagged_among(self._transaction, self._to_flag)
        with self._transaction.at_once():
            self._transaction.records.flush()
            self._transaction.records.remember_changes(list(self._changes.values()))
            self._transaction.flagged.add(flagged)
        for who, place in self._forked:
            self._transaction.accounts.mark_forked(who.device_id)
            self._transaction.claims.note_doubtful(Store(who.device_id, who.user_id), place)
        if self._register_lines:
            check_chains(self._transaction, self._register_lines)
        if self._newest_time is not None:
            look_at(self._transaction, self._to_look_at, self._newest_time)

    def keep_what_was_not_stored(self, sent: Sent, results: Sequence[PushResult]) -> None:
        """Keep it for the office; forget what was kept of records that have now arrived."""
        device_id = sent.identity.device_id
        for pushed, result in zip(sent.pushed, results, strict=True):
            if result.reason == ENTRY_DELETED:
                continue  # not a word of it is kept
            if not result.outcome.stored:
                park(self._transaction, sent.identity, pushed, result, to_iso(sent.now))
            elif (device_id, *pushed.name) in self._parked:
                is_event = policy_of(pushed.record.kind) is Policy.EVENT
                text = pushed.examined.text if is_event else None
                self._transaction.parked.withdraw(device_id, *pushed.name, text=text)


def _touched(pushed: Pushed) -> list[Name]:
    """Name the record of a change, and the one that a mark or a wish is about."""
    if pushed.record.kind not in (CORRECTION_KIND, PROPOSAL_KIND):
        return [pushed.name]
    return [pushed.name, *corrections.names_in(pushed.record.body)]


def queue_of(identity: Identity) -> str:
    """Name the queue that a change came from: each user of a laptop has one of their own."""
    return f"{identity.device_id}/{identity.user_id}"


class _Batch:
    """Decides on the changes of one request."""

    def __init__(
        self, transaction: Transaction, sent: Sent, known: _Known, new_id: IdMaker
    ) -> None:
        self._transaction = transaction
        self._records = transaction.records
        self._sent = sent
        self._who = sent.identity
        self._now = sent.now
        self._received_at = to_iso(sent.now)
        self._known = known
        self._new_id = new_id

    def run(self) -> Stored:
        results = [self._result_of(pushed) for pushed in self._sent.pushed]
        stored = [
            (pushed.record.id, pushed.record.body)
            for pushed, result in zip(self._sent.pushed, results, strict=True)
            if result.outcome.stored
        ]
        return Stored(results, stored)

    def _result_of(self, pushed: Pushed) -> PushResult:
        """Decide on a change; where the server's body is told, say whose words it holds."""
        present = self._known.present.get(pushed.name)
        result = self._told(pushed.record, self._apply(pushed))
        if result.server_body is None or present is None:
            return result
        return result.model_copy(
            update={
                "server_author_id": present.author_id,
                "server_device_name": self._known.device_name(present.device_id),
                "server_received_at": from_iso(present.received_at),
            }
        )

    # --- whose it is

    def _tie(self, patient_id: str) -> tuple[str, bool | None]:
        return self._known.patients.get((self._who.user_id, patient_id), (patient_id, None))

    def _reach(self, patient_id: str | None) -> Reach:
        if patient_id is None:
            return Reach.TEAM
        _, follows = self._tie(patient_id)
        if follows is None:
            return Reach.NEVER
        return Reach.ASSIGNED if follows else Reach.FORMERLY

    def _owner(self, record: PushRecord) -> str | None:
        """Return whose record it is: of a patient who was joined with another, the other's.

        The body says so, for that is what its author wrote. Beside it stands what the server told
        before, which may be a join that it has lost since.
        """
        if record.kind == "patient":
            return record.patient_id
        return self._stands_for(_named_patient(record))

    def _stands_for(self, patient_id: str | None) -> str | None:
        """Return the patient for whom an id stands since a join, mostly itself."""
        return None if patient_id is None else self._tie(patient_id)[0]

    def _told(self, record: PushRecord, result: PushResult) -> PushResult:
        """Of a change that names a patient who was joined, say no version of its own.

        The laptop then fetches the record in its next pages, where it stands under the other.
        """
        if not result.outcome.stored or self._owner(record) == record.patient_id:
            return result
        news = {"version": record.base_version, "server_body": None, "server_version": None}
        return result.model_copy(update=news)

    # --- deciding

    def _apply(self, pushed: Pushed) -> PushResult:
        record = pushed.record
        reach = self._reach(_named_patient(record))
        problem = pushed.examined.problem or self._known.is_gone(pushed)
        problem = problem or self._made_up(pushed, reach)
        if problem is not None:
            return _refused(record, problem)
        before = self._known.applied.get(record.change_id)
        present = self._known.present.get(pushed.name)
        is_event = policy_of(record.kind) is Policy.EVENT
        if before is not None and present is not None and not is_event:
            # Asked of the stored record: what the request says of its patient may be made up.
            shown = self._reach(present.patient_id) in (Reach.ASSIGNED, Reach.TEAM)
            return _repeated(record, pushed.examined, before.seq, present, shown=shown)
        if policy_of(record.kind) is Policy.SERVER:
            return self._wish(pushed, present)
        if record.kind == "patient" and present is not None:
            self._carry_over(record, present)
        new_patient = record.kind == "patient" and present is None
        admission = admit(record.kind, reach, new_patient=new_patient)
        if admission in (Admission.SERVER_OWNED, Admission.NOT_ASSIGNED):
            return _refused(record, admission.value)
        without_right = not may_write(self._who.role, record.kind, record.body)
        if without_right and not has_happened(record.kind):
            return _refused(record, WITHOUT_RIGHT)
        forged = self._forged(record) if present is None else None
        if forged is not None:
            return _refused(record, forged)
        decision = self._decided(record, present, reach)
        flagged = admission is Admission.FLAGGED
        version = self._store(pushed, decision, present, flagged, without_right=without_right)
        if new_patient and decision.store is not None:
            self._follow_new_patient(record.id)
        return _result(record, decision, version, present, shown=not flagged)

    def _made_up(self, pushed: Pushed, reach: Reach) -> str | None:
        """Return why the names in a change cannot be right, or None."""
        record, named = pushed.record, _named_patient(pushed.record)
        if reach is Reach.NEVER and self._stands_for(named) != self._stands_for(record.patient_id):
            return "bad_body:patient_id"
        before = self._known.applied.get(record.change_id)
        if before is not None and (before.kind, before.id) != pushed.name:
            return "change_id_reused"
        return None

    def _forged(self, record: PushRecord) -> str | None:
        """Return why a record says in a colleague's name what only that one may say, or None."""
        if record.body.get("author_id") == self._who.user_id:
            return None
        if self._takes_back_anothers(record):
            return NOT_ITS_AUTHORS
        return WITNESS_IS_GIVER if self._witnesses_itself(record) else None

    def _takes_back_anothers(self, record: PushRecord) -> bool:
        """True for a counter-entry of a dose that a colleague sent, in the colleague's name.

        After a restore laptops offer each other's; whoever offers the dose itself may offer both.
        """
        target_id = record.body.get("reverses")
        if record.kind != HANDOUT_KIND or not isinstance(target_id, str):
            return False
        name = (HANDOUT_KIND, target_id)
        target = self._known.present.get(name) or self._records.get(*name)
        return target is not None and target.author_id != self._who.user_id

    def _witnesses_itself(self, record: PushRecord) -> bool:
        """True for a witness's signature that the person who did the act sends in their name."""
        kind, target_id = record.body.get("target_kind"), record.body.get("target_id")
        if record.kind != "witness_statement":
            return False
        if kind not in (HANDOUT_KIND, REGISTER_KIND) or not isinstance(target_id, str):
            return False
        name = (str(kind), target_id)
        target = self._known.present.get(name) or self._records.get(*name)
        return target is not None and target.body.get("author_id") == self._who.user_id

    def _has_written(self, present: StoredRecord | None) -> bool:
        if present is None:
            return False
        user_id = self._who.user_id
        return present.author_id == user_id or self._records.has_author(
            present.kind, present.id, user_id
        )

    def _decided(self, record: PushRecord, present: StoredRecord | None, reach: Reach) -> Decision:
        held = _held(present)
        body = as_allowed(
            record.kind, record.body, held.body if held is not None else None, self._who.user_id
        )
        base = self._base(record, present)
        decision = decide(record.kind, self._owner(record), body, held, base)
        rewrites = present is not None and decision.store is not None
        if rewrites and reach is Reach.NEVER and not self._has_written(present):
            # What has happened is taken in from anybody, but not over what a colleague wrote of it.
            return Decision(Outcome.REFUSED, reason=Admission.NOT_ASSIGNED.value)
        if body is not record.body and decision.outcome.stored:
            # Whatever became of the rest, the laptop must hear what was not its to say.
            return replace(decision, outcome=Outcome.MERGED)
        return decision

    def _base(self, record: PushRecord, present: StoredRecord | None) -> Mapping[str, Any] | None:
        if present is None:
            return None
        if record.base_version == present.seq:
            return present.body
        # A version that is not among ours: the server was set back, or the number is made up.
        return self._known.bases.get((record.base_version, record.kind, record.id))

    def _store(
        self,
        pushed: Pushed,
        decision: Decision,
        present: StoredRecord | None,
        flagged: bool,
        *,
        without_right: bool,
    ) -> int:
        """Add what was decided; return the version that holds the change, 0 for none."""
        record = pushed.record
        if not decision.outcome.stored:
            return 0
        version = present.seq if present is not None else 0
        if decision.store is not None:
            is_event = policy_of(record.kind) is Policy.EVENT
            version = self._known.add(
                NewVersion(
                    kind=record.kind,
                    id=record.id,
                    patient_id=self._owner(record),
                    body=decision.store,
                    immutable=is_event,
                    author_id=self._who.user_id,
                    device_id=self._who.device_id,
                    received_at=self._received_at,
                    out_of_scope=flagged,
                    without_right=without_right,
                    offset_ms=record.offset_ms,
                    text=pushed.examined.text if decision.store is record.body else None,
                ),
                present,
                self._now,
            )
        self._known.remember(self._sent, record, version)
        return version

    def _follow_new_patient(self, patient_id: str) -> None:
        """Whoever registers a patient follows them, so that the patient stays on the laptop."""
        assign(
            self._transaction,
            user_id=self._who.user_id,
            patient_id=patient_id,
            primary=self._who.role == Role.CASE_MANAGER,
            now=self._now,
            new_id=self._new_id,
        )
        self._known.patients[self._who.user_id, patient_id] = (patient_id, True)

    # --- what the server owns

    def _wish(self, pushed: Pushed, present: StoredRecord | None) -> PushResult:
        """The server wins; what the laptop wanted is kept for the office to decide on."""
        record = pushed.record
        if record.kind == DELETION_KIND and present is None:
            return self._decided_before(record)
        if present is None or present.patient_id is None or record.kind in NEVER_WISHED:
            return _refused(record, Admission.SERVER_OWNED.value)
        if present.patient_id != self._owner(record):
            return _refused(record, "other_patient")
        reach = self._reach(present.patient_id)
        if reach is Reach.NEVER:
            return _refused(record, Admission.NOT_ASSIGNED.value)
        shown = reach is Reach.ASSIGNED
        if pushed.examined.text == present.text:
            return _repeated(record, pushed.examined, present.seq, present, shown=shown)
        self._propose(self._proposal(record, present, flagged=not shown))
        self._known.remember(self._sent, record, present.seq)
        return PushResult(
            change_id=record.change_id,
            outcome=Outcome.MERGED,
            version=present.seq if shown else record.base_version,
            reason=KEPT_AS_PROPOSAL,
            server_body=present.body if shown else None,
            server_version=present.seq if shown else None,
        )

    def _decided_before(self, record: PushRecord) -> PushResult:
        """Take back a decision about a wrong entry that this server lost when it was set back.

        It is believed for its signature alone, whoever brings it.
        """
        decision = corrections.read_decision(dict(record.body))
        owner = self._owner(record)
        if decision is None or owner is None or decision.id != deletion_id(decision.target):
            return _refused(record, Admission.SERVER_OWNED.value)
        if not corrections.is_own(self._transaction, decision):
            return _refused(record, Admission.SERVER_OWNED.value)
        stored = self._known.delete_again(decision, owner, self._now)
        self._known.remember(self._sent, record, stored.seq)
        return PushResult(change_id=record.change_id, outcome=Outcome.ACCEPTED, version=stored.seq)

    def _proposal(self, record: PushRecord, present: StoredRecord, flagged: bool) -> NewVersion:
        held = present.body
        values = {
            field: value
            for field, value in record.body.items()
            if field not in held or held[field] != value
        }
        patient_id = str(present.patient_id)
        return self._wish_of(record, record.kind, record.id, patient_id, values, flagged=flagged)

    def _wish_of(
        self,
        record: PushRecord,
        target_kind: str,
        target_id: str,
        patient_id: str,
        values: dict[str, Any],
        *,
        flagged: bool = False,
    ) -> NewVersion:
        proposal = Proposal(
            id=str(uuid.uuid5(_PROPOSALS, record.change_id)),
            patient_id=patient_id,
            target_kind=target_kind,
            target_id=target_id,
            author_id=self._who.user_id,
            proposed_at=self._now,
            values=values,
        )
        return NewVersion(
            kind=PROPOSAL_KIND,
            id=proposal.id,
            patient_id=proposal.patient_id,
            body=to_body(proposal),
            immutable=False,
            author_id=self._who.user_id,
            device_id=self._who.device_id,
            received_at=self._received_at,
            out_of_scope=flagged,
            offset_ms=record.offset_ms,
        )

    def _carry_over(self, record: PushRecord, present: StoredRecord) -> None:
        """What was edited of a patient who is another one now becomes a wish about that one."""
        winner_id = self._stands_for(record.id)
        base = self._base(record, present)
        if winner_id is None or winner_id == record.id or base is None:
            return
        if self._reach(record.id) is Reach.NEVER:
            return
        values = {
            field: value
            for field, value in record.body.items()
            if field not in ("id", "active", "replaced_by") and base.get(field) != value
        }
        wish = self._wish_of(record, "patient", winner_id, winner_id, values)
        if values:
            self._propose(wish)

    def _propose(self, wish: NewVersion) -> None:
        """Add a wish unless it is here: its change may come again, and after a restore a colleague
        may have offered it first. To add it twice would count it twice for ever.
        """
        name = (wish.kind, wish.id)
        if name not in self._known.present and self._records.get(*name) is None:
            self._known.add(wish, None, self._now)


def park(
    transaction: Transaction, identity: Identity, pushed: Pushed, result: PushResult, at: str
) -> None:
    """Keep a change that was not stored; one that no database can hold stays on its laptop."""
    record = pushed.record
    change = ParkedChange(
        change_id=record.change_id,
        device_id=identity.device_id,
        user_id=identity.user_id,
        kind=record.kind,
        id=record.id,
        patient_id=record.patient_id,
        base_version=record.base_version,
        sequence=record.sequence,
        offset_ms=record.offset_ms,
        body=None,
        outcome=result.outcome.value,
        reason=result.reason or "",
        at=at,
    )
    try:
        with transaction.savepoint():
            transaction.parked.put(change, pushed.examined.text)
    except BadValueError:
        return


def _held(stored: StoredRecord | None) -> Held | None:
    return Held(stored.patient_id, stored.seq, stored.body) if stored is not None else None


def _refused(record: PushRecord, reason: str) -> PushResult:
    return PushResult(change_id=record.change_id, outcome=Outcome.REFUSED, reason=reason)


def _repeated(
    record: PushRecord, examined_body: Examined, version: int, stored: StoredRecord, *, shown: bool
) -> PushResult:
    """Answer a change that was stored before, now held in `stored` by a version or a later one.

    Where the record is not what was sent, the laptop is told what it is; where it may not be told,
    it keeps the base of its edit, so that its next one does not undo what it has not seen.
    """
    unchanged = examined_body.text == stored.text
    told = shown and not unchanged
    return PushResult(
        change_id=record.change_id,
        outcome=Outcome.REPEATED,
        version=version if shown or unchanged else record.base_version,
        server_body=stored.body if told else None,
        server_version=stored.seq if told else None,
    )


def _result(
    record: PushRecord,
    decision: Decision,
    version: int,
    stored: StoredRecord | None,
    *,
    shown: bool,
) -> PushResult:
    """Build the answer. The server's body is told only for patients whom the user follows.

    Of a merge that is not told the laptop keeps its old base; the next edit made on the merged
    version would take the other's edit back.
    """
    server_body, server_version = None, None
    if decision.outcome is Outcome.MERGED and not shown:
        version = record.base_version
    elif decision.outcome is Outcome.MERGED:
        server_version = version
        server_body = decision.store or (stored.body if stored is not None else None)
    elif decision.outcome is Outcome.CONFLICT and stored is not None and shown:
        server_body, server_version = stored.body, stored.seq
    return PushResult(
        change_id=record.change_id,
        outcome=decision.outcome,
        version=version,
        reason=decision.reason,
        server_body=dict(server_body) if server_body is not None else None,
        server_version=server_version,
    )
