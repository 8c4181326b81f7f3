"""The rules may not cost the day's work: with a line and without faults nearly all is given."""

from __future__ import annotations

from sync.server.storage.storage import Storage
from tests.sync.rounds import Rounds

SPREAD = True
DAYS = 12
LEAST_SHARE = 0.95


def test_with_the_line_up_at_least_95_percent_of_the_doses_are_given_without_force(
    storage: Storage,
) -> None:
    rounds = Rounds(storage)
    rounds.begin()
    share = rounds.quiet_days(DAYS)
    rounds.end()
    assert share >= LEAST_SHARE, f"only {share:.2f} of the doses; {dict(rounds.done)}"
