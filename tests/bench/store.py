"""The encrypted store against the same store without its cipher, on the day's own actions."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from tests.bench.rows import Row, turn_about

_ROOT = Path(__file__).resolve().parents[2]
_COMMON = (
    "same application code, schema, rows (25 patients, two years) and settings; reference: the "
    "same SQLite without key, memory wiping and HMAC; median, turn about, one process each"
)

# name of the row, action in _store_side, rounds, what is in it
_ACTIONS = (
    ("store open and first query", "open", 15, "open a keyed connection, load the day page"),
    ("store today page", "today", 25, "services.today.load"),
    ("store patient page", "patient", 40, "services.patients.page of the fullest patient"),
    ("store timeline", "timeline", 25, "the newest 100 entries of that patient"),
    ("store patient list", "patients", 25, "services.patients.rows"),
    ("store search", "search", 25, "read the list and filter it, as the search field does"),
    ("store scan of all notes", "scan", 15, "LIKE over the text of every note: the worst case"),
    ("store save a draft", "draft", 60, "services.notes.save_draft, durable (FULL)"),
    ("store hand out a dose", "handout", 40, "rule, event, outbox and audit in one transaction,"),
)


class _Side:
    """The child process that holds one of the two stores."""

    def __init__(self, kind: str, folder: Path) -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench._store_side", kind, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=_ROOT,
        )

    def __enter__(self) -> _Side:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.__exit__(kind, error, trace)  # closes the pipes, so that the child ends

    def wait_until_filled(self) -> None:
        """Wait for the child to be ready; raise when it died."""
        self._answer()

    def milliseconds(self, action: str) -> float:
        """Let the child do an action once."""
        assert self._process.stdin is not None
        print(action, file=self._process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("one side of the benchmark ended early; see the lines above")
        return line


def rows() -> list[Row]:
    found: list[Row] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        _Side("cipher", Path(folder, "cipher")) as ours,
        _Side("plain", Path(folder, "plain")) as reference,
    ):
        ours.wait_until_filled()
        reference.wait_until_filled()
        for name, action, rounds, what in _ACTIONS:
            mine, plain = turn_about(
                lambda action=action: ours.milliseconds(action),  # type: ignore[misc]
                lambda action=action: reference.milliseconds(action),  # type: ignore[misc]
                rounds=rounds,
            )
            found.append(Row(name, mine, plain, "ms", f"{what.rstrip(',')}; {_COMMON}"))
    return found
