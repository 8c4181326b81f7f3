"""Many laptops log in at the same moment, as they do at 15:30."""

from __future__ import annotations

import threading

from sync.server.auth import PasswordHasher

PATIENCE = 30.0
"""Seconds for what takes less than one."""


def test_log_ins_at_the_same_moment_are_all_answered() -> None:
    """The library's own threads wait for one another for ever when two hashes run at once."""
    # The lanes are those of the server; the memory is small so that the test is quick.
    hasher = PasswordHasher(memory_kib=1024)
    stored = hasher.hash("riktig")
    answers: list[bool] = []

    def log_in() -> None:
        answers.extend(hasher.verify(password, stored) for password in ("riktig", "feil") * 4)
        answers.append(hasher.verify("riktig", None))

    # Daemons: a hash that hangs must fail this test and not hold up the run.
    laptops = [threading.Thread(target=log_in, daemon=True) for _ in range(20)]
    for laptop in laptops:
        laptop.start()
    for laptop in laptops:
        laptop.join(PATIENCE)
        assert not laptop.is_alive()
    assert answers.count(True) == 20 * 4
    assert answers.count(False) == 20 * 5
