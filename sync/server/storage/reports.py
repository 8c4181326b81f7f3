"""How each laptop stood when it last asked, and what the organisation has decided."""

from __future__ import annotations

from dataclasses import dataclass

from sync.server.storage.base import Statements


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A laptop's report. Times are ISO text; `offset_ms`: our clock minus the laptop's.

    `last_complete` is the laptop's own word, put into our time; `served_complete_at` is when we
    last sent it a last page.
    """

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
    served_complete_at: str | None = None


class ReportRepository:
    """Reads and writes reports and rules inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def put(self, report: ReportRow) -> None:
        """Replace a laptop's report; when it was last served stays."""
        self._db.run(
            "INSERT INTO device_report (device_id, user_id, received_at, offset_ms, app_version,"
            " waiting, parked, conflicts, drafts_unsent, last_complete, disk_encrypted)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (device_id) DO UPDATE SET user_id = excluded.user_id,"
            " received_at = excluded.received_at, offset_ms = excluded.offset_ms,"
            " app_version = excluded.app_version, waiting = excluded.waiting,"
            " parked = excluded.parked, conflicts = excluded.conflicts,"
            " drafts_unsent = excluded.drafts_unsent, last_complete = excluded.last_complete,"
            " disk_encrypted = excluded.disk_encrypted",
            (
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
                None if report.disk_encrypted is None else int(report.disk_encrypted),
            ),
        )

    def served_complete(self, device_id: str, at: str) -> None:
        """Note that a laptop is being sent the last page of a pull."""
        self._db.run(
            "UPDATE device_report SET served_complete_at = ? WHERE device_id = ?", (at, device_id)
        )

    def all(self) -> dict[str, ReportRow]:
        """Return the reports by laptop."""
        rows = self._db.rows(
            "SELECT device_id, user_id, received_at, offset_ms, app_version, waiting, parked,"
            " conflicts, drafts_unsent, last_complete, disk_encrypted, served_complete_at"
            " FROM device_report"
        )
        return {
            str(row[0]): ReportRow(*row[:10], None if row[10] is None else bool(row[10]), row[11])
            for row in rows
        }

    def rules(self) -> dict[str, str]:
        """Return what the organisation has decided, by name; what is missing has its default."""
        return {str(name): str(value) for name, value in self._db.rows("SELECT * FROM rule")}

    def set_rule(self, name: str, value: str) -> None:
        """Decide one rule."""
        self._db.run(
            "INSERT INTO rule (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
