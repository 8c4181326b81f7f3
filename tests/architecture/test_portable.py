"""What is tracked runs anywhere: no path of one machine, no address of a package index."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".md", ".txt", ".in", ".lock", ".toml", ".cfg", ".ini", ".json", ".sql", ".sh"}
TEXT |= {".spec", ".qss", ".svg", ".ts", ".csv", ".yml", ".yaml", ".conf", ""}

# Written so that this file does not find itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(work|root|home|Users)/\w"),
    "an address of a package index": re.compile(
        r"pypi\.or[g]|files\.pythonhoste[d]|/simpl[e]/|--(extra-)?index-ur[l]"
    ),
}


# what work leaves behind; a copy without git is read without it
LEFT_BEHIND = {"__pycache__", "build", "dist", "out"}


def tracked_files() -> list[Path]:
    """The files that git tracks; where there is no git, all but hidden and left-behind ones."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        tops = [path for path in ROOT.iterdir() if not path.name.startswith(".")]
        found = [path for top in tops for path in (top, *top.rglob("*"))]
        found = [path for path in found if not LEFT_BEHIND & set(path.relative_to(ROOT).parts)]
    return [path for path in found if path.is_file()]


def text_files() -> list[Path]:
    """The tracked files that people or programs read as text."""
    return [path for path in tracked_files() if path.suffix in TEXT]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    pattern = FORBIDDEN[what]
    offences = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in text_files()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if pattern.search(line.decode("utf-8", "replace")) or str(ROOT).encode() in line
    ]
    assert offences == []


def test_the_gates_see_what_they_look_for() -> None:
    path, address = FORBIDDEN.values()
    assert path.search("see " + "/".join(["", "root", "notes"]))
    assert path.search('"' + "/".join(["", "home", "ola", "x"]))
    assert not path.search("https://example.org" + "/".join(["", "home", "x"]))
    assert address.search(".".join(["https://pypi", "org"]))


def test_no_tracked_file_is_an_environment_or_a_cache() -> None:
    unwanted = {".venv", ".mypy_cache", ".ruff_cache", ".hypothesis", *LEFT_BEHIND}
    found = [path for path in tracked_files() if unwanted & set(path.relative_to(ROOT).parts)]
    assert found == []


# --- the lock ---


def requirement_blocks() -> list[str]:
    """The lock, cut into one block for each package."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return re.split(r"\n(?=[a-z0-9])", text.split("\n", 1)[1].strip())


def test_every_locked_package_is_pinned_and_hashed() -> None:
    loose = [
        block.splitlines()[0]
        for block in requirement_blocks()
        if not re.match(r"[a-z0-9-]+==\S+", block)
        or not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)
    ]
    assert loose == []


def test_the_lock_holds_no_address_and_no_local_path() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"://|@ |^-e|^\.|^/", text, re.MULTILINE) is None


def test_the_lock_takes_wheels_alone() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--only-binary :all:" in text.splitlines()


def test_the_lock_pins_everything_that_is_asked_for() -> None:
    asked = {
        re.split(r"[\[<>=]", line.split("#")[0].strip())[0].lower().replace("_", "-")
        for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
        if line.split("#")[0].strip() and not line.startswith("-")
    }
    pinned = {block.split("==")[0] for block in requirement_blocks()}
    assert asked - pinned == set()


def test_every_picture_of_the_readme_is_there() -> None:
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(shown) >= 5
    assert [name for name in shown if not (ROOT / name).is_file()] == []
