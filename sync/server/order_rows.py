"""What the office's list of orders and its queue show, row by row."""

from __future__ import annotations

from datetime import date, datetime

from fieldapp.clock import from_iso
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.collation import fold, sort_key
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.rights import Right, may
from sync.protocol.office import PatientName
from sync.protocol.orders import (
    MAX_WAITING,
    ORDERS_PAGE,
    LiveClaim,
    OrderAnswer,
    OrderEntryRow,
    OrderHistoryAnswer,
    OrderHistoryRequest,
    OrderPatient,
    OrderPatientsAnswer,
    OrderPatientsRequest,
    OrderProblemRow,
    OrderRow,
    OrdersAnswer,
    OrdersRequest,
)
from sync.server.identity import Identity
from sync.server.office_rows import fits_query, name_in, patient_name, patient_names
from sync.server.orders import (
    ORDER,
    Done,
    Sight,
    live_claims,
    problem_rows,
    read_order,
    today_of,
)
from sync.server.overview import staff_names
from sync.server.storage.order_entries import OrderEntry
from sync.server.storage.storage import Transaction

_MOST_HISTORY = 100


class Rows:
    """Makes rows for one person, with the names read once."""

    def __init__(self, transaction: Transaction, who: Identity, today: date) -> None:
        self._transaction = transaction
        self._who = who
        self._today = today
        self._staff = staff_names(transaction)
        self._may_confirm = may(who.role, Right.CONFIRM_ORDERS)

    def order(self, order: MedicationRequest, patient: str, claims: list[LiveClaim]) -> OrderRow:
        """Return an order as it stands."""
        waiting = self._transaction.orders.waiting_for(order.id)
        return OrderRow(
            id=order.id,
            patient_id=order.patient_id,
            patient_name=patient,
            body=to_body(order),
            revision=order.revision,
            running=is_running(order, self._today),
            entered_by_name=self._staff.get(order.entered_by or "", ""),
            confirmed_by_name=self._staff.get(order.confirmed_by or "", ""),
            waiting=waiting.id if waiting is not None else None,
            live_claims=claims,
        )

    def entry(
        self,
        entry: OrderEntry,
        patient: str,
        before: MedicationRequest | None,
        claims: list[LiveClaim],
    ) -> OrderEntryRow:
        """Return an act on an order; `before` is the order as it stands now."""
        own = entry.entered_by == self._who.user_id
        waits = entry.state == "waiting"
        return OrderEntryRow(
            id=entry.id,
            order_id=entry.order_id,
            patient_id=entry.patient_id,
            patient_name=patient,
            action=entry.action,  # type: ignore[arg-type]  # the model reads the code
            state=entry.state,  # type: ignore[arg-type]
            body=entry.body,
            before=to_body(before) if before is not None and waits else None,
            reason=entry.reason,
            told=entry.told,
            source=str(entry.body.get("source") or ""),
            problems=[OrderProblemRow.model_validate(row) for row in entry.warnings],
            proposal_id=entry.proposal_id,
            entered_by=entry.entered_by,
            entered_by_name=self._staff.get(entry.entered_by, ""),
            entered_at=from_iso(entry.entered_at),
            settled_by_name=self._staff.get(entry.settled_by or "", ""),
            settled_at=from_iso(entry.settled_at) if entry.settled_at is not None else None,
            words=entry.words,
            can_confirm=waits and self._may_confirm and not own,
            own=own,
            live_claims=claims,
        )


def is_running(order: MedicationRequest, today: date) -> bool:
    """True for an order that is in force or will be; a hold does not end it."""
    stopped = order.stopped_on is not None and order.stopped_on <= today
    return not stopped and (order.valid_to is None or order.valid_to >= today)


def answer_of(transaction: Transaction, done: Done, who: Identity, now: datetime) -> OrderAnswer:
    """Return what a call did, with who holds live claims of the medicine."""
    if done.entry is None:
        return OrderAnswer(problems=problem_rows(done.problems))
    rows = Rows(transaction, who, today_of(transaction, now))
    row = _entry_row(transaction, rows, done.entry)
    return OrderAnswer(entry=row, problems=row.problems, live_claims=row.live_claims)


def listed(
    transaction: Transaction, request: OrdersRequest, who: Identity, now: datetime
) -> OrdersAnswer:
    """Return a page of the orders that somebody sees, and everything that waits."""
    sight, today = Sight(transaction, who), today_of(transaction, now)
    orders = [
        order
        for record in transaction.records.of_kind(ORDER)
        if sight.of(record.patient_id) and (order := read_order(record)) is not None
    ]
    waiting = [
        entry for entry in transaction.orders.waiting(MAX_WAITING + 1) if sight.of(entry.patient_id)
    ]
    names = patient_names(
        transaction,
        {order.patient_id for order in orders} | {entry.patient_id for entry in waiting},
    )
    found = [
        order
        for order in orders
        if (request.also_ended or is_running(order, today)) and _fits(order, names, request.query)
    ]
    found.sort(
        key=lambda order: (
            sort_key(name_in(names, order.patient_id)),
            order.patient_id,
            not is_running(order, today),
            order.product,
            order.id,
        )
    )
    start = request.page * ORDERS_PAGE
    shown = found[start : start + ORDERS_PAGE]
    rows, queued = Rows(transaction, who, today), waiting[:MAX_WAITING]
    # Asked once for all: who holds what, and the versions that the entries were made on.
    before = {order.id: order for order in orders}
    abouts = {entry.id: before.get(entry.order_id) or _order_in(entry) for entry in queued}
    claims = live_claims(transaction, [*shown, *(one for one in abouts.values() if one)])
    newest = max(
        (order for order in orders if order.recorded_at is not None),
        key=lambda order: order.recorded_at or now,
        default=None,
    )
    entered = [order.recorded_at for order in orders if order.recorded_at is not None]
    entered += [from_iso(entry.entered_at) for entry in waiting]
    confirmed = [order.confirmed_at for order in orders if order.confirmed_at is not None]
    return OrdersAnswer(
        server_time=now,
        orders=[
            rows.order(order, name_in(names, order.patient_id), claims[order.id]) for order in shown
        ],
        page=request.page,
        total=len(found),
        waiting=[
            rows.entry(
                entry,
                name_in(names, entry.patient_id),
                before.get(entry.order_id),
                claims.get(entry.order_id, []),
            )
            for entry in queued
        ],
        more_waiting=len(waiting) > MAX_WAITING,
        last_entered_at=max(entered, default=None),
        last_confirmed_at=max(confirmed, default=None),
        last_source=newest.source if newest is not None else "",
    )


def history(
    transaction: Transaction, request: OrderHistoryRequest, who: Identity, now: datetime
) -> OrderHistoryAnswer:
    """Return an order and everything that was done to it; nothing of another's patients."""
    sight = Sight(transaction, who)
    rows = Rows(transaction, who, today_of(transaction, now))
    order = _order(transaction, request.order_id)
    if order is not None and not sight.of(order.patient_id):
        order = None
    entries = [
        entry
        for entry in transaction.orders.of_order(request.order_id, _MOST_HISTORY)
        if sight.of(entry.patient_id)
    ]
    found = None
    if order is not None:
        names = patient_names(transaction, [order.patient_id])
        claims = live_claims(transaction, [order])
        found = rows.order(order, name_in(names, order.patient_id), claims[order.id])
    return OrderHistoryAnswer(
        order=found, entries=[_entry_row(transaction, rows, entry) for entry in entries]
    )


def patients(
    transaction: Transaction, request: OrderPatientsRequest, who: Identity
) -> OrderPatientsAnswer:
    """Return those for whom somebody may enter an order."""
    sight = Sight(transaction, who)
    found = [
        patient
        for record in transaction.records.of_kind("patient")
        if sight.of(record.id)
        and not record.body.get("replaced_by")
        and fits_query(patient := patient_name(record), request.query)
    ]
    found.sort(key=lambda patient: sort_key(patient.name))
    return OrderPatientsAnswer(
        patients=[
            OrderPatient(
                id=one.id,
                name=one.name,
                birth_date=one.birth_date.isoformat() if one.birth_date is not None else None,
            )
            for one in found[:ORDERS_PAGE]
        ],
        more=len(found) > ORDERS_PAGE,
    )


def _entry_row(transaction: Transaction, rows: Rows, entry: OrderEntry) -> OrderEntryRow:
    names = patient_names(transaction, [entry.patient_id])
    before = _order(transaction, entry.order_id)
    about = before or _order_in(entry)
    claims = live_claims(transaction, [about])[about.id] if about is not None else []
    return rows.entry(entry, name_in(names, entry.patient_id), before, claims)


def _order_in(entry: OrderEntry) -> MedicationRequest | None:
    """The order as it would be: who holds days of that medicine must hear of it, too."""
    try:
        return from_body(MedicationRequest, {**entry.body, "patient_id": entry.patient_id})
    except BodyError:
        return None


def _order(transaction: Transaction, order_id: str) -> MedicationRequest | None:
    record = transaction.records.get(ORDER, order_id)
    return read_order(record) if record is not None else None


def _fits(order: MedicationRequest, names: dict[str, PatientName], query: str) -> bool:
    patient = names.get(order.patient_id)
    product = fold(order.product)
    words = fold(query).split()
    by_product = all(word in product for word in words)
    return by_product or (patient is not None and fits_query(patient, query))
