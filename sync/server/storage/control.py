"""The logs of all laptops and of the office as one, for control and for a patient's print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sync.server.storage.base import Row, Statements

_LAPTOP = (
    "SELECT at, 'laptop' AS source, hash AS mark, received_at, actor_id, device_id, action,"
    " kind, record_id, patient_id, reason, '' AS words, NULL AS count, 1 AS allowed FROM access_log"
)
_OFFICE = (
    "SELECT at, 'office' AS source, lpad_number AS mark, at AS received_at, actor_id, device_id,"
    " act AS action, NULL AS kind, subject AS record_id, patient_id, NULL AS reason,"
    " reason AS words, count, allowed FROM office_log"
)


@dataclass(frozen=True, slots=True)
class ControlLine:
    """One line of either log; `mark` tells apart lines of one moment."""

    at: str
    source: str
    mark: str
    received_at: str
    actor_id: str
    device_id: str
    action: str
    kind: str | None
    record_id: str | None
    patient_id: str | None
    reason: str | None
    words: str
    count: int | None
    allowed: bool

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the line stands among all."""
        return (self.at, self.source, self.mark)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the lines. `since` (included) and `until` are ISO text in UTC."""

    patient_ids: Sequence[str] = field(default=())
    actor_id: str | None = None
    device_id: str | None = None
    since: str | None = None
    until: str | None = None
    action: str = ""
    reason: str = ""


class ControlRepository:
    """Reads both logs inside one open transaction."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    def lines(
        self, wanted: Wanted, limit: int, before: tuple[str, str, str] | None = None
    ) -> list[ControlLine]:
        """Return the newest lines, of those before a place where given."""
        laptop, laptop_values = _where(wanted, "action")
        office, office_values = _where(wanted, "act")
        if wanted.reason:
            laptop.append("reason = ?")
            laptop_values.append(wanted.reason)
            office.append("1 = 0")  # at the office nobody opens a patient with such a reason
        number = "CAST(number + 1000000000000 AS TEXT)"
        text = " UNION ALL ".join(
            f"{start}{' WHERE ' if terms else ''}{' AND '.join(terms)}"
            for start, terms in (
                (_LAPTOP, laptop),
                (_OFFICE.replace("lpad_number", number), office),
            )
        )
        values = [*laptop_values, *office_values]
        place = ""
        if before is not None:
            place = " WHERE (at, source, mark) < (?, ?, ?)"
            values += before
        rows = self._db.rows(
            f"SELECT * FROM ({text}) AS both_logs{place}"  # noqa: S608 (texts from above)
            " ORDER BY at DESC, source DESC, mark DESC LIMIT ?",
            (*values, limit),
        )
        return [_line(row) for row in rows]

    def actions(self) -> list[str]:
        """Return the codes of everything that was ever done."""
        rows = self._db.rows(
            "SELECT DISTINCT action FROM access_log UNION SELECT DISTINCT act FROM office_log"
        )
        return sorted(str(row[0]) for row in rows)

    def newest_records(self) -> dict[str, str]:
        """Return when the newest record of each laptop came that is still its newest version."""
        rows = self._db.rows(
            "SELECT device_id, max(received_at) FROM record WHERE device_id IS NOT NULL"
            " GROUP BY device_id"
        )
        return {str(device_id): str(at) for device_id, at in rows}

    def aliases_of(self, patient_id: str) -> list[str]:
        """Return a patient's id with those that were joined with it."""
        rows = self._db.rows(
            "SELECT loser_id FROM patient_alias WHERE winner_id = ? ORDER BY loser_id",
            (patient_id,),
        )
        return [patient_id, *(str(row[0]) for row in rows)]


def _where(wanted: Wanted, action: str) -> tuple[list[str], list[object]]:
    terms: list[str] = []
    values: list[object] = []
    if wanted.patient_ids:
        terms.append(f"patient_id IN ({', '.join('?' * len(wanted.patient_ids))})")
        values += wanted.patient_ids
    for column, value, sign in (
        ("actor_id", wanted.actor_id, "="),
        ("device_id", wanted.device_id, "="),
        ("at", wanted.since, ">="),
        ("at", wanted.until, "<"),
        (action, wanted.action or None, "="),
    ):
        if value is not None:
            terms.append(f"{column} {sign} ?")
            values.append(value)
    return terms, values


def _line(row: Row) -> ControlLine:
    count = None if row[12] is None else int(row[12])
    return ControlLine(
        at=row[0],
        source=row[1],
        mark=row[2],
        received_at=row[3],
        actor_id=row[4],
        device_id=row[5],
        action=row[6],
        kind=row[7],
        record_id=row[8],
        patient_id=row[9],
        reason=row[10],
        words=row[11],
        count=count,
        allowed=bool(row[13]),
    )
