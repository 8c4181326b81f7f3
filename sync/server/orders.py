"""Orders at the office: entered by one person, confirmed by another, stopped by anybody at once.

The rules of an order itself are `fieldapp.domain.orders`; here stands who may do what, what waits,
and what is written. Whoever may not assign patients sees the orders of those whom they follow.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from fieldapp.clock import to_iso
from fieldapp.domain.claims import Claim, service_day
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.orders import OrderProblem, check, errors_of
from fieldapp.domain.patients import Place
from fieldapp.domain.rights import Right, may
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.orders import (
    ActOnOrderRequest,
    EnterOrderRequest,
    EntryState,
    LiveClaim,
    OrderAction,
    OrderProblemRow,
    SettleOrderRequest,
)
from sync.server import reference
from sync.server.identity import Identity
from sync.server.proposals import accept_order_wish, open_order_wish
from sync.server.rules import day_begins, rules
from sync.server.storage.order_entries import OrderEntry
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

ORDER: Final = "medication_request"
_PATIENT: Final = "patient"


@dataclass(frozen=True, slots=True)
class Done:
    """What a call did, and what the office log is to say of it.

    `entry` is None where nothing was stored; `problems` then say why.
    """

    entry: OrderEntry | None
    subject: str
    patient_id: str
    reason: str = ""
    problems: tuple[OrderProblem, ...] = ()


# --- who sees what


class Sight:
    """Whose orders somebody sees: all, or those of the patients whom they follow."""

    def __init__(self, transaction: Transaction, who: Identity) -> None:
        everybody = may(who.role, Right.ASSIGN)
        self._only = None if everybody else transaction.scope.standing(who.user_id)

    def of(self, patient_id: str | None) -> bool:
        return patient_id is not None and (self._only is None or patient_id in self._only)


def read_order(record: StoredRecord) -> MedicationRequest | None:
    """Return an order with the patient whose it is now; None where a newer program wrote it."""
    try:
        found = from_body(MedicationRequest, record.body)
    except BodyError:
        return None
    return replace(found, patient_id=record.patient_id or found.patient_id)


def orders_of(transaction: Transaction, patient_id: str) -> list[MedicationRequest]:
    """Return a patient's orders as they stand."""
    records = transaction.records.of_patient(patient_id, ORDER)
    return [order for order in map(read_order, records) if order is not None]


def live_claims(
    transaction: Transaction, orders: Sequence[MedicationRequest]
) -> dict[str, list[LiveClaim]]:
    """Return, by order, who holds days of the patient's medicine of the same group."""
    held = transaction.orders.held_claims([order.patient_id for order in orders])
    groups = {order.id: reference.substances().group_code(order) for order in orders}
    people = _people(transaction)
    devices = {device.id: device.name for device in transaction.accounts.devices()}
    found: dict[str, list[LiveClaim]] = {}
    for order in orders:
        by_store: dict[tuple[str, str], list[str]] = defaultdict(list)
        for body in held.get(order.patient_id, ()):
            claim = _read_claim(body)
            if claim is not None and claim.group == groups[order.id]:
                key = (claim.holder_id or "-", claim.holder_device_id or "-")
                by_store[key].append(claim.unit)
        found[order.id] = [
            LiveClaim(
                holder_id=holder_id,
                holder_name=people.get(holder_id, ("", ""))[0],
                holder_phone=people.get(holder_id, ("", ""))[1],
                device_id=device_id,
                device_name=devices.get(device_id, ""),
                group=groups[order.id],
                units=sorted(units),
            )
            for (holder_id, device_id), units in sorted(by_store.items())
        ]
    return found


def _read_claim(body: dict[str, Any]) -> Claim | None:
    try:
        return from_body(Claim, body)
    except BodyError:
        return None


def _people(transaction: Transaction) -> dict[str, tuple[str, str]]:
    """Name and phone of everybody on the staff."""
    return {
        record.id: (str(record.body.get("name", "")), str(record.body.get("phone", "")))
        for record in transaction.records.of_kind("practitioner")
    }


# --- entering


def enter(
    transaction: Transaction, request: EnterOrderRequest, who: Identity, now: datetime
) -> Done:
    """Let a new order, or a new version, wait for a second person.

    Raises NotFoundError_ (patient), BadRequestError: order_changed, order_stopped, entry_waiting,
    id_used, body, not_open (the wish), NotAllowedError. An order with errors is not stored; they
    are in the answer.
    """
    transaction.records.take_turn()
    patient_id = _patient(transaction, request.patient_id, who)
    repeated = _repeated(transaction, request.id, who)
    if repeated is not None:
        return _done(repeated)
    before = _present(transaction, request.order_id)
    _check_base(before, request.base_revision, patient_id)
    if before is not None:
        _check_not_stopped(before, today_of(transaction, now))
    _check_nothing_waits(transaction, request.order_id)
    order = _as_entered(request, patient_id, before, who, now)
    problems = problems_of(transaction, order, before, today_of(transaction, now))
    if errors_of(problems):
        subject = f"{request.id}/{_enter_action(before).value}/refused"
        return Done(None, subject, patient_id, problems=problems)
    if request.proposal_id is not None:
        _check_wish(transaction, request, patient_id, who)
    entry = new_entry(
        request.id, _enter_action(before), request.base_revision, order, problems, who, now
    )
    entry = replace(
        entry,
        reason=request.reason.strip(),
        proposal_id=request.proposal_id,
        text=_text(before, order, transaction),
    )
    transaction.orders.add(entry)
    return _done(entry)


def problems_of(
    transaction: Transaction,
    order: MedicationRequest,
    before: MedicationRequest | None,
    today: date,
    beside: Iterable[MedicationRequest] = (),
) -> tuple[OrderProblem, ...]:
    """Return what is wrong with an order beside the patient's others (`beside`: and these)."""
    return check(
        order,
        reference.order_forms(),
        today=today,
        others=[*orders_of(transaction, order.patient_id), *beside],
        previous=before,
        depots=reference.depots(),
        substances=reference.substances(),
    )


def problem_rows(problems: Iterable[OrderProblem]) -> list[OrderProblemRow]:
    """Return problems as they travel."""
    return [
        OrderProblemRow(
            code=problem.code.value,
            field=problem.field,
            detail=problem.detail,
            warning=problem.is_warning,
        )
        for problem in problems
    ]


def new_entry(
    entry_id: str,
    action: OrderAction,
    base_revision: int,
    order: MedicationRequest,
    problems: Iterable[OrderProblem],
    who: Identity,
    now: datetime,
) -> OrderEntry:
    """Return an entry that waits; `problems` are the warnings that it keeps."""
    return OrderEntry(
        id=entry_id,
        order_id=order.id,
        patient_id=order.patient_id,
        action=action.value,
        base_revision=base_revision,
        text=json.dumps(to_body(order), ensure_ascii=False),
        reason="",
        told="",
        problems=json.dumps([row.model_dump() for row in problem_rows(problems)]),
        proposal_id=None,
        entered_by=who.user_id,
        entered_device=who.device_id,
        entered_at=to_iso(now),
        state=EntryState.WAITING.value,
    )


def _enter_action(before: MedicationRequest | None) -> OrderAction:
    return OrderAction.ENTER if before is None else OrderAction.CHANGE


def _as_entered(
    request: EnterOrderRequest,
    patient_id: str,
    before: MedicationRequest | None,
    who: Identity,
    now: datetime,
) -> MedicationRequest:
    """What was sent, with what is not the sender's to say put right."""
    try:
        sent = from_body(
            MedicationRequest,
            {**request.body, "id": request.order_id, "patient_id": patient_id},
        )
    except BodyError as error:
        raise BadRequestError(f"body:{error.field}") from None
    return replace(
        sent,
        revision=request.base_revision + 1,
        stopped_on=before.stopped_on if before is not None else None,
        on_hold=before.on_hold if before is not None else False,
        reassessed_on=before.reassessed_on if before is not None else None,
        # Who hands out is an act of its own: somebody must be told.
        place=before.place if before is not None else sent.place,
        recorded_at=now,
        entered_by=who.user_id,
        confirmed_at=None,
        confirmed_by=None,
    )


def _check_wish(
    transaction: Transaction, request: EnterOrderRequest, patient_id: str, who: Identity
) -> None:
    if not may(who.role, Right.DECIDE_PROPOSALS):
        raise NotAllowedError(Right.DECIDE_PROPOSALS.value)
    proposal_id = request.proposal_id or ""
    open_order_wish(transaction, proposal_id, request.order_id, patient_id, who)
    if transaction.orders.of_proposal(proposal_id) is not None:
        raise BadRequestError("entry_waiting")


# --- acts


def act(transaction: Transaction, request: ActOnOrderRequest, who: Identity, now: datetime) -> Done:
    """Stop, hold, move, resume or reassess.

    A stop and a hold never fail because the order was changed meanwhile. Raises NotFoundError_,
    BadRequestError: reason_missing, told_missing, order_changed, order_stopped, entry_waiting,
    already, day_passed, day_in_future, place, action, id_used.
    """
    transaction.records.take_turn()
    if not request.reason.strip():
        raise BadRequestError("reason_missing")
    before = _present(transaction, request.order_id)
    if before is None or not Sight(transaction, who).of(before.patient_id):
        raise NotFoundError_("order")
    repeated = _repeated(transaction, request.id, who)
    if repeated is not None:
        return _done(repeated)
    action = request.action
    if action not in (OrderAction.STOP, OrderAction.HOLD):
        _check_base(before, request.base_revision, before.patient_id)
    after = _after_act(before, request, today_of(transaction, now))
    after = replace(
        after,
        revision=before.revision + 1,
        recorded_at=now,
        entered_by=who.user_id,
        confirmed_at=None,
        confirmed_by=None,
    )
    entry = replace(
        new_entry(request.id, action, before.revision, after, (), who, now),
        reason=request.reason.strip(),
        told=request.told.strip(),
        text=_text(before, after, transaction),
    )
    if action.needs_second_person:
        _check_nothing_waits(transaction, request.order_id)
        transaction.orders.add(entry)
        return _done(entry)
    entry = replace(
        entry,
        state=EntryState.DONE.value,
        settled_by=who.user_id,
        settled_at=entry.entered_at,
    )
    transaction.orders.add(entry)
    _write(transaction, entry, entry.body, who, now)
    return _done(entry)


def _after_act(
    before: MedicationRequest, request: ActOnOrderRequest, today: date
) -> MedicationRequest:
    action = request.action
    day = _day(request.day) or today
    if action is OrderAction.STOP:
        if day < today:
            raise BadRequestError("day_passed")
        if before.stopped_on is not None and before.stopped_on <= day:
            raise BadRequestError("already")
        return replace(before, stopped_on=day)
    _check_not_stopped(before, today)
    if action is OrderAction.PLACE:
        return replace(before, place=_new_place(before, request))
    if action is OrderAction.REASSESS:
        if day > today:
            raise BadRequestError("day_in_future")
        return replace(before, reassessed_on=day)
    if action not in (OrderAction.HOLD, OrderAction.RESUME):
        raise BadRequestError("action")
    holds = action is OrderAction.HOLD
    if before.on_hold == holds:
        raise BadRequestError("already")
    return replace(before, on_hold=holds)


def _new_place(before: MedicationRequest, request: ActOnOrderRequest) -> Place:
    try:
        place = Place(request.place)
    except ValueError:
        raise BadRequestError("place") from None
    if place is before.place:
        raise BadRequestError("already")
    if not request.told.strip():
        raise BadRequestError("told_missing")
    return place


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadRequestError("day") from None


# --- the second person


def settle(
    transaction: Transaction, request: SettleOrderRequest, who: Identity, now: datetime
) -> Done:
    """Confirm what somebody else entered, or decline it; its own author may take it back.

    Raises NotFoundError_, NotAllowedError, BadRequestError: not_open, own_entry, words_missing,
    order_changed. An order that has errors by now is not written; they are in the answer.
    """
    transaction.records.take_turn()
    entry = transaction.orders.get(request.id)
    if entry is None or not Sight(transaction, who).of(entry.patient_id):
        raise NotFoundError_("order_entry")
    own = entry.entered_by == who.user_id
    if not may(who.role, Right.CONFIRM_ORDERS) and not (own and not request.accept):
        raise NotAllowedError(Right.CONFIRM_ORDERS.value)
    if entry.state != EntryState.WAITING:
        raise BadRequestError("not_open")
    words = request.words.strip()
    if not request.accept:
        if not words:
            raise BadRequestError("words_missing")
        return _settled(transaction, entry, EntryState.DECLINED, who, now, words)
    if own:
        raise BadRequestError("own_entry")
    before = _present(transaction, entry.order_id)
    _check_base(before, entry.base_revision, entry.patient_id)
    order = _confirmed(entry, who, now)
    if entry.action in (OrderAction.ENTER, OrderAction.CHANGE):
        problems = problems_of(transaction, order, before, today_of(transaction, now))
        if errors_of(problems):
            subject = f"{entry.id}/confirm/refused"
            return Done(None, subject, entry.patient_id, words, problems)
    done = _settled(transaction, entry, EntryState.CONFIRMED, who, now, words)
    _write(transaction, entry, {**entry.body, **to_body(order)}, who, now)
    if entry.proposal_id is not None:
        accept_order_wish(transaction, entry.proposal_id, who, entry.entered_by, now)
    return done


def _confirmed(entry: OrderEntry, who: Identity, now: datetime) -> MedicationRequest:
    try:
        order = from_body(MedicationRequest, entry.body)
    except BodyError as error:
        raise BadRequestError(f"body:{error.field}") from None
    return replace(
        order,
        # The two records of one person may have been joined while it waited.
        patient_id=entry.patient_id,
        confirmed_at=now,
        confirmed_by=who.user_id,
    )


def _settled(
    transaction: Transaction,
    entry: OrderEntry,
    state: EntryState,
    who: Identity,
    now: datetime,
    words: str,
) -> Done:
    if not transaction.orders.settle(entry.id, state.value, who.user_id, to_iso(now), words):
        raise BadRequestError("not_open")
    settled = transaction.orders.get(entry.id) or entry
    return Done(settled, f"{entry.id}/{state.value}", entry.patient_id, words)


# --- inner parts


def _patient(transaction: Transaction, patient_id: str, who: Identity) -> str:
    owner = transaction.joins.owner_of(patient_id)
    if transaction.records.get(_PATIENT, owner) is None or not Sight(transaction, who).of(owner):
        raise NotFoundError_(_PATIENT)
    return owner


def _present(transaction: Transaction, order_id: str) -> MedicationRequest | None:
    record = transaction.records.get(ORDER, order_id)
    if record is None:
        return None
    order = read_order(record)
    if order is None:
        raise BadRequestError("newer")
    return order


def _repeated(transaction: Transaction, entry_id: str, who: Identity) -> OrderEntry | None:
    """Return what an answer that was lost on the line was about."""
    known = transaction.orders.get(entry_id)
    if known is not None and known.entered_by != who.user_id:
        raise BadRequestError("id_used")
    return known


def _check_base(before: MedicationRequest | None, base_revision: int, patient_id: str) -> None:
    if (before.revision if before is not None else 0) != base_revision:
        raise BadRequestError("order_changed")
    if before is not None and before.patient_id != patient_id:
        raise NotFoundError_("order")


def _check_not_stopped(before: MedicationRequest, today: date) -> None:
    if before.stopped_on is not None and before.stopped_on <= today:
        raise BadRequestError("order_stopped")


def _check_nothing_waits(transaction: Transaction, order_id: str) -> None:
    if transaction.orders.waiting_for(order_id) is not None:
        raise BadRequestError("entry_waiting")


def today_of(transaction: Transaction, now: datetime) -> date:
    """Return the present service day."""
    return service_day(now, day_begins(rules(transaction)))


def _text(
    before: MedicationRequest | None, order: MedicationRequest, transaction: Transaction
) -> str:
    """The body with whatever a newer program had written into the version before."""
    record = transaction.records.get(ORDER, order.id) if before is not None else None
    kept = record.body if record is not None else {}
    return json.dumps({**kept, **to_body(order)}, ensure_ascii=False)


def _write(
    transaction: Transaction,
    entry: OrderEntry,
    body: dict[str, Any],
    who: Identity,
    now: datetime,
) -> None:
    transaction.records.put(
        NewVersion(
            kind=ORDER,
            id=entry.order_id,
            patient_id=entry.patient_id,
            body=body,
            immutable=False,
            author_id=who.user_id,
            device_id=who.device_id,
            received_at=to_iso(now),
        )
    )


def _done(entry: OrderEntry) -> Done:
    return Done(entry, f"{entry.id}/{entry.action}", entry.patient_id, entry.reason)
