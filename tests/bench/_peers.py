"""Other sync engines on the same records: the peers of `../shared/bench`, in a copy of that folder.

The copy lies outside the repository, in the folder that FIELDAPP_BENCH_PEERS names or in the user's
cache. It is made, furnished (Python environment, npm packages) and filled by itself at the first
run, which takes a quarter of an hour. What a machine has no tools for is left out, by name.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from tests.bench import _workload
from tests.bench._workload import Workload

_ROOT = Path(__file__).resolve().parents[2]
_SHARED: Final = _ROOT.parent / "shared" / "bench"
_POSTGRES: Final = Path("/usr/lib/postgresql/15/bin")
_FOLDER_VARIABLE: Final = "FIELDAPP_BENCH_PEERS"

ANCHORS: Final = {
    "ref-naive-rest": "what home-grown programs do",
    "ref-floor": "no log-in, no results, no check: shows that the bound can be reached",
    "ref-floor-dict": "as ref-floor, with a dictionary trained on another team's records",
}
"""Not engines but marks for comparison, by those who made the collection."""

_NODE: Final = {"pouchdb", "pouchdb-b1000", "kinto", "kinto-b1000", "rxdb", "turso", "sqlite-sync"}
_POSTGRES_NEEDED: Final = {"kinto", "kinto-b1000"}


@dataclass(frozen=True, slots=True)
class Run:
    """One measured sync. Seconds by the client's own clock, from before connecting; bytes both
    directions at the socket; `requests` are HTTP requests, or turns of a protocol that is not."""

    seconds: float
    bytes: int
    requests: int
    connections: int


@dataclass(frozen=True, slots=True)
class PeerRuns:
    """What one peer did. `first_bad` is None where it was left out. `checked` says whether a fresh
    client read back exactly the records that were synced ("ok", or what differed)."""

    name: str
    day: Run
    first: Run
    first_bad: float | None
    checked: str


class Collection:
    """The furnished copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        spec = importlib.util.spec_from_file_location("syncpeers_bench", folder / "bench.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        bench: Any = module
        self.bench: Any = bench
        bench.DATA = str(folder / "mapped")
        bench.canon = _in_one_order(bench.canon)
        # The anchors choose their level by the line; here they always take the one for a bad line.
        os.environ["REF_LEVEL"] = "19"

    @property
    def names(self) -> list[str]:
        """All peers, engines first."""
        return sorted(self.bench.PEERS, key=lambda name: (name in ANCHORS, name))

    def peer(self, name: str) -> Any:
        return self.bench.PEERS[name]()

    def workload(self) -> Workload:
        """The generator's records, and ours made of them; written where the peers read them."""
        workload = _workload.load(self.folder / "data")
        mapped = self.folder / "mapped"
        mapped.mkdir(exist_ok=True)
        _write(mapped / "first.jsonl", _workload.as_lines(workload.first))
        _write(mapped / "day.jsonl", _workload.as_lines(workload.day))
        fields = _workload.columns([*workload.first, *workload.day])
        _write(self.folder / "peers" / "fields.json", json.dumps(fields, indent=0))
        return workload


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _in_one_order(canon: Any) -> Any:
    """The collection's way to compare values, but for the order of fields inside a value."""

    def in_one_order(value: object) -> object:
        text = canon(value)
        if isinstance(text, str) and text[:1] in ("{", "["):
            return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)
        return text

    return in_one_order


def collection(*, furnished: bool = True) -> Collection | None:
    """The copy, made and furnished where it is not; None where the original is not there.

    Without `furnished` only the records are made, which needs no network.
    """
    if not (_SHARED / "bench.py").is_file():
        print(f"{_SHARED.name}: not beside the project, no peer can run", flush=True)
        return None
    named = os.environ.get(_FOLDER_VARIABLE)
    folder = Path(named or platformdirs.user_cache_dir("fieldapp-bench", appauthor=False))
    if folder.resolve() == _ROOT or _ROOT in folder.resolve().parents:
        raise SystemExit(f"{_FOLDER_VARIABLE} must name a folder outside the repository")
    folder.mkdir(parents=True, exist_ok=True)
    # The peers' fields are those of our kinds; another benchmark may be running with them.
    without = shutil.ignore_patterns("fields.json")
    shutil.copytree(_SHARED, folder, dirs_exist_ok=True, ignore=without)
    _make_records(folder)
    if furnished:
        _furnish(folder)
    return Collection(folder)


def _make_records(folder: Path) -> None:
    if not (folder / "data" / "day.jsonl").exists():
        _run([sys.executable, "gen/gen.py", "--out", "data"], folder)


def _furnish(folder: Path) -> None:
    python = folder / "venv" / "bin" / "python"
    if not (folder / "data_other" / "day.jsonl").exists():
        _run([sys.executable, "gen/gen.py", "--out", "data_other", "--seed", "777"], folder)
    if not (folder / "venv" / "complete").exists():
        print("peers: making their Python environment", flush=True)
        _run([sys.executable, "-m", "venv", "venv"], folder)
        _run([str(python), "-m", "pip", "install", "-q", "-r", "requirements.txt"], folder)
        # What its own list leaves out: Kinto on PostgreSQL does not start without it.
        _run([str(python), "-m", "pip", "install", "-q", "kinto[postgresql]==26.5.0"], folder)
        (folder / "venv" / "complete").touch()
    if shutil.which("npm") and not (folder / "node_modules" / "complete").exists():
        print("peers: fetching their npm packages", flush=True)
        if not _worked(["npm", "ci"], folder):
            # Newer npm refuses a lock that leaves out the packages of other systems.
            _run(["npm", "install", "--no-audit", "--no-fund"], folder)
        (folder / "node_modules" / "complete").touch()
    if not (folder / "work" / "floor.dict").exists():
        (folder / "work").mkdir(exist_ok=True)
        _run([str(python), "make_dict.py"], folder)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _worked(command: list[str], folder: Path) -> bool:
    return not subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def measure(
    copy: Collection, wanted: list[str] | None, *, quick: bool, repeats: int = 3
) -> Iterator[PeerRuns]:
    """Every peer that can run here (or those that are wanted): day and first sync.

    Those on the bad line go side by side; each has a line of its own there.
    """
    names = [name for name in wanted or copy.names if _can_run(copy, name)]
    with _postgres(copy, needed=bool(_POSTGRES_NEEDED & set(names))):
        ready = [name for name in names if _prepared(copy, name)]
        # Over loopback one by one: the bytes of a first sync, which do not depend on the line.
        first = {name: _sync(copy, name, "first", "loop", 0) for name in ready}
        jobs = [(name, "day", number) for number in range(repeats) for name in ready]
        with concurrent.futures.ThreadPoolExecutor(6) as few:
            days = list(few.map(lambda job: _sync(copy, job[0], job[1], "bad", job[2]), jobs))
        bad: dict[str, Run | None] = dict.fromkeys(ready)
        if not quick:
            with concurrent.futures.ThreadPoolExecutor(len(ready) or 1) as all_at_once:
                runs = all_at_once.map(lambda name: _sync(copy, name, "first", "bad", 0), ready)
                bad = dict(zip(ready, runs, strict=True))
    for name in ready:
        mine = [run for job, run in zip(jobs, days, strict=True) if job[0] == name and run]
        one, long = first[name], bad[name]
        if not mine or one is None:
            print(f"peer {name}: left out, it failed (see above)", flush=True)
            continue
        first_bad = None if long is None else long.seconds
        yield PeerRuns(name, median(mine), one, first_bad, _check_of(copy, name))


def median(runs: list[Run]) -> Run:
    """The run that is in the middle by time."""
    middle = statistics.median_low(run.seconds for run in runs)
    return next(run for run in runs if run.seconds == middle)


def _can_run(copy: Collection, name: str) -> bool:
    reason = ""
    if name in _NODE and not (copy.folder / "node_modules" / "complete").exists():
        reason = "node and npm are not here"
    elif name in _POSTGRES_NEEDED and not (_POSTGRES.is_dir() and os.geteuid() == 0):
        reason = "Debian's PostgreSQL 15 is not here, or cannot be started by this user"
    elif name == "git" and not shutil.which("git"):
        reason = "git is not here"
    if reason:
        print(f"peer {name}: left out, {reason}", flush=True)
    return not reason


@contextmanager
def _postgres(copy: Collection, *, needed: bool) -> Iterator[None]:
    if not needed:
        yield
        return
    port = str(copy.bench.free_port())
    copy.bench.PGPORT = port
    environment = {**os.environ, "PGPORT": port}
    script = str(copy.folder / "pg.sh")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([script, "start"], env=environment, check=True, **quiet)
    try:
        yield
    finally:
        subprocess.run([script, "stop"], env=environment, check=False, **quiet)


# --- filling


def _prepared(copy: Collection, name: str) -> bool:
    """Fill server and client of a peer once for these records; False when it does not work."""
    peer = copy.peer(name)
    keeper = peer.snaps or name
    mark = copy.folder / "work" / "snap" / keeper / "filled.json"
    wanted = _fingerprint(copy)
    if not mark.exists() or json.loads(mark.read_text())["records"] != wanted:
        print(f"peers: filling {keeper}", flush=True)
        try:
            checked = _fill(copy, copy.peer(keeper))
        except Exception:  # a peer may fail in any way; the others go on
            traceback.print_exc()
            print(f"peer {name}: left out, it could not be filled", flush=True)
            return False
        mark.write_text(json.dumps({"records": wanted, "checked": checked}))
    return True


def _check_of(copy: Collection, name: str) -> str:
    keeper = copy.peer(name).snaps or name
    mark = copy.folder / "work" / "snap" / keeper / "filled.json"
    return str(json.loads(mark.read_text())["checked"])


def _fingerprint(copy: Collection) -> str:
    files = [copy.folder / "mapped" / f"{name}.jsonl" for name in ("first", "day")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _fill(copy: Collection, peer: Any) -> str:
    """Server and client that hold `first` (synced three times), and the client with the day too."""
    bench = copy.bench
    work = copy.folder / "work" / "prep" / peer.name
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(Path(bench.SNAP) / peer.name, ignore_errors=True)
    work.mkdir(parents=True)
    server, seeder, client = (str(work / name) for name in ("srv_first", "seed", "cli_first"))
    peer.drop(server)
    process, port = peer.start(server)
    try:
        url = f"http://127.0.0.1:{port}"
        peer.run_client("load", seeder, url, bench.data("first"))
        peer.run_client("sync", seeder, url, extra={"ANKI_FORCE_UP": "1"})
        fetched = peer.run_client("sync", client, url)
        for _ in range(2):
            peer.run_client("sync", client, url)
    finally:
        peer.stop(process)
    stored = len(_workload.lines(Path(bench.data("first"))))
    if fetched["docs"] != stored:
        raise RuntimeError(f"{fetched['docs']} of {stored} records came")
    peer.snap(server, "srv_first")
    peer.snap(client, "cli_first")
    process, port = peer.start(server)
    try:
        peer.run_client("load", client, f"http://127.0.0.1:{port}", bench.data("day"))
    finally:
        peer.stop(process)
    peer.snap(client, "cli_day")
    peer.drop(server)
    shutil.rmtree(work, ignore_errors=True)
    return _check(copy, peer)


def _check(copy: Collection, peer: Any) -> str:
    """After a day's sync a fresh client must read back exactly all the records."""
    bench = copy.bench

    def compare(folder: str, port: int) -> str:
        found = peer.pull_dump(folder, port, 0)
        return str(bench.compare(found, bench.expected("first", "day")))

    return str(bench.one(peer, "day", "loop", "check", keep=compare)["extra"])


def _sync(copy: Collection, name: str, what: str, line: str, number: int) -> Run | None:
    try:
        row = copy.bench.one(copy.peer(name), what, line, number)
    except Exception:  # a peer may fail in any way; the others go on
        traceback.print_exc()
        print(f"peers: {name} {what} {line}: failed, so there is no such row", flush=True)
        return None
    run = Run(
        float(row["seconds"]),
        int(row["up"]) + int(row["down"]),
        int(row["http"] or row["bursts"]),
        int(row["conns"]),
    )
    print(f"peers: {name} {what} {line}: {run.seconds:.2f} s, {run.bytes} bytes", flush=True)
    return run
