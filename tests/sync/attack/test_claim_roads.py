"""Roads by which a store might stay green although the world has gone on; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fieldapp.domain.claims import ClaimState
from fieldapp.store import claims
from tests.helpers.sync_world import Fault
from tests.sync.test_claims_engine import TODAY, TOMORROW, Pair, _store, pair

__all__ = ["pair"]


def test_whoever_lost_the_patient_hears_of_no_stop_and_is_green_no_more(pair: Pair) -> None:
    pair.take(pair.mine, TODAY, TOMORROW)
    pair.office.unassign(pair.mine.who, pair.patient.id)
    assert pair.mine.sync().complete
    stopped = replace(pair.order, stopped_on=TODAY, revision=2)
    pair.office.put(stopped, "medication_request", pair.patient.id)
    assert pair.mine.sync().complete
    assert not pair.green(pair.mine)
    assert pair.on_server().state is ClaimState.HELD, "the claim itself has not moved"
    pair.office.assign(pair.mine.who, pair.patient.id)
    assert pair.mine.sync().complete
    assert pair.green(pair.mine)


def test_of_two_calls_that_change_places_the_older_one_frees_nothing(pair: Pair) -> None:
    """The release was under way while the day was asked for and granted anew."""
    pair.take(pair.mine)
    pair.drop(pair.mine)
    pair.mine.sync(Fault.DELAYED)
    pair.wish(pair.mine)
    assert pair.mine.sync().complete
    assert pair.green(pair.mine)
    pair.wish(pair.theirs)
    assert pair.theirs.sync().complete
    assert not pair.green(pair.theirs)
    assert pair.mine.sync().complete
    assert pair.green(pair.mine) is not pair.green(pair.theirs)


def test_a_call_that_was_under_way_for_a_day_gives_no_day_that_is_over(pair: Pair) -> None:
    pair.wish(pair.mine)
    pair.mine.sync(Fault.DELAYED)
    pair.pass_time(timedelta(days=1))
    pair.wish(pair.theirs, TOMORROW)
    assert pair.theirs.sync().complete
    assert pair.mine.sync().complete
    assert not claims.held(pair.mine.database, _store(pair.mine.who))
    assert pair.green(pair.theirs, TOMORROW)
