"""Everything in the program that lets words out of the store is listed here, with what stops it.

The only plain text that may leave is a PDF that the person sent to a printer or into a chosen
folder, logged first. A new way out fails here until it is listed with its reason, and a way to a
printer or a folder until the function that takes it logs before it draws.
"""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("ui", "fieldapp", "sync/client")

NO_WORDS_OF_PATIENTS: Final = {
    "fieldapp/escrow/__main__.py": "the offline ceremony: an answer that is sealed to one laptop",
    "fieldapp/paths.py": "the number of the machine",
    "fieldapp/security/anchor.py": "how far the store was: numbers",
    "fieldapp/security/destroy.py": "noise over keys, and which destruction has begun: ids",
    "fieldapp/security/key_due.py": "that a new recovery key is due, and why: a code",
    "fieldapp/security/keyfile.py": "the wrapped root key",
    "fieldapp/security/keyring.py": "the demo's keyring; the system's is no file of ours",
    "fieldapp/security/orders_file.py": "where to ask for orders: addresses and public keys",
    "fieldapp/security/rescue.py": "the wrapped root key, from a backup",
    "fieldapp/security/throttle.py": "the number of wrong tries and when",
    "ui/demo/colleagues.py": "the demo: a date",
    "ui/demo/headless.py": "the demo: its report",
    "ui/demo/stage.py": "the demo: its own passwords, invented, and its server's log",
    "ui/office/enrol_dialog.py": "a code for one laptop, on the clipboard; gone after a minute",
    "ui/people/send_page.py": "a request to the officers, of sealed bytes",
    "ui/recovery/help_page.py": "a request to the officers, of sealed bytes",
    "ui/recovery/key_paper.py": "the recovery key, on paper alone: a file is refused",
    "ui/screenshots.py": "pictures of invented patients, made by a developer",
    "ui/shots.py": "pictures of invented patients, made by a developer",
    "ui/theme.py": "pictures of the program",
}
"""Files that write or copy something that is nobody's journal."""

ENCRYPTED: Final = {
    "fieldapp/security/kept.py": "half-typed words, sealed",
    "fieldapp/security/pages.py": "pages of the store, sealed again",
    "fieldapp/store/db.py": "the store and its copies",
    "fieldapp/store/files.py": "writes what the others of this list give it",
    "fieldapp/store/salvage.py": "copies of the damaged store, as encrypted as it was",
    "sync/client/courier.py": "the file for a stick, sealed to the server",
    "ui/office/courier_tab.py": "the server's receipt for a stick",
}

CLIPBOARD: Final = {
    "ui/events/deviation_dialog.py": "a text that names nobody, logged",
    "ui/lock/half_typed.py": "one's own half-typed words, at one's own press",
}
"""Copied by a press. `ui/clipboard.py` takes it away after a minute and at the lock."""

PRINTED: Final = {
    "ui/paper.py": "the one way to a printer; its callers are the functions below",
    "ui/register/printing.py": "draws; its callers are the functions below",
    "ui/register/documents_dialog.py": "print_on save_in",
    "ui/office/breach_dialog.py": "print_on save_in",
    "ui/office/log_tab.py": "print_on save_in",
    "ui/sheets/card.py": "print_on",
    "ui/sheets/page.py": "prints once more; its print_on is that of the card",
    "ui/sync/receipt_card.py": "print_on",
}
"""Files that reach a printer or a folder, with the functions that do."""

LOGS: Final = {"_log", "logged", "note_printed", "note_report_printed", "printed", "exported"}
DRAWS: Final = {"draw", "draw_labels", "print_", "_draw", "pdf_writer"}

_WRITES: Final = {"write_text", "write_bytes", "getSaveFileName", "print_", "fdopen", "copy2"}
_MAKERS: Final = {"QPdfWriter", "QPrinter", "QSaveFile", "QDrag", "pdf_writer", "choose_printer"}
_STORED: Final = {"write_private_file", "create_private_file", "copyfile"}


def _is_way_out(call: ast.Call) -> bool:
    """A call that may put words into a file, onto paper or onto the clipboard."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    source = ast.unparse(function)
    if name == "setText":
        return "clipboard" in source
    if name == "save":
        return "picture" in source
    if name == "open":
        modes = [
            one.value
            for one in [*call.args, *(word.value for word in call.keywords)]
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        return any(set(mode) <= set("rwxab+t") and set(mode) & set("wxa+") for mode in modes)
    return name in _WRITES | _MAKERS | _STORED


def _ways_out() -> set[str]:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    found = set()
    for name in tracked:
        if name.endswith(".py") and (ROOT / name).is_file():
            tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            if any(_is_way_out(call) for call in calls):
                found.add(name)
    return found


def test_every_way_out_of_the_program_is_listed_with_what_stops_it() -> None:
    listed = {*NO_WORDS_OF_PATIENTS, *ENCRYPTED, *CLIPBOARD, *PRINTED}
    assert _ways_out() == listed


def _called(node: ast.AST) -> list[str]:
    """The names that a function calls, in the order in which they stand."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    calls.sort(key=lambda one: (one.lineno, one.col_offset))
    return [
        one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")
        for one in calls
    ]


@pytest.mark.parametrize("name", [one for one, how in PRINTED.items() if ";" not in how])
def test_whatever_is_printed_or_saved_is_logged_first(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    drawing = {
        function
        for function, node in functions.items()
        if function != "_draw" and DRAWS & set(_called(node))
    }
    assert drawing == set(PRINTED[name].split())
    for function in drawing:
        called = _called(functions[function])
        first_log = min(called.index(one) for one in LOGS if one in called)
        assert first_log < min(called.index(one) for one in DRAWS if one in called), function
