"""Reads ``reference/register.json``: how finely is counted, and what the adviser's list spans."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from fieldapp.domain.strict_json import DefinitionError, JsonObject, Source, parse_object
from fieldapp.domain.supply import Finest, Unit


@dataclass(frozen=True, slots=True)
class FinestAmount:
    """The smallest amount of a unit that can be told apart; every amount is a multiple of it."""

    unit: Unit
    amount: Decimal
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class AdviserList:
    """How many days the list for the adviser's day looks back, and ahead for orders that end."""

    days: int
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class RegisterReference:
    """What the narcotics register goes by."""

    version: str
    finest: tuple[FinestAmount, ...]
    adviser_list: AdviserList

    @property
    def finest_by_unit(self) -> Finest:
        return {one.unit: one.amount for one in self.finest}


def register_reference(text: str) -> RegisterReference:
    """Read ``reference/register.json``. Raises DefinitionError."""
    top = parse_object(text)
    top.one_of("format", {"fieldapp-register-1"})
    found = RegisterReference(
        version=top.text("version"),
        finest=tuple(map(_finest, top.children("finest"))),
        adviser_list=_adviser_list(top.child("adviser_list")),
    )
    top.done()
    if [one.unit for one in found.finest] != list(Unit):
        raise DefinitionError("finest", "needs every unit, in order")
    return found


def _finest(entry: JsonObject) -> FinestAmount:
    unit = Unit(entry.one_of("unit", list(Unit)))
    try:
        amount = Decimal(entry.text("amount"))
    except InvalidOperation:
        amount = Decimal(0)
    if not (amount.is_finite() and amount > 0):
        raise entry.fail("amount must be a positive number written as text")
    found = FinestAmount(unit, amount, entry.text("text"), entry.source())
    entry.done()
    return found


def _adviser_list(entry: JsonObject) -> AdviserList:
    found = AdviserList(entry.integer("days"), entry.text("text"), entry.source())
    entry.done()
    if found.days <= 0:
        raise entry.fail("days must be more than 0")
    return found
