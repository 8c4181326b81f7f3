"""Counts for monitoring and for checking a copy. No contents, no ids of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sync.protocol.digests import record_digest, total
from sync.server.storage.base import Statements

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Facts:
    """How much there is. `silent_devices` may sync, and were not given a complete sync since a
    moment."""

    records: int
    parked_open: int
    devices: int
    silent_devices: int
    forked_devices: int
    newest_seq: int


class FactRepository:
    """Reads counts inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def schema_number(self) -> int:
        """Return the number of the newest migration that was applied."""
        return self._number("SELECT max(number) FROM schema_migration")

    def facts(self, silent_since: str) -> Facts:
        """Count. `silent_since` is ISO text: laptops not heard of since then are silent."""
        standing = "FROM device d JOIN app_user u ON u.id = d.user_id AND u.active = 1"
        return Facts(
            # From the sums that every write keeps up to date: counting records would read them all.
            records=self._number("SELECT coalesce(sum(count), 0) FROM patient_digest"),
            parked_open=self._number(
                "SELECT count(*) FROM parked_change WHERE settled_outcome IS NULL"
            ),
            devices=self._number(f"SELECT count(*) {standing} WHERE d.revoked = 0"),
            silent_devices=self._number(
                f"SELECT count(*) {standing} LEFT JOIN device_report r ON r.device_id = d.id"
                " WHERE d.revoked = 0 AND coalesce(r.served_complete_at, d.enrolled_at) < ?",
                silent_since,
            ),
            forked_devices=self._number(
                "SELECT count(*) FROM device WHERE forked = 1 OR log_forked = 1"
            ),
            newest_seq=self._number("SELECT coalesce(max(seq), 0) FROM record"),
        )

    def worked_out_digest(self) -> int:
        """Return the digest of every record, worked out from the bodies themselves. Reads all."""
        return total(
            record_digest(kind, record_id, int(seq), body)
            for kind, record_id, seq, body in self._records()
        )

    def kept_digest(self) -> int:
        """Return the same from the sums that are kept patient by patient."""
        rows = self._db.rows("SELECT digest FROM patient_digest")
        return total(int(row[0], 16) for row in rows)

    def _records(self) -> Iterator[tuple[str, str, int, str]]:
        after = 0
        while rows := self._db.rows(
            "SELECT kind, id, seq, body FROM record WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, _CHUNK),
        ):
            yield from ((str(row[0]), str(row[1]), int(row[2]), str(row[3])) for row in rows)
            after = int(rows[-1][2])

    def _number(self, sql: str, *parameters: object) -> int:
        return int(self._db.rows(sql, parameters)[0][0])
