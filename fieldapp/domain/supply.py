"""The narcotics register: what went from which ledger to which, one line at a time.

Ledgers: `store:<place>` (a lockable cupboard), `bag:<id>` (one trip of one laptop), and the ends
`patient`, `pharmacy`, `waste`, `difference`. A line is an event: never changed, never deleted; a
mistake is taken back by a counter-entry. Balances are worked out, never stored
(`fieldapp.domain.supply_balance`). Lines of one store (one user on one laptop) form a chain by hash
(`fieldapp.domain.supply_chain`), so that none can be taken out or slipped in unseen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from fieldapp.domain.medication import MedicationRequest

STORE: Final = "store:"
BAG: Final = "bag:"
PATIENT: Final = "patient"
PHARMACY: Final = "pharmacy"
WASTE: Final = "waste"
DIFFERENCE: Final = "difference"

COUNTED_IN: Final = "counted_in"
"""Reason of the counts that end a trip: everything in the bag was counted and brought back."""


class SupplyError(ValueError):
    """A line, or the amount of one, is refused before anything is written.

    Codes: product_missing, strength_missing, strength_unclear, dose_does_not_divide,
    units_not_the_dose, amount_not_positive, amount_not_a_figure, amount_too_fine,
    amount_too_large, unit_unknown, unit_differs, place_missing, ledger_unknown, bag_of_another,
    reason_missing, nothing_to_reverse, already_reversed, not_own_line, handout_line,
    nothing_to_explain, second_person_missing, count_missing.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unit(StrEnum):
    """What a product is counted in."""

    TABLET = "tablet"
    ML = "ml"
    PIECE = "piece"


Finest = Mapping[Unit, Decimal]
"""What can be told apart when somebody counts or measures, by unit: reference data
(`resources/reference/register.json`, read by `fieldapp.domain.supply_reference`).
"""

_LARGEST: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """What one register is about: a product in a strength, and the unit it is counted in."""

    product: str
    strength: str
    unit: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for one product however it was typed: "5 mg/mL" is "5 mg/ml"."""
        return (_folded(self.product), _folded(self.strength), self.unit)


@lru_cache(maxsize=1024)
def _folded(text: str) -> str:
    """Casefolded, with single blanks, none between a figure and what follows it."""
    tidy = " ".join(text.replace("\u00a0", " ").split()).casefold()
    return re.sub(r"\s*/\s*", "/", re.sub(r"(?<=\d) (?=[a-zµ])", "", tidy))


def item_of(request: MedicationRequest) -> Item:
    """Return the register that an order's doses are taken from."""
    return Item(request.product.strip(), request.strength.strip(), unit_of(request).value)


def unit_of(request: MedicationRequest) -> Unit:
    """Return what an order's doses are counted in: millilitres, tablets, or pieces (depots too)."""
    if request.is_depot:
        return Unit.PIECE
    if request.concentration_mg_per_ml is not None or _per_ml(request.strength):
        return Unit.ML
    return Unit.TABLET if "tablett" in request.form.casefold() else Unit.PIECE


def units_of(request: MedicationRequest, dose_mg: Decimal, finest: Finest) -> Decimal:
    """Return how many tablets, millilitres or pieces a dose takes, exactly.

    Raises SupplyError strength_unclear or dose_does_not_divide; nothing is ever rounded.
    """
    unit = unit_of(request)
    per_unit = request.concentration_mg_per_ml if unit is Unit.ML else None
    if per_unit is None:
        per_unit = milligrams(request.strength)
    if per_unit is None or per_unit <= 0 or (unit is not Unit.ML and _per_ml(request.strength)):
        raise SupplyError("strength_unclear")
    step = finest[unit]
    steps = dose_mg / (per_unit * step)
    # The quotient may be inexact; multiplying back is not, for figures of this size.
    whole = steps.to_integral_value()
    if whole * per_unit * step != dose_mg:
        raise SupplyError("dose_does_not_divide")
    return plain(whole * step)


_FIGURE: Final = r"\d{1,6}(?:[.,]\d{1,6})?"
_STRENGTH: Final = re.compile(
    rf"\s*({_FIGURE})(?:\s*/\s*{_FIGURE})?\s*(mg|mikrog|mcg|µg|g)\b", re.IGNORECASE
)
_IN_MG: Final = {"mg": Decimal(1), "g": Decimal(1000)}


def milligrams(strength: str) -> Decimal | None:
    """Return the milligrams at the beginning of a strength, or None when it does not say.

    Of a medicine with two substances the first counts, as in the orders: "8 mg/2 mg" and "8/2 mg"
    are 8.
    """
    match = _STRENGTH.match(strength)
    if match is None:
        return None
    factor = _IN_MG.get(match[2].lower(), Decimal("0.001"))
    return Decimal(match[1].replace(",", ".")) * factor


def _per_ml(strength: str) -> bool:
    return _folded(strength).endswith("/ml")


def check_amount(unit: str, units: Decimal, finest: Finest, *, zero: bool = False) -> None:
    """Raise SupplyError unless `units` can be counted in `unit`; `zero` is for counts."""
    if unit not in set(Unit):
        raise SupplyError("unit_unknown")
    if not units.is_finite():
        raise SupplyError("amount_not_a_figure")
    if units < 0 or (units == 0 and not zero):
        raise SupplyError("amount_not_positive")
    if units > _LARGEST:
        raise SupplyError("amount_too_large")
    if units % finest[Unit(unit)] != 0:
        raise SupplyError("amount_too_fine")


def plain(units: Decimal) -> Decimal:
    """Return the figure without an exponent or needless zeros (30, not 3E+1 or 30.00)."""
    tidy = units.normalize()
    return tidy.quantize(Decimal(1)) if tidy == tidy.to_integral_value() else tidy


class SupplyType(StrEnum):
    RECEIVED = "received"
    """From the pharmacy into a store."""
    TO_BAG = "to_bag"
    FROM_BAG = "from_bag"
    HANDED_OUT = "handed_out"
    RETURNED = "returned"
    """From a patient."""
    WASTE = "waste"
    COUNT = "count"
    """Somebody counted; `units` is what was there. Moves nothing."""
    ADJUSTED = "adjusted"
    """A difference that was looked into, with a reason."""
    REVERSED = "reversed"
    """Takes back the line named in `reverses`, by the same amount the other way."""


@dataclass(frozen=True, slots=True)
class SupplyMovement:
    """One line (FHIR SupplyDelivery). `units` are tablets, millilitres or pieces, by the product.

    It belongs to the team; of a patient's dose it holds the event's id and nothing else.
    """

    id: str
    type: SupplyType
    product: str
    strength: str
    unit: str
    units: Decimal
    source: str
    target: str
    happened_at: datetime
    recorded_at: datetime
    author_id: str
    device_id: str
    sequence: int
    """Place in the chain, from 1 without a gap."""
    previous: str
    """Hash of the line before it in the same store, "" for the first."""
    hash: str
    administration_id: str | None = None
    reverses: str | None = None
    expected: Decimal | None = None
    """Of a count: the balance as it stood for the person who counted."""
    lot: str = ""
    expiry: date | None = None
    explains: str | None = None
    """Of an adjustment: the count whose difference it explains."""
    reason: str = ""
    witness_id: str | None = None
    witness_by_code: bool = False
    voucher: str = ""
    """Number of the requisition or delivery note."""

    @property
    def item(self) -> Item:
        return Item(self.product, self.strength, self.unit)
