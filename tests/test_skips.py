"""In CI a test that is skipped fails the run: it has proven nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIPPED = "import pytest\n\n@pytest.mark.skip\ndef test_one():\n    pass\n\n"
WHOLE = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
WELL = "def test_one():\n    pass\n"


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "workers"])
@pytest.mark.parametrize(
    ("source", "strict", "code"),
    [(WELL, True, 0), (SKIPPED, False, 0), (SKIPPED, True, 1), (WHOLE, True, 1)],
    ids=["none skipped", "on a laptop", "a test skipped", "a file skipped"],
)
def test_a_skipped_test_fails_the_run_that_leaves_nothing_out(
    tmp_path: Path, source: str, strict: bool, code: int, workers: list[str]
) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
    (tmp_path / "test_some.py").write_text(source + WELL.replace("one", "well"))
    variables = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    variables["FIELDAPP_NO_SKIPS"] = "1" if strict else ""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, check=False)
    assert (done.returncode != 0) is (code != 0), done.stdout.decode()


def test_ci_leaves_nothing_out() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "export FIELDAPP_NO_SKIPS=1" in text
