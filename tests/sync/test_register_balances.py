"""The register balances after any interleaving of acts, crashes and syncs of two laptops.

A little world of real bottles is kept beside the lines: what is really in each cupboard and bag.
Whatever order things are written and delivered in, the register must say the same in the end.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    Part,
    SupplyUse,
)
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.domain.supply import STORE, Item, SupplyMovement, item_of
from fieldapp.domain.supply_balance import Balance, balances, is_held
from fieldapp.domain.supply_chain import breaks
from fieldapp.ids import new_id
from fieldapp.services import register, register_acts, register_view
from fieldapp.services.session import Session
from fieldapp.store import records
from fieldapp.store import supply as store
from sync.server.storage.storage import Storage
from tests.helpers.builders import TODAY, request
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

SPREAD = True
CUPBOARD = f"{STORE}Medisinskap"
STEPS = 45


class _CrashError(Exception):
    """The program ended in the middle of an act."""


class Person:
    """Somebody with a laptop, a bag and hands."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        user = Practitioner(laptop.who.user_id, "kari", "Kari Nordmann", Role.LAR_STAFF)
        self.session = Session(laptop.database, user, laptop.who.device_id, laptop.clock, new_id)
        self.doses: list[tuple[MedicationAdministration, str, Decimal]] = []

    @property
    def bag(self) -> str | None:
        bags = register.open_bags(self.session)
        return bags[0].id if bags else None

    def give(self, order: MedicationRequest, use: SupplyUse, *, crash: bool = False) -> None:
        """What the handout's service does: the event and its line, in one transaction."""
        with self.session.write() as unit:
            event = self._event(order, unit.next_sequence())
            unit.save(event)
            register.hand_out(unit, event, use)
            if crash:
                raise _CrashError
        self.doses.append((event, use.ledger_id, use.units))

    def never_happened(self, event: MedicationAdministration) -> None:
        with self.session.write() as unit:
            entry = self._event_like(event, unit.next_sequence())
            unit.save(entry)
            register.take_back(unit, entry)
            register.take_back(unit, entry)  # twice is once

    def _event(self, order: MedicationRequest, sequence: int) -> MedicationAdministration:
        now = self.session.clock.now()
        return MedicationAdministration(
            id=new_id(),
            patient_id=order.patient_id,
            request_id=order.id,
            request_revision=1,
            day=TODAY,
            part=Part.MORNING,
            status=HandoutStatus.GIVEN,
            given_at=now,
            recorded_at=now,
            author_id=self.session.user.id,
            device_id=self.session.device_id,
            sequence=sequence,
            dose_mg=Decimal(60),
            retrospective=True,
            reason_text="ført etterpå",
        )

    def _event_like(
        self, event: MedicationAdministration, sequence: int
    ) -> MedicationAdministration:
        now = self.session.clock.now()
        return MedicationAdministration(
            id=new_id(),
            patient_id=event.patient_id,
            request_id=event.request_id,
            request_revision=1,
            day=event.day,
            part=event.part,
            status=HandoutStatus.ENTERED_IN_ERROR,
            given_at=now,
            recorded_at=now,
            author_id=self.session.user.id,
            device_id=self.session.device_id,
            sequence=sequence,
            reverses=event.id,
            reopens=True,
            reason_text="gjaldt en annen",
        )


class Bottles:
    """Two people, one cupboard, and what is really where."""

    def __init__(self, storage: Storage, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.office = Office(storage)
        factory = LaptopFactory(folder)
        users = [self.office.new_user(), self.office.new_user()]
        patient = self.office.add_patient(*users)
        self.order = request(patient)
        self.office.put(self.order, "medication_request", patient.id)
        self.people = [Person(factory.laptop(self.office, user)) for user in users]
        for person in self.people:
            person.laptop.sync()
        self.item: Item = item_of(self.order)
        self.real: defaultdict[str, Decimal] = defaultdict(Decimal)

    def run(self, steps: int) -> None:
        acts: list[Callable[[Person], None]] = [
            *(self.receive, self.pack, self.pack, self.give, self.give, self.give),
            *(self.crash, self.take_back, self.bring_back, self.waste, self.lose),
            *(self.count, self.count_in, self.explain, self.reverse, self.sync, self.sync),
        ]
        for _ in range(steps):
            self.tick()
            self.dice.choice(acts)(self.dice.choice(self.people))

    def tick(self) -> None:
        for person in self.people:
            person.laptop.clock.advance(timedelta(minutes=1))
        self.office.clock.advance(timedelta(minutes=1))

    # --- acts; each moves real bottles and writes what its person saw

    def receive(self, person: Person) -> None:
        units = Decimal(self.dice.randrange(100, 500))
        register_acts.receive(person.session, CUPBOARD, self.item, units)
        self.real[CUPBOARD] += units

    def pack(self, person: Person) -> None:
        units = Decimal(self.dice.randrange(30, 120))
        counted = self.real[person.bag] + units if person.bag else units
        taken = register_acts.Taken(self.item, units, counted)
        done = register_acts.pack(person.session, CUPBOARD, [taken], bag=person.bag)
        self.real[CUPBOARD] -= units
        self.real[done.ledger] = counted

    def give(self, person: Person) -> None:
        ledger = person.bag or CUPBOARD
        person.give(self.order, SupplyUse(ledger, Decimal(30)))
        self.real[ledger] -= 30

    def crash(self, person: Person) -> None:
        lines = len(store.all_lines(person.session.database))
        with pytest.raises(_CrashError):
            person.give(self.order, SupplyUse(person.bag or CUPBOARD, Decimal(30)), crash=True)
        assert len(store.all_lines(person.session.database)) == lines

    def take_back(self, person: Person) -> None:
        if person.doses:
            event, ledger, units = person.doses.pop(self.dice.randrange(len(person.doses)))
            person.never_happened(event)
            self.real[ledger] += units

    def bring_back(self, person: Person) -> None:
        ledger = person.bag or CUPBOARD
        register_acts.take_in(person.session, ledger, self.item, Decimal(5), "ikke brukt")
        self.real[ledger] += 5

    def waste(self, person: Person) -> None:
        ledger = person.bag or CUPBOARD
        register_acts.waste(person.session, ledger, self.item, Decimal("2.5"), "sølt")
        self.real[ledger] -= Decimal("2.5")

    def lose(self, person: Person) -> None:
        """Something goes that nobody writes down."""
        self.real[person.bag or CUPBOARD] -= 1

    def count(self, person: Person) -> None:
        ledger = person.bag or CUPBOARD
        if self.real[ledger] >= 0:
            register_acts.count(person.session, ledger, self.item, self.real[ledger])

    def count_in(self, person: Person) -> None:
        bag = person.bag
        if bag is not None and self.real[bag] >= 0:
            counted = [(self.item, self.real[bag])]
            register_acts.count_in(person.session, bag, CUPBOARD, counted)
            self.real[CUPBOARD] += self.real[bag]
            self.real[bag] = Decimal(0)

    def explain(self, person: Person) -> None:
        for balance in balances(store.all_lines(person.session.database)):
            for difference in balance.differences:
                if difference.open:
                    register_acts.explain(person.session, difference.count.id, "ikke funnet")
                    return

    def reverse(self, person: Person) -> None:
        """Waste that was written by mistake: the bottle is still there."""
        own = [
            line
            for line in store.all_lines(person.session.database)
            if line.type == "waste"
            and line.author_id == person.session.user.id
            and store.counter_entry_of(person.session.database, line.id) is None
        ]
        if own:
            line = self.dice.choice(own)
            register_acts.reverse(person.session, line.id, "ført to ganger")
            self.real[line.source] += line.units

    def sync(self, person: Person) -> None:
        faults = [Fault.NONE, Fault.LOST_REPLY, Fault.REPEATED, Fault.LOST_REQUEST]
        person.laptop.sync(self.dice.choice(faults))

    # --- the end

    def deliver(self) -> None:
        for _ in range(2):
            for person in self.people:
                person.laptop.sync()

    def settle(self) -> None:
        """Count whatever is somewhere and explain every difference, with everything delivered."""
        person = self.people[0]
        self.deliver()
        for ledger in {CUPBOARD, *(one.ledger for one in self.found())}:
            self.tick()
            if self.real[ledger] < 0:  # handed out of a cupboard that was never filled
                self.real[ledger] += 10_000
                register_acts.take_in(
                    person.session, ledger, self.item, Decimal(10_000), "manglet i registeret"
                )
            register_acts.count(person.session, ledger, self.item, self.real[ledger])
        while any(difference.open for one in self.found() for difference in one.differences):
            self.tick()
            self.explain(person)
        self.deliver()

    def found(self, person: int = 0) -> list[Balance]:
        return balances(store.all_lines(self.people[person].session.database))


@pytest.mark.parametrize("seed", range(4))
def test_the_register_balances_after_any_interleaving(
    storage: Storage, tmp_path: Path, seed: int
) -> None:
    bottles = Bottles(storage, tmp_path, seed)
    bottles.run(STEPS)
    bottles.deliver()
    for one in bottles.found():  # also before anything is settled, nothing is lost between figures
        assert one.expected == one.balance + one.open_difference
    bottles.settle()

    for one in bottles.found():
        assert one.balance == one.expected == bottles.real[one.ledger]
    assert bottles.found(0) == bottles.found(1)
    for person in bottles.people:
        assert breaks(store.lines_and_bodies(person.session.database)[1]) == []
        ledger_sums = _sums(store.all_lines(person.session.database))
        assert sum(ledger_sums.values()) == 0  # every unit has a place it came from
        person.laptop.close()


def _sums(lines: list[SupplyMovement]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.type != "count":
            sums[line.source] -= line.units
            sums[line.target] += line.units
    held = {one.ledger: one.balance for one in balances(lines)}
    for ledger, amount in sums.items():
        if is_held(ledger):
            assert held.get(ledger, Decimal(0)) == amount
    return dict(sums)


def test_t45_two_laptops_that_took_from_one_cupboard_unseen_show_that_it_cannot_be(
    storage: Storage, tmp_path: Path
) -> None:
    """Lessons, row 45: never silently negative; both lines stay, and both laptops show it."""
    bottles = Bottles(storage, tmp_path, 1)
    first, second = bottles.people
    register_acts.receive(first.session, CUPBOARD, bottles.item, Decimal(100))
    bottles.deliver()
    for person in (first, second):
        taken = [register_acts.Taken(bottles.item, Decimal(80), Decimal(80))]
        register_acts.pack(person.session, CUPBOARD, taken)
        assert not any(
            one.is_negative for one in register_view.overview(person.session).stores[0].items
        )
    bottles.deliver()
    for person in (first, second):
        (negative,) = register_view.overview(person.session).negative
        assert negative.balance == -60
        person.laptop.close()


def test_a_dose_and_its_line_are_one_act(storage: Storage, tmp_path: Path) -> None:
    bottles = Bottles(storage, tmp_path, 1)
    bottles.receive(bottles.people[0])
    bottles.crash(bottles.people[0])
    rows = records.select(bottles.people[0].session.database, MedicationAdministration)
    assert rows == []
