"""What people do with controlled medicine beside handing it out, written as it happened.

An act is refused only for what cannot be read (no amount, an unknown ledger, no reason). More than
the lines say is there may always be taken; the ledger then shows that a line is missing.
Raises SupplyError throughout; nothing is written then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.medication import CoSignature, HandoutStatus, MedicationAdministration
from fieldapp.domain.rights import Right
from fieldapp.domain.supply import (
    BAG,
    COUNTED_IN,
    DIFFERENCE,
    PATIENT,
    PHARMACY,
    STORE,
    WASTE,
    Item,
    SupplyError,
    SupplyMovement,
    SupplyType,
    check_amount,
)
from fieldapp.domain.supply_balance import Balance, balances, is_held
from fieldapp.services import reference, trusted_time
from fieldapp.services.register import write_line, write_reversal
from fieldapp.services.rights import for_the_register, needs
from fieldapp.services.session import Session, UnitOfWork
from fieldapp.store import medication, records, state
from fieldapp.store import supply as store

_NO_AMOUNT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Taken:
    """One product that is moved, and what was counted in the bag at that moment."""

    item: Item
    units: Decimal
    counted: Decimal


@dataclass(frozen=True, slots=True)
class Told:
    """What a count came to: counted less expected, told at once."""

    ledger: str
    item: Item
    counted: Decimal
    expected: Decimal

    @property
    def difference(self) -> Decimal:
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was stored. `ledger` is the bag or store that it was about."""

    change_set: ChangeSet
    ledger: str
    told: tuple[Told, ...] = ()


def two_persons(session: Session) -> bool:
    """True where the organisation requires a second person for every line."""
    return state.rules(session.database).two_person_register


def store_ledger(place: str) -> str:
    """Return the ledger of a cupboard that people call by this name."""
    name = " ".join(place.split())
    if not name:
        raise SupplyError("place_missing")
    return STORE + name


# --- in from the pharmacy, out to a bag, and back


@for_the_register
def receive(
    session: Session,
    ledger: str,
    item: Item,
    units: Decimal,
    *,
    voucher: str = "",
    lot: str = "",
    expiry: date | None = None,
    witness: CoSignature | None = None,
) -> Done:
    """From the pharmacy into a store."""
    _check_ledger(ledger, STORE)
    _check(item, units)
    with session.write() as unit:
        more = {"voucher": voucher.strip(), "lot": lot.strip(), "expiry": expiry}
        _line(unit, SupplyType.RECEIVED, item, units, PHARMACY, ledger, witness, **more)
    return _done(session, unit, ledger)


@needs(Right.CARRY_BAG)
def pack(
    session: Session,
    from_store: str,
    taken: Sequence[Taken],
    *,
    bag: str | None = None,
    witness: CoSignature | None = None,
) -> Done:
    """From a store into a bag, counted in the bag at once.

    Without `bag` a new one is opened; it belongs to this store of this person for ever.
    """
    _check_ledger(from_store, STORE)
    if bag is not None:
        _check_ledger(bag, BAG)
    if not taken:
        raise SupplyError("product_missing")
    for one in taken:
        _check(one.item, one.units)
        _check_counted(one.item, one.counted)
    with session.write() as unit:
        target = bag or BAG + session.new_id()
        for one in taken:
            _line(unit, SupplyType.TO_BAG, one.item, one.units, from_store, target, witness)
        told = [_count(unit, target, one.item, one.counted, witness) for one in taken]
    return _done(session, unit, target, told)


@for_the_register
def count_in(
    session: Session,
    bag: str,
    to_store: str,
    counted: Sequence[tuple[Item, Decimal]],
    *,
    witness: CoSignature | None = None,
) -> Done:
    """Count a bag at the end of a trip; all that was counted goes back to a store."""
    _check_ledger(bag, BAG)
    _check_ledger(to_store, STORE)
    if not counted:
        raise SupplyError("product_missing")
    for item, units in counted:
        _check(item, units, zero=True)
    with session.write() as unit:
        _check_whole(unit, bag, [item for item, _ in counted])
        told = [
            _count(unit, bag, item, units, witness, reason=COUNTED_IN) for item, units in counted
        ]
        for item, units in counted:
            if units > 0:
                _line(unit, SupplyType.FROM_BAG, item, units, bag, to_store, witness)
    return _done(session, unit, bag, told)


@for_the_register
def count(
    session: Session,
    ledger: str,
    item: Item,
    units: Decimal,
    *,
    witness: CoSignature | None = None,
) -> Done:
    """Somebody counted a product in a store or a bag; nothing is moved."""
    return count_all(session, ledger, [(item, units)], witness=witness)


@for_the_register
def count_all(
    session: Session,
    ledger: str,
    counted: Sequence[tuple[Item, Decimal]],
    *,
    witness: CoSignature | None = None,
) -> Done:
    """Several products of one store or bag were counted."""
    _check_ledger(ledger)
    if not counted:
        raise SupplyError("product_missing")
    for item, units in counted:
        _check(item, units, zero=True)
    with session.write() as unit:
        told = [_count(unit, ledger, item, units, witness) for item, units in counted]
    return _done(session, unit, ledger, told)


# --- from patients, and to waste


@for_the_register
def take_in(
    session: Session,
    ledger: str,
    item: Item,
    units: Decimal,
    reason: str,
    *,
    administration_id: str | None = None,
    witness: CoSignature | None = None,
) -> Done:
    """A patient has brought medicine back. It opens no day again."""
    _check_ledger(ledger)
    _check(item, units)
    _check_reason(reason)
    with session.write() as unit:
        more = {"reason": reason.strip(), "administration_id": administration_id}
        _line(unit, SupplyType.RETURNED, item, units, PATIENT, ledger, witness, **more)
    return _done(session, unit, ledger)


@for_the_register
def waste(
    session: Session,
    ledger: str,
    item: Item,
    units: Decimal,
    reason: str,
    *,
    witness: CoSignature | None = None,
) -> Done:
    """Medicine that was destroyed or spilt."""
    _check_ledger(ledger)
    _check(item, units)
    _check_reason(reason)
    with session.write() as unit:
        _line(unit, SupplyType.WASTE, item, units, ledger, WASTE, witness, reason=reason.strip())
    return _done(session, unit, ledger)


# --- what did not fit


@for_the_register
def explain(
    session: Session, count_id: str, reason: str, *, witness: CoSignature | None = None
) -> Done:
    """Explain the difference of a count; the lines then say what was counted.

    Where two persons are required, whoever counted does not explain it alone.
    """
    _check_reason(reason)
    with session.write() as unit:
        counted = records.get(unit.database, SupplyMovement, count_id)
        if counted is None or counted.type is not SupplyType.COUNT:
            raise SupplyError("nothing_to_explain")
        if two_persons(session) and counted.author_id == session.user.id:
            raise SupplyError("second_person_missing")
        amount = _open_amount(unit, counted)
        if amount == 0:
            raise SupplyError("nothing_to_explain")
        ledger = counted.source
        source, target = (DIFFERENCE, ledger) if amount > 0 else (ledger, DIFFERENCE)
        _line(
            unit,
            SupplyType.ADJUSTED,
            counted.item,
            abs(amount),
            source,
            target,
            witness,
            explains=count_id,
            reason=reason.strip(),
        )
    return _done(session, unit, ledger)


@for_the_register
def reverse(
    session: Session, line_id: str, reason: str, *, witness: CoSignature | None = None
) -> Done:
    """Take back one's own line that was written by mistake.

    The line of a handout stands as long as the handout does.
    """
    _check_reason(reason)
    with session.write() as unit:
        line = records.get(unit.database, SupplyMovement, line_id)
        if line is None or line.type is SupplyType.REVERSED:
            raise SupplyError("nothing_to_reverse")
        if line.author_id != session.user.id:
            raise SupplyError("not_own_line")
        if store.counter_entry_of(unit.database, line_id) is not None:
            raise SupplyError("already_reversed")
        if line.type is SupplyType.HANDED_OUT and _handout_stands(unit, line):
            raise SupplyError("handout_line")
        write_reversal(unit, line, reason, happened_at=_now(unit), **_signed(unit, witness))
    return _done(session, unit, line.target if is_held(line.target) else line.source)


def _handout_stands(unit: UnitOfWork, line: SupplyMovement) -> bool:
    event = records.get(unit.database, MedicationAdministration, str(line.administration_id))
    if event is None:
        return True
    entries = medication.counter_entries(unit.database, [event.id])
    return event.status is HandoutStatus.GIVEN and event.id not in entries


# --- shared


def _check(item: Item, units: Decimal, *, zero: bool = False) -> None:
    if not item.product.strip():
        raise SupplyError("product_missing")
    if not item.strength.strip():
        raise SupplyError("strength_missing")
    check_amount(item.unit, units, reference.register().finest_by_unit, zero=zero)


def _check_counted(item: Item, units: Decimal) -> None:
    check_amount(item.unit, units, reference.register().finest_by_unit, zero=True)


def _check_ledger(ledger: str, start: str = "") -> None:
    if not is_held(ledger) or not ledger.startswith(start) or not ledger.partition(":")[2].strip():
        raise SupplyError("ledger_unknown")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise SupplyError("reason_missing")


def _line(
    unit: UnitOfWork,
    kind: SupplyType,
    item: Item,
    units: Decimal,
    source: str,
    target: str,
    witness: CoSignature | None,
    **more: Any,
) -> SupplyMovement:
    _check_unit(unit, [ledger for ledger in (source, target) if is_held(ledger)], item)
    tidy = Item(item.product.strip(), item.strength.strip(), item.unit)
    signed = _signed(unit, witness)
    return write_line(
        unit, kind, tidy, units, source, target, happened_at=_now(unit), **signed, **more
    )


def _check_unit(unit: UnitOfWork, ledgers: Sequence[str], item: Item) -> None:
    """A product is counted in one unit in a ledger: tablets and millilitres do not add up."""
    for line in store.lines_of_ledgers(unit.database, ledgers):
        if line.item.key[:2] == item.key[:2] and line.unit != item.unit:
            raise SupplyError("unit_differs")


def _signed(unit: UnitOfWork, witness: CoSignature | None) -> dict[str, Any]:
    """A typed name is no signature: only who proved to be there by a code stands as the witness."""
    if witness is None or witness.practitioner_id is None:
        return {}
    if witness.practitioner_id == unit.session.user.id:
        raise SupplyError("second_person_missing")
    return {"witness_id": witness.practitioner_id, "witness_by_code": witness.by_code}


def _now(unit: UnitOfWork) -> datetime:
    """When it happened, by the clock that handouts go by too."""
    return trusted_time.now(unit.session) or unit.now


def _check_whole(unit: UnitOfWork, bag: str, items: Sequence[Item]) -> None:
    """Everything that may still be in the bag is counted, or the bag stays out."""
    keys = {item.key for item in items}
    left = balances(store.lines_of_ledgers(unit.database, [bag]))
    if any(one.ledger == bag and not one.settled and one.item.key not in keys for one in left):
        raise SupplyError("count_missing")


def _count(
    unit: UnitOfWork,
    ledger: str,
    item: Item,
    units: Decimal,
    witness: CoSignature | None,
    reason: str = "",
) -> Told:
    before = _balance(unit, ledger, item)
    expected = _NO_AMOUNT if before is None else before.expected
    more = {"expected": expected, "reason": reason}
    _line(unit, SupplyType.COUNT, item, units, ledger, ledger, witness, **more)
    return Told(ledger, item, units, expected)


def _open_amount(unit: UnitOfWork, counted: SupplyMovement) -> Decimal:
    balance = _balance(unit, counted.source, counted.item)
    found = () if balance is None else balance.differences
    return next((one.open for one in found if one.count.id == counted.id), _NO_AMOUNT)


def _balance(unit: UnitOfWork, ledger: str, item: Item) -> Balance | None:
    lines = store.lines_of_ledgers(unit.database, [ledger])
    return next(
        (
            balance
            for balance in balances(lines)
            if balance.ledger == ledger and balance.item.key == item.key
        ),
        None,
    )


def _done(session: Session, unit: UnitOfWork, ledger: str, told: Sequence[Told] = ()) -> Done:
    session.settle()
    return Done(unit.changes(ledger), ledger, tuple(told))
