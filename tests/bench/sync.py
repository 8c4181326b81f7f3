"""`run.py bench sync`: a field day and a first sync beside other sync engines, on the same records.

The shipped path: an encrypted store in a laptop's process, the real server in another, enrolled and
logged in, a result for each record and the comparison of hashes at the end. All bytes of both
directions are counted at the socket, HTTP headers and tokens included, TLS aside.

The peers get the same records as flat JSON objects and run as their collection runs them (see
`tests/bench/_peers.py`). `--peers a,b` runs some of them, `--peers none` none; `--quick` leaves out
their first sync over the bad line, which takes up to twenty minutes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import _laptop, _office, _peers, _stage, _workload
from tests.bench._line import BAD, LOOPBACK, Line, MeasuredLine, expected_seconds
from tests.bench._peers import PeerRuns, Run, median
from tests.bench._workload import Record, Workload
from tests.bench.rows import Row

_OUR_REPEATS = 5
_PEER_REPEATS = 3

_BYTES = "reference: the same records as CBOR (UUIDs as 16 bytes) in one zstd -19 stream"
_TIME = "128 kbit/s, 400 ms round trip; reference: those bytes on this line, a connect, an exchange"


def rows(*, quick: bool = False, peers: str = "") -> list[Row]:
    """Ours first, then each peer. Prints the peers that cannot run here."""
    copy = _peers.collection()
    workload = copy.workload() if copy else _workload.made_here()
    day, first = (_Bound.of(records) for records in (workload.day, workload.first))
    with tempfile.TemporaryDirectory() as folder:
        ours = _measure_ours(Path(folder), workload, copy.folder if copy else None)
    found = _our_rows(ours, workload, day, first)
    if copy is None or peers == "none":
        print("peers: all left out", flush=True)
        return found
    wanted = peers.split(",") if peers else None
    for measured in _peers.measure(copy, wanted, quick=quick, repeats=_PEER_REPEATS):
        found += _peer_rows(measured, day, first)
    return found


@dataclass(frozen=True, slots=True)
class _Bound:
    """The least that these records cost: `bytes` B, and the `seconds` they need on the bad line."""

    bytes: int
    seconds: float

    @classmethod
    def of(cls, records: Sequence[Record]) -> _Bound:
        size = _workload.bound(records)
        return cls(size, expected_seconds(size))


# --- the rows


@dataclass(frozen=True, slots=True)
class _Ours:
    day: Run
    first: Run
    first_bad: Run


def _our_rows(ours: _Ours, workload: Workload, day: _Bound, first: _Bound) -> list[Row]:
    plain_day, plain_first = (
        _workload.bound(records) for records in (workload.plain_day, workload.plain_first)
    )
    day_what = (
        f"{len(workload.day)} changes (33 new records, 5 patients whole) to a server, "
        f"{_turns(ours.day)}, no log line or draft waiting; hashes compared"
    )
    first_what = (
        f"{len(workload.first)} records to an empty store, {_turns(ours.first)}, with the team's "
        "members and the assignments; hashes compared"
    )
    return [
        Row(
            "day bytes",
            ours.day.bytes,
            day.bytes,
            "bytes",
            f"{day_what}; {_BYTES} (before mapping to our kinds: {plain_day})",
        ),
        Row(
            "first bytes",
            ours.first.bytes,
            first.bytes,
            "bytes",
            f"{first_what}; {_BYTES} (before mapping to our kinds: {plain_first})",
        ),
        Row("day bad line", ours.day.seconds, day.seconds, "s", f"{day_what}; {_TIME}"),
        Row(
            "first bad line",
            ours.first_bad.seconds,
            first.seconds,
            "s",
            f"{len(workload.first)} records, {_turns(ours.first_bad)}; {_TIME}",
        ),
    ]


def _peer_rows(peer: PeerRuns, day: _Bound, first: _Bound) -> list[Row]:
    name = f"peer {peer.name}"
    kind = _peers.ANCHORS.get(peer.name)
    what = f"a mark, no engine ({kind})" if kind else "the same records"
    what += f"; read back: {peer.checked}"
    on_day, on_first = f"{_turns(peer.day)}, {what}", f"{_turns(peer.first)}, {what}"
    found = [
        Row(f"{name} day bytes", peer.day.bytes, day.bytes, "bytes", f"{on_day}; {_BYTES}"),
        Row(f"{name} first bytes", peer.first.bytes, first.bytes, "bytes", f"{on_first}; {_BYTES}"),
        Row(f"{name} day bad line", peer.day.seconds, day.seconds, "s", f"{on_day}; {_TIME}"),
    ]
    if peer.first_bad is not None:
        found.append(
            Row(
                f"{name} first bad line",
                peer.first_bad,
                first.seconds,
                "s",
                f"{on_first}; {_TIME}",
            )
        )
    return found


def _turns(run: Run) -> str:
    return f"{run.requests} requests on {run.connections} connections"


# --- ours


def _measure_ours(folder: Path, workload: Workload, shared: Path | None) -> _Ours:
    stage = Stage(folder, workload, shared)
    days = [stage.run("day", BAD) for _ in range(_OUR_REPEATS)]
    first = stage.run("first", LOOPBACK)
    first_bad = stage.run("first", BAD)
    return _Ours(median(days), first, first_bad)


class Stage:
    """A server that holds `first`, and two laptops: one empty, one with its day's work unsent.

    Every run works on copies of their folders, so that all begin from the same state.
    """

    def __init__(self, folder: Path, workload: Workload, shared: Path | None) -> None:
        self._folder = folder
        self._workload = workload
        self._shared = shared
        self._runs = 0
        self._make()

    def _make(self) -> None:
        server, fresh, laptop = (self._folder / name for name in ("server", "first", "day"))
        _stage.make_team(server, [fresh, laptop], self._workload, self._workload.first)
        with _office.running("--data", str(server)) as (process,):
            for _ in range(2):
                outcome = _laptop.sync(laptop, process.url)
                assert outcome.complete, outcome
        _expect(laptop, self._workload.first)
        _laptop.write(laptop, self._workload.day)

    def run(self, what: str, line: Line) -> Run:
        """Sync once from the prepared state and look that everything arrived."""
        self._runs += 1
        place = self._folder / f"run{self._runs}"
        server, laptop = place / "server", place / "laptop"
        shutil.copytree(self._folder / "server", server)
        shutil.copytree(self._folder / what, laptop)
        with (
            _office.running("--data", str(server)) as (process,),
            MeasuredLine(process.port, line, self._shared) as measured,
        ):
            outcome = _laptop.sync_in_a_process(laptop, measured.url, measured.reset)
            counted = measured.counted()
            assert outcome.complete, outcome
            assert not outcome.parked, outcome
            self._look(what, place, process.url)
        shutil.rmtree(place)
        run = Run(outcome.seconds, counted.bytes, counted.requests, counted.connections)
        print(f"ours: {what} {line.name}: {run}", flush=True)
        return run

    def _look(self, what: str, place: Path, url: str) -> None:
        laptop = place / "laptop"
        if what == "first":
            _expect(laptop, self._workload.first)
            return
        everything = [*self._workload.first, *self._workload.day]
        _expect(laptop, everything)
        # What the server now holds: a laptop that has nothing yet must get all of it.
        other = place / "other"
        shutil.copytree(self._folder / "first", other)
        assert _laptop.sync(other, url).complete
        _expect(other, everything)


def _expect(laptop: Path, wanted: Sequence[Record]) -> None:
    """Fail unless the laptop holds exactly these records (the newest of each id), word for word."""
    newest = {record["id"]: record for record in wanted}
    kinds = {record["type"] for record in wanted}
    found = {record["id"]: record for record in _laptop.contents(laptop)}
    held = {name: record for name, record in found.items() if record["type"] in kinds}
    differing = [name for name in newest if held.get(name) != newest[name]]
    assert held.keys() == newest.keys(), (len(held), len(newest))
    assert not differing, (len(differing), differing[:3])
