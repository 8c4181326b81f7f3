"""How a laptop stood when it last asked, for the office's overview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fieldapp.clock import to_iso
from sync.protocol.messages import LaptopReport, Outcome, PushResult
from sync.server.identity import Identity
from sync.server.storage.reports import ReportRow
from sync.server.storage.storage import Transaction

_MOST_LETTERS: Final = 40
"""Of a version's name."""

_CALENDAR: Final = timedelta(days=365_000)
"""A clock that is off by more is shown as off by this much."""


def report_of(
    identity: Identity,
    report: LaptopReport,
    now: datetime,
    results: Sequence[PushResult] = (),
    drafts_held: int = 0,
) -> ReportRow:
    """Return how the laptop stood, without what came together with the report.

    `results` are the answers to the changes of the same request: whoever reads the overview
    afterwards must not take for unsent what has arrived. The difference of the clocks is worked out
    here and puts the laptop's last complete sync into our time.
    """
    offset = max(-_CALENDAR, min(now - report.now, _CALENDAR))
    stored = sum(result.outcome.stored for result in results)
    clashes = sum(result.outcome is Outcome.CONFLICT for result in results)
    return ReportRow(
        device_id=identity.device_id,
        user_id=identity.user_id,
        received_at=to_iso(now),
        offset_ms=round(offset.total_seconds() * 1000),
        app_version=_printable(report.app_version)[:_MOST_LETTERS],
        waiting=max(0, report.waiting - len(results)),
        # As the laptop counts them: conflicts are parked, too.
        parked=report.parked + len(results) - stored,
        conflicts=report.conflicts + clashes,
        drafts_unsent=max(0, report.drafts_unsent - drafts_held),
        last_complete=_in_our_time(report.last_complete, offset),
        disk_encrypted=report.disk_encrypted,
    )


def note_served(transaction: Transaction, identity: Identity, now: datetime) -> None:
    """Note that the laptop is being sent the last page; whether it arrives, its next report says.

    Does nothing for a laptop that has never reported.
    """
    transaction.office.served_complete(identity.device_id, to_iso(now))


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _in_our_time(moment: datetime | None, offset: timedelta) -> str | None:
    if moment is None:
        return None
    try:
        return to_iso(moment + offset)
    except OverflowError:
        return None
