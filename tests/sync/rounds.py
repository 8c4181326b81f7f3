"""The model of handing out: three laptops, four stores, an office, and all that can go wrong.

Real services, real cipher stores, the real engine, the real server and storage. Time is that of
the world: the server's clock follows it, a laptop's own clock may jump. The world keeps the books
itself, from what the services accepted and when it truly was; nothing of the rule itself judges it.

What may never happen, whatever happened before:

- two doses of a patient in one part of a day, both given without force;
- two doses given without force nearer to each other than the least interval;
- a depot's injection given twice without force.

And in the end: every dose that was written is on the server once; every forced dose and every pair
in one slot has a safety item that names it; all stores agree with the server.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fieldapp.clock import OSLO, FixedClock
from fieldapp.domain import claims as domain
from fieldapp.domain.medication import (
    Force,
    HandoutError,
    HandoutStatus,
    IdentityCheck,
    Injection,
    Intake,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    OtherDose,
    Part,
    PlannedDose,
    Slot,
    slots,
)
from fieldapp.domain.patients import Place, Practitioner, Role
from fieldapp.ids import new_id
from fieldapp.services import claims, depots, handouts, medication, situations
from fieldapp.services.session import Session
from fieldapp.store import records
from fieldapp.store.db import Database
from sync.client.engine import Engine
from sync.protocol.errors import SyncError
from sync.server.identity import Identity
from sync.server.storage.storage import Storage
from sync.server.storage.values import UserRow
from tests.helpers import server_backup
from tests.helpers.sync_world import (
    Fault,
    LaptopFactory,
    Office,
    PowerCutError,
    ShakyLine,
    _cut_power,
    laptop_key,
)
from tests.sync.fleet import ServerDiedError, _MortalStorage

FIRST_DAY: Final = date(2026, 11, 23)
MORNING: Final = datetime(2026, 11, 23, 7, 30, tzinfo=OSLO).astimezone(UTC)

BETWEEN_DAYS: Final = timedelta(hours=12)
BETWEEN_PARTS: Final = timedelta(hours=4)
"""The model's own copy of the figures of `substances.json` for opioids."""

SLACK: Final = timedelta(minutes=3)
"""How far a laptop's idea of the time may be off: a call takes a while."""

TAKEN_AT: Final = time(12)
"""When a dose taken home is taken."""

STORES: Final = ((0, 0), (0, 1), (1, 2), (2, 0))
"""(laptop, user): the first laptop has two users, and the first user works on two laptops."""

PATIENTS: Final = 3
"""One with a daily dose, one with two parts a day and weekends at home, one with a weekly depot."""

STEPS: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 20, 40, 90, 150, 300, 720))
JUMPS: Final = tuple(timedelta(seconds=seconds) for seconds in (-90_000, -3_600, 3_600, 30_000))


@dataclass
class Given:
    """A dose in the world's books."""

    event_id: str
    store: int
    patient_id: str
    day: date
    part: Part
    at: datetime
    """World time; of a dose taken home, when it is taken."""
    forced: bool
    told: bool
    """Recorded as something that had happened before: no act of this program."""
    depot: int | None = None
    undone: bool = False
    pair: str | None = None
    """Doses of one handing-over."""


class MachineClock(FixedClock):
    """A laptop's clock: runs with the world, and may be set wrong."""


class StoreOnLaptop:
    """One user's store on one laptop."""

    def __init__(
        self, path: Path, service: Any, who: Identity, name: str, clock: MachineClock
    ) -> None:
        self.path = path
        self.database = Database.open(path, laptop_key)
        self.line = ShakyLine(service)
        self.clock = clock
        self.who = who
        self._cut_at: int | None = None
        user = Practitioner(who.user_id, name, name, Role.LAR_STAFF, phone="400 00 000")
        self.session = Session(self.database, user, who.device_id, clock, new_id)
        self._engine = Engine(
            self.line,
            self._connection,
            clock,
            new_id,
            batch_records=3,
            checked_each_time=PATIENTS,
            check_every=timedelta(0),
        )

    def sync(self, *faults: Fault | SyncError) -> bool:
        self.line.faults.extend(faults)
        try:
            return self._engine.run(lambda _: None, lambda: False).complete
        finally:
            self.line.faults.clear()

    def sync_until_power_cut(self, transaction: int) -> None:
        self._cut_at = transaction
        try:
            self.sync()
        except PowerCutError:
            pass
        finally:
            self._cut_at = None

    def _connection(self) -> Database:
        clone = self.database.clone()
        if self._cut_at is not None:
            _cut_power(clone, self._cut_at)
        return clone

    def close(self) -> None:
        self.database.close()


class Rounds:
    """The world of one run. `storage` is emptied of what earlier runs have left in it."""

    def __init__(self, storage: Storage) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.now = MORNING
        self.storage = _MortalStorage(storage._database)
        self.office = Office(self.storage, page_limit=5)
        self._factory = LaptopFactory(Path(self._folder.name))
        self.books: dict[str, Given] = {}
        self.done: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.patients: list[str] = []
        self.orders: dict[str, list[MedicationRequest]] = {}
        self._followed: set[tuple[str, str]] = set()
        self._backup: server_backup.Backup | None = None
        self._images: dict[int, Path] = {}
        self._lost: set[str] = set()
        """Doses that nobody holds any more, after a disk was set back."""
        self._tried: set[tuple[str, date, Part]] = set()
        """Slots that somebody stood before to give them without force."""
        self._set_clock(self.office.clock)
        self._users = [self._new_user(number) for number in range(3)]
        self._devices = [new_id() for _ in range(3)]
        self.clocks = [self._new_clock() for _ in range(3)]
        self.stores = [self._store(number) for number in range(len(STORES))]

    # --- setting up

    def _new_user(self, number: int) -> str:
        user_id = new_id()
        with self.storage.write() as transaction:
            transaction.accounts.add_user(
                UserRow(user_id, f"user-{user_id}", Role.LAR_STAFF.value, "none")
            )
        user = Practitioner(
            user_id, f"user-{user_id}", f"Bruker {number}", Role.LAR_STAFF, phone="400 00 000"
        )
        self.office.put(user, "practitioner", None)
        return user_id

    def _new_clock(self) -> MachineClock:
        return MachineClock(MORNING)

    def _set_clock(self, clock: FixedClock) -> None:
        clock.jump(self.now - clock.now())

    def _store(self, number: int, path: Path | None = None) -> StoreOnLaptop:
        laptop, user = STORES[number]
        who = Identity(self._users[user], self._devices[laptop], Role.LAR_STAFF.value)
        if path is None:
            with contextlib.suppress(Exception):
                self.office.add_device(who)
            path = self._factory.path()
        return StoreOnLaptop(
            path, self.office.service(who), who, f"Bruker {user}", self.clocks[laptop]
        )

    def begin(self) -> None:
        for number in range(PATIENTS):
            patient = self.office.add_patient()
            self.patients.append(patient.id)
            self.orders[patient.id] = []
            self._put_order(_first_order(number, patient.id))
            for user_id in self._users:
                self._assign(user_id, patient.id)
        for store in self.stores:
            assert store.sync(), "the first sync failed"

    def _assign(self, user_id: str, patient_id: str) -> None:
        self.office.assign(Identity(user_id, "", Role.LAR_STAFF.value), patient_id)
        self._followed.add((user_id, patient_id))

    def _put_order(self, order: MedicationRequest) -> None:
        own = self.orders[order.patient_id]
        self.orders[order.patient_id] = [one for one in own if one.id != order.id] + [order]
        self.office.put(order, "medication_request", order.patient_id)

    # --- time

    def pass_time(self, step: timedelta) -> None:
        """Let time pass for everybody; what a suspended laptop misses, its machine counts."""
        self.now += step
        self._set_clock(self.office.clock)
        for clock in self.clocks:
            clock.advance(step)
        self.done["time passed"] += 1

    def pass_until(self, at: time) -> None:
        """Let time pass until the next moment with this local time."""
        local = self.now.astimezone(OSLO)
        wanted = datetime.combine(local.date(), at, tzinfo=OSLO).astimezone(UTC)
        if wanted <= self.now:
            wanted = datetime.combine(local.date() + timedelta(days=1), at, tzinfo=OSLO).astimezone(
                UTC
            )
        self.pass_time(wanted - self.now)

    def jump_clock(self, laptop: int, step: timedelta) -> None:
        self.clocks[laptop].jump(step)
        self.faults["clock jumped"] += 1

    def reboot(self, laptop: int) -> None:
        self.clocks[laptop].reboot()
        self.faults["machine restarted"] += 1

    @property
    def today(self) -> date:
        return domain.service_day(self.now)

    # --- what people do

    def claim(self, which: int, number: int, days: int, first: int = 0) -> None:
        """Wish for some days of a patient, the first one so many days ahead."""
        store, patient_id = self.stores[which], self.patients[number]
        if not self._has(store, patient_id):
            return
        ahead = range(first, first + days)
        units = [domain.day_unit(self.today + timedelta(days=one)) for one in ahead]
        if number == DEPOT_PATIENT:
            units += [
                domain.occurrence_unit(due.slot.occurrence)
                for due in depots.depot_due(store.session, patient_id)
                if due.slot.occurrence is not None and due.is_due_on(self.today)
            ]
        claims.wish(store.session, [(patient_id, GROUP, unit) for unit in units])
        self.done["claim wished"] += len(units)

    def get_ready(
        self, which: int, number: int, days: int, first: int, faults: list[Fault]
    ) -> None:
        """Claim and sync, as one does before a trip."""
        self.claim(which, number, days, first)
        self.sync(which, faults)

    def ready(self) -> list[tuple[int, int]]:
        """(store, patient) of what a store holds for today, in its own eyes."""
        unit = domain.day_unit(self.today)
        return [
            (which, self.patients.index(claim.patient_id))
            for which, store in enumerate(self.stores)
            for claim in claims.held(store.session)
            if claim.unit == unit
        ]

    def give_up(self, which: int, number: int) -> None:
        """Drop the claims of a patient."""
        store = self.stores[which]
        own = [
            one.id for one in claims.held(store.session) if one.patient_id == self.patients[number]
        ]
        claims.drop(store.session, own)
        self.done["claims dropped"] += len(own)

    def hand_out(self, which: int, number: int, ahead: int = 0, day: int = 0) -> bool:
        """Try to give whatever stands next, whatever the light says; True when one was given.

        `ahead` days are handed out to take home beside it. `day` is for somebody who takes it to
        be so many days later.
        """
        store, patient_id = self.stores[which], self.patients[number]
        if not self._has(store, patient_id):
            return False
        slot = self._next_slot(store, patient_id, number, day)
        if slot is None:
            return False
        return self._record(which, slot, extra=self._taken_home(store, slot, ahead))

    def force(self, which: int, number: int) -> bool:
        store, patient_id = self.stores[which], self.patients[number]
        if not self._has(store, patient_id):
            return False
        slot = self._next_slot(store, patient_id, number)
        if slot is None:
            return False
        found = situations.verdict(store.session, slot)
        if not found.findings:
            return False
        force = Force(
            reason="other",
            reason_text="Vurdert på stedet",
            findings=found.codes,
            holder_id=next(
                (one.claim.holder_id for one in found.findings if one.claim is not None), None
            ),
            holder_called=True,
            holder_answered=False,
            holder_answer="Ikke svar",
            prescriber="Vakthavende lege",
        )
        return self._record(which, slot, forced=force)

    def tell(self, which: int, number: int) -> bool:
        """Record a dose that somebody says was given earlier, on paper."""
        store, patient_id = self.stores[which], self.patients[number]
        if not self._has(store, patient_id):
            return False
        slot = self._next_slot(store, patient_id, number)
        return slot is not None and self._record(which, slot, told=True)

    def undo(self, which: int) -> None:
        """Take the store's newest dose back at once, if that is still possible."""
        store = self.stores[which]
        own = [
            one
            for one in self.books.values()
            if one.store == which and not one.undone and one.event_id not in self._lost
        ]
        if not own:
            return
        newest = own[-1]
        together = [one for one in own if one.pair is not None and one.pair == newest.pair] or [
            newest
        ]
        for one in together:
            with contextlib.suppress(HandoutError):
                handouts.reverse(store.session, one.event_id, "Skjedde ikke")
                one.undone = True
                self.done["undone"] += 1

    def _record(
        self,
        which: int,
        slot: Slot,
        *,
        extra: tuple[date, ...] = (),
        forced: Force | None = None,
        told: bool = False,
    ) -> bool:
        store = self.stores[which]
        if forced is None and not told:
            self._tried.add((slot.key.patient_id, slot.key.day, slot.key.part))
        entry = handouts.HandoutEntry(
            id=new_id(),
            slot=slot.key,
            status=HandoutStatus.GIVEN,
            dose_mg=slot.dose_mg,
            witnessed=True,
            identity_check=IdentityCheck.KNOWN,
            observed_state=ObservedState.UNAFFECTED,
            other_dose=OtherDose.NO,
            intake=Intake(6, True) if slot.occurrence is None else None,
            retrospective=told,
            reason_text="Ført fra papir" if told else "",
            given_at=store.clock.now() - timedelta(minutes=10) if told else None,
            take_home_days=extra,
            bottles=len(extra) or None,
            empties_returned=0 if extra else None,
            forced=forced,
            injection=_injection(slot) if slot.occurrence is not None else None,
        )
        try:
            changes = handouts.record(store.session, entry)
        except HandoutError as error:
            self.done[f"refused {error.code}"] += 1
            return False
        written = [one for one in changes.changes if one.kind == "medication_administration"]
        assert len(written) == 1 + len(extra), "a handing-over was written in part"
        events = {event.day: event for event in _events(store, [one.id for one in written])}
        for day in (slot.key.day, *extra):
            event = events[day]
            own = day == slot.key.day
            at = self.now if own else _local(day, TAKEN_AT)
            self.books[event.id] = Given(
                event.id,
                which,
                slot.key.patient_id,
                day,
                slot.key.part,
                at,
                forced is not None,
                told,
                slot.occurrence,
                pair=entry.id if extra else None,
            )
        kind = "forced" if forced else "told" if told else "given"
        self.done[kind] += len(written)
        self.check()
        return True

    def _taken_home(self, store: StoreOnLaptop, slot: Slot, most: int) -> tuple[date, ...]:
        """The next days in a row whose dose is meant to be taken home, at most so many."""
        orders = medication.orders_of(store.session, slot.key.patient_id)
        days: list[date] = []
        for ahead in range(1, min(most, slot.request.max_take_home_days) + 1):
            day = slot.key.day + timedelta(days=ahead)
            if not any(one.take_home for one in slots(orders, day)):
                break
            days.append(day)
        return tuple(days)

    def _has(self, store: StoreOnLaptop, patient_id: str) -> bool:
        row = store.database.connection.execute(
            "SELECT 1 FROM patient WHERE id = ?", (patient_id,)
        ).fetchone()
        return row is not None

    def _next_slot(
        self, store: StoreOnLaptop, patient_id: str, number: int, later: int = 0
    ) -> Slot | None:
        """The slot that a person at this moment would stand before: of the present service day,
        the part that the hour suggests.
        """
        if number == DEPOT_PATIENT:
            due = depots.depot_due(store.session, patient_id)
            return due[0].slot if due else None
        orders = medication.orders_of(store.session, patient_id)
        planned = slots(orders, self.today + timedelta(days=later))
        if not planned:
            return None
        hour = self.now.astimezone(OSLO).hour
        return planned[-1] if hour >= 15 or hour < 6 else planned[0]

    def quiet_days(self, days: int) -> float:
        """Live through days with the line up and nothing going wrong; another store has each
        patient every day. Return the share of the planned doses that were given without force.
        """
        planned = given = 0
        for number in range(days):
            self.pass_until(time(7, 30))
            for which in range(len(STORES)):
                self.sync(which)
            for patient in range(PATIENTS):
                which = (patient + number) % len(STORES)
                if patient == DEPOT_PATIENT and number % 7:
                    continue
                self.claim(which, patient, 1)
                self.sync(which)
                planned += 1
                given += self.hand_out(which, patient)
            self.pass_until(time(18, 0))
            planned += 1
            given += self.hand_out((SPLIT_PATIENT + number) % len(STORES), SPLIT_PATIENT)
            for which in range(len(STORES)):
                self.sync(which)
        return given / planned

    # --- what the office does

    def change_order(self, number: int, how: str) -> None:
        patient_id = self.patients[number]
        order = self.orders[patient_id][-1]
        if how == "dose":
            doses = tuple(replace(one, dose_mg=one.dose_mg + 1) for one in order.doses)
            self._put_order(replace(order, revision=order.revision + 1, doses=doses))
        elif how == "hold":
            self._put_order(replace(order, revision=order.revision + 1, on_hold=not order.on_hold))
        else:
            self._put_order(replace(order, revision=order.revision + 1, stopped_on=self.today))
            self._put_order(
                replace(
                    order,
                    id=new_id(),
                    revision=1,
                    valid_from=self.today,
                    stopped_on=None,
                    on_hold=False,
                )
            )
        self.done["order changed"] += 1

    def reassess(self, number: int) -> None:
        """The prescriber has looked at the dose again."""
        order = self.orders[self.patients[number]][-1]
        self._put_order(
            replace(order, revision=order.revision + 1, reassessed_on=self.today, on_hold=False)
        )
        self.done["order reassessed"] += 1

    def reassign(self, user: int, number: int) -> None:
        user_id, patient_id = self._users[user], self.patients[number]
        if (user_id, patient_id) in self._followed:
            self.office.unassign(Identity(user_id, "", Role.LAR_STAFF.value), patient_id)
            self._followed.discard((user_id, patient_id))
        else:
            self._assign(user_id, patient_id)
        self.done["reassigned"] += 1

    # --- what lines and machines do

    def sync(self, which: int, faults: list[Fault] | None = None) -> None:
        faults = faults or []
        self.faults.update(fault.value for fault in faults if fault is not Fault.NONE)
        with contextlib.suppress(ServerDiedError):
            self.stores[which].sync(*faults)
        self.done["sync"] += 1

    def sync_until_power_cut(self, which: int, commit: int) -> None:
        self.stores[which].sync_until_power_cut(commit)
        self.faults["laptop stopped"] += 1

    def sync_while_the_server_dies(self, which: int) -> None:
        self.storage.dies = True
        self.sync(which)
        self.storage.dies = False
        self.faults["server stopped"] += 1

    def back_up_server(self) -> None:
        self._backup = server_backup.take(self.storage)

    def restore_server(self) -> None:
        """Set the server back to its last backup; nobody tells the laptops, the operator does."""
        if self._backup is None:
            return
        server_backup.restore(self.storage, self._backup)
        self._after_restore()
        with self.storage.read() as transaction:
            self._followed = {
                (user_id, patient_id)
                for user_id in self._users
                for patient_id in transaction.scope.standing(user_id)
            }
        self._strike_what_nobody_holds()
        self.faults["server restored"] += 1

    def _after_restore(self) -> None:
        """What the operations page asks the operator to do after a restore."""
        from sync.server.claims import declare_restored

        with self.storage.write() as transaction:
            declare_restored(transaction, self.now)

    def copy_laptop(self, which: int) -> None:
        self._images[which] = self._image(which)

    def set_laptop_back(self, which: int) -> None:
        """Start a store from the image of a disk; the anchor outside it tells."""
        image = self._images.pop(which, None)
        if image is None:
            return
        self.stores[which].close()
        self.stores[which] = self._store(which, image)
        self._tell_set_back(self.stores[which])
        self.faults["laptop set back"] += 1
        self._strike_what_nobody_holds()

    def _tell_set_back(self, store: StoreOnLaptop) -> None:
        """What the program does at unlock when the store is behind its anchor."""
        claims.set_back(store.session)

    def _image(self, which: int) -> Path:
        path = self._factory.path()
        path.unlink()
        self.stores[which].database.copy_to(path)
        return path

    # --- what may never happen

    def check(self) -> None:
        """Look at all doses that were given without force, whoever knows of them."""
        acts = [one for one in self.books.values() if not (one.forced or one.told or one.undone)]
        for patient_id in self.patients:
            own = sorted(
                (one for one in acts if one.patient_id == patient_id), key=lambda one: one.at
            )
            seen: dict[Any, Given] = {}
            for one in own:
                key = one.depot if one.depot is not None else (one.day, one.part)
                assert key not in seen, f"given twice: {_short(seen[key])} and {_short(one)}"
                seen[key] = one
            for before, after in zip(own, own[1:], strict=False):
                same_plan = len({before.part, after.part}) > 1
                least = BETWEEN_PARTS if same_plan else BETWEEN_DAYS
                assert after.at - before.at >= least - SLACK, (
                    f"too near: {_short(before)} and {_short(after)}"
                )

    def end(self) -> None:
        """Become quiet, compare the books with the server, close.

        The share of slots that were given without force stands in `done`: "slots given" of
        "slots tried".
        """
        given = {
            (one.patient_id, one.day, one.part)
            for one in self.books.values()
            if not (one.forced or one.told or one.undone)
        }
        self.done["slots tried"] = len(self._tried)
        self.done["slots given"] = len(given & self._tried)
        try:
            if self.patients:
                self._become_quiet()
                self._check_server()
        finally:
            for store in self.stores:
                store.close()
            self._folder.cleanup()

    def _become_quiet(self) -> None:
        for user_id in self._users:
            for patient_id in self.patients:
                if (user_id, patient_id) not in self._followed:
                    self._assign(user_id, patient_id)
        for _ in range(4):
            for store in self.stores:
                store.sync()
        for store in self.stores:
            assert store.sync(), "a store cannot sync any more"

    def _check_server(self) -> None:
        told: Counter[str] = Counter()
        with self.storage.read() as transaction:
            issues = [one.body for one in transaction.records.of_kind("detected_issue")]
        for issue in issues:
            told.update(issue["evidence"])
        for one in self.books.values():
            if one.event_id in self._lost:
                continue
            body = self.office.body("medication_administration", one.event_id)
            assert body is not None, f"a dose is not on the server: {_short(one)}"
            if one.forced and not one.undone:
                assert told[one.event_id], f"a forced dose has no safety item: {_short(one)}"
        slots_given: dict[Any, list[Given]] = {}
        for one in self.books.values():
            if one.event_id not in self._lost and not one.undone:
                key = (one.patient_id, one.depot or (one.day, one.part))
                slots_given.setdefault(key, []).append(one)
        for pair in slots_given.values():
            if len(pair) > 1:
                for one in pair:
                    assert told[one.event_id], f"a double dose is not told of: {_short(one)}"

    def _strike_what_nobody_holds(self) -> None:
        """A disk that was set back has lost what only it held; the patient got the dose all the
        same, so that it stays in the books of what may never happen."""
        with self.storage.read() as transaction:
            rows = transaction._db.rows("SELECT id FROM record")
        held = {str(row[0]) for row in rows}
        for store in self.stores:
            found = store.database.connection.execute("SELECT id FROM medication_administration")
            held |= {str(row["id"]) for row in found}
        self._lost |= set(self.books) - held


GROUP: Final = "opioid"
SPLIT_PATIENT: Final = 1
DEPOT_PATIENT: Final = 2


def _first_order(number: int, patient_id: str) -> MedicationRequest:
    every_day = (1, 2, 3, 4, 5, 6, 7)
    common: dict[str, Any] = {
        "id": new_id(),
        "patient_id": patient_id,
        "weekdays": every_day,
        "place": Place.HOME,
        "valid_from": FIRST_DAY,
        "prescriber": "Lege",
    }
    if number == 0:
        return MedicationRequest(
            product="Metadon",
            atc="N07BC02",
            form="mikstur",
            strength="5 mg/mL",
            doses=(PlannedDose(Part.MORNING, Decimal(80)),),
            concentration_mg_per_ml=Decimal(5),
            max_take_home_days=2,
            take_home_weekdays=(2, 4, 6, 7),
            **common,
        )
    if number == 1:
        return MedicationRequest(
            product="Metadon",
            atc="N07BC02",
            form="mikstur",
            strength="5 mg/mL",
            doses=(
                PlannedDose(Part.MORNING, Decimal(40)),
                PlannedDose(Part.EVENING, Decimal(30)),
            ),
            concentration_mg_per_ml=Decimal(5),
            **common,
        )
    return MedicationRequest(
        product="Buvidal",
        atc="N07BC01",
        form="injeksjonsvæske, depot",
        strength="24 mg",
        doses=(PlannedDose(Part.MORNING, Decimal(24)),),
        interval_days=7,
        depot="buvidal_weekly",
        **common,
    )


def _injection(slot: Slot) -> Injection:
    assert slot.occurrence is not None
    sites = ("buttock", "thigh", "abdomen", "upper_arm")
    return Injection(
        occurrence=slot.occurrence,
        site=sites[slot.occurrence % len(sites)],
        side="left" if slot.occurrence % 2 else "right",
        lot="A1",
        expiry=date(2030, 1, 1),
        observed_minutes=15,
    )


def _events(store: StoreOnLaptop, ids: list[str]) -> list[MedicationAdministration]:
    found = [records.get(store.database, MedicationAdministration, one) for one in ids]
    return [one for one in found if one is not None]


def _local(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=OSLO).astimezone(UTC)


def _short(one: Given) -> str:
    at = one.at.astimezone(OSLO)
    return f"store {one.store} {one.day} {one.part.value} at {at:%d %H:%M} depot {one.depot}"
