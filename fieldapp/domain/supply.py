"""The narcotics register: what went from which ledger to which, one line at a time.

Ledgers: `store:<place>` (a lockable cupboard), `bag:<id>` (one trip of one laptop), and the ends
`patient`, `pharmacy`, `waste`, `difference`. A line is an event: never changed, never deleted; a
mistake is taken back by a counter-entry. Balances are worked out, never stored. Lines of one laptop
form a chain by hash (`previous`), so that none can be taken out or slipped in unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


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
    previous: str
    """Hash of this laptop's line before it, "" for its first."""
    hash: str
    administration_id: str | None = None
    reverses: str | None = None
    expected: Decimal | None = None
    """Of a count: the balance as it stood for the person who counted."""
    lot: str = ""
    expiry: date | None = None
    reason: str = ""
    witness_id: str | None = None
    witness_by_code: bool = False
    voucher: str = ""
    """Number of the requisition or delivery note."""
