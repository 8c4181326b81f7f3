"""What the lines of the register add up to: balances, counts and their differences.

Everything here is worked out anew from the lines, in whatever order they came. Nothing is stored.

- *Balance*: what the lines say is in a ledger.
- *Expected*: what should be there, from the last count on. It is the balance plus the differences
  that nobody has explained yet.
- A *difference* belongs to one count: counted, less what the count before it and the lines between
  them add up to. So a tablet that is missing is told once, and one that is found again is a
  difference of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fieldapp.domain.supply import BAG, STORE, Item, SupplyMovement, SupplyType

ItemKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that did not fit. `open` is what no adjustment has explained yet; 0 when settled."""

    count: SupplyMovement
    amount: Decimal
    """Counted less expected: below 0 when something is missing."""
    open: Decimal
    explained_by: tuple[SupplyMovement, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """One product and strength in one ledger."""

    ledger: str
    item: Item
    balance: Decimal
    expected: Decimal
    differences: tuple[Difference, ...]
    last_count: SupplyMovement | None
    last_line_at: datetime
    settled: bool
    """Counted, and nothing but returns to the store since, with nothing left in it."""

    @property
    def open_difference(self) -> Decimal:
        return sum((difference.open for difference in self.differences), Decimal(0))

    @property
    def is_negative(self) -> bool:
        """True when more went out than ever came in: a line is missing or wrong."""
        return self.balance < 0 or self.expected < 0


def standing(lines: Iterable[SupplyMovement]) -> list[SupplyMovement]:
    """Return the lines that count, oldest first: no counter-entries, nothing taken back.

    A counter-entry counts only for its own line and amount, the other way round.
    """
    known = {line.id: line for line in lines}
    undone = {
        line.reverses
        for line in known.values()
        if line.type is SupplyType.REVERSED
        and line.reverses in known
        and takes_back(line, known[line.reverses])
    }
    kept = [
        line
        for line in known.values()
        if line.id not in undone and line.type is not SupplyType.REVERSED
    ]
    return sorted(kept, key=_order)


def takes_back(entry: SupplyMovement, target: SupplyMovement) -> bool:
    """True when `entry` is its author's exact opposite of `target`, itself no counter-entry.

    Nobody takes back a colleague's line, whatever a changed program has sent.
    """
    return (
        entry.type is SupplyType.REVERSED
        and target.type is not SupplyType.REVERSED
        and (entry.reverses, entry.author_id) == (target.id, target.author_id)
        and entry.item.key == target.item.key
        and (entry.source, entry.target, entry.units)
        == (target.target, target.source, target.units)
    )


def _order(line: SupplyMovement) -> tuple[datetime, str, str, int, str]:
    return (line.happened_at, line.device_id, line.author_id, line.sequence, line.id)


def is_held(ledger: str) -> bool:
    """True for stores and bags; the other ledgers are ends where nothing can be counted."""
    return ledger.startswith((STORE, BAG))


def balances(lines: Iterable[SupplyMovement]) -> list[Balance]:
    """Return every product of every store and bag, by ledger and product.

    A store or bag whose lines were all taken back is not among them.
    """
    by_place: dict[tuple[str, ItemKey], list[SupplyMovement]] = {}
    for line in standing(lines):
        for ledger in {line.source, line.target}:
            if is_held(ledger):
                by_place.setdefault((ledger, line.item.key), []).append(line)
    return [_balance(ledger, found) for (ledger, _), found in sorted(by_place.items())]


def _balance(ledger: str, lines: Sequence[SupplyMovement]) -> Balance:
    book = expected = Decimal(0)
    last_count: SupplyMovement | None = None
    counts: list[tuple[SupplyMovement, Decimal]] = []
    settled = False
    for line in lines:
        change = effect(line, ledger)
        book += change
        if line.type is SupplyType.COUNT:
            counts.append((line, line.units - expected))
            expected, last_count, settled = line.units, line, True
        elif line.type is not SupplyType.ADJUSTED:
            # An adjustment brings the lines to what was counted; it moves nothing.
            expected += change
            settled = settled and line.type is SupplyType.FROM_BAG
    adjustments = [line for line in lines if line.type is SupplyType.ADJUSTED]
    differences = tuple(
        found for found in (_difference(*one, ledger, adjustments) for one in counts) if found
    )
    return Balance(
        ledger=ledger,
        item=lines[-1].item,
        balance=book,
        expected=expected,
        differences=differences,
        last_count=last_count,
        last_line_at=lines[-1].happened_at,
        settled=settled and expected == 0,
    )


def _difference(
    count: SupplyMovement, amount: Decimal, ledger: str, adjustments: Sequence[SupplyMovement]
) -> Difference | None:
    explained = tuple(line for line in adjustments if line.explains == count.id)
    left = amount - sum((effect(line, ledger) for line in explained), Decimal(0))
    if amount == 0 and left == 0:
        return None
    return Difference(count, amount, left, explained)


def effect(line: SupplyMovement, ledger: str) -> Decimal:
    """Return by how much a line changes a ledger's balance."""
    if line.type is SupplyType.COUNT:
        return Decimal(0)
    into = line.units if line.target == ledger else Decimal(0)
    return into - (line.units if line.source == ledger else Decimal(0))
