"""What `run.py bench` and `run.py torture` print and return, and a short run of each torture."""

from __future__ import annotations

import json
import math
import sys
import types
from pathlib import Path

import pytest

from fieldapp.store import outbox
from fieldapp.store.db import Database
from tests.bench import __main__ as bench
from tests.bench import _laptop
from tests.bench._workload import as_lines, load, made_here, patient_of
from tests.bench.rows import Row, interleaved, turn_about
from tests.helpers.stores import open_store
from tests.torture import __main__ as torture
from tests.torture import store as store_torture
from tests.torture import sync as sync_torture
from tests.torture._ward import make_ward
from tests.torture.result import Result
from tests.torture.store import Contents, check

TINY = Row("tiny comparison", 3.0, 2.0, "ms", "three against two")


def _give_module(monkeypatch: pytest.MonkeyPatch, name: str, **contents: object) -> None:
    """Let a module exist for the length of a test, by the name that the frame imports."""
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def tiny_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    _give_module(monkeypatch, "tests.bench.tiny", rows=lambda: [TINY])
    monkeypatch.setattr(bench, "names", lambda: ["tiny"])


# --- bench


def test_every_benchmark_is_found_by_the_name_of_its_module() -> None:
    assert bench.names() == ["filter", "handout", "history", "rush", "start", "store", "sync"]


@pytest.mark.usefixtures("tiny_bench")
def test_a_benchmark_prints_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["tiny"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("tiny comparison")
    assert "ratio     1.50" in line


@pytest.mark.usefixtures("tiny_bench")
def test_the_file_is_a_list_of_rows_with_a_finite_ratio(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    assert bench.main(["--json", str(file)]) == 0
    (row,) = json.loads(file.read_text(encoding="utf-8"))
    assert row == {
        "name": "tiny comparison",
        "ours": 3.0,
        "reference": 2.0,
        "unit": "ms",
        "how": "three against two",
        "ratio": 1.5,
    }
    assert math.isfinite(row["ratio"])


def test_an_option_reaches_the_benchmark_that_knows_it_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[object] = []

    def rows(*, peers: str = "all") -> list[Row]:
        given.append(peers)
        return [TINY]

    _give_module(monkeypatch, "tests.bench.knowing", rows=rows)
    _give_module(monkeypatch, "tests.bench.tiny", rows=lambda: [TINY])
    monkeypatch.setattr(bench, "names", lambda: ["knowing", "tiny"])
    assert bench.main(["--peers", "git"]) == 0
    assert bench.main([]) == 0
    assert given == ["git", "all"]


_EVENT = {
    "id": "a72f6dd9-c5e0-4a6a-aa9d-ce5e954bf809",
    "patient_id": "24a60fce-4042-48b1-a4be-2ce10ecebdf2",
    "staff_id": "0f31b12f-a4b8-4fc8-b953-dc8c57ab556f",
    "created_at": "2024-01-08T09:54:31.254Z",
    "updated_at": "2024-01-08T10:06:36.254Z",
    "updated_by": "0f31b12f-a4b8-4fc8-b953-dc8c57ab556f",
    "device_id": "LT-749F",
    "rev": 7,
}
_VISIT = {**_EVENT, "type": "visit", "note": "Pas. har det bra.", "mood": 2, "present": ["mor"]}
_HANDOUT = {
    **_EVENT,
    "type": "handout",
    "given_at": "2024-01-08T08:53:20.000Z",
    "drug": "metadon mikstur",
    "dose_mg": 120,
    "intoxicated": False,
    "withheld": True,
    "witness_id": None,
}


def _flat(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _flat(item)]
    if isinstance(value, list):
        return [text for item in value for text in _flat(item)]
    return [str(value)]


@pytest.mark.parametrize("plain", [_VISIT, _HANDOUT])
def test_the_shared_workload_loses_nothing_when_it_becomes_our_own_kinds(
    tmp_path: Path, plain: dict[str, object]
) -> None:
    for name in ("first", "day"):
        (tmp_path / f"{name}.jsonl").write_text(as_lines([plain]), encoding="utf-8")
    (mapped,) = load(tmp_path).day
    told_by_name = {"type", "withheld", "intoxicated"}
    wanted = _flat({name: value for name, value in plain.items() if name not in told_by_name})
    assert set(wanted) <= set(_flat(mapped))
    assert patient_of(mapped) == plain["patient_id"]


def test_two_doses_of_the_workload_never_stand_in_one_slot(tmp_path: Path) -> None:
    other = {**_HANDOUT, "id": "e457fbab-4c38-4f49-ae84-c6d964444d2c", "withheld": False}
    for name in ("first", "day"):
        text = as_lines([_HANDOUT, other])
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    one, two = load(tmp_path).first
    assert (one["day"], one["part"]) == (two["day"], two["part"])
    assert one["request_id"] != two["request_id"]
    assert (one["status"], two["status"]) == ("withheld", "given")


def test_two_that_are_timed_take_turns_and_begin_with_one_round_that_does_not_count() -> None:
    order: list[str] = []
    ours, reference = interleaved(
        lambda: order.append("ours"), lambda: order.append("reference"), rounds=2
    )
    assert order == ["ours", "reference"] * 3
    assert ours >= 0
    assert reference >= 0


def test_the_figure_is_the_median_so_that_one_slow_round_does_not_count() -> None:
    mine, theirs = iter([99.0, 1.0, 50.0, 2.0]), iter([0.0, 4.0, 4.0, 4.0])
    assert turn_about(lambda: next(mine), lambda: next(theirs), rounds=3) == (2.0, 4.0)


# --- torture


@pytest.mark.parametrize(("violations", "code"), [(0, 0), (2, 1)])
def test_a_torture_reports_in_json_and_fails_on_any_violation(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    violations: int,
    code: int,
) -> None:
    def run(seconds: float, seed: int) -> Result:
        return Result("tiny", int(seconds * 10), violations, seed, {"note": 3}, {"lost_reply": 1})

    _give_module(monkeypatch, "tests.torture.tiny", run=run)
    monkeypatch.setattr(torture, "names", lambda: ["tiny"])
    file = tmp_path / "torture.json"
    arguments = ["tiny", "--seconds", "1.5", "--seed", "7", "--json", str(file)]
    assert torture.main(arguments) == code
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "name": "tiny",
        "steps": 15,
        "violations": violations,
        "seed": 7,
        "done": {"note": 3},
        "faults": {"lost_reply": 1},
    }
    assert json.loads(file.read_text(encoding="utf-8")) == told


def test_only_a_bug_that_the_torture_knows_can_be_planted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        torture.main(["sync", "--seconds", "1", "--plant", "no-such-bug"])
    assert "ack-all" in capsys.readouterr().err


def test_bodies_claims_leaks_store_and_sync_can_be_tortured() -> None:
    assert torture.names() == ["bodies", "claims", "leaks", "store", "sync"]


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed() -> None:
    result = store_torture.run(1.0, seed=11)
    assert result.violations == 0
    assert result.steps > 0


def test_a_lost_save_and_one_that_was_never_made_are_both_noticed(tmp_path: Path) -> None:
    make_ward(tmp_path)
    lost = Contents(drafts={"d-1": "saved"}, notes={"n-1": "signed"})
    problems, found = check(tmp_path, lost)
    assert problems == [
        "drafts: d-1 is not as it was acknowledged",
        "notes: n-1 is not as it was acknowledged",
    ]
    assert found == Contents()


def test_an_act_that_was_under_way_may_be_there_or_not(tmp_path: Path) -> None:
    make_ward(tmp_path)
    under_way = {"act": "draft", "id": "d-1", "text": "begun"}
    assert check(tmp_path, Contents(), under_way)[0] == []
    already = Contents(drafts={"d-1": "begun"})
    problems, _ = check(tmp_path, already, {"act": "discard", "id": "d-1"})
    assert problems == []


def test_a_random_walk_of_two_laptops_ends_well() -> None:
    result = sync_torture.run(1.0, seed=11)
    assert result.violations == 0
    assert result.steps > 0


def test_the_random_walk_notices_a_change_that_is_dropped_unsent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forget(database: Database) -> int:
        with outbox.atomic(database) as connection:
            return connection.execute("DELETE FROM outbox WHERE state = 'in_flight'").rowcount

    monkeypatch.setattr(outbox, "return_in_flight", forget)
    assert sync_torture.run(1.0, seed=11).violations > 0


def test_a_laptop_of_the_benchmark_can_write_its_day(tmp_path: Path) -> None:
    database = open_store(tmp_path)
    day = made_here().day
    for record in day:
        with database.transaction():
            _laptop.save(database, record)
    assert sum(1 for record in day if record.get("status") == "given") > 0
    database.close()
