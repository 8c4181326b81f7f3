"""Bokmål for the register: products, amounts, ledgers and kinds of lines."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.supply import BAG, STORE, Item, SupplyMovement, SupplyType, Unit
from fieldapp.services.register_view import Overview, Second
from ui.words import NO_BREAK, amount, clock_text, day_text

translate = QCoreApplication.translate

_UNITS = {
    Unit.TABLET: QT_TRANSLATE_NOOP("register", "tabletter"),
    Unit.ML: QT_TRANSLATE_NOOP("register", "mL"),
    Unit.PIECE: QT_TRANSLATE_NOOP("register", "stk"),
}
_TYPES = {
    SupplyType.RECEIVED: QT_TRANSLATE_NOOP("register", "Mottatt"),
    SupplyType.TO_BAG: QT_TRANSLATE_NOOP("register", "Til veske"),
    SupplyType.FROM_BAG: QT_TRANSLATE_NOOP("register", "Fra veske"),
    SupplyType.HANDED_OUT: QT_TRANSLATE_NOOP("register", "Utlevert"),
    SupplyType.RETURNED: QT_TRANSLATE_NOOP("register", "Levert tilbake"),
    SupplyType.WASTE: QT_TRANSLATE_NOOP("register", "Kassert"),
    SupplyType.COUNT: QT_TRANSLATE_NOOP("register", "Telling"),
    SupplyType.ADJUSTED: QT_TRANSLATE_NOOP("register", "Differanse forklart"),
    SupplyType.REVERSED: QT_TRANSLATE_NOOP("register", "Rettet"),
}
_SECONDS = {
    Second.NOT_REQUIRED: "",
    Second.BY_CODE: QT_TRANSLATE_NOOP("register", "med kode"),
    Second.LATE: QT_TRANSLATE_NOOP("register", "signert i ettertid"),
    Second.MISSING: QT_TRANSLATE_NOOP("register", "mangler"),
}


def unit_word(unit: str) -> str:
    """The unit in words; one that this version does not know as it stands."""
    try:
        return translate("register", str(_UNITS[Unit(unit)]))
    except ValueError:
        return unit


def type_word(kind: SupplyType) -> str:
    return translate("register", str(_TYPES[kind]))


def second_word(second: Second) -> str:
    return translate("register", str(_SECONDS[second])) if _SECONDS[second] else ""


def units_text(units: Decimal, unit: str) -> str:
    """An amount with its unit: "16,5 ml", "1 tablett"."""
    if unit == Unit.TABLET and units == 1:
        return translate("register", "1 tablett").replace(" ", NO_BREAK)
    return f"{amount(units)}{NO_BREAK}{unit_word(unit)}"


def item_text(item: Item) -> str:
    """Product and strength, without saying the strength twice."""
    return product_text(item.product, item.strength)


def product_text(product: str, strength: str) -> str:
    """The same of an order's fields."""
    text = product if strength in product else f"{product} {strength}"
    return text.replace(" mg", f"{NO_BREAK}mg")


def difference_text(difference: Decimal, unit: str) -> str:
    """What a count came to, in words that cannot be read the wrong way round."""
    if difference < 0:
        text = translate("register", "{amount} mangler")
    elif difference > 0:
        text = translate("register", "{amount} for mye")
    else:
        return translate("register", "Stemmer")
    return text.format(amount=units_text(abs(difference), unit))


def ledger_text(ledger: str, name: str, *, own: bool = False) -> str:
    """A store by its name, a bag by whose it is."""
    if ledger.startswith(STORE):
        return name or ledger.removeprefix(STORE)
    if own:
        return translate("register", "Min veske")
    if ledger.startswith(BAG):
        if not name:
            return translate("register", "Veske")
        return translate("register", "Vesken til {name}").format(name=name)
    return _ends().get(ledger, ledger)


def _ends() -> dict[str, str]:
    return {
        "patient": translate("register", "pasient"),
        "pharmacy": translate("register", "apotek"),
        "waste": translate("register", "kassert"),
        "difference": translate("register", "differanse"),
    }


def line_text(line: SupplyMovement, view: Overview) -> str:
    """A line in one sentence: when, what, how much, from where to where."""
    moment = line.happened_at.astimezone(OSLO)
    when = f"{day_text(moment.date())} {clock_text(line.happened_at)}"
    what = f"{type_word(line.type)}: {units_text(line.units, line.unit)} {item_text(line.item)}"
    if line.type is SupplyType.COUNT:
        return f"{when} · {what}"
    source, target = (
        ledger_text(ledger, view.name_of(ledger)) for ledger in (line.source, line.target)
    )
    return f"{when} · {what} ({source} → {target})"
