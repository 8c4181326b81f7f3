"""The clinical reference data that the server's own rules need, read once."""

from __future__ import annotations

import json
from functools import cache

from fieldapp.domain import reference
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


def depot_codes() -> tuple[str, ...] | None:
    """The codes of the table of depots, None where this program has none."""
    if not (resources_dir() / "reference" / "depots.json").is_file():
        return None
    return _depot_codes()


@cache
def _depot_codes() -> tuple[str, ...]:
    table = json.loads(_text("depots.json"))
    return tuple(entry["code"] for entry in table["depots"])


def _text(name: str) -> str:
    return (resources_dir() / "reference" / name).read_text(encoding="utf-8")
