"""An emergency handout has one way in: the dialog that asks for the passphrase again."""

from __future__ import annotations

import ast
from pathlib import Path

UI = Path(__file__).resolve().parents[2] / "ui"


def _users(name: str) -> set[str]:
    """The files of the interface that use `name`, aside from the one that defines it."""
    found = set()
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Name) and node.id == name
            of_another = isinstance(node, ast.Attribute) and node.attr == name
            if named or of_another:
                found.add(path.relative_to(UI).as_posix())
    return found


def _calls(path: str, name: str) -> int:
    tree = ast.parse((UI / path).read_text(encoding="utf-8"))
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == name
        for node in ast.walk(tree)
    )


def test_only_the_dialog_of_the_emergency_handout_makes_one() -> None:
    made = {
        path.relative_to(UI).as_posix()
        for path in UI.rglob("*.py")
        if "demo" not in path.parts and _calls(path.relative_to(UI).as_posix(), "Force")
    }
    assert made == {"handout/force_state.py"}
    assert _users("give_forced") == {"handout/page.py"}
    assert _users("reauthentication") == {"handout/force_dialog.py"}
