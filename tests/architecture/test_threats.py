"""The tables of threats name tests that exist, and say what is not covered."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("fieldapp/decisions/008-threats.md", "sync/decisions/007-threats.md")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _rows(table: str) -> list[str]:
    text = (ROOT / table).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def _tests_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("table", TABLES)
def test_every_threat_names_a_test_that_exists(table: str) -> None:
    missing = []
    for row in _rows(table):
        named = _NAMED.findall(row)
        assert named, f"no test: {row[:60]}"
        for file, test in named:
            if not (ROOT / file).is_file() or test not in _tests_in(ROOT / file):
                missing.append(f"{file}::{test}")
    assert missing == []


@pytest.mark.parametrize("table", TABLES)
def test_every_row_says_attacker_gain_hindrance_and_test(table: str) -> None:
    rows = _rows(table)
    assert len(rows) >= 10
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), row


@pytest.mark.parametrize("table", TABLES)
def test_what_is_not_covered_is_said(table: str) -> None:
    text = (ROOT / table).read_text(encoding="utf-8")
    assert "**Not covered, said plainly**" in text
