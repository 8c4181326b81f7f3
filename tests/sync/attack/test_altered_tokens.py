"""One character changed anywhere in what opens the door, and the door stays shut."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest

from fieldapp.domain.patients import Role
from sync.protocol.errors import LoginExpiredError, SyncError, TokenExpiredError
from sync.protocol.proofs import make_assertion
from sync.server.storage.storage import Storage
from tests.sync.server.conftest import embedded
from tests.sync.server.team import KEY, Team
from tests.sync.server.test_door import admitted, good_proof, log_in, login_request

__all__ = ["embedded"]

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def _other(letter: str) -> str:
    """Another one in its highest bit: the lowest of a part's last letter say nothing."""
    return _LETTERS[_LETTERS.index(letter) ^ 32] if letter in _LETTERS else "A"


def altered(text: str, step: int = 1) -> Iterator[tuple[int, str]]:
    """The text with one character changed, with nothing at its end, and with too much."""
    for place in range(0, len(text), step):
        yield place, text[:place] + _other(text[place]) + text[place + 1 :]
    yield len(text), text[:-1]
    yield len(text), text + "A"


@pytest.fixture
def team(embedded: Storage) -> Team:
    team = Team(embedded)
    team.add_user("kari", Role.CASE_MANAGER)
    return team


def _let_in(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except SyncError:
        return False
    return True


def test_a_token_with_one_character_changed_is_refused(team: Team) -> None:
    answer = team.enrol("kari")
    assert _let_in(lambda: admitted(team, answer.token, good_proof(team, answer.token)))
    through = [
        place
        for place, token in altered(answer.token)
        if _let_in(partial(admitted, team, token, good_proof(team, token)))
    ]
    assert through == []


def test_a_proof_with_one_character_changed_is_refused(team: Team) -> None:
    answer = team.enrol("kari")
    proof = good_proof(team, answer.token)
    through = [
        place
        for place, one in altered(proof)
        if _let_in(partial(admitted, team, answer.token, one))
    ]
    assert through == []


def test_the_laptops_word_with_one_character_changed_is_refused(team: Team) -> None:
    answer = team.enrol("kari")
    word = make_assertion(KEY, answer.device_id, "server-1", team.clock.now())
    through = [
        place
        for place, one in altered(word, step=9)
        if _let_in(partial(log_in, team, login_request(team, answer, assertion=one)))
    ]
    assert through == []


def test_a_token_that_has_run_out_is_refused_with_the_best_of_proofs(team: Team) -> None:
    answer = team.enrol("kari")
    team.clock.advance(timedelta(minutes=31))
    with pytest.raises((TokenExpiredError, LoginExpiredError)):
        admitted(team, answer.token, good_proof(team, answer.token))
