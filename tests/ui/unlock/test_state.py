from __future__ import annotations

from ui.unlock.state import Phase, UnlockState, message, refused, submitted, ticked


def test_a_wrong_passphrase_is_told_as_such_and_may_be_tried_again() -> None:
    state = refused(submitted(UnlockState()), "wrong_secret")
    assert state.may_submit
    assert message(state).startswith("Passfrasen stemmer ikke")


def test_nothing_can_be_submitted_while_one_passphrase_is_tried() -> None:
    assert not submitted(UnlockState()).may_submit


def test_a_lock_out_counts_down_and_then_lets_the_user_try() -> None:
    state = refused(UnlockState(), "locked_out", 2)
    assert "2 s" in message(state)
    state = ticked(state)
    assert state.phase is Phase.WAITING
    assert "1 s" in message(state)
    state = ticked(state)
    assert state.may_submit
    assert message(state) == ""


def test_a_long_lock_out_is_shown_in_minutes() -> None:
    assert "14:59" in message(refused(UnlockState(), "locked_out", 899))


def test_a_damaged_store_is_no_wrong_passphrase() -> None:
    state = refused(UnlockState(), "db_damaged")
    assert not state.is_wrong_secret
    assert "skadet" in message(state)
