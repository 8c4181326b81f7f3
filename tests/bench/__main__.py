"""`run.py bench [NAME] [--json FILE]`: print every comparison, or those of one benchmark.

A benchmark is a module of this package with `def rows() -> list[Row]`; its module name is NAME.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

import tests.bench as package
from tests.bench.rows import Row

_NOT_BENCHMARKS = {"__main__", "rows"}


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(
        name for name in found if name not in _NOT_BENCHMARKS and not name.startswith("_")
    )


def run(name: str) -> list[Row]:
    rows: list[Row] = importlib.import_module(f"tests.bench.{name}").rows()
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run.py bench")
    parser.add_argument("name", nargs="?", choices=names())
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in [options.name] if options.name else names():
        for row in run(name):
            print(row, flush=True)
            rows.append(row)
    if options.json:
        text = json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
