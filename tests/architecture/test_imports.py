"""The packages know each other in one direction only, and each knows few libraries.

Read from the source text, so that an import inside a function or under TYPE_CHECKING counts
too; the contracts in pyproject.toml (lint-imports) look at chains of imports as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ("fieldapp", "sync", "ui")
NETWORK = frozenset({"socket", "socketserver", "ssl", "urllib", "http", "ftplib", "smtplib"})
# small modules that know nothing of ours and may be used everywhere
LEAVES = ("fieldapp.errors", "fieldapp.clock", "fieldapp.ids")
AROUND = (*LEAVES, "fieldapp.paths", "fieldapp.logs")


@dataclass(frozen=True, slots=True)
class Boundary:
    """What the modules of one folder may import besides the standard library."""

    ours: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    banned: frozenset[str] = frozenset({"sqlite3"})


OFFLINE = NETWORK | {"sqlite3"}
# The longest matching folder rules; "fieldapp" alone is for the modules directly in it.
BOUNDARIES = {
    "fieldapp": Boundary(("fieldapp",), ("platformdirs",), OFFLINE),
    # fieldapp.paths only to find the definition files of resources/
    "fieldapp/domain": Boundary(("fieldapp.domain", "fieldapp.paths", *LEAVES), (), OFFLINE),
    "fieldapp/store": Boundary(
        ("fieldapp.store", "fieldapp.domain", *AROUND), ("sqlcipher3", "sqlite_utils"), OFFLINE
    ),
    # above the store: the vault opens it
    "fieldapp/security": Boundary(
        ("fieldapp.security", "fieldapp.store", "fieldapp.domain", *AROUND),
        ("cryptography", "keyring"),
        OFFLINE,
    ),
    "fieldapp/services": Boundary(
        ("fieldapp.services", "fieldapp.store", "fieldapp.security", "fieldapp.domain", *AROUND),
        (),
        OFFLINE,
    ),
    "sync": Boundary((), ()),
    "sync/protocol": Boundary(
        ("sync.protocol", "fieldapp.domain", *LEAVES),
        ("pydantic", "zstandard", "cbor2", "cryptography"),
    ),
    # the only module that reads and writes signed tokens
    "sync/protocol/proofs.py": Boundary(("sync.protocol",), ("jwt", "cryptography")),
    "sync/client": Boundary(
        ("sync.client", "sync.protocol", "fieldapp.store", "fieldapp.domain", *AROUND),
        ("cryptography",),
    ),
    # the only module that knows the line's library
    "sync/client/http.py": Boundary(("sync.client", "sync.protocol"), ("httpx2",)),
    "sync/server": Boundary(
        ("sync.server", "sync.protocol", "fieldapp.domain", *AROUND),
        ("fastapi", "starlette", "uvicorn", "cryptography", "platformdirs"),
    ),
    # describes messages, and so must know of what they are made
    "sync/server/openapi.py": Boundary(("sync.server", "sync.protocol"), ("fastapi", "pydantic")),
    "sync/server/storage": Boundary(
        ("sync.server.storage", "sync.server.bodies", "sync.protocol", "fieldapp.domain", *AROUND),
        ("psycopg", "psycopg_pool", "sqlcipher3"),
    ),
    "ui": Boundary(
        ("ui", "sync.client", "fieldapp.services", "fieldapp.domain", "fieldapp.bootstrap")
        + AROUND,
        ("PySide6", "shiboken6"),
    ),
}


def sources(package: str) -> list[Path]:
    """The Python files of a package, in a stable order."""
    return sorted((ROOT / package).rglob("*.py"))


def boundary_of(path: Path) -> Boundary:
    """The rule for a file: its own, or that of the nearest folder that has one."""
    here = path.relative_to(ROOT)
    for place in (here, *here.parents):
        if place.as_posix() in BOUNDARIES:
            return BOUNDARIES[place.as_posix()]
    raise AssertionError(f"{path} lies in no package that has a rule")


def imported_names(path: Path) -> Iterator[str]:
    """Every dotted name that a file imports, relative ones made absolute."""
    here = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_within(name: str, packages: tuple[str, ...] | frozenset[str]) -> bool:
    """True if a dotted name is one of the packages or lies in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def is_allowed(name: str, boundary: Boundary) -> bool:
    """True if a file under this boundary may import the name."""
    top = name.split(".")[0]
    if top in PROJECT:
        return is_within(name, boundary.ours)
    if is_within(name, boundary.banned):
        return False
    return top in sys.stdlib_module_names or top in boundary.libraries


@pytest.mark.parametrize("package", PROJECT)
def test_every_import_respects_the_boundary_of_its_folder(package: str) -> None:
    offences = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imported_names(path)
        if not is_allowed(name, boundary_of(path))
    ]
    assert offences == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("fieldapp/domain/x.py", "import fieldapp.store"),
        ("fieldapp/domain/x.py", "from fieldapp import services"),
        ("fieldapp/domain/x.py", "import pydantic"),
        ("fieldapp/store/x.py", "import sqlite3"),
        ("fieldapp/services/x.py", "from urllib import request"),
        ("fieldapp/paths.py", "from PySide6.QtCore import QObject"),
        ("sync/protocol/x.py", "import sync.client.engine"),
        ("sync/client/x.py", "from fieldapp.services import visits"),
        ("sync/client/engine.py", "import httpx2"),
        ("sync/client/http.py", "from fieldapp.store import outbox"),
        ("sync/server/service.py", "import psycopg"),
        ("sync/server/storage/x.py", "import fastapi"),
        ("sync/server/x.py", "from fieldapp.store import db"),
        ("sync/server/storage/x.py", "import sync.client"),
        ("ui/patients/x.py", "from fieldapp.store import patients"),
        ("ui/x.py", "import sync.server"),
    ],
)
def test_the_gate_sees_a_forbidden_import(
    place: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(f"def late() -> None:\n    {line}\n", encoding="utf-8")
    assert [name for name in imported_names(path) if is_allowed(name, boundary_of(path))] == []


IMPORT_ALL = """
import importlib, pathlib, sys
for package in sys.argv[1:]:
    for path in sorted(pathlib.Path(package).rglob("*.py")):
        if path.name != "__main__.py":
            importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
found = sorted({name.split(".")[0] for name in sys.modules} & {"PySide6", "shiboken6"})
sys.exit(f"Qt was imported: {found}" if found else 0)
"""


def test_core_and_sync_start_without_qt() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, "fieldapp", "sync"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
