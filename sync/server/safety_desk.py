"""Safety items as the office sees them: across all patients, with who gave and who holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fieldapp.clock import to_iso
from fieldapp.domain import safety
from fieldapp.domain.claims import Claim, ClaimState, claim_id
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.issues import DetectedIssue, IssueError, IssueStatus, check_answer
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.protocol.office import MAX_LISTED
from sync.protocol.safety import (
    AnswerIssueRequest,
    EvidenceRow,
    ForceFacts,
    HolderRow,
    SafetyAnswer,
    SafetyRequest,
    SafetyRow,
)
from sync.server import reference
from sync.server.identity import Identity
from sync.server.office_rows import name_in, patient_names
from sync.server.rules import day_begins, rules
from sync.server.safety import ISSUE_KIND, PHARMACY_KIND, read_value
from sync.server.storage.records import HANDOUT_KIND, Name
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

_CLAIM: Final = "claim"
_ORDER: Final = "medication_request"
_WORDS_OF: Final = {"empty": "words_missing"}


def safety_rows(transaction: Transaction, request: SafetyRequest, who: Identity) -> SafetyAnswer:
    """Return the items of all patients as this person may see and answer them."""
    sequences = transaction.office.open_items(ISSUE_KIND, MAX_LISTED + 1)
    found = transaction.records.by_seq(sequences)
    records = [found[seq] for seq in sequences]
    if request.answered_too:
        answered = [
            record
            for record in transaction.records.of_kind(ISSUE_KIND)
            if record.body.get("status") != IssueStatus.OPEN.value
        ]
        records += sorted(answered, key=_answered_at, reverse=True)[:MAX_LISTED]
    items = [
        (record, item) for record in records[:MAX_LISTED] if (item := _item(record)) is not None
    ]
    still_open = [pair for pair in items if pair[1].status is IssueStatus.OPEN]
    still_open.sort(key=lambda pair: (pair[1].raised_at, pair[0].id))
    settled = [pair for pair in items if pair[1].status is not IssueStatus.OPEN]
    desk = _Desk(transaction, [*still_open, *settled], who)
    return SafetyAnswer(
        rows=desk.rows(),
        open_count=transaction.office.count_open_items(ISSUE_KIND),
        more=len(records) > MAX_LISTED,
    )


def answer_issue(
    transaction: Transaction, request: AnswerIssueRequest, who: Identity, now: datetime
) -> str | None:
    """Answer an item; return the patient's id.

    Raises NotFoundError_, BadRequestError (words_missing, involved, already_answered).
    """
    transaction.records.take_turn()
    record = transaction.records.get(ISSUE_KIND, request.id)
    item = _item(record) if record is not None else None
    if record is None or item is None:
        raise NotFoundError_("issue")
    try:
        check_answer(item, who.user_id, request.words)
    except IssueError as error:
        raise BadRequestError(_WORDS_OF.get(error.code, error.code)) from None
    answered = replace(
        item,
        status=IssueStatus.ANSWERED,
        answered_by=who.user_id,
        answered_at=now,
        answer=request.words.strip(),
    )
    transaction.records.put(
        NewVersion(
            kind=ISSUE_KIND,
            id=record.id,
            patient_id=record.patient_id,
            body={**record.body, **to_body(answered)},
            immutable=False,
            author_id=who.user_id,
            device_id=who.device_id,
            received_at=to_iso(now),
        )
    )
    return record.patient_id


@dataclass(frozen=True, slots=True)
class _Person:
    name: str = ""
    phone: str = ""


class _Desk:
    """Reads with few statements what stands beside the items."""

    def __init__(
        self,
        transaction: Transaction,
        items: Sequence[tuple[StoredRecord, DetectedIssue]],
        who: Identity,
    ) -> None:
        self._items = items
        self._who = who
        records = transaction.records
        wanted = [one for _, item in items for one in item.evidence]
        kinds = (HANDOUT_KIND, PHARMACY_KIND, _CLAIM)
        self._evidence = records.get_many((kind, one) for one in wanted for kind in kinds)
        doses = self._doses()
        orders = records.get_many((_ORDER, dose.request_id) for dose in doses.values())
        self._orders = {
            record.id: order
            for record in orders.values()
            if (order := read_value(MedicationRequest, record)) is not None
        }
        self._doses_by_id = doses
        self._begins = day_begins(rules(transaction))
        self._claims = self._read_claims(transaction)
        self._patients = patient_names(transaction, [record.patient_id for record, _ in items])
        self._people = {
            record.id: _Person(str(record.body.get("name", "")), str(record.body.get("phone", "")))
            for record in records.of_kind("practitioner")
        }
        self._devices = {device.id: device.name for device in transaction.accounts.devices()}

    def rows(self) -> list[SafetyRow]:
        return [self._row(record, item) for record, item in self._items]

    def _row(self, record: StoredRecord, item: DetectedIssue) -> SafetyRow:
        is_open = item.status is IssueStatus.OPEN
        return SafetyRow(
            id=record.id,
            patient_id=record.patient_id or item.patient_id,
            patient_name=name_in(self._patients, record.patient_id),
            code=item.code,
            raised_at=item.raised_at,
            evidence=[self._evidence_row(one) for one in item.evidence],
            holders=self._holders(item),
            involved=[self._person(one).name or one for one in item.involved],
            may_answer=is_open and self._who.user_id not in item.involved,
            open=is_open,
            answered_by=self._person(item.answered_by).name,
            answered_at=item.answered_at,
            answer=item.answer,
        )

    def _evidence_row(self, event_id: str) -> EvidenceRow:
        dose = self._doses_by_id.get(event_id)
        if dose is not None:
            return self._dose_row(dose)
        record = self._evidence.get((PHARMACY_KIND, event_id))
        report = read_value(PharmacyReport, record) if record is not None else None
        if report is None:
            return EvidenceRow(id=event_id, kind=_CLAIM if self._is_claim(event_id) else "")
        author = self._person(report.author_id)
        return EvidenceRow(
            id=event_id,
            kind=PHARMACY_KIND,
            day=report.day.isoformat(),
            given_at=report.recorded_at,
            author_id=report.author_id,
            author_name=author.name,
            author_phone=author.phone,
            device_name=self._devices.get(report.device_id, ""),
            told_by=report.told_by,
        )

    def _dose_row(self, dose: MedicationAdministration) -> EvidenceRow:
        author = self._person(dose.author_id)
        order = self._orders.get(dose.request_id)
        forced = dose.forced
        return EvidenceRow(
            id=dose.id,
            kind=HANDOUT_KIND,
            product=order.product if order is not None else "",
            dose_mg="" if dose.dose_mg is None else format(dose.dose_mg, "f"),
            day=dose.day.isoformat(),
            part=dose.part.value,
            given_at=dose.given_at,
            author_id=dose.author_id,
            author_name=author.name,
            author_phone=author.phone,
            device_name=self._devices.get(dose.device_id, ""),
            retrospective=dose.retrospective,
            forced=None
            if forced is None
            else ForceFacts(
                reason=forced.reason,
                reason_text=forced.reason_text,
                findings=list(forced.findings),
                holder_name=self._person(forced.holder_id).name,
                holder_called=forced.holder_called,
                holder_answered=forced.holder_answered,
                holder_answer=forced.holder_answer,
                prescriber=forced.prescriber,
            ),
        )

    def _holders(self, item: DetectedIssue) -> list[HolderRow]:
        found = {}
        for event_id in item.evidence:
            for name in self._claim_names(event_id):
                claim = self._claims.get(name)
                if claim is None or claim.state not in (ClaimState.HELD, ClaimState.UNKNOWN):
                    continue
                holder = self._person(claim.holder_id)
                found[name] = HolderRow(
                    unit=claim.unit,
                    holder_name=holder.name,
                    holder_phone=holder.phone,
                    device_name=self._devices.get(claim.holder_device_id or "", ""),
                )
        return list(found.values())

    # --- reading

    def _doses(self) -> dict[str, MedicationAdministration]:
        found = {}
        for (kind, event_id), record in self._evidence.items():
            if kind == HANDOUT_KIND:
                dose = read_value(MedicationAdministration, record)
                if dose is not None:
                    found[event_id] = dose
        return found

    def _read_claims(self, transaction: Transaction) -> dict[str, Claim]:
        names: Iterable[Name] = [
            (_CLAIM, name)
            for _, item in self._items
            for event_id in item.evidence
            for name in self._claim_names(event_id)
        ]
        found = transaction.records.get_many(names)
        values = {record.id: read_value(Claim, record) for record in found.values()}
        return {name: claim for name, claim in values.items() if claim is not None}

    def _claim_names(self, event_id: str) -> list[str]:
        if self._is_claim(event_id):
            return [event_id]
        dose = self._doses_by_id.get(event_id)
        if dose is None:
            return []
        order = self._orders.get(dose.request_id)
        group = reference.substances().group_code(order) if order is not None else dose.group
        if group is None:
            return []
        return [claim_id(dose.patient_id, group, unit) for unit in safety.units(dose, self._begins)]

    def _is_claim(self, event_id: str) -> bool:
        return (_CLAIM, event_id) in self._evidence

    def _person(self, user_id: str | None) -> _Person:
        return self._people.get(user_id or "", _Person())


def _item(record: StoredRecord) -> DetectedIssue | None:
    try:
        return from_body(DetectedIssue, record.body)
    except BodyError:
        return None  # from a newer program


def _answered_at(record: StoredRecord) -> str:
    return str(record.body.get("answered_at") or "")
