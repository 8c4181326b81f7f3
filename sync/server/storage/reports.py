"""How each laptop stood when it last asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.server.storage.base import Row, Statements

_COLUMNS = (
    "device_id, user_id, received_at, offset_ms, app_version, waiting, parked, conflicts,"
    " drafts_unsent, last_complete, disk_encrypted"
)

_TYPES = (
    *("text", "text", "text", "bigint", "text", "bigint", "bigint", "bigint", "bigint"),
    *("text", "int"),
)
_UPSERT = (
    f"INSERT INTO device_report ({_COLUMNS}) {{rows}}"
    " ON CONFLICT (device_id) DO UPDATE SET user_id = excluded.user_id,"
    " received_at = excluded.received_at, offset_ms = excluded.offset_ms,"
    " app_version = excluded.app_version, waiting = excluded.waiting,"
    " parked = excluded.parked, conflicts = excluded.conflicts,"
    " drafts_unsent = excluded.drafts_unsent, last_complete = excluded.last_complete,"
    " disk_encrypted = excluded.disk_encrypted"
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The newest report of a laptop. `offset_ms` is our clock minus the laptop's."""

    device_id: str
    user_id: str
    received_at: str
    offset_ms: int
    app_version: str
    waiting: int
    parked: int
    conflicts: int
    drafts_unsent: int
    last_complete: str | None
    disk_encrypted: bool | None


class ReportRepository:
    """Reads and writes reports inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def put_all(self, reports: Sequence[ReportRow]) -> None:
        """Store newest reports in place of the ones before; the last one of a laptop stays."""
        newest = {report.device_id: report for report in reports}
        if newest:
            self._db.run_for(_UPSERT, _TYPES, [_row(report) for report in newest.values()])

    def get(self, device_id: str) -> ReportRow | None:
        """Return a laptop's newest report."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM device_report WHERE device_id = ?",  # noqa: S608
            (device_id,),
        )
        return _report(rows[0]) if rows else None

    def all(self) -> list[ReportRow]:
        """Return every laptop's newest report."""
        return [
            _report(row)
            for row in self._db.rows(f"SELECT {_COLUMNS} FROM device_report ORDER BY device_id")  # noqa: S608
        ]


def _row(report: ReportRow) -> Row:
    encrypted = None if report.disk_encrypted is None else int(report.disk_encrypted)
    return (
        report.device_id,
        report.user_id,
        report.received_at,
        report.offset_ms,
        report.app_version,
        report.waiting,
        report.parked,
        report.conflicts,
        report.drafts_unsent,
        report.last_complete,
        encrypted,
    )


def _report(row: Row) -> ReportRow:
    *most, encrypted = row
    values = [*most, None if encrypted is None else bool(encrypted)]
    return ReportRow(*values)
