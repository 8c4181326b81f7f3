"""The field's failures that touch handouts (`SPEC.md`, its last table), each by its number: real
stores, the real engine and the real server, on both databases, with doses that claims stand behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.medication import (
    Force,
    HandoutError,
    HandoutStatus,
    MedicationAdministration,
    SupplyUse,
    slots,
)
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.domain.readiness import Light, days_missed
from fieldapp.domain.supply import STORE, item_of
from fieldapp.domain.supply_balance import balances
from fieldapp.ids import new_id
from fieldapp.services import handouts, issues, medication, register, register_acts
from fieldapp.services.session import Session
from fieldapp.store import records
from fieldapp.store import supply as supply_store
from sync.server.storage.storage import Storage
from tests.helpers.builders import entry
from tests.helpers.sync_world import Fault, Laptop
from tests.sync.test_claims_engine import TODAY, Pair

DOSE = "medication_administration"


@pytest.fixture
def pair(storage: Storage, tmp_path: Path) -> Iterator[Pair]:
    """Two laptops; the order began four days ago, so that nobody has missed too many days."""
    made = Pair(storage, tmp_path)
    made.order = replace(made.order, valid_from=TODAY - timedelta(days=4))
    made.office.put(made.order, "medication_request", made.patient.id)
    for laptop in (made.mine, made.theirs):
        assert laptop.sync().complete
    yield made
    made.close()


def session_on(laptop: Laptop) -> Session:
    user = Practitioner(laptop.who.user_id, "kari", "Kari Nordmann", Role.LAR_STAFF)
    return Session(laptop.database, user, laptop.who.device_id, laptop.clock, new_id)


def said(pair: Pair, **changes: Any) -> handouts.HandoutEntry:
    (slot,) = slots([pair.order], TODAY)
    return entry(pair.order, slot=slot.key, dose_mg=slot.dose_mg, **changes)


def give(pair: Pair, laptop: Laptop, **changes: Any) -> str:
    """Give today's dose by the one way there is; return the event's id."""
    told = said(pair, **changes)
    handouts.record(session_on(laptop), told)
    return told.id


def light(pair: Pair, laptop: Laptop) -> tuple[Light, tuple[str, ...]]:
    (slot,) = slots([pair.order], TODAY)
    found = medication.verdict(session_on(laptop), slot)
    return found.light, found.codes


def is_once_on_the_server(pair: Pair, event_id: str) -> bool:
    return len(pair.office.past_bodies(DOSE, event_id)) == 1


def items(pair: Pair, laptop: Laptop) -> list[str]:
    found = issues.open_items(session_on(laptop), pair.patient.id)
    return [view.issue.code for view in found]


def test_t1_a_dose_whose_answer_was_lost_is_sent_once_and_its_day_stays_closed(pair: Pair) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    assert not pair.mine.sync(Fault.LOST_REPLY).complete
    assert pair.office.body(DOSE, dose) is not None
    assert [item.record_id for item in pair.mine.unsent()] == [dose]
    assert light(pair, pair.mine)[0] is Light.RED
    assert pair.mine.sync().complete
    assert pair.mine.unsent() == []
    assert is_once_on_the_server(pair, dose)
    assert pair.theirs.sync().complete
    assert light(pair, pair.theirs)[0] is Light.RED
    assert items(pair, pair.theirs) == []


def test_t2_one_dose_posted_twice_at_the_same_moment_is_one_record_and_no_double_dose(
    pair: Pair,
) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    assert not pair.mine.sync(Fault.LOST_REQUEST).complete
    request = pair.mine.line.exchanges[-1]
    assert [one.id for one in request.records] == [dose]

    def post(_: int) -> None:
        for _page in pair.mine.line.real.exchange(request).pages:
            pass

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(post, range(2)))
    assert is_once_on_the_server(pair, dose)
    assert pair.mine.sync().complete
    assert pair.mine.unsent() == []
    assert is_once_on_the_server(pair, dose)
    assert items(pair, pair.mine) == []


def test_t3_the_same_id_with_another_dose_is_refused_and_both_are_kept(pair: Pair) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    mine = records.get(pair.mine.database, MedicationAdministration, dose)
    assert mine is not None
    other = replace(
        mine,
        dose_mg=Decimal(40),
        author_id=pair.theirs.who.user_id,
        device_id=pair.theirs.who.device_id,
        retrospective=True,
        reason_text="Ført fra papir",
        claim=None,
    )
    pair.theirs.save(other)
    assert pair.theirs.sync().complete
    pair.mine.sync()
    (parked,) = pair.mine.unsent()
    assert (parked.record_id, parked.state) == (dose, "parked")
    kept = records.get(pair.mine.database, MedicationAdministration, dose)
    assert kept is not None
    assert kept.dose_mg == mine.dose_mg
    assert (pair.office.body(DOSE, dose) or {})["dose_mg"] == "40"
    assert light(pair, pair.mine)[0] is Light.RED


def test_t4_a_dose_in_the_air_is_not_taken_back_and_its_day_stays_closed(pair: Pair) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    session = session_on(pair.mine)
    assert handouts.can_reopen(session, dose)
    refused: list[str] = []

    def take_back() -> None:
        with pytest.raises(HandoutError) as caught:
            handouts.reverse(session, dose, "feil pasient")
        refused.append(caught.value.code)

    pair.mine.line.in_the_air["push"] = take_back
    assert pair.mine.sync().complete
    assert refused == ["too_late_to_reverse"]
    take_back()
    assert pair.mine.unsent() == []
    assert light(pair, pair.mine)[0] is Light.RED


def test_t4_a_dose_that_was_offered_to_a_dead_line_is_not_taken_back_either(pair: Pair) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    assert not pair.mine.sync(Fault.LOST_REQUEST).complete
    assert not handouts.can_reopen(session_on(pair.mine), dose)


@pytest.mark.parametrize("commit", range(6))
def test_t5_a_program_killed_with_a_dose_in_flight_sends_it_once_afterwards(
    pair: Pair, commit: int
) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    pair.mine.sync_until_power_cut(commit)
    assert light(pair, pair.mine)[0] is Light.RED
    assert pair.mine.sync().complete
    assert pair.mine.unsent() == []
    assert is_once_on_the_server(pair, dose)
    assert pair.theirs.sync().complete
    assert pair.theirs.ids(DOSE) == {dose}
    assert items(pair, pair.theirs) == []


def bag_of(pair: Pair, laptop: Laptop) -> str:
    session, item = session_on(laptop), item_of(pair.order)
    cupboard = f"{STORE}Skap {laptop.who.device_id[:4]}"
    register_acts.receive(session, cupboard, item, Decimal(200))
    register_acts.pack(session, cupboard, [register_acts.Taken(item, Decimal(100), Decimal(100))])
    (bag,) = register.open_bags(session)
    return bag.id


def test_t9_one_dose_on_two_laptops_is_forced_kept_twice_told_to_both_and_counted_in_both_bags(
    pair: Pair,
) -> None:
    bags = {laptop: bag_of(pair, laptop) for laptop in (pair.mine, pair.theirs)}
    pair.take(pair.mine)
    for laptop in (pair.theirs, pair.mine):
        assert laptop.sync().complete
    first = give(pair, pair.mine, supply=SupplyUse(bags[pair.mine], Decimal(40)))

    # Without coverage: the other laptop knows that the day is held, and not that it was given.
    use = SupplyUse(bags[pair.theirs], Decimal(40))
    with pytest.raises(HandoutError, match="held_by_other"):
        give(pair, pair.theirs, supply=use)
    force = Force(
        "holder_not_reached",
        light(pair, pair.theirs)[1],
        holder_id=pair.mine.who.user_id,
        holder_called=True,
        holder_answered=False,
    )
    second = give(pair, pair.theirs, supply=use, forced=force)

    for laptop in (pair.mine, pair.theirs, pair.mine):
        assert laptop.sync().complete
    for laptop in (pair.mine, pair.theirs):
        assert laptop.ids(DOSE) == {first, second}
        assert set(items(pair, laptop)) == {"double_handout", "forced"}
        found = balances(supply_store.all_lines(laptop.database))
        left = {one.ledger: one.balance for one in found if one.ledger in bags.values()}
        assert left == {bag: Decimal(60) for bag in bags.values()}


def test_t10_nobody_takes_back_a_dose_that_another_has_given(pair: Pair) -> None:
    pair.take(pair.mine)
    dose = give(pair, pair.mine)
    for laptop in (pair.mine, pair.theirs):
        assert laptop.sync().complete
    with pytest.raises(HandoutError, match="not_own_handout"):
        handouts.reverse(session_on(pair.theirs), dose, "feil pasient")
    assert pair.theirs.ids(DOSE) == {dose}
    assert light(pair, pair.theirs)[0] is Light.RED


def test_t11_a_double_click_is_one_dose_here_and_on_the_server(pair: Pair) -> None:
    pair.take(pair.mine)
    told = said(pair)
    for _ in range(2):
        handouts.record(session_on(pair.mine), told)
    assert len(pair.mine.unsent()) == 1
    for laptop in (pair.mine, pair.theirs):
        assert laptop.sync().complete
        assert laptop.ids(DOSE) == {told.id}
    assert is_once_on_the_server(pair, told.id)


def test_t26_a_dose_told_three_days_late_is_on_the_other_laptop_with_its_own_day(
    pair: Pair,
) -> None:
    day = TODAY - timedelta(days=3)
    (slot,) = slots([pair.order], day)
    given_at = pair.mine.clock.now() - timedelta(days=3)
    told = entry(
        pair.order,
        slot=slot.key,
        dose_mg=slot.dose_mg,
        retrospective=True,
        reason_text="Gitt på legevakten, meldt i dag",
        given_at=given_at,
    )
    handouts.record(session_on(pair.mine), told)
    for laptop in (pair.mine, pair.theirs):
        assert laptop.sync().complete
    found = records.get(pair.theirs.database, MedicationAdministration, told.id)
    assert found is not None
    assert (found.day, found.given_at, found.status) == (day, given_at, HandoutStatus.GIVEN)
    assert found.retrospective
    assert found.recorded_at > found.given_at
    known = medication.situation(session_on(pair.theirs), pair.patient.id, "opioid")
    assert days_missed(known, TODAY) == 2, "the day before it is no missed day any more"
