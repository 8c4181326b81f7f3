"""The model test can fail: three classic bugs are planted, and it finds each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.store import inbox, outbox
from fieldapp.store.db import Database
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.convergence import Convergence
from tests.sync.test_model import MODEL

HUNT = settings(MODEL, max_examples=150, phases=[Phase.generate], derandomize=True)
"""Fixed dice, and no search for the smallest example: one that fails is enough."""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[Convergence]]:
    """The model on the embedded database."""
    opened = Storage(sqlite.create(tmp_path / "server"))
    opened.initialise("server-1")

    class OnSqlite(Convergence):
        storage = opened

    yield OnSqlite
    opened.close()


def acknowledge_everything_that_waits(
    database: Database, settled: Iterable[outbox.Settled]
) -> list[Change]:
    """The bug: "mark all pending as done" after a push."""
    changed = _acknowledge(database, settled)
    with database.transaction() as connection:
        connection.execute("DELETE FROM outbox WHERE state <> 'parked'")
    return changed


def store_the_cursor_before_the_data(database: Database, records: Any, **page: Any) -> ChangeSet:
    """The bug: the cursor is written in a transaction of its own."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO store_state (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (inbox.CURSOR, page["cursor"]),
        )
    return _apply_page(database, records, **page)


def nothing_is_ever_unsent(*_: object) -> bool:
    """The bug: a pull overwrites a record that has an unsent edit."""
    return False


_acknowledge = outbox.acknowledge
_apply_page = inbox.apply_page


@pytest.mark.parametrize(
    ("module", "name", "bug"),
    [
        pytest.param(outbox, "acknowledge", acknowledge_everything_that_waits, id="ack all"),
        pytest.param(inbox, "apply_page", store_the_cursor_before_the_data, id="cursor apart"),
        pytest.param(inbox, "_has_unsent", nothing_is_ever_unsent, id="pull over dirty"),
    ],
)
def test_the_model_finds_a_planted_bug(
    machine: type[Convergence],
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    bug: Callable[..., object],
) -> None:
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=HUNT)
