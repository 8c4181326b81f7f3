"""`run.py app`: the program on this machine's own data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py app")
    parser.add_argument("--data", type=Path, default=None, help="another folder for the stores")
    parser.add_argument(
        "--trial",
        action="store_true",
        help="for invented people: stores of their own, synthetic numbers, no keyring",
    )
    parser.add_argument(
        "--quit-when-painted", action="store_true", help="measure the start: paint, then quit"
    )
    return parser.parse_args()


def main() -> int:
    options = _arguments()
    from PySide6.QtWidgets import QApplication

    from ui.app import main as run

    painted = QApplication.quit if options.quit_when_painted else None
    return run(options.data, painted, trial=options.trial)


if __name__ == "__main__":
    sys.exit(main())
