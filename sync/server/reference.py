"""The clinical reference data that the server's own rules need, read once."""

from __future__ import annotations

from functools import cache

from fieldapp.domain import reference
from fieldapp.domain.depots import Depots, read_depots
from fieldapp.domain.orders import OrderForms
from fieldapp.domain.substances import Substances
from fieldapp.paths import resources_dir


@cache
def substances() -> Substances:
    """The substance groups."""
    return reference.substances(_text("substances.json"))


@cache
def order_forms() -> OrderForms:
    """The forms that an order can be written for."""
    return reference.order_forms(_text("order_forms.json"))


@cache
def depots() -> Depots:
    """The table of depots."""
    return read_depots(_text("depots.json"))


def _text(name: str) -> str:
    return (resources_dir() / "reference" / name).read_text(encoding="utf-8")
