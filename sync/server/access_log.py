"""The laptops' access logs: the chain is worked out again from the lines themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fieldapp.domain.access_log import START, Fields, chain_hash
from sync.protocol.messages import LogHead, LogLine, LogPart
from sync.server.identity import Identity
from sync.server.storage.access_log import LogRow
from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Transaction

MAX_LINE_LETTERS: Final = 2000
"""Lines hold ids and codes; a longer one is no line of ours."""


def take_log(
    transaction: Transaction, identity: Identity, part: LogPart | None, received_at: str
) -> LogHead:
    """Keep lines of the laptop's access log; return the newest one of the whole chain here.

    Lines that are here already are recognised by their hash. Lines that do not follow the newest
    one are kept as well and the laptop is marked: its log has two ends. Of lines whose predecessor
    is not here, the laptop is told from where to send again.
    """
    device_id = identity.device_id
    log = transaction.access_log
    sequence, head = log.head(device_id)
    present = LogHead(sequence=sequence, hash=head)
    if part is None or not part.lines or not part.after.isprintable():
        return present
    try:
        rows = _chained(device_id, part, received_at)
    except UnicodeEncodeError:  # half a letter, which has no hash and no place in a database
        transaction.accounts.mark_log_forked(device_id)
        return present
    held = log.held(device_id, [part.after, *(row.hash for row in rows)])
    if not _kept(transaction, rows):
        # No line that a laptop writes. It must not hold back the rest of the exchange.
        transaction.accounts.mark_log_forked(device_id)
        return present
    follows = part.after == present.hash or any(row.hash == present.hash for row in rows)
    if not follows:
        if part.after != START and part.after not in held:
            return present
        if all(row.hash in held for row in rows):
            return present  # an old request, late on the way
        transaction.accounts.mark_log_forked(device_id)
    newest = rows[-1]
    log.set_head(device_id, newest.sequence, newest.hash)
    return LogHead(sequence=newest.sequence, hash=newest.hash)


def _chained(device_id: str, part: LogPart, received_at: str) -> list[LogRow]:
    previous, rows = part.after, []
    for line in part.lines:
        fields = _fields(line)
        line_hash = chain_hash(previous, fields, line.reason)
        rows.append(
            LogRow(line_hash, previous, device_id, line.sequence, *fields, received_at, line.reason)
        )
        previous = line_hash
    return rows


def _kept(transaction: Transaction, rows: Sequence[LogRow]) -> bool:
    if any(_letters(row) > MAX_LINE_LETTERS for row in rows):
        return False
    try:
        with transaction.savepoint():
            transaction.access_log.add(rows)
    except BadValueError:
        return False
    return True


def _fields(line: LogLine) -> Fields:
    return (line.at, line.actor_id, line.action, line.kind, line.record_id, line.patient_id)


def _letters(row: LogRow) -> int:
    texts = (
        row.at,
        row.actor_id,
        row.action,
        row.kind,
        row.record_id,
        row.patient_id,
        row.reason,
    )
    return sum(len(text or "") for text in texts)
