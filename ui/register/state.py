"""What the page of the register says; pure, so that it is tested without a window."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.supply import BAG
from fieldapp.domain.supply_balance import Balance, Difference
from fieldapp.services.register import Bag
from fieldapp.services.register_gaps import DoseGap
from fieldapp.services.register_view import Overview
from ui.register.words import difference_text, item_text, ledger_text, units_text
from ui.typed import parse_decimal
from ui.widgets import Row, RowTag, Tone
from ui.words import clock_text, day_text

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A card: a bag or a store, with a row for each product."""

    ledger: str
    title: str
    detail: str
    rows: tuple[Row, ...]
    items: tuple[Balance, ...]
    own_bag: bool


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """An open difference, and whether this person may explain it."""

    count_id: str
    row: Row
    may_explain: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A line across the page."""

    text: str
    tone: Tone


def bags(view: Overview, own: tuple[str, str]) -> list[LedgerView]:
    """Own bags first. `own` is this store: (device id, user id)."""
    found = [_bag(bag, view, own=(bag.device_id, bag.holder_id) == own) for bag in view.bags]
    return sorted(found, key=lambda card: not card.own_bag)


def _bag(bag: Bag, view: Overview, *, own: bool) -> LedgerView:
    moment = bag.opened_at.astimezone(OSLO)
    detail = translate("register", "Pakket {day} kl. {time}").format(
        day=day_text(moment.date()), time=clock_text(bag.opened_at)
    )
    title = ledger_text(bag.id, view.names.get(bag.holder_id, ""), own=own)
    return LedgerView(
        bag.id, title, detail, tuple(balance_row(one) for one in bag.items), bag.items, own
    )


def stores(view: Overview) -> list[LedgerView]:
    return [
        LedgerView(
            store.ledger,
            store.name,
            "",
            tuple(balance_row(one) for one in store.items),
            store.items,
            own_bag=False,
        )
        for store in view.stores
    ]


def balance_row(balance: Balance) -> Row:
    """A product with what should be there, when it was counted, and what does not fit."""
    unit = balance.item.unit
    if balance.last_count is None:
        detail = translate("register", "Ikke talt ennå")
    else:
        counted = balance.last_count
        moment = counted.happened_at.astimezone(OSLO)
        detail = translate("register", "Sist talt {day} kl. {time}: {amount}").format(
            day=day_text(moment.date()),
            time=clock_text(counted.happened_at),
            amount=units_text(counted.units, unit),
        )
    tags: list[RowTag] = []
    if balance.is_negative:
        tags.append(RowTag(translate("register", "Under null"), "danger"))
    if balance.open_difference:
        tags.append(RowTag(difference_text(balance.open_difference, unit), "warn"))
    tags.append(RowTag(units_text(balance.expected, unit), "neutral"))
    trouble = balance.is_negative or bool(balance.open_difference)
    return Row(
        f"{balance.ledger} {balance.item.key}",
        item_text(balance.item),
        detail,
        "triangle-alert" if trouble else "package",
        "warn" if trouble else "neutral",
        tuple(tags),
    )


def differences(view: Overview, user_id: str) -> list[DifferenceView]:
    """The counts that did not fit; whoever counted explains alone only where one is enough."""
    return [
        DifferenceView(
            difference.count.id,
            _difference_row(balance, difference, view),
            not view.two_persons or difference.count.author_id != user_id,
        )
        for balance, difference in view.differences
    ]


def _difference_row(balance: Balance, difference: Difference, view: Overview) -> Row:
    count = difference.count
    moment = count.happened_at.astimezone(OSLO)
    detail = translate("register", "{ledger} · talt {day} kl. {time} av {name}: {amount}").format(
        ledger=ledger_text(balance.ledger, view.name_of(balance.ledger)),
        day=day_text(moment.date()),
        time=clock_text(count.happened_at),
        name=view.names.get(count.author_id, ""),
        amount=units_text(count.units, count.unit),
    )
    tag = RowTag(difference_text(difference.open, count.unit), "danger")
    return Row(count.id, item_text(balance.item), detail, "scale", "warn", (tag,))


def notices(view: Overview) -> list[Notice]:
    """What somebody must look into, the gravest first."""
    found: list[Notice] = []
    if view.negative:
        names = ", ".join(
            f"{item_text(one.item)} ({ledger_text(one.ledger, view.name_of(one.ledger))})"
            for one in view.negative
        )
        text = translate(
            "register",
            "Mer er tatt ut enn det som er ført inn: {names}. Ingenting er slettet. Finn linjen "
            "som mangler, eller tell og forklar differansen.",
        )
        found.append(Notice(text.format(names=names), "danger"))
    broken = len({(one.device_id, one.author_id) for one in view.breaks})
    if broken:
        text = translate(
            "register",
            "Linjene fra {count} maskin(er) henger ikke sammen. En linje kan være på vei, eller "
            "noen har endret noe. Synk, og meld fra til leder hvis det står her etterpå.",
        )
        found.append(Notice(text.format(count=broken), "danger"))
    if view.unsigned:
        text = translate("register", "{count} linjer venter på at en til signerer.")
        found.append(Notice(text.format(count=view.unsigned), "warn"))
    return found


def gap_row(gap: DoseGap) -> Row:
    """A dose, and what the register lacks of it."""
    moment = gap.event.given_at.astimezone(OSLO)
    detail = translate("register", "{product} · gitt {day} kl. {time} av {name}").format(
        product=gap.product,
        day=day_text(moment.date()),
        time=clock_text(gap.event.given_at),
        name=gap.author,
    )
    tags: list[RowTag] = []
    if gap.without_line:
        tags.append(RowTag(translate("register", "Ikke ført i regnskapet"), "warn"))
    if gap.waits_for_witness:
        tags.append(RowTag(translate("register", "Venter på vitne"), "warn"))
    return Row(gap.event.id, gap.patient, detail, "pill", "warn", tuple(tags))


def told_text(told: Decimal, unit: str) -> Notice:
    """The difference that stands beside a count while it is being typed."""
    return Notice(difference_text(told, unit), "ok" if told == 0 else "warn")


def read_amount(text: str) -> Decimal:
    """What somebody typed; not a number where it is no figure, so that the rule says so."""
    found = parse_decimal(text)
    return Decimal("NaN") if found is None else found


def is_bag(ledger: str) -> bool:
    return ledger.startswith(BAG)
