"""The specification names its proofs, and they exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SPEC = TESTS.parent / "sync" / "SPEC.md"

CLAUSES = re.findall(
    r"^\*\*([A-F]\d+)\.\*\* (.*?)(?=^\*\*[A-F]\d+\.\*\*|^## |\Z)",
    SPEC.read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_clauses_are_numbered_once_and_in_order() -> None:
    numbers = [(number[0], int(number[1:])) for number, _ in CLAUSES]
    assert len(numbers) > 30
    assert numbers == sorted(set(numbers))
    for letter in {letter for letter, _ in numbers}:
        own = [number for name, number in numbers if name == letter]
        assert own == list(range(1, len(own) + 1))


@pytest.mark.parametrize(("number", "text"), CLAUSES, ids=[number for number, _ in CLAUSES])
def test_a_clause_binds_names_its_failure_and_its_tests_exist(number: str, text: str) -> None:
    assert re.search(r"\b(MUST|SHOULD)\b", text)
    assert re.search(r"^Prevents: \S", text, re.MULTILINE)
    proofs = re.findall(r"`([\w/]+\.py)::(\w+)`", text.partition("Proof:")[2])
    assert proofs, f"{number} has no proof"
    for file, name in proofs:
        assert (TESTS / file).is_file(), f"{number}: there is no {file}"
        assert name in _tests_in(TESTS / file), f"{number}: there is no {name} in {file}"
