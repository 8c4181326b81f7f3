"""`run.py torture NAME --seconds N [--seed S] [--plant BUG] [--json FILE]`.

A torture is a module of this package with
`def run(seconds: float, seed: int) -> Result`; its module name is NAME. `steps` counts the
operations that were acknowledged. Any violation makes the exit code 1. One that takes `plant` too
can be given a well-known bug, which it must find.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import random
import sys
from dataclasses import asdict
from pathlib import Path

import tests.torture as package
from tests.torture.result import Result

_NOT_TORTURES = {"__main__", "result"}


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in found if name not in _NOT_TORTURES and not name.startswith("_"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run.py torture")
    parser.add_argument("name", choices=names())
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--plant", default=None, metavar="BUG", help="plant a well-known bug")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    module = importlib.import_module(f"tests.torture.{options.name}")
    known: list[str] = sorted(getattr(module, "PLANTS", ()))
    if options.plant is not None and options.plant not in known:
        parser.error(f"{options.name} knows these bugs: {', '.join(known) or 'none'}")
    planted = {"plant": options.plant} if options.plant is not None else {}
    result: Result = module.run(options.seconds, seed, **planted)
    text = json.dumps(asdict(result))
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
