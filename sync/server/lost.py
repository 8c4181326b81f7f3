"""What a laptop held, for the report of a breach: from what the server knows, and never too little.

A patient counts when the user followed them at some time after the laptop's last complete sync, or
when that sync is not known. A record counts when a version of it was here at the laptop's last
contact.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from fieldapp.clock import from_iso
from fieldapp.domain.collation import sort_key
from sync.protocol.errors import NotFoundError_
from sync.protocol.lost import BreachPatient, BreachReport, KindCount, OrderGiven
from sync.server.office_rows import patient_names
from sync.server.overview import staff_names
from sync.server.storage.device_orders import GivenOrder
from sync.server.storage.reports import ReportRow
from sync.server.storage.storage import Transaction
from sync.server.storage.values import DeviceRow

_MOST_PARKED = 10_000


def same_machine(transaction: Transaction, device_id: str) -> frozenset[str]:
    """Return the other stores that say they lie on the same laptop."""
    machines = transaction.accounts.machines()
    machine = machines.get(device_id)
    if machine is None:
        return frozenset()
    return frozenset(other for other, name in machines.items() if name == machine) - {device_id}


def breach_report(
    transaction: Transaction, device_id: str, now: datetime, *, with_names: bool
) -> BreachReport:
    """Gather what is known of a laptop, with the other people's stores on it; without names for
    who may not see patients.

    A store that was ended, and says that it has destroyed itself, is told of as well. Raises
    NotFoundError_.
    """
    others = [
        _of_store(transaction, other, now, with_names=with_names)
        for other in same_machine(transaction, device_id)
    ]
    others.sort(key=lambda one: (sort_key(one.user_name), one.device_id))
    report = _of_store(transaction, device_id, now, with_names=with_names)
    return report.model_copy(update={"others": others})


def _of_store(
    transaction: Transaction, device_id: str, now: datetime, *, with_names: bool
) -> BreachReport:
    device = transaction.accounts.device(device_id)
    user = None if device is None else transaction.accounts.user(device.user_id)
    if device is None or user is None:
        raise NotFoundError_("device")
    report = transaction.reports.get(device_id)
    names = staff_names(transaction)
    contact = _last_contact(transaction, device, report)
    held, former = _patients(transaction, device, report, contact)
    counts = transaction.device_orders.held_kinds(list(held), contact)
    by_patient: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    for patient_id, kind, number in counts:
        by_patient[patient_id] += number
        by_kind[kind] += number
    return BreachReport(
        device_id=device.id,
        device_name=device.name,
        user_name=names.get(user.id, user.username),
        username=user.username,
        platform=device.platform,
        app_version=report.app_version if report is not None else device.app_version,
        made_at=now,
        enrolled_at=from_iso(device.enrolled_at),
        last_complete=_moment(report.last_complete if report is not None else None),
        last_contact=from_iso(contact),
        unsent=report.waiting + report.parked if report is not None else None,
        drafts=report.drafts_unsent if report is not None else None,
        drafts_here=transaction.drafts.counts().get(device_id, 0),
        parked_here=transaction.parked.counts_open().get(device_id, 0),
        disk_encrypted=report.disk_encrypted if report is not None else None,
        patients=_named(transaction, held, by_patient, with_names),
        former=former,
        kinds=[KindCount(kind=kind, count=count) for kind, count in by_kind.most_common()],
        team_records=len(transaction.records.of_team()),
        orders=[_order(one, names) for one in transaction.device_orders.of(device_id)],
        log_lines=transaction.device_orders.log_head(device_id).sequence,
    )


def _last_contact(transaction: Transaction, device: DeviceRow, report: ReportRow | None) -> str:
    """The last moment at which the laptop can have fetched anything."""
    served = transaction.office.served().get(device.id)
    times = [device.enrolled_at, served, report.received_at if report is not None else None]
    return max(time for time in times if time is not None)


def _patients(
    transaction: Transaction, device: DeviceRow, report: ReportRow | None, contact: str
) -> tuple[dict[str, str | None], int]:
    """Return who may have been there, with when that ended, and how many were purged before."""
    complete = report.last_complete if report is not None else None
    held: dict[str, str | None] = {}
    former = set()
    for patient_id, granted, ended in transaction.device_orders.grants_of(device.user_id):
        if granted is not None and granted > contact:
            continue  # the laptop never heard of this one
        if ended is None or complete is None or ended > complete:
            held[patient_id] = ended
        else:
            former.add(patient_id)
    # Whoever lies in a parked change of this laptop was on it, whatever the assignments say.
    for change in transaction.parked.open(_MOST_PARKED):
        if change.device_id == device.id and change.patient_id is not None:
            held.setdefault(change.patient_id, None)
    return held, len(former - held.keys())


def _named(
    transaction: Transaction,
    held: dict[str, str | None],
    counts: Counter[str],
    with_names: bool,
) -> list[BreachPatient]:
    names = patient_names(transaction, held) if with_names else {}
    rows = []
    for patient_id, ended in held.items():
        name = names.get(patient_id)
        birth = name.birth_date.isoformat() if name is not None and name.birth_date else ""
        rows.append(
            BreachPatient(
                id=patient_id,
                name=name.name if name is not None else "",
                birth_date=birth,
                national_id=(name.national_id or "") if name is not None else "",
                records=counts[patient_id],
                ended_at=_moment(ended),
            )
        )
    return sorted(rows, key=lambda row: (sort_key(row.name), row.id))


def _order(given: GivenOrder, names: dict[str, str]) -> OrderGiven:
    return OrderGiven(
        kind=given.order.kind,
        given_at=given.order.issued_at,
        given_by=names.get(given.given_by, given.given_by),
        reason=given.reason,
        asked_at=_moment(given.asked_at),
        delivered_at=_moment(given.delivered_at),
        obeyed_at=_moment(given.obeyed_at),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)
