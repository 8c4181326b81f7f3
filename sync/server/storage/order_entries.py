"""Orders that wait for a second person, and everything that was done to orders at the office."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.server.storage.base import Row, Statements

_COLUMNS: Final = (
    "id, order_id, patient_id, action, base_revision, body, reason, told, problems, proposal_id,"
    " entered_by, entered_device, entered_at, state, settled_by, settled_at, words"
)
WAITING: Final = "waiting"


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """One act on an order. `text` is the order's body as it would be, as JSON text; `problems` are
    the warnings that whoever entered it was shown. Times are ISO text in UTC.
    """

    id: str
    order_id: str
    patient_id: str
    action: str
    base_revision: int
    text: str
    reason: str
    told: str
    problems: str
    proposal_id: str | None
    entered_by: str
    entered_device: str
    entered_at: str
    state: str
    settled_by: str | None = None
    settled_at: str | None = None
    words: str = ""

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body

    @property
    def warnings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.problems)
        return found


class OrderEntryRepository:
    """Reads and writes entries inside one open transaction. The schema keeps them as they are."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def add(self, entry: OrderEntry) -> None:
        """Write an entry down. A second one about the same order cannot wait beside the first."""
        self._db.run(
            f"INSERT INTO order_entry ({_COLUMNS})"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.id,
                entry.order_id,
                entry.patient_id,
                entry.action,
                entry.base_revision,
                entry.text,
                entry.reason,
                entry.told,
                entry.problems,
                entry.proposal_id,
                entry.entered_by,
                entry.entered_device,
                entry.entered_at,
                entry.state,
                entry.settled_by,
                entry.settled_at,
                entry.words,
            ),
        )

    def get(self, entry_id: str) -> OrderEntry | None:
        """Return an entry, or None."""
        return next(iter(self._found("id = ?", (entry_id,))), None)

    def waiting(self, limit: int) -> list[OrderEntry]:
        """Return what waits for a second person, the oldest first."""
        return self._found("state = ? ORDER BY entered_at, id LIMIT ?", (WAITING, limit))

    def waiting_for(self, order_id: str) -> OrderEntry | None:
        """Return the entry about an order that waits, if one does."""
        found = self._found("order_id = ? AND state = ?", (order_id, WAITING))
        return next(iter(found), None)

    def of_order(self, order_id: str, limit: int) -> list[OrderEntry]:
        """Return everything that was done to an order, the newest first."""
        return self._found(
            "order_id = ? ORDER BY entered_at DESC, base_revision DESC, id LIMIT ?",
            (order_id, limit),
        )

    def of_proposal(self, proposal_id: str) -> OrderEntry | None:
        """Return the entry that accepts a wish, waiting or confirmed."""
        found = self._found("proposal_id = ? AND state IN ('waiting', 'confirmed')", (proposal_id,))
        return next(iter(found), None)

    def settle(self, entry_id: str, state: str, by: str, at: str, words: str) -> bool:
        """Settle what waits; False when somebody has settled it before."""
        touched = self._db.run(
            "UPDATE order_entry SET state = ?, settled_by = ?, settled_at = ?, words = ?"
            " WHERE id = ? AND state = ?",
            (state, by, at, words, entry_id, WAITING),
        )
        return touched == 1

    def held_claims(self, patient_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the bodies of the claims that are held, by patient."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if not patient_ids:
            return found
        rows = self._db.rows_for(
            "WITH wanted (patient_id) AS ({keys}) SELECT r.patient_id, r.body FROM wanted"
            " JOIN held_claim c ON c.patient_id = wanted.patient_id"
            " JOIN record r ON r.seq = c.seq ORDER BY r.seq",
            ("text",),
            [(patient_id,) for patient_id in dict.fromkeys(patient_ids)],
        )
        for patient_id, text in rows:
            found[str(patient_id)].append(json.loads(text))
        return found

    def _found(self, where: str, parameters: tuple[object, ...]) -> list[OrderEntry]:
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM order_entry WHERE {where}",  # noqa: S608
            parameters,
        )
        return [_entry(row) for row in rows]


def _entry(row: Row) -> OrderEntry:
    values = list(row)
    values[4] = int(values[4])
    return OrderEntry(*values)
