"""What the register shows: balances, lines of a month, differences, missing second persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from fieldapp.clock import OSLO
from fieldapp.domain.collation import sort_key
from fieldapp.domain.handout_events import WitnessStatement
from fieldapp.domain.issues import DetectedIssue, IssueStatus
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import (
    PART_ORDER,
    HandoutStatus,
    MedicationRequest,
    Part,
    effective,
)
from fieldapp.domain.rights import Right, may
from fieldapp.domain.supply import (
    BAG,
    STORE,
    Item,
    SupplyMovement,
    SupplyType,
    item_of,
)
from fieldapp.domain.supply_balance import Balance, Difference, balances, effect, standing
from fieldapp.domain.supply_chain import Break, breaks
from fieldapp.services import lease, people, reference, register_gaps
from fieldapp.services.register import Bag, bags_of
from fieldapp.services.register_acts import two_persons
from fieldapp.services.register_gaps import DoseGap
from fieldapp.services.rights import for_the_register, may_use_register
from fieldapp.services.session import Session
from fieldapp.store import medication, patients, records, state
from fieldapp.store import supply as store


class Second(StrEnum):
    """How a line's second person stands."""

    NOT_REQUIRED = "not_required"
    BY_CODE = "by_code"
    LATE = "late"
    """Signed afterwards, in the witness's own log-in."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Store:
    """A cupboard; `name` is what people call it."""

    ledger: str
    name: str
    items: tuple[Balance, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All that one person may see, worked out anew."""

    stores: tuple[Store, ...]
    bags: tuple[Bag, ...]
    """Own bags that are open, and those of others for whoever may see the whole register."""
    differences: tuple[tuple[Balance, Difference], ...]
    """Counts whose difference nobody has explained yet, oldest first."""
    negative: tuple[Balance, ...]
    """Ledgers out of which more went than ever came in."""
    unsigned: int
    """Lines that still wait for a second person."""
    breaks: tuple[Break, ...]
    items: tuple[Item, ...]
    """Products that are known from lines and from orders."""
    names: dict[str, str]
    two_persons: bool
    gaps: tuple[DoseGap, ...] = ()
    """Doses of this month and the last that the register does not hold whole, newest first."""

    def name_of(self, ledger: str) -> str:
        """The person whose bag it is, or the store's name."""
        bag = next((bag for bag in self.bags if bag.id == ledger), None)
        if bag is not None:
            return self.names.get(bag.holder_id, "")
        return ledger.removeprefix(STORE) if ledger.startswith(STORE) else ""


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """A line as the month's register prints it. `balance` is that of the ledger after it."""

    line: SupplyMovement
    author: str
    witness: str
    second: Second
    change: Decimal
    balance: Decimal
    reversed: bool
    patient: str = ""
    """Of a handout, where the patient is on this laptop."""


@dataclass(frozen=True, slots=True)
class MonthLedger:
    """One product in one ledger through a month."""

    ledger: str
    name: str
    item: Item
    opening: Decimal
    lines: tuple[RegisterLine, ...]
    closing: Decimal
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """Handouts of one product at one place: given, not given, to take home."""

    place: str
    product: str
    given: int
    take_home: int
    not_given: int
    milligrams: Decimal


def may_open(session: Session) -> bool:
    """True for those who carry medicine or see the whole register, and for whoever has lines."""
    return may_use_register(session)


def may_see_all(session: Session) -> bool:
    """True for those who see the bags of others and the month's register."""
    return may(session.user.role, Right.SEE_REGISTER)


def folder_allowed(session: Session) -> bool:
    """True where the organisation lets lists leave the laptop as files."""
    return state.rules(session.database).folder_export_allowed


@for_the_register
def overview(session: Session) -> Overview:
    """Work out everything that the page shows."""
    lines, bodies = store.lines_and_bodies(session.database)
    found = balances(lines)
    everything = may_see_all(session)
    own = (session.device_id, session.user.id)
    bags = [
        bag for bag in bags_of(lines, found) if everything or (bag.device_id, bag.holder_id) == own
    ]
    seen = {bag.id for bag in bags}
    shown = [one for one in found if one.ledger.startswith(STORE) or one.ledger in seen]
    needed = two_persons(session)
    return Overview(
        stores=_stores(found),
        bags=tuple(bag for bag in bags if bag.is_open),
        differences=_open(shown),
        negative=tuple(one for one in shown if one.is_negative),
        unsigned=_unsigned(session, lines) if needed else 0,
        breaks=tuple(breaks(bodies)) if everything else (),
        items=_items(session, lines),
        names=people.names(session),
        two_persons=needed,
        gaps=register_gaps.dose_gaps(session, _last_month(session.today())),
    )


def _last_month(today: date) -> date:
    """Return the first day of the month before."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _stores(found: Sequence[Balance]) -> tuple[Store, ...]:
    places: dict[str, list[Balance]] = {}
    for balance in found:
        if balance.ledger.startswith(STORE):
            places.setdefault(balance.ledger, []).append(balance)
    rows = [
        Store(ledger, ledger.removeprefix(STORE), tuple(items)) for ledger, items in places.items()
    ]
    return tuple(sorted(rows, key=lambda row: sort_key(row.name)))


def _open(shown: Sequence[Balance]) -> tuple[tuple[Balance, Difference], ...]:
    rows = [(balance, one) for balance in shown for one in balance.differences if one.open != 0]
    return tuple(sorted(rows, key=lambda row: (row[1].count.happened_at, row[1].count.id)))


def _items(session: Session, lines: Sequence[SupplyMovement]) -> tuple[Item, ...]:
    """Products of lines first, in their own spelling; then those of controlled orders."""
    groups = reference.substances()
    orders = medication.requests_of(
        session.database, [person.id for person in patients.active(session.database)]
    )
    candidates = [line.item for line in lines]
    candidates += [item_of(order) for order in orders if groups.group_of(order).controlled]
    unique: dict[tuple[str, str, str], Item] = {}
    for item in candidates:
        unique.setdefault(item.key, item)
    return tuple(sorted(unique.values(), key=lambda item: (sort_key(item.product), item.strength)))


def _unsigned(session: Session, lines: Sequence[SupplyMovement]) -> int:
    signatures = _signatures(session, lines)
    return sum(
        second_of(line, signatures.get(line.id, ()), required=True) is Second.MISSING
        for line in standing(lines)
    )


def _signatures(
    session: Session, lines: Sequence[SupplyMovement]
) -> dict[str, list[WitnessStatement]]:
    found: dict[str, list[WitnessStatement]] = {}
    for statement in store.statements(session.database, [line.id for line in lines]):
        found.setdefault(statement.target_id, []).append(statement)
    return found


def second_of(
    line: SupplyMovement, statements: Sequence[WitnessStatement], *, required: bool
) -> Second:
    """How the second person of a line stands. A typed name and one's own word count for nothing.

    A handout has its own witness, and what takes a line back follows it.
    """
    if line.witness_id not in (None, line.author_id) and line.witness_by_code:
        return Second.BY_CODE
    if any(one.author_id != line.author_id for one in statements):
        return Second.LATE
    own_rule = line.administration_id is not None
    return Second.MISSING if required and not own_rule else Second.NOT_REQUIRED


@for_the_register
def own_lines(session: Session, limit: int = 30) -> list[SupplyMovement]:
    """This person's newest lines of this store that may be taken back, newest first.

    Lines of handouts are not among them: they follow their handouts.
    """
    lines = [
        line
        for line in store.own_lines(session.database, session.device_id, session.user.id, 200)
        if line.type is not SupplyType.REVERSED
        and store.counter_entry_of(session.database, line.id) is None
        and line.type is not SupplyType.HANDED_OUT
    ]
    return lines[:limit]


# --- the documents


@for_the_register
@lease.reads_of_all(Area.SEARCH)
def month(session: Session, year: int, number: int) -> tuple[MonthLedger, ...]:
    """The register of a month: every product of every ledger that had a line or holds something."""
    start, end = month_limits(year, number)
    lines = store.all_lines(session.database)
    signatures = _signatures(session, lines)
    names = people.names(session)
    worked_out = balances(lines)
    all_bags = bags_of(lines, worked_out)
    undone = {line.id for line in lines} - {line.id for line in standing(lines)}
    required = two_persons(session)
    own = None if may_see_all(session) else (session.device_id, session.user.id)
    holders = {bag.id: names.get(bag.holder_id, "") for bag in all_bags}
    visible = {bag.id for bag in all_bags if own is None or (bag.device_id, bag.holder_id) == own}
    patients_by_event = _patients_of_lines(session, start, end)
    rows: list[MonthLedger] = []
    ledgers: dict[tuple[str, tuple[str, str, str]], list[SupplyMovement]] = {}
    for line in sorted(lines, key=_by_time):
        for ledger in {line.source, line.target}:
            if ledger in visible or ledger.startswith(STORE):
                ledgers.setdefault((ledger, line.item.key), []).append(line)
    final = {(one.ledger, one.item.key): one for one in worked_out}
    for (ledger, key), own_lines in ledgers.items():
        running = sum(
            (effect(line, ledger) for line in own_lines if line.happened_at < start), Decimal(0)
        )
        opening = running
        printed: list[RegisterLine] = []
        for line in own_lines:
            if not start <= line.happened_at < end:
                continue
            running += effect(line, ledger)
            statements = signatures.get(line.id, [])
            printed.append(
                RegisterLine(
                    line,
                    names.get(line.author_id, ""),
                    _witness(line, statements, names),
                    second_of(line, statements, required=required),
                    effect(line, ledger),
                    running,
                    line.id in undone,
                    patients_by_event.get(line.administration_id or "", ""),
                )
            )
        if printed or opening:
            balance = final.get((ledger, key))
            differences = () if balance is None else balance.differences
            name = ledger.removeprefix(STORE) if ledger.startswith(STORE) else holders[ledger]
            rows.append(
                MonthLedger(
                    ledger,
                    name,
                    own_lines[-1].item,
                    opening,
                    tuple(printed),
                    running,
                    tuple(one for one in differences if start <= one.count.happened_at < end),
                )
            )
    return tuple(
        sorted(
            rows,
            key=lambda row: (row.ledger.startswith(BAG), sort_key(row.name), row.ledger, row.item),
        )
    )


def _patients_of_lines(session: Session, start: datetime, end: datetime) -> dict[str, str]:
    known = {person.id: person.name for person in patients.active(session.database)}
    found = store.handouts_of_lines(session.database, start, end)
    return {event_id: known.get(patient_id, "") for event_id, patient_id in found}


def _by_time(line: SupplyMovement) -> tuple[datetime, str, int, str]:
    return (line.happened_at, line.device_id, line.sequence, line.id)


def _witness(
    line: SupplyMovement, statements: Sequence[WitnessStatement], names: dict[str, str]
) -> str:
    if line.witness_id is not None and line.witness_by_code:
        return names.get(line.witness_id, "")
    others = [one for one in statements if one.author_id != line.author_id]
    return names.get(others[0].author_id, "") if others else ""


def month_limits(year: int, number: int) -> tuple[datetime, datetime]:
    """The first moment of a month in Norway, and the first of the next."""
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    start, end = (
        datetime.combine(date(*month, 1), time(), OSLO) for month in ((year, number), following)
    )
    return start, end


@for_the_register
@lease.reads_of_all(Area.SEARCH)
def place_counts(session: Session, year: int, number: int) -> tuple[PlaceCount, ...]:
    """Handouts of a month per place and product, of the patients on this laptop."""
    start, end = month_limits(year, number)
    events = [
        event
        for event in effective(medication.events_given_between(session.database, start, end))
        if start <= event.given_at < end
    ]
    orders = {
        order.id: order
        for order in medication.requests_of(
            session.database, {event.patient_id for event in events}
        )
    }
    given: Counter[tuple[str, str]] = Counter()
    home: Counter[tuple[str, str]] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    amounts: dict[tuple[str, str], Decimal] = {}
    for event in events:
        order = orders.get(event.request_id)
        if order is None:
            continue
        place = (order.place.value, _product(order))
        if event.status is not HandoutStatus.GIVEN:
            missed[place] += 1
            continue
        given[place] += 1
        home[place] += event.take_home is not None
        amounts[place] = amounts.get(place, Decimal(0)) + (event.dose_mg or Decimal(0))
    return tuple(
        PlaceCount(*place, given[place], home[place], missed[place], amounts.get(place, Decimal(0)))
        for place in sorted(set(given) | set(missed))
    )


def _product(order: MedicationRequest) -> str:
    if order.strength in order.product:
        return order.product
    return f"{order.product} {order.strength}"


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on a handout slip or a bottle's label."""

    patient: str
    product: str
    strength: str
    dose_mg: Decimal | None
    dose_ml: Decimal | None
    day: date
    given_at: datetime
    giver: str
    take_home: bool
    bottles: int | None
    part: Part = Part.MORNING


@for_the_register
@lease.reads_of_all(Area.SEARCH)
def slips(session: Session, day: date) -> tuple[Slip, ...]:
    """The doses that were given on a day and still stand, by name; one slip for each dose."""
    start = datetime.combine(day, time(), OSLO)
    end = datetime.combine(day + timedelta(days=1), time(), OSLO)
    found = [
        event
        for event in effective(medication.events_given_between(session.database, start, end))
        if event.status is HandoutStatus.GIVEN and start <= event.given_at < end
    ]
    orders: dict[str, MedicationRequest] = {
        order.id: order
        for order in medication.requests_of(session.database, {one.patient_id for one in found})
    }
    known = {person.id: person for person in patients.active(session.database)}
    names = people.names(session)
    rows = [
        Slip(
            known[event.patient_id].name,
            orders[event.request_id].product,
            orders[event.request_id].strength,
            event.dose_mg,
            event.dose_ml,
            event.day,
            event.given_at,
            names.get(event.author_id, ""),
            event.take_home is not None,
            None if event.take_home is None else event.take_home.bottles,
            event.part,
        )
        for event in found
        if event.patient_id in known and event.request_id in orders
    ]
    rows.sort(key=lambda slip: (slip.day, PART_ORDER[slip.part], slip.product))
    return tuple(sorted(rows, key=lambda slip: sort_key(slip.patient)))


@dataclass(frozen=True, slots=True)
class AdviserLine:
    """A patient to talk about on the adviser's day, with what there is to talk about."""

    patient: str
    birth_date: date | None
    orders: tuple[str, ...]
    ends_on: date | None
    """The first order that ends within the days of the list."""
    on_hold: bool
    not_given: int
    """Doses not given in the days of the list."""
    forced: int
    """Emergency handouts in that time."""
    open_issues: tuple[str, ...]
    """Codes of safety items that nobody has answered."""

    @property
    def is_empty(self) -> bool:
        return not (
            self.ends_on or self.on_hold or self.not_given or self.forced or self.open_issues
        )


@for_the_register
@lease.reads_of_all(Area.SEARCH)
def adviser_day(session: Session, day: date) -> tuple[AdviserLine, ...]:
    """The patients with controlled medicine for whom there is something to talk about, by name."""
    groups = reference.substances()
    span = timedelta(days=reference.register().adviser_list.days)
    since, until = day - span, day + span
    people_here = patients.active(session.database)
    orders: dict[str, list[MedicationRequest]] = {}
    for order in medication.requests_of(session.database, [one.id for one in people_here]):
        in_force = order.valid_to is None or order.valid_to >= day
        if groups.group_of(order).controlled and in_force and order.stopped_on is None:
            orders.setdefault(order.patient_id, []).append(order)
    known = medication.events_since(session.database, orders, since)
    events = [event for event in effective(known) if event.day <= day]
    issues = [
        issue
        for issue in records.select(session.database, DetectedIssue)
        if issue.status is IssueStatus.OPEN
    ]
    rows = [
        AdviserLine(
            person.name,
            person.birth_date,
            tuple(_product(order) for order in orders[person.id]),
            min(
                (
                    one.valid_to
                    for one in orders[person.id]
                    if one.valid_to and one.valid_to < until
                ),
                default=None,
            ),
            any(order.on_hold for order in orders[person.id]),
            sum(
                event.patient_id == person.id and event.status is not HandoutStatus.GIVEN
                for event in events
            ),
            sum(event.patient_id == person.id and event.forced is not None for event in events),
            tuple(issue.code for issue in issues if issue.patient_id == person.id),
        )
        for person in people_here
        if person.id in orders
    ]
    return tuple(
        sorted((row for row in rows if not row.is_empty), key=lambda row: sort_key(row.patient))
    )


@for_the_register
def logged(session: Session, document: str, what: str, *, to_folder: bool) -> None:
    """Log that a document left the laptop. `what` names the month or day, never a person."""
    with session.write() as unit:
        unit.audit("export" if to_folder else "print", f"register_{document}", what)
