"""Units, balances, counts and the chain of the narcotics register."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.domain.codec import to_body
from fieldapp.domain.supply import (
    Item,
    SupplyError,
    SupplyMovement,
    SupplyType,
    check_amount,
    item_of,
    unit_of,
    units_of,
)
from fieldapp.domain.supply_balance import Balance, balances
from fieldapp.domain.supply_chain import Fault, breaks, sealed
from fieldapp.services import reference
from tests.helpers.builders import patient, request
from tests.helpers.stores import START

STORE, BAG = "store:Skap", "bag:1"
FINEST = reference.register().finest_by_unit
TABLETS = {"form": "sublingvaltablett", "concentration_mg_per_ml": None}


class Register:
    """Lines of one laptop, a minute apart."""

    def __init__(self) -> None:
        self.lines: list[SupplyMovement] = []

    def add(self, kind: SupplyType, units: str, source: str, target: str, **more: Any) -> str:
        number = len(self.lines) + 1
        at = START + timedelta(minutes=number)
        values: dict[str, Any] = {
            "id": f"l-{number}",
            "type": kind,
            "product": "Metadon",
            "strength": "5 mg/mL",
            "unit": "ml",
            "units": Decimal(units),
            "source": source,
            "target": target,
            "happened_at": at,
            "recorded_at": at,
            "author_id": "u-1",
            "device_id": "d-1",
            "sequence": number,
            "previous": self.lines[-1].hash if self.lines else "",
            "hash": "",
        }
        self.lines.append(sealed(SupplyMovement(**{**values, **more})))
        return f"l-{number}"

    def count(self, units: str, ledger: str = BAG, **more: Any) -> str:
        return self.add(SupplyType.COUNT, units, ledger, ledger, **more)

    def packed(self, units: str = "100") -> Register:
        self.add(SupplyType.RECEIVED, "500", "pharmacy", STORE)
        self.add(SupplyType.TO_BAG, units, STORE, BAG)
        return self

    def of(self, ledger: str = BAG) -> Balance:
        return next(one for one in balances(self.lines) if one.ledger == ledger)


# --- units


@pytest.mark.parametrize(
    ("changes", "dose", "units"),
    [
        ({"strength": "5 mg/mL", "concentration_mg_per_ml": Decimal(5)}, "60", "12"),
        ({"strength": "2 mg/ml", "concentration_mg_per_ml": Decimal(2)}, "33", "16.5"),
        ({"strength": "8 mg/2 mg", **TABLETS}, "24", "3"),
        ({"strength": "8/2 mg", **TABLETS}, "24", "3"),
        ({"strength": "20 mg", **TABLETS}, "30", "1.5"),
        ({"strength": "0,4 mg", **TABLETS}, "1.2", "3"),
        ({"strength": "400 mg", "interval_days": 28, **TABLETS}, "400", "1"),
    ],
)
def test_a_dose_takes_an_exact_number_of_units(
    changes: dict[str, Any], dose: str, units: str
) -> None:
    assert units_of(request(patient(), **changes), Decimal(dose), FINEST) == Decimal(units)


@pytest.mark.parametrize(
    ("changes", "dose", "code"),
    [
        ({"strength": "8 mg", **TABLETS}, "6", "dose_does_not_divide"),
        ({"concentration_mg_per_ml": Decimal(3)}, "50", "dose_does_not_divide"),
        ({"strength": "sterk", **TABLETS}, "6", "strength_unclear"),
        ({"strength": "0 mg", **TABLETS}, "6", "strength_unclear"),
        ({"strength": "75 mg", "interval_days": 28, **TABLETS}, "100", "dose_does_not_divide"),
        ({"strength": "100 mg/ml", "interval_days": 28, **TABLETS}, "100", "strength_unclear"),
    ],
)
def test_a_dose_that_does_not_divide_is_never_rounded(
    changes: dict[str, Any], dose: str, code: str
) -> None:
    with pytest.raises(SupplyError) as caught:
        units_of(request(patient(), **changes), Decimal(dose), FINEST)
    assert caught.value.code == code


def test_a_product_is_one_register_however_it_was_typed() -> None:
    one = item_of(request(patient(), product="Metadon  mikstur", strength="2 mg/mL"))
    assert one.key == Item("metadon mikstur", "2mg / ml", unit_of(request(patient()))).key


@pytest.mark.parametrize(
    ("unit", "units", "code"),
    [
        ("ml", "0", "amount_not_positive"),
        ("ml", "-1", "amount_not_positive"),
        ("ml", "0.001", "amount_too_fine"),
        ("tablet", "0.3", "amount_too_fine"),
        ("piece", "0.5", "amount_too_fine"),
        ("ml", "NaN", "amount_not_a_figure"),
        ("ml", "1e9", "amount_too_large"),
        ("mg", "1", "unit_unknown"),
    ],
)
def test_an_amount_that_nobody_can_count_is_refused(unit: str, units: str, code: str) -> None:
    with pytest.raises(SupplyError) as caught:
        check_amount(unit, Decimal(units), FINEST)
    assert caught.value.code == code


# --- balances and counts


def test_a_balance_is_what_the_lines_add_up_to() -> None:
    register = Register().packed()
    register.add(SupplyType.HANDED_OUT, "12", BAG, "patient")
    register.add(SupplyType.WASTE, "3", BAG, "waste")
    register.add(SupplyType.RETURNED, "5", "patient", BAG)
    assert [register.of().balance, register.of(STORE).balance] == [90, 400]


def test_a_line_that_was_taken_back_counts_for_nothing_even_after_a_count() -> None:
    register = Register().packed()
    dose = register.add(SupplyType.HANDED_OUT, "12", BAG, "patient")
    register.count("100")
    assert register.of().open_difference == 12
    register.add(SupplyType.REVERSED, "12", "patient", BAG, reverses=dose)
    assert [register.of().balance, register.of().expected] == [100, 100]
    assert not register.of().differences


def test_a_counter_entry_of_another_amount_takes_nothing_back() -> None:
    register = Register().packed()
    dose = register.add(SupplyType.HANDED_OUT, "12", BAG, "patient")
    register.add(SupplyType.REVERSED, "50", "patient", BAG, reverses=dose)
    assert register.of().balance == 88


def test_a_colleagues_counter_entry_takes_nothing_back() -> None:
    register = Register().packed()
    dose = register.add(SupplyType.HANDED_OUT, "12", BAG, "patient")
    register.add(SupplyType.REVERSED, "12", "patient", BAG, reverses=dose, author_id="u-2")
    assert register.of().balance == 88


def test_two_counter_entries_of_one_line_give_its_amount_back_once() -> None:
    register = Register().packed()
    dose = register.add(SupplyType.HANDED_OUT, "12", BAG, "patient")
    for device in ("d-1", "d-2"):
        register.add(SupplyType.REVERSED, "12", "patient", BAG, reverses=dose, device_id=device)
    assert register.of().balance == 100


def test_what_is_missing_is_told_once_and_stays_open_until_it_is_explained() -> None:
    register = Register().packed()
    first = register.count("98")
    register.count("98")
    bag = register.of()
    assert [one.amount for one in bag.differences] == [-2]
    assert [bag.balance, bag.expected, bag.open_difference] == [100, 98, -2]
    register.add(SupplyType.ADJUSTED, "2", BAG, "difference", explains=first, reason="sølt")
    bag = register.of()
    assert [bag.balance, bag.expected, bag.open_difference] == [98, 98, 0]
    assert bag.differences[0].explained_by


def test_a_late_line_of_another_laptop_explains_a_difference() -> None:
    register = Register().packed()
    register.count("390", STORE)
    assert register.of(STORE).open_difference == -10
    before = register.lines[-1].happened_at - timedelta(seconds=30)
    register.add(
        SupplyType.TO_BAG, "10", STORE, "bag:2", device_id="d-2", happened_at=before, sequence=1
    )
    assert register.of(STORE).open_difference == 0
    assert register.of(STORE).expected == 390


def test_t45_two_offline_counter_entries_are_never_silently_negative() -> None:
    """Lessons, row 45: each of two laptops takes all of a store; both lines stand, and it shows."""
    register = Register()
    register.add(SupplyType.RECEIVED, "100", "pharmacy", STORE)
    register.add(SupplyType.TO_BAG, "80", STORE, BAG)
    register.add(SupplyType.TO_BAG, "80", STORE, "bag:2", device_id="d-2", sequence=1, previous="")
    store = register.of(STORE)
    assert store.balance == -60
    assert store.is_negative
    register.count("20", STORE)
    assert register.of(STORE).open_difference == 80  # what is there, less what cannot be


def test_a_bag_is_settled_when_it_was_counted_and_emptied() -> None:
    register = Register().packed()
    register.count("100")
    assert not register.of().settled
    register.add(SupplyType.HANDED_OUT, "100", BAG, "patient")
    assert not register.of().settled  # empty, and nobody has looked
    register.count("0")
    assert register.of().settled


# --- the chain


def test_an_untouched_chain_has_no_break() -> None:
    register = Register().packed()
    register.count("98")
    assert breaks(to_body(line) for line in register.lines) == []


def _faults(lines: list[SupplyMovement]) -> list[tuple[int, Fault]]:
    return [(one.sequence, one.fault) for one in breaks(to_body(line) for line in lines)]


def test_a_line_that_was_changed_left_out_or_slipped_in_breaks_the_chain() -> None:
    lines = Register().packed().lines
    register = Register().packed()
    register.count("98")
    lines = register.lines
    assert _faults([lines[0], replace(lines[1], units=Decimal(90)), lines[2]]) == [
        (2, Fault.CHANGED)
    ]
    assert _faults([lines[0], lines[2]]) == [(3, Fault.MISSING_BEFORE)]
    forged = sealed(replace(lines[1], id="x", units=Decimal(90), hash=""))
    assert (2, Fault.NOT_CONNECTED) in _faults([*lines, forged])
    assert _faults([lines[0], forged, lines[2]]) == [(3, Fault.NOT_CONNECTED)]


def test_chains_of_two_users_of_one_laptop_do_not_meet() -> None:
    first, second = Register().packed().lines, Register().packed().lines
    others = [sealed(replace(line, author_id="u-2", id=f"o-{line.id}")) for line in second[:1]]
    assert _faults([*first, *others]) == []
