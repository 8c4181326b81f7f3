"""Claims over a line that fails: real stores, the real engine, the real server, both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fieldapp.domain.claims import Claim, ClaimState, Store, claim_id, day_unit
from fieldapp.domain.codec import from_body
from fieldapp.domain.handout_events import PaperSheet, SheetStatus
from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.patients import Place
from fieldapp.ids import new_id
from fieldapp.store import claims, outbox, records, state
from fieldapp.store.claims import Name
from fieldapp.store.records import select
from sync.server.claims import declare_restored
from sync.server.identity import Identity
from sync.server.rules import set_rules
from sync.server.storage.storage import Storage
from tests.helpers import server_backup
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

OPIOID = "opioid"
TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
FAULTS = (Fault.LOST_REQUEST, Fault.LOST_REPLY, Fault.REPEATED, Fault.DELAYED)


class Pair:
    """Two people with a laptop each, and a patient whom both follow."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.office = Office(storage)
        self.storage = storage
        self._factory = LaptopFactory(folder)
        self.patient = self.office.add_patient()
        self.order = replace(_order(self.patient.id))
        self.office.put(self.order, "medication_request", self.patient.id)
        self.mine, self.theirs = self._laptop(), self._laptop()
        self.pass_time(NOON - self.office.clock.now())
        for laptop in (self.mine, self.theirs):
            assert laptop.sync().complete

    def _laptop(self) -> Laptop:
        who = self.office.new_user()
        self.office.assign(who, self.patient.id)
        return self.laptop(who)

    def laptop(self, who: Identity, path: Path | None = None) -> Laptop:
        laptop = self._factory.laptop(self.office, who, path=path)
        claims.remember_own_store(laptop.database, _store(who))
        return laptop

    def pass_time(self, step: timedelta) -> None:
        self.office.clock.advance(step)
        for laptop in (self.mine, self.theirs):
            laptop.clock.advance(step)

    def name(self, day: date = TODAY) -> Name:
        return Name(self.patient.id, OPIOID, day_unit(day))

    def wish(self, laptop: Laptop, *days: date) -> None:
        names = [self.name(day) for day in days or (TODAY,)]
        claims.add_wishes(laptop.database, names, laptop.clock.now())

    def take(self, laptop: Laptop, *days: date) -> None:
        self.wish(laptop, *days)
        assert laptop.sync().complete
        for day in days or (TODAY,):
            assert self.green(laptop, day)

    def drop(self, laptop: Laptop, day: date = TODAY) -> None:
        assert claims.drop(laptop.database, _store(laptop.who), [self.claim_id(day)])

    def claim_id(self, day: date = TODAY) -> str:
        return claim_id(self.patient.id, OPIOID, day_unit(day))

    def green(self, laptop: Laptop, day: date = TODAY) -> bool:
        """True when the claim is held, not given up, and confirmed by a complete pull."""
        held = {claim.id for claim in claims.held(laptop.database, _store(laptop.who))}
        name = self.claim_id(day)
        return name in held and name in claims.confirmed(laptop.database, [name])

    def on_server(self, day: date = TODAY) -> Claim:
        body = self.office.body("claim", self.claim_id(day))
        assert body is not None
        return from_body(Claim, body)

    def restored(self) -> None:
        with self.storage.write() as transaction:
            declare_restored(transaction, self.office.clock.now())

    def close(self) -> None:
        self.mine.close()
        self.theirs.close()


def _store(who: Identity) -> Store:
    return Store(who.device_id, who.user_id)


def _order(patient_id: str) -> MedicationRequest:
    return MedicationRequest(
        id=new_id(),
        patient_id=patient_id,
        product="Metadon",
        atc="N07BC02",
        form="mikstur",
        strength="2 mg/ml",
        doses=(PlannedDose(Part.MORNING, Decimal(80)),),
        weekdays=(1, 2, 3, 4, 5, 6, 7),
        place=Place.HOME,
        valid_from=date(2026, 1, 1),
        prescriber="Hanne Rud",
    )


@pytest.fixture
def pair(storage: Storage, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(storage, tmp_path)
    yield made
    made.close()


# --- the road


def test_a_day_without_claims_is_still_one_request(pair: Pair) -> None:
    pair.mine.sign_note(pair.patient.id, "Rolig.")
    pair.mine.line.calls.clear()
    assert pair.mine.sync().complete
    assert pair.mine.line.calls == ["exchange"]


def test_a_wish_is_granted_and_green_after_the_same_sync(pair: Pair) -> None:
    pair.wish(pair.mine, TODAY, TOMORROW)
    pair.mine.sign_note(pair.patient.id, "Rolig.")
    pair.mine.line.calls.clear()
    assert pair.mine.sync().complete
    assert pair.mine.line.calls == ["exchange", "claims", "exchange"]
    assert pair.green(pair.mine)
    assert pair.green(pair.mine, TOMORROW)
    assert not claims.wishes(pair.mine.database)


def test_what_waits_is_sent_before_claims_are_spoken_of_and_the_pull_comes_after(
    pair: Pair,
) -> None:
    pair.take(pair.mine)
    pair.mine.hand_out(pair.patient.id, TODAY, pair.order.id)
    pair.drop(pair.mine)
    pair.mine.line.exchanges.clear()
    pair.mine.line.claim_calls.clear()
    assert pair.mine.sync().complete
    first, last = pair.mine.line.exchanges
    assert (len(first.records), first.pull) == (1, None)
    assert (len(last.records), last.pull is None) == (0, False)
    (call,) = pair.mine.line.claim_calls
    assert call.all_sent
    assert [one.unit for one in call.released] == [day_unit(TODAY)]


def test_a_denied_wish_says_who_holds_the_day_and_is_asked_again(pair: Pair) -> None:
    pair.take(pair.theirs)
    pair.wish(pair.mine)
    assert pair.mine.sync().complete
    (wish,) = claims.wishes(pair.mine.database)
    assert wish.denied == "held"
    assert wish.denied_body["holder_id"] == pair.theirs.who.user_id
    pair.drop(pair.theirs)
    assert pair.theirs.sync().complete
    assert pair.mine.sync().complete
    assert pair.green(pair.mine)


def test_the_screens_hear_of_every_answer(pair: Pair) -> None:
    pair.wish(pair.mine)
    report = pair.mine.sync()
    assert pair.claim_id() in {change.id for change in report.changes.changes}


# --- a line that fails


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wish_over_a_failing_line_is_granted_once(pair: Pair, fault: Fault) -> None:
    pair.wish(pair.mine)
    pair.mine.sync(fault)
    assert pair.mine.sync().complete
    assert pair.mine.sync().complete
    assert pair.green(pair.mine)
    pair.wish(pair.theirs)
    assert pair.theirs.sync().complete
    assert not pair.green(pair.theirs)
    assert pair.on_server().held_by(_store(pair.mine.who))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_day_given_up_over_a_failing_line_is_never_green_on_two_laptops(
    pair: Pair, fault: Fault
) -> None:
    pair.take(pair.mine)
    pair.wish(pair.theirs)
    pair.drop(pair.mine)
    assert not pair.green(pair.mine)
    pair.mine.sync(fault)
    assert not pair.green(pair.mine)
    pair.theirs.sync()
    assert pair.mine.sync().complete
    assert pair.theirs.sync().complete
    assert pair.green(pair.theirs)
    assert not pair.green(pair.mine)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_day_given_up_and_wished_again_over_a_failing_line_has_one_holder(
    pair: Pair, fault: Fault
) -> None:
    pair.take(pair.mine)
    pair.drop(pair.mine)
    pair.wish(pair.theirs)
    pair.mine.sync(fault)
    pair.wish(pair.mine)
    pair.mine.sync()
    pair.theirs.sync()
    pair.mine.sync()
    assert pair.green(pair.mine) != pair.green(pair.theirs)


def test_the_holder_drops_green_before_the_server_hears(pair: Pair) -> None:
    pair.take(pair.mine)
    seen: list[bool] = []
    pair.drop(pair.mine)
    pair.mine.line.in_the_air["claims"] = lambda: seen.append(pair.green(pair.mine))
    assert pair.mine.sync().complete
    assert seen == [False]


def test_while_a_dose_is_parked_its_day_does_not_move(pair: Pair) -> None:
    pair.take(pair.mine)
    dose = pair.mine.hand_out(pair.patient.id, TODAY, pair.order.id)
    (row,) = pair.mine.unsent()
    with pair.mine.database.transaction():
        outbox.take_batch(pair.mine.database, 10, 10**6)
        outbox.park(pair.mine.database, row.change_id, "refused")
    pair.drop(pair.mine)
    pair.mine.sync()
    assert not pair.mine.line.claim_calls[-1].all_sent
    assert pair.on_server().state is ClaimState.HELD
    assert dose


def test_a_cut_before_the_pull_leaves_the_claim_granted_and_not_green(pair: Pair) -> None:
    pair.wish(pair.mine)
    pair.mine.sync(Fault.NONE, Fault.CUT_AFTER_RECEIPT, Fault.LOST_REQUEST)
    assert pair.on_server().held_by(_store(pair.mine.who))
    assert not pair.green(pair.mine)
    assert pair.mine.sync().complete
    assert pair.green(pair.mine)


@pytest.mark.parametrize("commit", range(8))
def test_a_laptop_that_stops_at_any_commit_agrees_with_the_server_afterwards(
    pair: Pair, commit: int
) -> None:
    pair.take(pair.mine)
    pair.drop(pair.mine)
    pair.wish(pair.mine, TOMORROW)
    pair.mine.hand_out(pair.patient.id, TODAY, pair.order.id)
    pair.mine.sync_until_power_cut(commit)
    assert not pair.green(pair.mine)
    assert pair.mine.sync().complete
    assert pair.on_server().state is ClaimState.FREE
    assert pair.green(pair.mine, TOMORROW)


# --- days that are over


def test_days_that_are_over_are_given_up_first_by_the_engine_itself(pair: Pair) -> None:
    pair.take(pair.mine, TODAY, TOMORROW)
    pair.pass_time(timedelta(days=1))
    pair.mine.line.claim_calls.clear()
    assert pair.mine.sync().complete
    call = pair.mine.line.claim_calls[0]
    assert [one.unit for one in call.released] == [day_unit(TODAY)]
    assert [one.unit for one in call.held] == [day_unit(TOMORROW)]
    assert pair.on_server(TODAY).state is ClaimState.ENDED
    assert pair.on_server(TOMORROW).state is ClaimState.HELD


# --- re-assignment and shutting out


def test_a_patient_leaves_the_laptop_only_after_the_claims_were_given_up(pair: Pair) -> None:
    pair.take(pair.mine)
    pair.office.unassign(pair.mine.who, pair.patient.id)
    assert pair.mine.sync().complete
    assert records.exists(pair.mine.database, type(pair.patient), pair.patient.id)
    assert pair.on_server().state is ClaimState.HELD
    pair.drop(pair.mine)
    pair.mine.sync(Fault.LOST_REPLY)
    assert records.exists(pair.mine.database, type(pair.patient), pair.patient.id)
    assert pair.mine.sync().complete
    assert not records.exists(pair.mine.database, type(pair.patient), pair.patient.id)
    assert not select(pair.mine.database, Claim, "patient_id = ?", (pair.patient.id,))


def test_days_end_by_themselves_and_let_a_patient_leave(pair: Pair) -> None:
    pair.take(pair.mine)
    pair.office.unassign(pair.mine.who, pair.patient.id)
    assert pair.mine.sync().complete
    pair.pass_time(timedelta(days=1))
    assert pair.mine.sync().complete
    assert not records.exists(pair.mine.database, type(pair.patient), pair.patient.id)


# --- set back


def test_a_laptop_that_was_set_back_says_so_and_nobody_gets_its_days(pair: Pair) -> None:
    pair.take(pair.mine)
    with pair.mine.database.transaction():
        claims.note_set_back(pair.mine.database)
    assert not pair.green(pair.mine)
    pair.wish(pair.mine, TOMORROW)
    assert pair.mine.sync().complete
    assert pair.on_server().state is ClaimState.UNKNOWN
    assert not claims.is_set_back(pair.mine.database)
    assert not pair.green(pair.mine, TOMORROW)
    assert pair.mine.sync().complete
    assert pair.green(pair.mine, TOMORROW)
    pair.wish(pair.theirs)
    assert pair.theirs.sync().complete
    assert not pair.green(pair.theirs)


def test_a_set_back_laptop_whose_call_was_lost_says_it_again(pair: Pair) -> None:
    pair.take(pair.mine)
    with pair.mine.database.transaction():
        claims.note_set_back(pair.mine.database)
    pair.mine.sync(Fault.LOST_REQUEST)
    assert claims.is_set_back(pair.mine.database)
    assert pair.on_server().state is ClaimState.HELD
    assert pair.mine.sync().complete
    assert pair.on_server().state is ClaimState.UNKNOWN


def _set_back(pair: Pair, image: Path) -> None:
    """Go on from an image of the laptop's store, as found out when it is unlocked."""
    who, now = pair.mine.who, pair.mine.clock.now()
    pair.mine.close()
    pair.mine = pair.laptop(who, image)
    pair.mine.clock.advance(now - pair.mine.clock.now())
    with pair.mine.database.transaction():
        claims.note_set_back(pair.mine.database)


def test_a_laptop_that_went_on_from_a_copy_can_claim_again_after_a_whole_sync(
    pair: Pair, tmp_path: Path
) -> None:
    pair.take(pair.mine)
    image = tmp_path / "image.db"
    pair.mine.database.copy_to(image)
    pair.mine.sign_note(pair.patient.id, "Lost here, not at the server.")
    assert pair.mine.sync().complete
    _set_back(pair, image)
    pair.mine.sign_note(pair.patient.id, "Takes the lost one's place in the queue.")
    assert pair.mine.sync().complete
    assert pair.on_server().state is ClaimState.UNKNOWN
    pair.take(pair.mine, TOMORROW)


def test_a_copy_and_its_original_that_both_go_on_are_found_out_and_get_nothing(
    pair: Pair, tmp_path: Path
) -> None:
    image = tmp_path / "image.db"
    pair.mine.database.copy_to(image)
    original = pair.mine
    pair.mine = pair.laptop(original.who, image)
    pair.mine.clock.advance(original.clock.now() - pair.mine.clock.now())
    with pair.mine.database.transaction():
        claims.note_set_back(pair.mine.database)
    assert pair.mine.sync().complete
    for laptop in (original, pair.mine):
        laptop.sign_note(pair.patient.id, f"From {id(laptop)}.")
        assert laptop.sync().complete
    for laptop in (original, pair.mine):
        pair.wish(laptop)
        assert laptop.sync().complete
        assert claims.wishes(laptop.database)[0].denied == "store_in_doubt"
        claims.remove_wishes(laptop.database, [pair.name()])
    original.close()


def test_after_a_restore_nobody_gets_a_day_that_a_laptop_holds(pair: Pair) -> None:
    backup = server_backup.take(pair.storage)
    pair.take(pair.mine)
    server_backup.restore(pair.storage, backup)
    pair.restored()
    pair.wish(pair.theirs)
    assert pair.theirs.sync().complete
    assert claims.wishes(pair.theirs.database)[0].denied == "server_restored"
    assert pair.green(pair.mine)
    assert pair.mine.sync().complete
    assert pair.green(pair.mine)
    assert pair.theirs.sync().complete
    assert claims.wishes(pair.theirs.database)[0].denied == "held"


def test_a_release_that_the_restored_server_has_lost_frees_only_with_its_doses(
    pair: Pair,
) -> None:
    pair.take(pair.mine)
    backup = server_backup.take(pair.storage)
    dose = pair.mine.hand_out(pair.patient.id, TODAY, pair.order.id)
    assert pair.mine.sync().complete
    pair.drop(pair.mine)
    server_backup.restore(pair.storage, backup)
    pair.wish(pair.theirs)
    assert pair.mine.sync().complete  # nobody has told the server; the laptop's knowledge does
    assert pair.office.body("medication_administration", dose) is not None
    assert state.epoch(pair.mine.database) == 1
    for laptop in (pair.theirs, pair.mine, pair.theirs):
        assert laptop.sync().complete
    assert not pair.green(pair.mine)
    assert not pair.green(pair.theirs)  # the day was given
    assert dose in pair.theirs.ids("medication_administration")


def test_every_store_reports_once_after_a_restore_even_without_claims(pair: Pair) -> None:
    pair.restored()
    pair.mine.line.calls.clear()
    for laptop in (pair.mine, pair.theirs):
        assert laptop.sync().complete
    assert pair.mine.line.calls.count("claims") == 1
    with pair.storage.read() as transaction:
        assert transaction.claims.count_awaited() == 0
    pair.mine.line.calls.clear()
    assert pair.mine.sync().complete
    assert pair.mine.line.calls == ["exchange"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_report_after_a_restore_over_a_failing_line_gets_there(pair: Pair, fault: Fault) -> None:
    backup = server_backup.take(pair.storage)
    pair.take(pair.mine)
    server_backup.restore(pair.storage, backup)
    pair.restored()
    pair.mine.sync(Fault.NONE, fault)
    pair.mine.sync(fault)
    assert pair.mine.sync().complete
    assert pair.on_server().held_by(_store(pair.mine.who))


# --- records of the whole team


def test_a_printed_sheet_reaches_the_others_and_keeps_its_day_until_it_is_settled(
    pair: Pair,
) -> None:
    pair.take(pair.mine)
    who = pair.mine.who
    sheet = PaperSheet(
        id=new_id(),
        printed_at=NOON,
        printed_by=who.user_id,
        device_id=who.device_id,
        lines=(),
        claim_ids=(pair.claim_id(),),
    )
    pair.mine.save(sheet)
    assert pair.mine.sync().complete
    assert pair.theirs.sync().complete
    assert sheet.id in pair.theirs.ids("paper_sheet")
    with pytest.raises(claims.ClaimPinnedError):
        claims.drop(pair.mine.database, _store(who), [pair.claim_id()])
    pair.pass_time(timedelta(days=1))
    assert pair.mine.sync().complete
    assert pair.on_server().state is ClaimState.HELD
    pair.mine.save(replace(sheet, status=SheetStatus.VOID))
    assert pair.mine.sync().complete
    assert pair.on_server().state is ClaimState.ENDED


# --- rules


def test_the_rules_of_handing_out_reach_the_laptop(pair: Pair) -> None:
    with pair.storage.write() as transaction:
        set_rules(transaction, NOON, service_day_begins="07:00", pull_max_age_hours=24)
        set_rules(transaction, NOON, two_person_register=True, longest_trip_days=3)
    assert pair.mine.sync().complete
    known = state.rules(pair.mine.database)
    assert (known.service_day_begins, known.pull_max_age_hours) == ("07:00", 24)
    assert (known.two_person_register, known.longest_trip_days) == (True, 3)
    assert known.day_begins.hour == 7
    assert known.pull_max_age == timedelta(days=1)
