"""Every text on screen can be translated: bokmål words stand inside a call that lupdate reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parents[2] / "ui"
READ_BY_LUPDATE = {"tr", "translate", "QT_TRANSLATE_NOOP"}
NORWEGIAN = set("æøåÆØÅ")
NOT_SCREEN_TEXT = {
    "gallery.py",  # made-up contents that show the widgets
    "i18n.py",  # Qt's own words, which are a translation
    "shots.py",  # the letters a font must have
    "screenshots.py",  # a made-up file
    "demo/headless.py",  # what the played case manager types
    "demo/colleagues.py",  # the name of a made-up colleague
    "demo/medicine.py",  # what is typed in the played round
}


def texts(tree: ast.AST, inside: bool = False) -> Iterator[ast.Constant]:
    """The string constants that no translating call holds; docstrings aside."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        held = inside or (isinstance(node, ast.Call) and called(node) in READ_BY_LUPDATE)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not held:
            yield node
        yield from texts(node, held)


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def untranslatable(source: str) -> list[int]:
    return [text.lineno for text in texts(ast.parse(source)) if NORWEGIAN & set(str(text.value))]


def test_no_norwegian_word_stands_outside_a_translating_call() -> None:
    found = {
        str(path.relative_to(UI)): lines
        for path in sorted(UI.rglob("*.py"))
        if path.relative_to(UI).as_posix() not in NOT_SCREEN_TEXT
        and (lines := untranslatable(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ('label = "Lås"', 1),
        ('label = self.tr("Lås")', 0),
        ('label = translate("page", "Lås {0}").format(word("Åpne"))', 1),
        ('"""Lås."""', 0),
    ],
)
def test_the_search_finds_words_outside_and_only_those(line: str, count: int) -> None:
    assert len(untranslatable(line)) == count
