"""Unsigned text that travels, so that a stolen laptop does not take the day's work with it.

Each laptop replaces its own states alone; the author's other laptops are told of them, nobody else
is. Two states of one draft are never joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fieldapp.clock import to_iso
from fieldapp.domain.digests import mark_of
from fieldapp.domain.kinds import KINDS
from sync.protocol.messages import DraftName, DraftOut, ForeignDraft
from sync.protocol.version import MAX_BODY_BYTES
from sync.server.bodies import canonical
from sync.server.identity import Identity
from sync.server.rules import rules
from sync.server.storage.base import BadValueError
from sync.server.storage.drafts import DraftRow
from sync.server.storage.storage import Transaction

MAX_KEPT: Final = 500
"""Drafts of one laptop. Nobody has so many; a laptop that has gone wrong must not fill the disk."""

_MAX_TOLD_BYTES: Final = 2 * 1024 * 1024
"""Of drafts from other laptops in one receipt; the newest come first."""

_MOST_LETTERS: Final = 100
"""Of an id, a form's name or a moment."""


def take_drafts(
    transaction: Transaction,
    identity: Identity,
    drafts: Sequence[DraftOut],
    dropped: Sequence[str],
    now: datetime,
) -> list[DraftName]:
    """Keep the laptop's unsigned text; return those of the states sent that are held now.

    What is not in the answer was not kept and stays unsent at the laptop. One that cannot be kept
    never touches the others.
    """
    droppable = [draft_id for draft_id in dropped if draft_id.isprintable()]
    if droppable:
        transaction.drafts.drop(identity.device_id, identity.user_id, droppable)
    drafts = [draft for draft in drafts if _has_sound_names(draft)]
    if not drafts or not rules(transaction).drafts_travel:
        return []
    done = _already_records(transaction, identity, drafts)
    room = MAX_KEPT - transaction.drafts.count_of_device(identity.device_id)
    held = []
    for draft in drafts:
        text = _text_of(draft)
        if text is None or draft.id in done:
            continue
        known = transaction.drafts.saved_at(draft.id, identity.device_id) is not None
        if not known and room <= 0:
            continue
        if _keep(transaction, identity, draft, text, now):
            room -= not known
            held.append(DraftName(id=draft.id, saved_at=draft.saved_at))
    return held


def drafts_differ(transaction: Transaction, identity: Identity, mark: str) -> bool:
    """True when the laptop believes that other drafts of its own are kept than there are."""
    return mark != "" and mark != mark_of(transaction.drafts.own_names(*_own(identity)))


def drafts_kept(transaction: Transaction, identity: Identity) -> list[DraftName]:
    """Return the names of all drafts that are kept of this laptop."""
    names = transaction.drafts.own_names(*_own(identity))
    return [DraftName(id=draft_id, saved_at=saved_at) for draft_id, saved_at in names]


def foreign_drafts(
    transaction: Transaction, identity: Identity, mark: str
) -> tuple[list[ForeignDraft] | None, str]:
    """Return the author's drafts of other laptops and their mark; None when `mark` is that mark.

    Only of patients whom the author follows now: of others their laptops may hold nothing.
    """
    names = transaction.drafts.foreign_names(identity.user_id, identity.device_id)
    present = mark_of(names)
    if present == mark:
        return None, mark
    devices = {device.id: device.name for device in transaction.accounts.devices()}
    told: list[ForeignDraft] = []
    room = _MAX_TOLD_BYTES
    for row in transaction.drafts.foreign(identity.user_id, identity.device_id):
        room -= len(canonical(row.body))
        if room < 0 and told:
            break
        told.append(
            ForeignDraft(
                draft=out(row), device_id=row.device_id, device_name=devices.get(row.device_id, "")
            )
        )
    return told, present


def out(row: DraftRow) -> DraftOut:
    """Return a kept draft as it travels."""
    return DraftOut(
        id=row.id,
        patient_id=row.patient_id,
        form=row.form,
        encounter_id=row.encounter_id,
        body=row.body,
        saved_at=row.saved_at,
    )


def _own(identity: Identity) -> tuple[str, str]:
    return identity.user_id, identity.device_id


def _keep(
    transaction: Transaction, identity: Identity, draft: DraftOut, text: str, now: datetime
) -> bool:
    row = DraftRow(
        id=draft.id,
        device_id=identity.device_id,
        user_id=identity.user_id,
        patient_id=draft.patient_id,
        form=draft.form,
        encounter_id=draft.encounter_id,
        body=draft.body,
        saved_at=draft.saved_at,
        received_at=to_iso(now),
    )
    try:
        with transaction.savepoint():
            transaction.drafts.put(row, text)
    except BadValueError:
        return False
    return True


def _has_sound_names(draft: DraftOut) -> bool:
    """True when a database can hold and look for everything but the body."""
    names = (draft.id, draft.patient_id, draft.form, draft.encounter_id or "", draft.saved_at)
    return all(name.isprintable() and len(name) <= _MOST_LETTERS for name in names)


def _text_of(draft: DraftOut) -> str | None:
    """The body's JSON text; None when there is none, or it is too large."""
    try:
        text = canonical(draft.body)
        size = len(text.encode())
    except ValueError:
        return None
    return text if size <= MAX_BODY_BYTES else None


def _already_records(
    transaction: Transaction, identity: Identity, drafts: Sequence[DraftOut]
) -> frozenset[str]:
    """Of these drafts, those that their author has signed, and what was deleted since.

    A repetition of an older request, late on the way, must not bring them back.
    """
    names = [(kind, draft.id) for draft in drafts for kind in KINDS]
    found = transaction.records.get_many(names).values()
    signed = {record.id for record in found if record.author_id == identity.user_id}
    return frozenset(signed | {record_id for _, record_id in transaction.deletions.gone(names)})
