"""`run.py bench rush`: a thousand laptops come back within ten minutes, to a server on two cores.

The laptops are simulated: real messages, packing, HTTP, log-ins, devices and their proofs, no
stores. Server processes and a durable PostgreSQL share two processors; the laptops run on the
others. First they arrive evenly over the time (`--minutes`; where it is less than ten, fewer
arrive at the same rate), each with a token that has run out during the day; then they come all
together, with good ones, which shows what the server can do at the most.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from sync.protocol.digests import canonical
from sync.server.admin import Place
from tests.bench import _laptop, _office, _peers, _workload
from tests.bench._country import Country
from tests.bench._office import Login, ServerProcess
from tests.bench._postgres import Postgres, cpu_seconds, family, postgres
from tests.bench._rush_side import Plan
from tests.bench._workload import Workload
from tests.bench.rows import Row

_ROOT = Path(__file__).resolve().parents[2]
_LAPTOPS = 1000
_WHOLE_MINUTES = 10.0
_PROCESSES = 2
_AT_ONCE = 12
"""Laptops that are served at the same time at full load, in each of the two load processes."""

_LOAD_PROCESSES = 2
_ROUNDS = 3
_GOAL_SECONDS = 5.0
_RAW_DAYS = 1000
_RAW_CONNECTIONS = (1, 4, 8)


def rows(*, minutes: float = _WHOLE_MINUTES) -> list[Row]:
    """All rows of the rush."""
    copy = _peers.collection(furnished=False)
    workload = copy.workload() if copy else _workload.made_here()
    server_cores, load_cores = _cores()
    with tempfile.TemporaryDirectory() as name, postgres(server_cores) as database:
        return _Rush(Path(name), workload, database, server_cores, load_cores, minutes).rows()


def _cores() -> tuple[list[int], list[int]]:
    """Two processors for the server; the others, or the same where there are no others."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[:2], cores[2:] or cores


@dataclass(frozen=True, slots=True)
class _FullLoad:
    """`rate` in records a second; `server` and `database` in processors used on average."""

    rate: float
    failed: int
    server: float
    database: float


class _Rush:
    def __init__(
        self,
        folder: Path,
        workload: Workload,
        database: Postgres,
        server_cores: list[int],
        load_cores: list[int],
        minutes: float,
    ) -> None:
        self._folder = folder
        self._workload = workload
        self._database = database
        self._server_cores = server_cores
        self._load_cores = load_cores
        self._minutes = min(minutes, _WHOLE_MINUTES)
        self._arriving = round(_LAPTOPS * self._minutes / _WHOLE_MINUTES)
        # One more, with a store, whose memory is measured.
        self._country = Country.of(_LAPTOPS + 1, workload)

    def rows(self) -> list[Row]:
        url = self._database.database("rush")
        storage = Place(self._folder, url).create()
        try:
            _say("storing the patients of a thousand laptops")
            _office.fill(storage, self._country.members, self._country.patients())
            logins = _office.log_in(storage, self._country.members[:_LAPTOPS])
            code = _office.enrol_code(storage, self._country.members[_LAPTOPS].username)
        finally:
            storage.close()
        raw_url = self._database.database("raw", "rush")
        with _office.running(
            "--database-url", url, cores=self._server_cores, processes=_PROCESSES
        ) as servers:
            idle = _memory(servers)
            with self._sides(logins, servers) as sides:
                arrivals = self._arrive(sides)
                client = self._real_laptop(servers[0], code)
                full = self._full_load(sides, servers, url)
            memory = _memory(servers)
        inserts, copies = (self._raw(raw_url, way, logins) for way in ("insert", "copy"))
        return self._as_rows(arrivals, full, memory, idle, client, inserts, copies)

    # --- the steps

    @contextmanager
    def _sides(
        self, logins: Sequence[Login], servers: Sequence[ServerProcess]
    ) -> Iterator[list[_Load]]:
        """Processes that play laptops; each speaks to one of the server's processes."""
        plan = self._folder / "plan"
        plan.write_bytes(pickle.dumps(Plan(self._country, list(logins))))
        with ExitStack() as stack:
            sides = [
                stack.enter_context(
                    _Load(
                        [str(plan), servers[number % len(servers)].url, str(number)],
                        _LOAD_PROCESSES,
                        self._load_cores,
                    )
                )
                for number in range(_LOAD_PROCESSES)
            ]
            _say("every laptop fetches what it follows")
            _ask(sides, "prepare")
            yield sides

    def _arrive(self, sides: Sequence[_Load]) -> list[dict[str, Any]]:
        _say(f"{self._arriving} laptops come back within {self._minutes:g} minutes")
        each = self._arriving // _LOAD_PROCESSES
        return _ask(sides, f"arrive {each} {self._minutes * 60}")

    def _full_load(
        self, sides: Sequence[_Load], servers: Sequence[ServerProcess], url: str
    ) -> _FullLoad:
        """The best of some rounds, as the reference is the best of its own."""
        rounds = [self._one_round(sides, servers, url) for _ in range(_ROUNDS)]
        failed = sum(one.failed for one in rounds)
        return replace(max(rounds, key=lambda one: one.rate), failed=failed)

    def _one_round(
        self, sides: Sequence[_Load], servers: Sequence[ServerProcess], url: str
    ) -> _FullLoad:
        _say("every laptop fetches what is new, and packs its next day's work")
        _ask(sides, "prepare")
        _ask(sides, "build")
        _say("all come back together")
        before = _stored(url)
        pids = [server.pid for server in servers]
        server_before, database_before = cpu_seconds(pids), self._database_seconds()
        answers = _ask(sides, f"go {_AT_ONCE}")
        seconds = max(one["ended"] for one in answers) - min(one["began"] for one in answers)
        server_after, database_after = cpu_seconds(pids), self._database_seconds()
        records = _stored(url) - before
        wanted = _LAPTOPS * len(self._workload.day)
        failed = sum(one["failed"] for one in answers)
        if records != wanted and not failed:
            failed = -(-(wanted - records) // len(self._workload.day))
        _say(f"{records / seconds:.0f} records a second")
        return _FullLoad(
            records / seconds,
            failed,
            (server_after - server_before) / seconds,
            (database_after - database_before) / seconds,
        )

    def _database_seconds(self) -> float:
        return cpu_seconds(family(self._database.pid))

    def _real_laptop(self, server: ServerProcess, code: str) -> _laptop.Outcome:
        """A laptop with an encrypted store, in a process of its own, with the same day's work."""
        folder = self._folder / "laptop"
        member = self._country.members[_LAPTOPS]
        _laptop.make(folder, server.url, code, member.username)
        assert _laptop.sync(folder, server.url).complete
        day = self._country.day(_LAPTOPS, dict.fromkeys(member.patients, 1))
        _laptop.write(folder, [{"type": change.kind, **change.body} for change in day])
        outcome = _laptop.sync_in_a_process(folder, server.url)
        assert outcome.complete, outcome
        assert outcome.pushed == len(day), outcome
        return outcome

    # --- the reference

    def _raw(self, url: str, way: str, logins: Sequence[Login]) -> float:
        """Records a second of the best of several numbers of connections."""
        _say(f"the same rows without our program, by {way}")
        rows_file = self._folder / "rows.json"
        rows_file.write_text(json.dumps(self._raw_rows(logins[0])))
        rates: list[float] = []
        for number, connections in enumerate(_RAW_CONNECTIONS):
            first = 100_000_000 * (1 + number + len(_RAW_CONNECTIONS) * (way == "copy"))
            command = [sys.executable, "-m", "tests.bench._raw_inserts", url, way]
            command += [str(connections), str(_RAW_DAYS), str(first), str(rows_file)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT, text=True) as child:
                os.sched_setaffinity(child.pid, self._server_cores)
                out, _ = child.communicate()
            told = json.loads(out)
            rates.append(told["days"] * len(self._workload.day) / told["seconds"])
        return max(rates)

    def _raw_rows(self, login: Login) -> tuple[list[str], list[list[Any]]]:
        """The columns of the server's table, and the rows of a day as the server writes them."""
        day = self._country.day(0, dict.fromkeys(self._country.members[0].patients, 1))
        columns = ["kind", "id", "patient_id", "seq", "body", "body_hash", "immutable"]
        columns += ["out_of_scope", "author_id", "device_id", "received_at", "offset_ms"]
        made = []
        for change in day:
            text = canonical(change.body)
            made.append(
                [change.kind, change.id, change.patient_id, 0, text]
                + [hashlib.sha256(text.encode()).hexdigest(), 1, 0, login.user_id]
                + [login.device_id, _office.SEEDED_AT, 0]
            )
        return columns, made

    # --- the rows

    def _as_rows(
        self,
        arrivals: Sequence[dict[str, Any]],
        full: _FullLoad,
        memory: float,
        idle: float,
        client: _laptop.Outcome,
        inserts: float,
        copies: float,
    ) -> list[Row]:
        seconds = sorted(second for one in arrivals for second in one["seconds"])
        failed = sum(one["failed"] for one in arrivals)
        p95 = statistics.quantiles(seconds, n=20)[-1]
        per_day = len(self._workload.day)
        who = (
            f"{self._arriving} laptops with {per_day} changes each arrive evenly within "
            f"{self._minutes:g} minutes, each to get a new token first; {_PROCESSES} server "
            "processes and PostgreSQL on 2 cores"
        )
        held_back = (
            f"at full load the server's processes use {full.server:.2f} and PostgreSQL "
            f"{full.database:.2f} of the 2 cores: the time goes into Python, record by record "
            "(see tests/bench/README.md), not into the disk"
        )
        return [
            Row("rush failed", failed + full.failed, 1, "laptops", f"{who}; none may fail"),
            Row(
                "rush p95",
                p95,
                _GOAL_SECONDS,
                "s",
                f"{who}; a sync from connecting to the last page, median "
                f"{statistics.median(seconds):.3f} s, longest {seconds[-1]:.3f} s; "
                "reference: the goal",
            ),
            Row(
                "rush rows per second",
                full.rate,
                inserts,
                "rows/s",
                f"{_LAPTOPS} laptops with {per_day} changes each, best of {_ROUNDS} rounds, "
                f"{_AT_ONCE * _LOAD_PROCESSES} at a time, packed before; reference: the same rows "
                f"in the same table by INSERT, one statement and one durable transaction a day, "
                f"best of {_RAW_CONNECTIONS} connections, same PostgreSQL and cores (by COPY "
                f"{copies:.0f}); {held_back}",
            ),
            Row(
                "rush server memory",
                memory,
                idle,
                "MiB",
                f"most that {_PROCESSES} server processes held, all together; reference: the same "
                "before the first laptop came",
            ),
            Row(
                "rush client memory",
                client.peak_mib,
                client.peak_mib_before,
                "MiB",
                "most that a laptop's process with an encrypted store held in its day's sync; "
                "reference: the same process before the sync",
            ),
        ]


class _Load:
    """A process that plays laptops."""

    def __init__(self, arguments: list[str], of: int, cores: Sequence[int]) -> None:
        self._command = [sys.executable, "-m", "tests.bench._rush_side", *arguments, str(of)]
        self._cores = cores

    def __enter__(self) -> _Load:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, text=True
        )
        os.sched_setaffinity(self._process.pid, self._cores)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


def _ask(sides: Sequence[_Load], words: str) -> list[dict[str, Any]]:
    """Tell all at the same time, then wait for all."""
    for side in sides:
        side.tell(words)
    return [side.answer() for side in sides]


def _memory(servers: Sequence[ServerProcess]) -> float:
    return sum(_office.peak_mib(server.pid) for server in servers)


def _stored(url: str) -> int:
    """How many pushed changes the server has stored."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM applied_change").fetchone()
    assert row is not None
    return int(row[0])


def _say(what: str) -> None:
    print(f"rush: {time.strftime('%H:%M:%S')} {what}", flush=True)
