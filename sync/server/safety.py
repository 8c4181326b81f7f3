"""Safety items: written in the transaction that stores what they are about, on either database.

One item for one danger. What comes later is added to it, and opens it again: whoever answered it
did not know of that.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain import safety
from fieldapp.domain.claims import Claim, claim_id
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.handout_events import PharmacyReport, SlotReopening
from fieldapp.domain.issues import DetectedIssue, IssueStatus
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.safety import Danger, Surroundings
from sync.server import reference
from sync.server.rules import day_begins, rules
from sync.server.storage.records import HANDOUT_KIND, slot_of
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

_ISSUES: Final = uuid.UUID("0b9d3a57-7a3e-4a4b-8d6c-2b1f0c9f7e21")
ISSUE_KIND: Final = "detected_issue"
PHARMACY_KIND: Final = "pharmacy_report"
_ORDER_KIND: Final = "medication_request"
_REOPENING_KIND: Final = "slot_reopening"

V = TypeVar("V")


def issue_id_of(slot: str) -> str:
    """Return the id of the safety item of a slot in which two doses stand: the same for ever."""
    return str(uuid.uuid5(_ISSUES, slot))


def id_of(danger: Danger) -> str:
    """Return the id of the item of a danger."""
    if danger.code == safety.DOUBLE_HANDOUT and len(danger.subject) == _SLOT_PARTS:
        # As a slot has always been named here: an item of an earlier version goes on growing.
        patient_id, request_id, day, part = danger.subject
        return issue_id_of(
            slot_of(patient_id, {"request_id": request_id, "day": day, "part": part})
        )
    name = json.dumps([danger.code, *danger.subject], ensure_ascii=False, separators=(",", ":"))
    return str(uuid.uuid5(_ISSUES, name))


_SLOT_PARTS: Final = 4


def is_looked_at(version: NewVersion) -> bool:
    """True for what may bring a danger about: a dose given, a word of the pharmacy."""
    if version.patient_id is None:
        return False
    if version.kind == HANDOUT_KIND:
        return version.body.get("status") == "given"
    return version.kind == PHARMACY_KIND


def look_at(transaction: Transaction, versions: Sequence[NewVersion], now: datetime) -> None:
    """Write the items of what these versions have brought about; they are written already."""
    wanted = [version for version in versions if is_looked_at(version)]
    if not wanted:
        return
    found = _Reader(transaction, wanted).dangers()
    raise_items(transaction, found, now, _sent_for_others(wanted))


def look_at_joined(
    transaction: Transaction, patient_id: str, now: datetime, since: timedelta = timedelta(days=14)
) -> None:
    """Write the items of what stands beside each other now that two patients are one."""
    first, last = (now - since).date(), (now + since).date()
    records = transaction.records.handouts_near([(patient_id, first.isoformat(), last.isoformat())])
    versions = [
        NewVersion(
            kind=record.kind,
            id=record.id,
            patient_id=record.patient_id,
            body=record.body,
            immutable=True,
            author_id=record.author_id,
            device_id=record.device_id,
            received_at=record.received_at,
        )
        for record in records
    ]
    look_at(transaction, versions, now)


def _sent_for_others(versions: Sequence[NewVersion]) -> dict[str, str]:
    """Return who sent an event in another's name, by event id. After a restore that is a favour;
    from a changed program it would let its sender answer for an own dose.
    """
    return {
        version.id: version.author_id
        for version in versions
        if version.author_id is not None and version.body.get("author_id") != version.author_id
    }


def raise_items(
    transaction: Transaction,
    found: Sequence[tuple[str, Danger]],
    now: datetime,
    sent_by: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the items of (patient id, danger), or let those that are there grow.

    `sent_by` says who sent an event (id) in another's name: they do not answer for it either.
    """
    if not found:
        return
    present = transaction.records.get_many((ISSUE_KIND, id_of(danger)) for _, danger in found)
    for patient_id, danger in found:
        name = (ISSUE_KIND, id_of(danger))
        stored = present.get(name)
        senders = [sent_by[one] for one in danger.evidence if one in sent_by]
        if stored is None:
            body: dict[str, Any] | None = _new(patient_id, danger, senders, now)
        else:
            body = _grown(stored, danger, senders)
        if body is None:
            continue
        present[name] = transaction.records.add(
            NewVersion(
                kind=ISSUE_KIND,
                id=name[1],
                patient_id=stored.patient_id if stored is not None else patient_id,
                body=body,
                immutable=False,
                author_id=None,
                device_id=None,
                received_at=to_iso(now),
            ),
            stored,
        )
    transaction.records.flush()


# --- reading what stands around


class _Reader:
    """Reads with few statements what the dangers of some new versions are decided by."""

    def __init__(self, transaction: Transaction, versions: Sequence[NewVersion]) -> None:
        self._transaction = transaction
        self._new = {version.id for version in versions}
        self._registered: dict[str, str] = {}
        self._begins = day_begins(rules(transaction))
        found: dict[str, list[StoredRecord]] = defaultdict(list)
        for record in transaction.records.around(_windows(versions)):
            found[record.kind].append(record)
        self._orders = _Orders(transaction, found[_ORDER_KIND])
        self._events = self._handouts(found[HANDOUT_KIND])
        self._reports = self._pharmacy_reports(found[PHARMACY_KIND])
        self._reopened = {
            event_id
            for record in found[_REOPENING_KIND]
            if (opening := read_value(SlotReopening, record)) is not None
            for event_id in opening.administration_ids
        }

    def dangers(self) -> list[tuple[str, Danger]]:
        """Return (patient id, danger) of all of them."""
        found = []
        claims = self._claims()
        for patient_id, code in sorted(self._touched()):
            around = Surroundings(
                patient_id=patient_id,
                group=reference.substances().group(code),
                group_code=code,
                events=self._events[patient_id, code],
                orders_at=self._orders.of_group(patient_id, code),
                reopened=self._reopened,
                claims=claims,
                reports=self._reports[patient_id, code],
                service_day_begins=self._begins,
                registered=self._registered,
            )
            found += [(patient_id, one) for one in safety.dangers(around, self._new)]
        return found

    def _touched(self) -> set[tuple[str, str]]:
        return {
            key
            for found in (self._events, self._reports)
            for key, values in found.items()
            if any(value.id in self._new for value in values)
        }

    def _handouts(
        self, records: Iterable[StoredRecord]
    ) -> dict[tuple[str, str], list[MedicationAdministration]]:
        found: dict[tuple[str, str], list[MedicationAdministration]] = defaultdict(list)
        for record in records:
            event = read_value(MedicationAdministration, record)
            if event is not None:
                patient_id = str(record.patient_id)
                self._registered[event.id] = str(record.body.get("patient_id"))
                found[patient_id, self._orders.group_of(event)].append(event)
        return found

    def _pharmacy_reports(
        self, records: Iterable[StoredRecord]
    ) -> dict[tuple[str, str], list[PharmacyReport]]:
        found: dict[tuple[str, str], list[PharmacyReport]] = defaultdict(list)
        for record in records:
            report = read_value(PharmacyReport, record)
            if report is not None:
                found[str(record.patient_id), report.group].append(report)
        return found

    def _claims(self) -> dict[str, Claim]:
        names = {
            claim_id(patient_id, code, unit)
            for (patient_id, code), events in self._events.items()
            for event in events
            if event.id in self._new
            for unit in safety.units(event, self._begins)
        }
        records = self._transaction.records.get_many(("claim", name) for name in sorted(names))
        values = {record.id: read_value(Claim, record) for record in records.values()}
        return {name: claim for name, claim in values.items() if claim is not None}


@dataclass(frozen=True, slots=True)
class _OrderVersion:
    received_at: str
    order: MedicationRequest


class _Orders:
    """The orders of some patients, each in all its versions."""

    def __init__(self, transaction: Transaction, present: Sequence[StoredRecord]) -> None:
        self._records = transaction.records
        self._owner = {record.id: str(record.patient_id) for record in present}
        self._versions: dict[str, list[_OrderVersion]] = {}
        self._codes: dict[str, str] = {}
        for record in present:
            order = read_value(MedicationRequest, record)
            if order is not None:
                self._codes[order.id] = reference.substances().group_code(order)
                self._versions[order.id] = [_OrderVersion(record.received_at, order)]
        self._all_read = False

    def group_of(self, event: MedicationAdministration) -> str:
        """Return the substance group of a dose: its order's, which is the server's own word."""
        known = self._codes.get(event.request_id)
        return known or event.group or f"order:{event.request_id}"

    def of_group(self, patient_id: str, code: str) -> Callable[[datetime], list[MedicationRequest]]:
        """Return what tells the orders of a group as the server had them at an instant.

        An order that came later than that is told in its first version: its doses show that
        somebody had it.
        """
        ids = [
            order_id
            for order_id, found in self._codes.items()
            if found == code and self._owner[order_id] == patient_id
        ]

        @cache
        def at(moment: datetime) -> list[MedicationRequest]:
            text = to_iso(moment)
            return [self._version_at(order_id, text) for order_id in ids]

        return at

    def _version_at(self, order_id: str, at: str) -> MedicationRequest:
        (newest,) = self._versions[order_id][-1:]
        if newest.received_at <= at:
            return newest.order
        self._read_older()
        versions = self._versions[order_id]
        before = [version for version in versions if version.received_at <= at]
        return (before or versions[:1])[-1].order

    def _read_older(self) -> None:
        """Read the former versions of all of them, once; mostly nobody asks."""
        if self._all_read:
            return
        self._all_read = True
        older: dict[str, list[_OrderVersion]] = defaultdict(list)
        for order_id, at, body in self._records.older_versions(_ORDER_KIND, list(self._versions)):
            order = _read(MedicationRequest, {**body, "patient_id": self._owner[order_id]})
            if order is not None:
                older[order_id].append(_OrderVersion(at, order))
        for order_id, versions in older.items():
            self._versions[order_id] = [*versions, *self._versions[order_id]]


def _windows(versions: Sequence[NewVersion]) -> list[tuple[str, str, str]]:
    """Return for each patient the days (ISO text) round all that is new."""
    spans: dict[str, list[tuple[date, timedelta]]] = defaultdict(list)
    for version in versions:
        spans[str(version.patient_id)].extend(_looked_at(version.body))
    return [
        (
            patient_id,
            min(_moved(day, -reach) for day, reach in days).isoformat(),
            max(_moved(day, reach) for day, reach in days).isoformat(),
        )
        for patient_id, days in spans.items()
        if days
    ]


def _moved(day: date, by: timedelta) -> date:
    """Return another day; a laptop may have written one at the end of the calendar."""
    try:
        return day + by
    except OverflowError:
        return date.min if by < timedelta() else date.max


def _looked_at(body: Mapping[str, Any]) -> list[tuple[date, timedelta]]:
    """Return the days round which a new event is looked at, with how far."""
    try:
        found = [(date.fromisoformat(str(body.get("day"))), safety.LONGEST_REACH)]
        if body.get("injection") is not None:
            given = from_iso(str(body.get("given_at"))).date()
            found += [(given, safety.INJECTION_REACH)]
    except ValueError:
        return []
    return found


def read_value(cls: type[V], record: StoredRecord) -> V | None:
    """Return the value of a record under the patient whose it is now."""
    body = record.body
    if record.patient_id is not None and "patient_id" in body:
        body = {**body, "patient_id": record.patient_id}
    return _read(cls, body)


def _read(cls: type[V], body: dict[str, Any]) -> V | None:
    """Read a body; a code that this version does not know does not hide a dose."""
    unknown: set[str] = set()
    while True:
        try:
            return from_body(cls, body)
        except BodyError as error:
            if error.known_code is None or error.field in unknown:
                return None
            unknown.add(error.field)
            body = {**body, error.field: error.known_code}


# --- the items


def _new(patient_id: str, danger: Danger, senders: Sequence[str], now: datetime) -> dict[str, Any]:
    return to_body(
        DetectedIssue(
            id=id_of(danger),
            patient_id=patient_id,
            code=danger.code,
            evidence=danger.evidence,
            raised_at=now,
            involved=tuple(dict.fromkeys((*danger.involved, *senders))),
        )
    )


def _grown(stored: StoredRecord, danger: Danger, senders: Sequence[str]) -> dict[str, Any] | None:
    """Return the item with further events, None when it names them all already.

    It may have come from a laptop, after a restore or made up: then who wrote the events is looked
    at too, for they do not answer it.
    """
    body = stored.body
    named, involved = _listed(body.get("evidence")), _listed(body.get("involved"))
    added = [one for one in danger.evidence if one not in named]
    authors = [one for one in danger.involved if one not in involved]
    others = [one for one in senders if one not in (*involved, *authors)]
    is_open = body.get("status") == IssueStatus.OPEN.value
    if (
        not added
        and not authors
        and not (others and (is_open or body.get("answered_by") in others))
    ):
        # What somebody else has answered stays so, whoever offers it again after a restore.
        return None
    return {
        **body,
        "code": danger.code,
        "evidence": [*named, *added],
        "involved": [*involved, *authors, *dict.fromkeys(others)],
        # Whoever answered it did not know of this.
        "status": IssueStatus.OPEN.value,
        "answered_by": None,
        "answered_at": None,
        "answer": "",
    }


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []
