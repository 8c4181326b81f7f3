"""Which bag a dose is taken from, where a register is kept of it."""

from __future__ import annotations

from decimal import Decimal

from fieldapp.domain.medication import MedicationRequest, SupplyUse
from fieldapp.services import register
from fieldapp.services.session import Session
from ui.register.words import units_text
from ui.words import clock_text, day_text


def bag_choices(session: Session, request: MedicationRequest) -> tuple[tuple[str, str], ...]:
    """The giver's open bags that hold an order's product, as (ledger id, words)."""
    found = []
    for bag in register.open_bags(session):
        balance = bag.holds(request)
        if balance is None:
            continue
        opened = bag.opened_at
        left = units_text(balance.balance, balance.item.unit)
        found.append((bag.id, f"{day_text(opened.date())} {clock_text(opened)} · {left}"))
    return tuple(found)


def supply_use(request: MedicationRequest, dose_mg: Decimal, ledger_id: str) -> SupplyUse:
    """What a dose takes out of a bag. Raises SupplyError."""
    return register.use_of(request, dose_mg, ledger_id)
