"""What an exchange takes in beside the records, inside its own transaction.

None of these waits for the counter: an exchange that brings no records holds up nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from fieldapp.clock import to_iso
from fieldapp.domain.access_log import chain_hash
from sync.protocol.messages import (
    Body,
    DraftName,
    DraftOut,
    ForeignDraft,
    LaptopReport,
    LogHead,
    LogPart,
    PushResult,
    Rules,
)
from sync.server.bodies import canonical
from sync.server.identity import Identity
from sync.server.storage.access_log import LogRow
from sync.server.storage.drafts import DraftRow
from sync.server.storage.reports import ReportRow
from sync.server.storage.storage import Transaction


def take_drafts(
    transaction: Transaction,
    identity: Identity,
    drafts: Sequence[DraftOut],
    dropped: Sequence[str],
    now: datetime,
) -> list[DraftName]:
    """Keep the laptop's unsigned text; return the states that are held now."""
    if dropped:
        transaction.drafts.drop(identity.device_id, identity.user_id, dropped)
    for draft in drafts:
        transaction.drafts.put(
            DraftRow(
                id=draft.id,
                device_id=identity.device_id,
                user_id=identity.user_id,
                patient_id=draft.patient_id,
                form=draft.form,
                encounter_id=draft.encounter_id,
                body=draft.body,
                saved_at=draft.saved_at,
                received_at=to_iso(now),
            ),
            canonical(draft.body),
        )
    return [DraftName(id=draft.id, saved_at=draft.saved_at) for draft in drafts]


def foreign_drafts(
    transaction: Transaction, identity: Identity, mark: str
) -> tuple[list[ForeignDraft] | None, str]:
    """Return the author's drafts of other laptops, None when `mark` says they are known."""
    names = transaction.drafts.names_of_user(identity.user_id, identity.device_id)
    present = "" if not names else hashlib.sha256(repr(names).encode()).hexdigest()[:16]
    if present == mark:
        return None, mark
    return [
        ForeignDraft(
            draft=DraftOut(
                id=row.id,
                patient_id=row.patient_id,
                form=row.form,
                encounter_id=row.encounter_id,
                body=row.body,
                saved_at=row.saved_at,
            ),
            device_id=row.device_id,
            device_name="",
        )
        for row in transaction.drafts.of_user(identity.user_id, not_from=identity.device_id)
    ], present


def take_log(transaction: Transaction, identity: Identity, part: LogPart | None) -> LogHead:
    """Keep lines of the laptop's access log; return the newest one that is here."""
    sequence, head = transaction.access_log.head(identity.device_id)
    if part is None or not part.lines:
        return LogHead(sequence=sequence, hash=head)
    previous, rows = part.after, []
    for line in part.lines:
        fields = (
            line.at,
            line.actor_id,
            line.action,
            line.kind,
            line.record_id,
            line.patient_id,
        )
        line_hash = chain_hash(previous, fields)
        rows.append(
            LogRow(line_hash, previous, identity.device_id, line.sequence, *fields, line.at)
        )
        previous = line_hash
    transaction.access_log.add(rows)
    transaction.access_log.set_head(identity.device_id, rows[-1].sequence, previous)
    return LogHead(sequence=rows[-1].sequence, hash=previous)


def note_report(
    transaction: Transaction, identity: Identity, report: LaptopReport, now: datetime
) -> None:
    """Keep how the laptop stood; the difference of the clocks is worked out here."""
    offset = now - report.now
    transaction.reports.put(
        ReportRow(
            device_id=identity.device_id,
            user_id=identity.user_id,
            received_at=to_iso(now),
            offset_ms=round(offset.total_seconds() * 1000),
            app_version=report.app_version,
            waiting=report.waiting,
            parked=report.parked,
            conflicts=report.conflicts,
            drafts_unsent=report.drafts_unsent,
            last_complete=to_iso(report.last_complete) if report.last_complete else None,
            disk_encrypted=report.disk_encrypted,
        )
    )


def rules(transaction: Transaction, mark: str) -> Rules | None:
    """Return the organisation's rules, None when `mark` says they are known."""
    present = transaction.rules.all()
    text = json.dumps(present, sort_keys=True)
    now_mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    if now_mark == mark:
        return None
    return Rules(
        mark=now_mark,
        drafts_travel=present.get("drafts_travel", "1") == "1",
        courier_allowed=present.get("courier_allowed", "0") == "1",
    )


def settled_for(transaction: Transaction, identity: Identity) -> list[PushResult]:
    """Return results of parked changes of this laptop that the office has dealt with."""
    del transaction, identity
    return []


def signed(transaction: Transaction, identity: Identity, bodies: Sequence[tuple[str, Body]]) -> None:
    """Forget the author's drafts that have become these records (id, body)."""
    if bodies:
        transaction.drafts.signed(identity.user_id, [record_id for record_id, _ in bodies])
