"""The README's demo without a display: one command lives a case manager's day on real parts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {
    "patients": 25,
    "visits_signed": 2,
    "handouts": 10,
    "screenings": 2,
    "rapid_tests": 1,
    "forced": 1,
    "safety_items": 1,
    "ledger_difference": 0,
    "unsent_after_sync": 0,
}


def test_the_demo_plays_a_whole_day_and_the_server_confirms_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ui.demo", "--headless", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert {name: report[name] for name in COUNTS} == COUNTS
    assert report["unsent_before_sync"] == report["server_confirmed"] > 11
    # The round of any weekday: six patients, three more days for one of them, a depot's number.
    assert report["claims"] >= 6 + 3 + 1
    assert all(type(report[name]) is int for name in (*COUNTS, "claims"))
    assert len(report["screenshots"]) >= 10
    assert all(Path(name).stat().st_size > 20_000 for name in report["screenshots"])
    store = Path(report["store_path"])
    assert store.read_bytes()[:15] != b"SQLite format 3"
    assert set(report) == {*COUNTS, "claims", "unsent_before_sync", "server_confirmed",
                           "store_path", "screenshots"}  # fmt: skip
