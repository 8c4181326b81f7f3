"""`run.py bench [NAME] [--json FILE]`: print every comparison, or those of one benchmark.

A benchmark is a module of this package with `def rows() -> list[Row]`; its module name is NAME.
An option further down reaches a benchmark whose `rows` has an argument of that name.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tests.bench as package
from tests.bench.rows import Row

_NOT_BENCHMARKS = {"__main__", "rows"}


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(
        name for name in found if name not in _NOT_BENCHMARKS and not name.startswith("_")
    )


def run(name: str, options: Mapping[str, Any] | None = None) -> list[Row]:
    """Run one benchmark with those of the options that it knows and that were given."""
    measure = importlib.import_module(f"tests.bench.{name}").rows
    known = inspect.signature(measure).parameters
    given = {key: value for key, value in (options or {}).items() if value is not None}
    rows: list[Row] = measure(**{key: value for key, value in given.items() if key in known})
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run.py bench")
    parser.add_argument("name", nargs="?", choices=names())
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", default=None, help="sync: less of peers")
    parser.add_argument("--peers", metavar="A,B", help='sync: these peers only ("none": none)')
    parser.add_argument("--minutes", type=float, help="rush: how long the laptops keep coming")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in [options.name] if options.name else names():
        for row in run(name, vars(options)):
            print(row, flush=True)
            rows.append(row)
    if options.json:
        text = json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
