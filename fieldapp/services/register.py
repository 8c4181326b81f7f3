"""The narcotics register on this laptop: every act is one or more lines of the store's own chain.

A bag is a ledger of its own that only the store that packed it hands out from, so two laptops
without coverage never write on one balance. More may be taken than the lines say is there: what
happened is recorded, and the ledger shows that it does not add up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from fieldapp.domain.medication import (
    HandoutError,
    MedicationAdministration,
    MedicationRequest,
    SupplyUse,
)
from fieldapp.domain.rights import Right
from fieldapp.domain.supply import (
    BAG,
    PATIENT,
    Item,
    SupplyError,
    SupplyMovement,
    SupplyType,
    check_amount,
    item_of,
    plain,
    units_of,
)
from fieldapp.domain.supply_balance import Balance, balances, is_held
from fieldapp.domain.supply_chain import START, sealed
from fieldapp.services import reference
from fieldapp.services.rights import needs
from fieldapp.services.session import Session, UnitOfWork
from fieldapp.store import records
from fieldapp.store import supply as store


@dataclass(frozen=True, slots=True)
class Bag:
    """What one person carries on one trip. `id` is its ledger (`SupplyUse.ledger_id`)."""

    id: str
    holder_id: str
    device_id: str
    opened_at: datetime
    items: tuple[Balance, ...]

    def holds(self, request: MedicationRequest) -> Balance | None:
        """What the bag should hold of an order's product, or None when it has none of it."""
        key = item_of(request).key
        return next((balance for balance in self.items if balance.item.key == key), None)

    @property
    def is_open(self) -> bool:
        """False when everything in it was counted in, and nothing should be left."""
        return not all(balance.settled for balance in self.items)


# --- for the handout


@needs(Right.CARRY_BAG, Right.SEE_REGISTER, Right.HAND_OUT)
def open_bags(session: Session) -> list[Bag]:
    """This store's own bags that are not counted in yet, oldest first."""
    own = store.bags_to_look_at(session.database, session.device_id, session.user.id)
    return [
        bag
        for bag in bags_of(store.lines_of_ledgers(session.database, own))
        if bag.is_open and (bag.device_id, bag.holder_id) == (session.device_id, session.user.id)
    ]


def use_of(request: MedicationRequest, dose_mg: Decimal, ledger_id: str) -> SupplyUse:
    """What a dose takes out of a ledger.

    Raises SupplyError strength_unclear or dose_does_not_divide.
    """
    return SupplyUse(ledger_id, units_of(request, dose_mg, reference.register().finest_by_unit))


def hand_out(unit: UnitOfWork, administration: MedicationAdministration, use: SupplyUse) -> None:
    """Write the line of a dose that was given, inside the caller's transaction.

    Raises HandoutError with a code of SupplyError; the caller's transaction then writes nothing.
    A dose that had already happened may have taken any amount.
    """
    try:
        _hand_out(unit, administration, use)
    except SupplyError as error:
        raise HandoutError(error.code) from None


def _hand_out(unit: UnitOfWork, administration: MedicationAdministration, use: SupplyUse) -> None:
    request = records.get(unit.database, MedicationRequest, administration.request_id)
    if request is None:
        raise SupplyError("product_missing")
    if not is_held(use.ledger_id):
        raise SupplyError("ledger_unknown")
    item = item_of(request)
    finest = reference.register().finest_by_unit
    check_amount(item.unit, use.units, finest)
    if not administration.retrospective:
        dose_mg = administration.dose_mg
        if dose_mg is None or use.units != units_of(request, dose_mg, finest):
            raise SupplyError("units_not_the_dose")
        _check_own(unit, use.ledger_id)
    write_line(
        unit,
        SupplyType.HANDED_OUT,
        item,
        use.units,
        use.ledger_id,
        PATIENT,
        happened_at=administration.given_at,
        administration_id=administration.id,
    )


def take_back(unit: UnitOfWork, administration: MedicationAdministration) -> None:
    """Take back the line of a dose that never happened, inside the caller's transaction.

    `administration` is the dose or its counter-entry. Nothing is written when the dose took nothing
    out of a ledger, or when its line was taken back already.
    """
    lines = store.lines_of_handout(unit.database, administration.reverses or administration.id)
    undone = {line.reverses for line in lines}
    for line in lines:
        if line.type is SupplyType.HANDED_OUT and line.id not in undone:
            write_reversal(unit, line, administration.reason_text)


def _check_own(unit: UnitOfWork, ledger: str) -> None:
    """A bag is handed out from by the store that packed it, and by no other."""
    if not ledger.startswith(BAG):
        return
    session = unit.session
    found = bags_of(store.lines_of_ledgers(unit.database, [ledger]))
    bag = next((bag for bag in found if bag.id == ledger), None)
    if bag is None:
        raise SupplyError("ledger_unknown")
    if (bag.device_id, bag.holder_id) != (session.device_id, session.user.id):
        raise SupplyError("bag_of_another")


# --- lines


def write_line(
    unit: UnitOfWork,
    kind: SupplyType,
    item: Item,
    units: Decimal,
    source: str,
    target: str,
    *,
    happened_at: datetime | None = None,
    **more: Any,
) -> SupplyMovement:
    """Add a line to this store's own chain, with its line in the access log.

    `more` are further fields of SupplyMovement. The amount is checked by the caller.
    """
    session = unit.session
    last = store.last_own(unit.database, session.device_id, session.user.id)
    line = sealed(
        SupplyMovement(
            id=session.new_id(),
            type=kind,
            product=item.product,
            strength=item.strength,
            unit=item.unit,
            units=plain(units),
            source=source,
            target=target,
            happened_at=happened_at or unit.now,
            recorded_at=unit.now,
            author_id=session.user.id,
            device_id=session.device_id,
            sequence=1 if last is None else last.sequence + 1,
            previous=START if last is None else last.hash,
            hash="",
            **more,
        )
    )
    unit.save(line, f"register_{kind.value}")
    return line


def write_reversal(
    unit: UnitOfWork, line: SupplyMovement, reason: str, **more: Any
) -> SupplyMovement:
    """Take a line back by its exact opposite."""
    return write_line(
        unit,
        SupplyType.REVERSED,
        line.item,
        line.units,
        line.target,
        line.source,
        administration_id=line.administration_id,
        reverses=line.id,
        reason=reason.strip(),
        **more,
    )


def bags_of(
    lines: Iterable[SupplyMovement], worked_out: Iterable[Balance] | None = None
) -> list[Bag]:
    """Put the lines of bags together, oldest bag first.

    A bag belongs to the store that wrote its first line. `worked_out` are the balances of these
    lines, for who has them already.
    """
    known = list(lines)
    first: dict[str, SupplyMovement] = {}
    for line in sorted(known, key=lambda line: (line.recorded_at, line.device_id, line.sequence)):
        if line.target.startswith(BAG):
            first.setdefault(line.target, line)
    items: dict[str, list[Balance]] = {}
    for balance in balances(known) if worked_out is None else worked_out:
        if balance.ledger in first:
            items.setdefault(balance.ledger, []).append(balance)
    found = [
        Bag(
            ledger,
            first[ledger].author_id,
            first[ledger].device_id,
            first[ledger].happened_at,
            tuple(own),
        )
        for ledger, own in items.items()
    ]
    return sorted(found, key=lambda bag: (bag.opened_at, bag.id))
