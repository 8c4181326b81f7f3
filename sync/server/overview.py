"""How every laptop stands, and what closing one would lose: ids and counts, no contents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from fieldapp.clock import OSLO, from_iso, to_iso
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.collation import sort_key
from fieldapp.domain.visits import Encounter
from sync.protocol.office import ClosingCode, ClosingPoint, LaptopRow
from sync.server.storage.device_orders import GivenOrder
from sync.server.storage.office import PlannedVisit
from sync.server.storage.reports import ReportRow
from sync.server.storage.storage import Transaction
from sync.server.storage.values import DeviceRow, UserRow

_UNTIMED: Final = time(12)
"""When a visit without an agreed time is taken to be."""

_REPORT_IS_OLD: Final = timedelta(days=1)

_LONGEST: Final = timedelta(days=3650)
"""How far back visits since the last complete sync are looked for."""

_BLOCKING: Final = frozenset(
    {
        ClosingCode.UNSENT,
        ClosingCode.PARKED,
        ClosingCode.CONFLICTS,
        ClosingCode.DRAFTS_UNSENT,
        ClosingCode.NEVER_REPORTED,
        ClosingCode.VISITS_SINCE,
    }
)
"""What may lie on the laptop alone, so that closing it would lose it for good."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the server knows beside the accounts, by laptop."""

    reports: dict[str, ReportRow]
    served: dict[str, str]
    parked: dict[str, int]
    drafts: dict[str, int]
    names: dict[str, str]
    register_broken: set[str]
    orders: dict[str, GivenOrder]
    machines: dict[str, str]
    disks: dict[str, bool]


def laptop_rows(transaction: Transaction, now: datetime) -> list[LaptopRow]:
    """Return a row for every person on every laptop, and one for each person without any."""
    known = _Known(
        {report.device_id: report for report in transaction.reports.all()},
        transaction.office.served(),
        transaction.parked.counts_open(),
        transaction.drafts.counts(),
        staff_names(transaction),
        transaction.register.broken(),
        transaction.device_orders.all_standing(),
        transaction.accounts.machines(),
        transaction.accounts.disks(),
    )
    devices: dict[str, list[DeviceRow]] = defaultdict(list)
    for device in transaction.accounts.devices():
        devices[device.user_id].append(device)
    rows = []
    for user in transaction.accounts.users():
        own = devices.get(user.id, [])
        rows += [_row(transaction, known, user, device, now) for device in own]
        if not own:
            rows.append(_person(known, user))
    return sorted(rows, key=_order)


def staff_names(transaction: Transaction) -> dict[str, str]:
    """Return the names of the staff by user id."""
    return {
        record.id: str(record.body.get("name") or record.id)
        for record in transaction.records.of_kind("practitioner")
    }


def closing_points(rows: Sequence[LaptopRow], now: datetime, only: int) -> list[ClosingPoint]:
    """Return what to know before these laptops are closed; `only`: patients left alone by it."""
    points: list[ClosingPoint] = []
    for row in rows:
        if row.device_id is not None:
            points += _points_of(row, now)
    if only:
        points.append(ClosingPoint(code=ClosingCode.ONLY_FOLLOWER, count=only))
    return points or [ClosingPoint(code=ClosingCode.NOTHING_KNOWN)]


def _points_of(row: LaptopRow, now: datetime) -> list[ClosingPoint]:
    age = timedelta(0) if row.reported_at is None else now - row.reported_at
    counts = {
        ClosingCode.NEVER_REPORTED: int(row.reported_at is None),
        ClosingCode.UNSENT: row.waiting or 0,
        ClosingCode.PARKED: row.parked or 0,
        ClosingCode.CONFLICTS: row.conflicts or 0,
        ClosingCode.DRAFTS_UNSENT: row.drafts_unsent or 0,
        ClosingCode.VISITS_SINCE: row.visits_since,
        ClosingCode.REPORT_OLD: age.days if age >= _REPORT_IS_OLD else 0,
        ClosingCode.PARKED_HERE: row.parked_here,
        ClosingCode.DRAFTS_HERE: row.drafts_here,
    }
    return [
        ClosingPoint(code=code, count=count, device_id=row.device_id, blocking=code in _BLOCKING)
        for code, count in counts.items()
        if count
    ]


def _person(known: _Known, user: UserRow) -> LaptopRow:
    return LaptopRow(
        user_id=user.id,
        username=user.username,
        name=known.names.get(user.id, user.username),
        role=user.role,
        user_active=user.active,
    )


def _disk_encrypted(known: _Known, report: ReportRow | None, device_id: str) -> bool | None:
    """As last reported; before the first report as told when the laptop was made known."""
    if report is not None and report.disk_encrypted is not None:
        return report.disk_encrypted
    return known.disks.get(device_id)


def _row(
    transaction: Transaction, known: _Known, user: UserRow, device: DeviceRow, now: datetime
) -> LaptopRow:
    report = known.reports.get(device.id)
    order = known.orders.get(device.id)
    served = known.served.get(device.id)
    complete = report.last_complete if report is not None else None
    since = max(complete or "", served or "") or device.enrolled_at
    return LaptopRow(
        user_id=user.id,
        username=user.username,
        name=known.names.get(user.id, user.username),
        role=user.role,
        user_active=user.active,
        device_id=device.id,
        device_name=device.name,
        platform=device.platform,
        app_version=report.app_version if report is not None else device.app_version,
        enrolled_at=from_iso(device.enrolled_at),
        last_complete=_moment(complete),
        last_served=_moment(served),
        last_contact=_moment(report.received_at if report is not None else None),
        reported_at=_moment(report.received_at if report is not None else None),
        waiting=report.waiting if report is not None else None,
        parked=report.parked if report is not None else None,
        conflicts=report.conflicts if report is not None else None,
        drafts_unsent=report.drafts_unsent if report is not None else None,
        parked_here=known.parked.get(device.id, 0),
        drafts_here=known.drafts.get(device.id, 0),
        clock_offset_ms=report.offset_ms if report is not None else None,
        disk_encrypted=_disk_encrypted(known, report, device.id),
        visits_since=_visits_since(transaction, user.id, from_iso(since), now),
        forked=device.forked,
        log_forked=device.log_forked,
        machine_id=known.machines.get(device.id, ""),
        register_broken=device.id in known.register_broken,
        revoked=device.revoked,
        order=order.order.kind if order is not None else None,
        order_at=order.order.issued_at if order is not None else None,
        order_asked_at=_moment(order.asked_at if order is not None else None),
        order_delivered_at=_moment(order.delivered_at if order is not None else None),
        order_obeyed_at=_moment(order.obeyed_at if order is not None else None),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def _order(row: LaptopRow) -> tuple[bool, bool, bool, str, str]:
    """Those with visits since first, then the longest silent; closed ones and people without a
    laptop last."""
    heard = max((row.last_complete, row.last_served), key=lambda moment: to_text(moment))
    return (
        row.revoked or not row.user_active,
        row.device_id is None,
        row.visits_since == 0,
        to_text(heard),
        sort_key(row.name),
    )


def to_text(moment: datetime | None) -> str:
    """Return a moment as text that sorts; never comes first."""
    return "" if moment is None else to_iso(moment)


def _visits_since(transaction: Transaction, user_id: str, since: datetime, now: datetime) -> int:
    """Count visits begun after `since`, and those planned from then until now without a visit.

    `since` is what a laptop says of itself, and may be any moment that there is.
    """
    since = min(max(since, now - _LONGEST), now)
    encounters = [
        encounter
        for encounter in map(
            _encounter, transaction.office.encounters_since(user_id, to_iso(since))
        )
        if encounter is not None and encounter.started_at > since
    ]
    kept = {encounter.appointment_id for encounter in encounters}
    planned = transaction.office.planned(
        user_id, since.astimezone(OSLO).date().isoformat(), now.astimezone(OSLO).date().isoformat()
    )
    return len(encounters) + sum(
        visit.id not in kept and since < _planned_at(visit, since) <= now for visit in planned
    )


def _encounter(body: dict[str, object]) -> Encounter | None:
    try:
        return from_body(Encounter, body)
    except BodyError:
        return None  # from a newer program; not counted rather than guessed


def _planned_at(visit: PlannedVisit, otherwise: datetime) -> datetime:
    try:
        clock = time.fromisoformat(visit.time) if visit.time else _UNTIMED
        return datetime.combine(date.fromisoformat(visit.day), clock, OSLO)
    except ValueError:
        return otherwise
