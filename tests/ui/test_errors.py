from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import fieldapp
import fieldapp.errors
from fieldapp.domain.identifiers import Reason
from fieldapp.errors import Bug, FieldAppError
from sync.protocol.errors import SyncError
from ui.errors import has_sentence, sentence, sentence_for

CORE = Path(fieldapp.__file__).parent
RULE_ERRORS = {"VisitError", "NoteError", "HandoutError"}


def _modules_with_errors() -> None:
    for package in ("security", "store", "services"):
        if (CORE / package / "errors.py").exists():
            importlib.import_module(f"fieldapp.{package}.errors")
    for found in pkgutil.iter_modules([str(CORE / "services")]):
        importlib.import_module(f"fieldapp.services.{found.name}")


def _raised_classes() -> list[type[FieldAppError]]:
    _modules_with_errors()
    found: list[type[FieldAppError]] = []
    waiting: list[type[FieldAppError]] = [FieldAppError, SyncError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        # The server's own errors are met by its administrator, at a terminal.
        shown = error.__module__.startswith(("fieldapp", "sync.protocol", "sync.client"))
        if shown and not issubclass(error, Bug):
            found.append(error)
    return found


def _rule_codes() -> set[str]:
    """The literal codes with which the domain and the services refuse."""
    codes: set[str] = set()
    for path in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in RULE_ERRORS
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                codes.add(str(node.args[0].value))
    return codes


def test_every_error_a_person_can_meet_has_its_own_sentence() -> None:
    missing = {error.code for error in _raised_classes() if not has_sentence(error.code)}
    assert missing == set()


def test_every_code_of_a_domain_rule_has_its_own_sentence() -> None:
    codes = _rule_codes()
    assert "identity_missing" in codes
    assert {code for code in codes if not has_sentence(code)} == set()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_against_an_identity_number_has_its_own_sentence(reason: Reason) -> None:
    assert has_sentence(reason.value)


def test_an_unknown_code_is_named_so_that_it_can_be_reported() -> None:
    assert "wrong_thread" in sentence("wrong_thread")


def test_an_unforeseen_error_never_shows_its_contents() -> None:
    shown = sentence_for(KeyError("Nordmann, Kari"))
    assert "Nordmann" not in shown
    assert "KeyError" in shown
