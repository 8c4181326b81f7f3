"""An older copy of a laptop's database put back: what it had given is lost with it, and nobody
gives those days by it again. Real stores, the real engine, the real server, both databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.domain.claims import ClaimState
from fieldapp.store import claims
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Laptop
from tests.sync.test_claims_engine import TODAY, TOMORROW, Pair


@pytest.fixture
def pair(storage: Storage, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(storage, tmp_path)
    yield made
    made.close()


def put_back(pair: Pair, copy: Path) -> Laptop:
    """Go on with the older copy, as the vault opens it once it has found out."""
    pair.mine.close()
    pair.mine = pair.laptop(pair.mine.who, copy)
    pair.mine.clock.advance(pair.theirs.clock.now() - pair.mine.clock.now())
    with pair.mine.database.transaction():
        claims.note_set_back(pair.mine.database)
    return pair.mine


def settle(laptop: Laptop, rounds: int = 3) -> None:
    for _ in range(rounds):
        assert laptop.sync().complete


def test_a_dose_that_was_given_and_forgotten_is_not_given_again(pair: Pair) -> None:
    pair.take(pair.mine, TODAY, TOMORROW)
    copy = pair._factory.copy_of(pair.mine)
    pair.mine.hand_out(pair.patient.id, TODAY, pair.order.id)  # never sent

    laptop = put_back(pair, copy)
    assert not pair.green(laptop)
    settle(laptop)

    assert not claims.is_set_back(laptop.database)
    for day in (TODAY, TOMORROW):
        assert not pair.green(laptop, day)
        assert pair.on_server(day).state is ClaimState.UNKNOWN
    pair.wish(laptop, TODAY)
    settle(laptop)
    assert not pair.green(laptop)
    pair.wish(pair.theirs)
    settle(pair.theirs)
    assert not pair.green(pair.theirs)


def test_a_claim_that_came_after_the_copy_was_made_is_not_green_on_it(pair: Pair) -> None:
    copy = pair._factory.copy_of(pair.mine)
    pair.take(pair.mine)
    pair.mine.hand_out(pair.patient.id, TODAY, pair.order.id)

    laptop = put_back(pair, copy)
    settle(laptop)

    assert not pair.green(laptop)
    assert pair.on_server().state is ClaimState.UNKNOWN


def test_a_claim_given_up_after_the_copy_was_made_stays_its_new_holders(pair: Pair) -> None:
    pair.take(pair.mine)
    copy = pair._factory.copy_of(pair.mine)
    pair.drop(pair.mine)
    settle(pair.mine, 1)
    pair.take(pair.theirs)

    laptop = put_back(pair, copy)
    assert not pair.green(laptop)
    settle(laptop)

    assert not pair.green(laptop)
    assert pair.green(pair.theirs)
    settle(pair.theirs)
    assert pair.green(pair.theirs)
