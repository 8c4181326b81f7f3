"""One laptop as a process of its own: `_laptop FOLDER URL`, with a real encrypted store.

It opens the store, prints READY and waits for a line; then it syncs once and prints as JSON how
that went. Whoever measures makes the laptop and its day's work with the functions of this module.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import SystemClock
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.kinds import KINDS, kind_of
from fieldapp.ids import new_id
from fieldapp.store import records
from fieldapp.store.db import Database
from fieldapp.store.migrate import migrate
from sync.client.device_login import DeviceLogin
from sync.client.engine import Engine, SyncReport
from sync.client.enrol import enrol
from sync.client.http import HttpSyncService
from sync.client.line import Line
from tests.bench._office import PASSWORD, peak_mib
from tests.bench._workload import Record, body_of

_ROOT = Path(__file__).resolve().parents[2]
_NOW = datetime(2026, 1, 8, 16, 0, tzinfo=UTC)
_STORE = "store.db"
_KNOWN = "enrolment.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sync went. `seconds` from before connecting to its end; `peak_mib` of the process."""

    seconds: float
    complete: bool
    error: str | None
    pushed: int
    parked: int
    pulled: int
    peak_mib: float
    peak_mib_before: float


def _key() -> bytearray:
    return bytearray(b"x'" + b"5a" * 32 + b"a5" * 16 + b"'")


def make(folder: Path, url: str, code: str, username: str) -> None:
    """Enrol a new laptop with an empty store."""
    folder.mkdir(parents=True)
    known = enrol(url, code, username=username, password=PASSWORD, device_name="bench")
    assert known.courier is not None
    facts = {
        "token": known.token,
        "key": known.courier.signing_key,
        "server_id": known.server_id,
        "device_id": known.device_id,
    }
    (folder / _KNOWN).write_text(json.dumps(facts))
    database = Database.create(folder / _STORE, _key, "bench")
    migrate(database, SystemClock())
    database.close()


def write(folder: Path, changes: Iterable[Record]) -> None:
    """Write a day's work through the one write path, with the fields that our kinds do not have."""
    database = Database.open(folder / _STORE, _key)
    try:
        for record in changes:
            with database.transaction():
                save(database, record)
    finally:
        database.close()


def save(database: Database, record: Record) -> None:
    """Write one record with the fields that our kinds do not have, inside a transaction."""
    ours: Any = from_body(KINDS[record["type"]].value_type, record)

    def with_all_fields(value: Any) -> Record:
        return body_of(record) if value is ours else to_body(value)

    usual = records.to_body  # type: ignore[attr-defined]
    records.to_body = with_all_fields  # type: ignore[attr-defined]
    try:
        records.save_local(database, ours, now=_NOW, change_id=new_id())
    finally:
        records.to_body = usual  # type: ignore[attr-defined]


def contents(folder: Path) -> list[Record]:
    """Every clinical record that the laptop holds, as flat as the workload's."""
    database = Database.open(folder / _STORE, _key)
    try:
        return [
            {"type": name, **json.loads(str(row["body"]))}
            for name in map(kind_of, (kind.value_type for kind in KINDS.values()))
            for row in database.connection.execute(f"SELECT body FROM {name}")
        ]
    finally:
        database.close()


def sync(folder: Path, url: str) -> Outcome:
    """Sync once in this process, not measured against anything."""
    return _sync(folder, url, lambda: None)


def sync_in_a_process(
    folder: Path, url: str, at_the_start: Callable[[], None] = lambda: None
) -> Outcome:
    """Sync once in a process that does nothing else; `at_the_start` is called when it is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench._laptop", str(folder), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "READY"
        at_the_start()
        out, _ = process.communicate("go\n")
    return Outcome(**json.loads(out))


def _sync(folder: Path, url: str, when_ready: Callable[[], None]) -> Outcome:
    known = json.loads((folder / _KNOWN).read_text())
    database = Database.open(folder / _STORE, _key)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(known["key"]))
    device = DeviceLogin(key, SystemClock(), token=known["token"])
    service = HttpSyncService(url, device, Line(), server_id=known["server_id"])
    engine = Engine(service, database.clone, SystemClock(), new_id)
    before = peak_mib("self")
    when_ready()
    start = time.perf_counter()
    report = engine.run(lambda progress: None, lambda: False)
    seconds = time.perf_counter() - start
    service.close()
    database.close()
    return _outcome(report, seconds, before)


def _outcome(report: SyncReport, seconds: float, before: float) -> Outcome:
    return Outcome(
        seconds,
        report.complete,
        report.error_code,
        report.pushed,
        report.parked,
        report.pulled,
        peak_mib("self"),
        before,
    )


def _wait_for_the_start() -> None:
    print("READY", flush=True)
    sys.stdin.readline()


def main() -> None:
    folder, url = sys.argv[1:]
    print(json.dumps(asdict(_sync(Path(folder), url, _wait_for_the_start))), flush=True)


if __name__ == "__main__":
    main()
