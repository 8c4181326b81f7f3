"""What the organisation has ordered its laptops to do, and what was heard of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind
from sync.protocol.messages import LogHead
from sync.server.storage.base import Row, Statements

_COLUMNS = (
    "id, device_id, kind, issued_at, signature, given_by, reason, asked_at, delivered_at, obeyed_at"
)


@dataclass(frozen=True, slots=True)
class GivenOrder:
    """An order as it was given. The three times are text, None while that has not happened."""

    order: DeviceOrder
    given_by: str
    reason: str
    asked_at: str | None = None
    delivered_at: str | None = None
    obeyed_at: str | None = None


class DeviceOrderRepository:
    """Reads and writes orders inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def add(self, given: GivenOrder) -> None:
        """Write an order down for good."""
        order = given.order
        self._db.run(
            "INSERT INTO device_order (id, device_id, kind, issued_at, signature, given_by, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                order.id,
                order.device_id,
                order.kind.value,
                to_iso(order.issued_at),
                order.signature,
                given.given_by,
                given.reason,
            ),
        )

    def of(self, device_id: str) -> list[GivenOrder]:
        """Return every order to a laptop, the newest first; "lost" before "ended"."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM device_order WHERE device_id = ?"  # noqa: S608
            " ORDER BY CASE kind WHEN 'lost' THEN 0 ELSE 1 END, issued_at DESC, id",
            (device_id,),
        )
        return [_given(row) for row in rows]

    def standing(self, device_id: str) -> GivenOrder | None:
        """Return the order that stands for a laptop."""
        return next(iter(self.of(device_id)), None)

    def all_standing(self) -> dict[str, GivenOrder]:
        """Return the order that stands for each laptop which has one."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM device_order"  # noqa: S608
            " ORDER BY CASE kind WHEN 'lost' THEN 1 ELSE 0 END, issued_at, id"
        )
        return {given.order.device_id: given for given in map(_given, rows)}

    def note_asked(self, order_id: str, at: str) -> None:
        """Note that the order was asked for; the first time counts."""
        self._note("asked_at", order_id, at)

    def note_delivered(self, order_id: str, at: str) -> None:
        """Note that the laptop delivered; the newest time counts."""
        self._db.run("UPDATE device_order SET delivered_at = ? WHERE id = ?", (at, order_id))

    def note_obeyed(self, order_id: str, at: str) -> None:
        """Note that the laptop has told of its end; the first time counts."""
        self._note("obeyed_at", order_id, at)

    def _note(self, column: str, order_id: str, at: str) -> None:
        self._db.run(
            f"UPDATE device_order SET {column} = ? WHERE id = ? AND {column} IS NULL",  # noqa: S608
            (at, order_id),
        )

    # --- what a laptop may have held

    def log_head(self, device_id: str) -> LogHead:
        """Return the newest line of a laptop's access log that is here."""
        rows = self._db.rows("SELECT log_sequence, log_hash FROM device WHERE id = ?", (device_id,))
        return LogHead(sequence=int(rows[0][0]), hash=rows[0][1])

    def held_kinds(
        self, patient_ids: Sequence[str], received_until: str
    ) -> list[tuple[str, str, int]]:
        """Return (patient, kind, number of records) of what was here at a moment."""
        rows = self._db.rows_for(
            "SELECT r.patient_id, r.kind, count(*) FROM record r"
            " WHERE r.patient_id IN ({keys}) AND (r.received_at <= ? OR EXISTS ("
            " SELECT 1 FROM record_history h WHERE h.kind = r.kind AND h.id = r.id"
            " AND h.received_at <= ?)) GROUP BY r.patient_id, r.kind",
            ("text",),
            [(patient_id,) for patient_id in patient_ids],
            (received_until, received_until),
        )
        return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]

    def grants_of(self, user_id: str) -> list[tuple[str, str | None, str | None]]:
        """Return (patient, when granted, when ended) of all that a user ever followed.

        The moments are those at which the assignment's own versions came to the server.
        """
        rows = self._db.rows(
            "SELECT g.patient_id, coalesce(a.received_at, ah.received_at),"
            " coalesce(e.received_at, eh.received_at) FROM scope_grant g"
            " LEFT JOIN record a ON a.seq = g.seq LEFT JOIN record_history ah ON ah.seq = g.seq"
            " LEFT JOIN record e ON e.seq = g.ended_seq"
            " LEFT JOIN record_history eh ON eh.seq = g.ended_seq"
            " WHERE g.user_id = ? ORDER BY g.seq",
            (user_id,),
        )
        return [(str(row[0]), row[1], row[2]) for row in rows]


def _given(row: Row) -> GivenOrder:
    order_id, device_id, kind, issued_at, signature, given_by, reason, *times = row
    order = DeviceOrder(order_id, device_id, DeviceOrderKind(kind), from_iso(issued_at), signature)
    return GivenOrder(order, given_by, reason, *times)
