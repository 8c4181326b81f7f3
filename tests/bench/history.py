"""`run.py bench history`: what the same day costs beside one, ten and a hundred times the history.

The history belongs to the patients whom the laptop follows, so that the laptop and the server both
hold all of it. What a sync costs must grow with what changed, not with what is stored.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.ids import new_id
from tests.bench import _laptop, _office, _peers, _stage, _workload
from tests.bench._line import LOOPBACK, MeasuredLine
from tests.bench._workload import Record, Workload
from tests.bench.rows import Row

_TIMES = (1, 10, 100)
_REPEATS = 5
_SHARE = 10
"""Once the history is every tenth event of the workload's first sync: some ten weeks' records."""


@dataclass(slots=True)
class _Pair:
    """A server and a laptop with so many `times` the history."""

    times: int
    stored: int
    laptop: Path
    url: str
    line: MeasuredLine
    seconds: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)


def rows() -> list[Row]:
    """Time and bytes against those with the history once."""
    copy = _peers.collection(furnished=False)
    workload = copy.workload() if copy else _workload.made_here()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        pairs = [
            _made(stack, Path(name) / str(times), times, workload, copy.folder if copy else None)
            for times in _TIMES
        ]
        for repeat in range(_REPEATS + 1):
            for pair in pairs:  # turn about, so that noise hits them alike
                _measure(pair, workload, counts=repeat > 0)
    once = pairs[0]
    return [row for pair in pairs[1:] for row in _rows_of(pair, once, len(workload.day))]


def _made(
    stack: ExitStack, folder: Path, times: int, workload: Workload, shared: Path | None
) -> _Pair:
    records = list(_history(workload, times))
    server, laptop = folder / "server", folder / "laptop"
    print(f"history: making {len(records)} records on a server and a laptop", flush=True)
    _stage.make_team(server, [laptop], workload, records)
    (process,) = stack.enter_context(_office.running("--data", str(server)))
    for _ in range(2):
        outcome = _laptop.sync(laptop, process.url)
        assert outcome.complete, outcome
    line = stack.enter_context(MeasuredLine(process.port, LOOPBACK, shared))
    return _Pair(times, len(records), laptop, process.url, line)


def _history(workload: Workload, times: int) -> Iterator[Record]:
    events = []
    for record in workload.first:
        if policy_of(record["type"]) is Policy.EVENT:
            events.append(record)
        else:
            yield record
    once = events[::_SHARE]
    for number in range(times):
        for record in once:
            yield record if number == 0 else {**record, "id": new_id()}


def _measure(pair: _Pair, workload: Workload, *, counts: bool) -> None:
    """A day's work, written and synced. The first one of a pair only warms up."""
    _laptop.write(pair.laptop, _next_day(workload))
    outcome = _laptop.sync_in_a_process(pair.laptop, pair.line.url, pair.line.reset)
    assert outcome.complete, outcome
    assert outcome.pushed == len(workload.day), outcome
    if counts:
        pair.seconds.append(outcome.seconds)
        pair.bytes.append(pair.line.counted().bytes)


def _next_day(workload: Workload) -> Iterator[Record]:
    """The day's work again: events with new ids, the same patients edited once more."""
    for record in workload.day:
        if policy_of(record["type"]) is not Policy.EVENT:
            yield {**record, "updated_at": new_id()}
        elif "request_id" in record:
            # Another order, or it would be a double handout.
            yield {**record, "id": new_id(), "request_id": new_id()}
        else:
            yield {**record, "id": new_id()}


def _rows_of(pair: _Pair, once: _Pair, changes: int) -> Iterator[Row]:
    what = (
        f"{changes} changes synced over loopback by a laptop and a server that hold {pair.stored} "
        f"records; reference: that hold {once.stored}; median of {_REPEATS}, turn about"
    )
    name = f"history {pair.times}x"
    mine, theirs = (statistics.median(one.seconds) * 1000 for one in (pair, once))
    yield Row(f"{name} time", mine, theirs, "ms", what)
    mine, theirs = (statistics.median(one.bytes) for one in (pair, once))
    yield Row(f"{name} bytes", mine, theirs, "bytes", what)
