""" "Melding fra apotek": whether a day's medicine was collected, and who said so.

A day without news is unknown: missed for the rule on days without medicine, given for the rule on
the least time between doses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import check_pharmacy_report
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import slots
from fieldapp.domain.patients import Place
from fieldapp.domain.rights import Right
from fieldapp.services import lease, people, reference
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import drafts, medication, records

SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class PharmacyEntry:
    """What the form says. `id` becomes the event's id."""

    id: str
    patient_id: str
    group: str
    day: date
    collected: bool
    told_by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PharmacyDay:
    """A day that the pharmacy gives. `report` is the newest word about it, None without news."""

    day: date
    group: str
    products: tuple[str, ...]
    report: PharmacyReport | None
    told_to: str
    """Name of whoever wrote the report down."""


@needs(Right.READ_PATIENTS)
@lease.reads(Area.HANDOUTS)
def days(session: Session, patient_id: str) -> list[PharmacyDay]:
    """The pharmacy's days up to today, the newest first."""
    database = session.database
    groups = reference.substances()
    requests = medication.requests_of(database, [patient_id])
    orders = [order for order in requests if order.place is Place.PHARMACY]
    newest = _newest(session, patient_id)
    names = people.names(session)
    today = session.today()
    found = []
    for offset in range(SHOWN_DAYS):
        day = today - timedelta(days=offset)
        products: dict[str, list[str]] = {}
        for slot in slots(orders, day):
            products.setdefault(groups.group_code(slot.request), []).append(slot.request.product)
        for group, named in products.items():
            report = newest.get((group, day))
            told_to = names.get(report.author_id, "") if report is not None else ""
            found.append(PharmacyDay(day, group, tuple(dict.fromkeys(named)), report, told_to))
    return found


@needs(Right.RECORD_CARE)
def record(session: Session, entry: PharmacyEntry) -> ChangeSet:
    """Record what the pharmacy said. The same entry sent twice is one event; a later word about
    the same day is another, and counts instead. Raises EventError; nothing is written then.
    """
    with session.write() as unit:
        if records.exists(session.database, PharmacyReport, entry.id):
            return unit.changes(entry.id)
        report = PharmacyReport(
            id=entry.id,
            patient_id=entry.patient_id,
            group=entry.group,
            day=entry.day,
            collected=entry.collected,
            told_by=entry.told_by.strip(),
            recorded_at=unit.now,
            author_id=session.user.id,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            note=entry.note.strip(),
        )
        check_pharmacy_report(report, session.today())
        unit.save(report, "record")
        drafts.delete(session.database, entry.id)
    session.settle()
    return unit.changes(entry.id)


def _newest(session: Session, patient_id: str) -> dict[tuple[str, date], PharmacyReport]:
    reports = records.select(session.database, PharmacyReport, "patient_id = ?", (patient_id,))
    reports.sort(key=lambda report: (report.recorded_at, report.id))
    return {(report.group, report.day): report for report in reports}
