"""What a sync costs in bytes, between a real laptop store and a real server process.

The server is seeded with the demo's team but for its newest records. Those are then the day's
work: the laptop's own are written to its store through the one write path and pushed, its
colleagues' are pushed by them, and one ordinary sync carries both.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from fieldapp.clock import FixedClock, SystemClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import KINDS, Policy, name_of, policy_of
from fieldapp.domain.patients import Practitioner
from fieldapp.ids import new_id
from fieldapp.store import records
from fieldapp.store.db import Database, sqlite
from sync.client.engine import Engine, SyncReport
from sync.client.enrol import enrol
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.messages import PushRecord, PushRequest
from sync.server.admin import Admin, Place
from sync.server.auth import PasswordHasher
from sync.server.seed import SeedRecord, demo_team
from sync.server.seed.load import store
from sync.server.settings import Settings
from tests.bench._proxy import CountingProxy
from tests.bench._team import DAY, NOW, patient_id_of, patients_of, user_of
from tests.bench.rows import Row
from tests.helpers.stores import open_store

_ROOT = Path(__file__).resolve().parents[2]
_PASSWORD = "riktig hest batteri stift"
_OWN_DAY = {
    "encounter": 6,
    "note": 6,
    "medication_administration": 10,
    "screening_response": 2,
    "rapid_test": 1,
}
_COLLEAGUES = {"encounter": 4, "note": 4, "medication_administration": 12}

Sent = dict[str, Any]
"""A record as both sides must at least know it: kind and body."""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        team = _Team(list(demo_team(DAY)))
        with _server(folder, team) as server, CountingProxy(server.port) as proxy:
            return _measure(folder, team, server, proxy)


def _measure(folder: Path, team: _Team, server: _Server, proxy: CountingProxy) -> list[Row]:
    laptop = _Laptop(folder, proxy.url, server.codes[team.user.username], team.user.username)
    try:
        before, started = proxy.total, time.perf_counter()
        first = laptop.sync()
        seconds, first_bytes = time.perf_counter() - started, proxy.total - before
        everything = laptop.contents()
        assert len(everything) == first.pulled

        laptop.write(team.own)
        team.colleagues_push(server)
        before = proxy.total
        day = laptop.sync()
        day_bytes = proxy.total - before
        day_records = [_sent(record) for record in (*team.own, *team.others)]
        assert (day.pushed, day.pulled) == (len(team.own), len(day_records)), day
    finally:
        laptop.close()
    return [
        *_byte_rows("sync day", day_bytes, day_records, _day_text(day)),
        *_byte_rows("sync first", first_bytes, everything, f"pull of {first.pulled} records"),
        _time_row(folder, seconds, everything),
    ]


def _day_text(report: SyncReport) -> str:
    return f"push of {report.pushed} records of a day and pull of {report.pulled}"


def _byte_rows(name: str, ours: int, sent: list[Sent], what: str) -> list[Row]:
    how = (
        f"{what}, one ordinary sync over HTTP, both directions with all headers counted at the "
        f"socket, no TLS; reference: the bodies of the {len(sent)} different records "
    )
    return [
        Row(f"{name} bytes", ours, _packed(_lines(sent)), "bytes", f"{how}as one zstd -19 stream"),
        Row(
            f"{name} bytes, columns",
            ours,
            _packed(_columns(sent)),
            "bytes",
            f"{how}column by column (field names once a kind) as one zstd -19 stream",
        ),
    ]


def _time_row(folder: Path, seconds: float, sent: list[Sent]) -> Row:
    """The first sync against reading the same stream into a bare table."""
    stream = zstandard.ZstdCompressor(level=3).compress(_lines(sent))
    start = time.perf_counter()
    plain = sqlite.connect(str(folder / "plain.db"))
    plain.execute("CREATE TABLE record (id TEXT PRIMARY KEY, kind TEXT, body TEXT)")
    for line in zstandard.ZstdDecompressor().decompress(stream).decode().splitlines():
        record = json.loads(line)
        plain.execute(
            "INSERT INTO record VALUES (?, ?, ?)",
            (record["body"]["id"], record["kind"], json.dumps(record["body"])),
        )
    plain.commit()
    plain.close()
    return Row(
        "sync first time",
        seconds,
        time.perf_counter() - start,
        "s",
        f"{len(sent)} records from a server process on this machine into the cipher store; "
        "reference: unpack, parse and store the same records in one bare plain SQLite table",
    )


# --- the floor


def _lines(sent: list[Sent]) -> bytes:
    return "\n".join(_compact(record) for record in sent).encode()


def _columns(sent: list[Sent]) -> bytes:
    by_kind: dict[str, list[Sent]] = {}
    for record in sent:
        by_kind.setdefault(record["kind"], []).append(record["body"])
    tables = []
    for kind, bodies in by_kind.items():
        names = list(dict.fromkeys(name for body in bodies for name in body))
        tables.append([kind, {name: [body.get(name) for body in bodies] for name in names}])
    return _compact(tables).encode()


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _packed(data: bytes) -> int:
    return len(zstandard.ZstdCompressor(level=19).compress(data))


def _sent(record: SeedRecord) -> Sent:
    return {"kind": name_of(record.value), "body": to_body(record.value)}


# --- the team and its day


class _Team:
    """The seeded records, split: `old` is on the server, `own` and `others` are the day's work."""

    def __init__(self, everyone: list[SeedRecord]) -> None:
        self.user = user_of(everyone)
        followed = patients_of(everyone, self.user.id)
        newest = [
            record
            for record in reversed(everyone)
            if policy_of(name_of(record.value)) is not Policy.SERVER
            and patient_id_of(record.value) in followed
        ]
        mine = (record for record in newest if record.author_id == self.user.id)
        self.own = _take(mine, _OWN_DAY)
        colleague = next(
            record.author_id
            for record in newest
            if record.author_id != self.user.id and name_of(record.value) == "note"
        )
        theirs = [record for record in newest if record.author_id == colleague]
        self.colleague = next(
            record.value
            for record in everyone
            if isinstance(record.value, Practitioner) and record.value.id == colleague
        )
        self.others = _take((*theirs, *newest), _COLLEAGUES, without=self.own)
        held_back = {id(record) for record in (*self.own, *self.others)}
        self.old = [record for record in everyone if id(record) not in held_back]

    def colleagues_push(self, server: _Server) -> None:
        """Let a colleague's laptop push their part of the day."""
        username = self.colleague.username
        known = enrol(
            server.url,
            server.codes[username],
            username=username,
            password=_PASSWORD,
            device_name="colleague",
        )
        with HttpSyncService(server.url, lambda: known.token, Line()) as service:
            answer = service.push(
                PushRequest(
                    records=[
                        PushRecord(
                            change_id=new_id(),
                            kind=name_of(record.value),
                            id=to_body(record.value)["id"],
                            patient_id=patient_id_of(record.value),
                            base_version=0,
                            sequence=number,
                            body=to_body(record.value),
                        )
                        for number, record in enumerate(self.others, start=1)
                    ]
                )
            )
        assert all(result.outcome.stored for result in answer.results), answer


def _take(
    records_: Iterable[SeedRecord],
    wanted: dict[str, int],
    without: Iterable[SeedRecord] = (),
) -> list[SeedRecord]:
    """The first records of each kind, oldest first; fewer where there are not so many."""
    left = dict(wanted)
    skipped = {id(record) for record in without}
    taken: list[SeedRecord] = []
    for record in records_:
        kind = name_of(record.value)
        if left.get(kind, 0) and id(record) not in skipped:
            skipped.add(id(record))
            left[kind] -= 1
            taken.append(record)
    return list(reversed(taken))


# --- the server


@dataclass(frozen=True, slots=True)
class _Server:
    """The process; `codes` are enrolment codes by user name."""

    url: str
    port: int
    codes: dict[str, str]


@contextmanager
def _server(folder: Path, team: _Team) -> Iterator[_Server]:
    place = folder / "server"
    storage = Place(place).create()
    storage.initialise(new_id())
    hasher = PasswordHasher(memory_kib=64, iterations=1, lanes=1)
    with storage.write() as transaction:
        store(transaction, team.old, hasher.hash(_PASSWORD), lambda step, done, total: None)
    admin = Admin(storage, SystemClock(), new_id, hasher, Settings())
    names = (team.user.username, team.colleague.username)
    codes = {name: admin.enrol_code(name)[0] for name in names}
    storage.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.server", "--data", str(place), "run", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=_ROOT,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield _Server(ready["url"], ready["port"], codes)
    finally:
        process.terminate()
        process.communicate()


# --- the laptop


class _Laptop:
    """A cipher store and the real engine behind the counting proxy."""

    def __init__(self, folder: Path, url: str, code: str, username: str) -> None:
        known = enrol(url, code, username=username, password=_PASSWORD, device_name="bench")
        self._database: Database = open_store(folder)
        self._service = HttpSyncService(url, lambda: known.token, Line(), server_id=known.server_id)
        clock = FixedClock(NOW)
        self._engine = Engine(self._service, self._database.clone, clock, new_id)

    def close(self) -> None:
        """Close line and store."""
        self._service.close()
        self._database.close()

    def sync(self) -> SyncReport:
        """Sync once, to the end."""
        report = self._engine.run(lambda progress: None, lambda: False)
        assert report.complete, report.error_code
        assert report.parked == 0, report
        return report

    def write(self, work: list[SeedRecord]) -> None:
        """Write the day's own records, each a change that waits to be sent."""
        for record in work:
            with self._database.transaction():
                records.save_local(self._database, record.value, now=NOW, change_id=new_id())

    def contents(self) -> list[Sent]:
        """Every record that the first sync brought."""
        found = []
        for kind in KINDS:
            bodies = self._database.connection.execute(f"SELECT body FROM {kind}")
            found += [{"kind": kind, "body": json.loads(row["body"])} for row in bodies]
        return found
