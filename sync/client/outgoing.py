"""What leaves the laptop, and what becomes of it when the answer is there.

Shared by the line (`sync.client.engine`) and the courier file: what is sent, and how results are
settled, does not depend on the road.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from fieldapp.clock import to_iso
from fieldapp.domain.changes import Change
from fieldapp.domain.corrections import ENTRY_DELETED
from fieldapp.domain.notes import Draft
from fieldapp.store import audit, drafts, inbox, outbox, state
from fieldapp.store.db import Database
from fieldapp.store.outbox import PendingChange
from sync.client.version import APP_VERSION
from sync.protocol.messages import (
    DraftName,
    DraftOut,
    ExchangeRequest,
    ForeignDraft,
    LaptopReport,
    LogHead,
    LogLine,
    LogPart,
    Outcome,
    PullPart,
    PushRecord,
    PushResult,
    Receipt,
)
from sync.protocol.version import MAX_LOG_LINES, MAX_RECORDS

MAX_PUSH_BYTES: Final = 512 * 1024
"""Bodies of one request; about half a minute on a bad line before they are compressed."""

MAX_DRAFT_BYTES: Final = 256 * 1024
"""Texts of drafts in one request, beside its records."""

LOG_LINES_PER_RECORD: Final = 5
"""So that fewer lines of the log travel too when the line bears only small requests."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request and what it was made from. `log_hash` is that of its last line of the log."""

    request: ExchangeRequest
    changes: tuple[PendingChange, ...] = ()
    drafts: tuple[Draft, ...] = ()
    dropped: tuple[str, ...] = ()
    log_hash: str = ""

    def with_pull(self, pull: PullPart) -> Outgoing:
        """The same, asking for what is new as well."""
        return replace(self, request=self.request.model_copy(update={"pull": pull}))

    @property
    def has_extras(self) -> bool:
        """True when more than records is on board."""
        return bool(self.drafts or self.dropped or self.request.log)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of changes. `versions` are those whose text stands here already."""

    stored: int = 0
    parked: int = 0
    conflicts: int = 0
    changes: tuple[Change, ...] = ()
    versions: tuple[int, ...] = ()
    patients: frozenset[str] = field(default_factory=frozenset)


# --- out


def take(
    database: Database,
    now: datetime,
    *,
    limit: int = MAX_RECORDS,
    disk_encrypted: bool | None = None,
) -> Outgoing:
    """Take the most urgent changes, at most `limit`; they are in flight from now on."""
    changes = outbox.take_batch(database, limit, MAX_PUSH_BYTES)
    return Outgoing(_request(database, now, changes, disk_encrypted), tuple(changes))


def add_extras(database: Database, outgoing: Outgoing, limit: int = MAX_RECORDS) -> Outgoing:
    """Let drafts and lines of the access log ride along, as many as fit; `limit` as in `take`."""
    chosen = _drafts_that_fit(database, limit) if state.rules(database).drafts_travel else []
    # From here on the server may hold them, whatever becomes of the answer.
    drafts.note_offered(database, [draft.id for draft in chosen])
    dropped = drafts.dropped(database, limit)
    head = state.log_head(database)
    most = min(MAX_LOG_LINES, limit * LOG_LINES_PER_RECORD)
    lines, log_hash = audit.following(database, head, most)
    after = head if audit.knows(database, head) else ""
    log = LogPart(after=after, lines=[_log_line(line) for line in lines]) if lines else None
    extras = {
        "drafts": [_draft_out(one) for one in chosen],
        "dropped_drafts": dropped,
        "log": log,
    }
    return replace(
        outgoing,
        request=outgoing.request.model_copy(update=extras),
        drafts=tuple(chosen),
        dropped=tuple(dropped),
        log_hash=log_hash if lines else "",
    )


def everything(
    database: Database, now: datetime, leaving_out: Collection[str] = ()
) -> list[ExchangeRequest]:
    """All that is unsent, as requests without a pull for a courier file.

    Nothing is put in the air: it stays unsent, and a sync may send it as well, until
    `apply_results` is told what became of it. `leaving_out`: changes that are not to be in it.
    """
    changes = outbox.unsent(database, leaving_out)
    outbox.note_offered(database, [change.change_id for change in changes])
    requests: list[ExchangeRequest] = []
    for start in range(0, max(len(changes), 1), MAX_RECORDS):
        part = changes[start : start + MAX_RECORDS]
        one = Outgoing(_request(database, now, part), tuple(part))
        requests.append((add_extras(database, one) if start == 0 else one).request)
    return requests


def _request(
    database: Database,
    now: datetime,
    changes: Iterable[PendingChange],
    disk_encrypted: bool | None = None,
) -> ExchangeRequest:
    return ExchangeRequest(
        report=_report(database, now, disk_encrypted),
        records=[_sent(change) for change in changes],
        drafts_mark=drafts.mark(database),
        foreign_drafts=drafts.foreign_mark(database),
        rules=state.rules(database).mark,
        seen=inbox.newest_seen(database),
    )


def _drafts_that_fit(database: Database, limit: int) -> list[Draft]:
    chosen: list[Draft] = []
    size = 0
    for draft in drafts.unsent(database, limit):
        size += len(outbox.dump(draft.body).encode())
        if chosen and size > MAX_DRAFT_BYTES:
            break
        chosen.append(draft)
    return chosen


def _report(database: Database, now: datetime, disk_encrypted: bool | None) -> LaptopReport:
    counts = outbox.counts(database)
    return LaptopReport(
        now=now,
        app_version=APP_VERSION,
        waiting=counts.waiting,
        parked=counts.parked,
        conflicts=counts.conflicts,
        drafts_unsent=drafts.count_unsent(database),
        last_complete=inbox.state(database).last_complete,
        disk_encrypted=disk_encrypted,
    )


def _sent(change: PendingChange) -> PushRecord:
    return PushRecord(
        change_id=change.change_id,
        kind=change.kind,
        id=change.record_id,
        patient_id=change.patient_id,
        base_version=change.base_version,
        sequence=change.sequence,
        body=change.body,
        offset_ms=change.clock_offset_ms,
    )


def _draft_out(draft: Draft) -> DraftOut:
    return DraftOut(
        id=draft.id,
        patient_id=draft.patient_id,
        form=draft.form,
        encounter_id=draft.encounter_id,
        body=draft.body,
        saved_at=to_iso(draft.saved_at),
    )


def _log_line(line: audit.AuditLine) -> LogLine:
    return LogLine(
        sequence=line.sequence,
        at=line.at,
        actor_id=line.actor_id,
        action=line.action,
        kind=line.kind,
        record_id=line.record_id,
        patient_id=line.patient_id,
        reason=line.reason,
    )


# --- what became of it


def apply_receipt(database: Database, sent: Outgoing, receipt: Receipt) -> Applied:
    """Settle what the receipt says of everything that was sent; leaves out the cursor's business.

    Exactly the changes with a result are settled; one without stays in the air.
    """
    names = {change.change_id for change in sent.changes}
    own = [result for result in receipt.results if result.change_id in names]
    if receipt.commit:
        # Before the results: what rests on a commit is never here without its name.
        inbox.note_seen(database, receipt.commit)
    applied = apply_results(database, [*own, *receipt.settled], receipt.server_time)
    _apply_drafts(database, sent, receipt.drafts_held, receipt.drafts_kept)
    if receipt.foreign_drafts is not None:
        foreign = [_foreign(one) for one in receipt.foreign_drafts]
        drafts.replace_foreign(database, foreign, receipt.foreign_drafts_mark)
    _apply_log_head(database, sent.log_hash, receipt.log_head)
    if receipt.rules is not None:
        _apply_rules(database, state.Rules(**receipt.rules.model_dump()))
    own_stored = sum(result.outcome.stored for result in own)
    return replace(applied, stored=own_stored)


def apply_results(
    database: Database, results: Iterable[PushResult], received_at: datetime | None = None
) -> Applied:
    """Settle results of changes, however they came: forget what is stored, park what is not."""
    told = {one.change_id: one for one in results}
    patients = outbox.patients_of(database, told)
    known = {change_id: one for change_id, one in told.items() if change_id in patients}
    stored = [one for one in known.values() if one.outcome.stored]
    changes = outbox.acknowledge(database, [_settled(one, received_at) for one in stored])
    unstored = [one for one in known.values() if not one.outcome.stored]
    gone = {one.change_id for one in unstored if one.reason == ENTRY_DELETED}
    changes.extend(inbox.drop_deleted(database, outbox.names_of(database, gone)))
    outbox.forget_decisions(database, {one.change_id for one in unstored} - gone)
    left = outbox.patients_of(database, {one.change_id for one in unstored})
    refused = [one for one in unstored if one.change_id in left]
    for result in refused:
        outbox.park(
            database,
            result.change_id,
            "conflict" if result.outcome is Outcome.CONFLICT else result.reason or "refused",
            result.reason,
            result.server_body,
            result.server_version,
            _origin(result),
        )
    return Applied(
        stored=len(stored),
        parked=len(refused),
        conflicts=sum(one.outcome is Outcome.CONFLICT for one in refused),
        changes=tuple(changes),
        # A body that was told may be one that this version cannot read: then the pages bring it.
        versions=tuple(one.version for one in stored if one.server_body is None and one.version),
        patients=frozenset(name for one in stored if (name := patients[one.change_id]) is not None),
    )


def _settled(result: PushResult, received_at: datetime | None) -> outbox.Settled:
    return outbox.Settled(
        result.change_id,
        result.version,
        result.server_body,
        result.server_version,
        # When a repeated change was received the first time is not told.
        received_at if result.outcome is Outcome.ACCEPTED else None,
        _origin(result),
    )


def _origin(result: PushResult) -> outbox.Origin:
    return outbox.Origin(
        result.server_author_id, result.server_device_name, result.server_received_at
    )


def _apply_drafts(
    database: Database,
    sent: Outgoing,
    held: Iterable[DraftName],
    kept: Iterable[DraftName] | None,
) -> None:
    drafts.note_held(database, {one.id: one.saved_at for one in held}, sent.drafts)
    drafts.forget_dropped(database, sent.dropped)
    if kept is not None:
        drafts.keep_only(database, [(one.id, one.saved_at) for one in kept])


def _foreign(one: ForeignDraft) -> drafts.ForeignDraft:
    draft = Draft(
        id=one.draft.id,
        patient_id=one.draft.patient_id,
        form=one.draft.form,
        body=one.draft.body,
        saved_at=drafts.moment(one.draft.saved_at),
        encounter_id=one.draft.encounter_id,
        open=False,
    )
    return drafts.ForeignDraft(draft, one.device_id, one.device_name)


def _apply_log_head(database: Database, sent_up_to: str, head: LogHead) -> None:
    """Go on after the server's newest line; a head of another chain is not one to go on from."""
    if audit.knows(database, head.hash):
        following = head.hash
    else:
        following = sent_up_to or state.log_head(database)
    if following != state.log_head(database):
        state.remember_log_head(database, following)


def _apply_rules(database: Database, rules: state.Rules) -> None:
    if not rules.drafts_travel:
        drafts.all_unsent_again(database)
    state.remember_rules(database, rules)
