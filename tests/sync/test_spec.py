"""The specification names its proofs, and they exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SPEC = TESTS.parent / "sync" / "SPEC.md"
TEXT = SPEC.read_text(encoding="utf-8")

CLAUSES = re.findall(
    r"^\*\*([A-Z]\d+)\.\*\* (.*?)(?=^\*\*[A-Z]\d+\.\*\*|^## |\Z)", TEXT, re.DOTALL | re.MULTILINE
)
FAILURES = re.findall(r"^\| T(\d+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
"""Number, what happens, and the tests (or words why there is none)."""

KNOWN_FAILURES = sorted(set(range(1, 46)) - {13, 25, 27, 29, 35, 39})
WITHOUT_A_TEST: set[int] = set()
"""Of what the program does not have."""


@cache
def _tests_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _missing(text: str) -> list[str]:
    """The tests that are named and do not exist."""
    return [
        f"{file}::{name}"
        for file, name in _named(text)
        if not (TESTS / file).is_file() or name not in _tests_in(TESTS / file)
    ]


def _named(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`([\w/]+\.py)::(\w+)`", text)


def test_clauses_are_numbered_once_and_in_order() -> None:
    numbers = [(number[0], int(number[1:])) for number, _ in CLAUSES]
    assert len(numbers) > 100
    assert numbers == sorted(set(numbers))
    letters = sorted({letter for letter, _ in numbers})
    assert letters == [chr(ord("A") + place) for place in range(len(letters))]
    for letter in letters:
        own = [number for name, number in numbers if name == letter]
        assert own == list(range(1, len(own) + 1))


@pytest.mark.parametrize(("number", "text"), CLAUSES, ids=[number for number, _ in CLAUSES])
def test_a_clause_binds_names_its_failure_and_its_tests_exist(number: str, text: str) -> None:
    clause, _, proof = text.partition("Proof:")
    assert re.search(r"\b(MUST|SHOULD)\b", clause)
    assert re.search(r"^Prevents: \S", clause, re.MULTILINE)
    assert _named(proof), f"{number} has no proof"
    assert _missing(proof) == []


def test_nothing_binds_outside_the_clauses() -> None:
    outside = TEXT
    for number, text in CLAUSES:
        outside = outside.replace(f"**{number}.** {text}", "")
    after_the_first_words = outside.partition("\n## ")[2]
    assert re.findall(r".*\b(?:MUST|SHOULD)\b.*", after_the_first_words) == []


def test_every_failure_of_the_field_has_its_row() -> None:
    assert [int(number) for number, _, _ in FAILURES] == KNOWN_FAILURES


@pytest.mark.parametrize(
    ("number", "proof"),
    [(int(number), proof) for number, _, proof in FAILURES],
    ids=[f"T{number}" for number, _, _ in FAILURES],
)
def test_a_failure_of_the_field_is_told_by_tests_that_exist(number: int, proof: str) -> None:
    assert _missing(proof) == []
    assert bool(_named(proof)) == (number not in WITHOUT_A_TEST)
