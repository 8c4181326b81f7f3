"""The long lock in a real process: it begins anew, and nothing typed is in memory."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from fieldapp.bootstrap import ORIGIN_DEMO
from tests.fieldapp.security.test_vault import ROOT, _writable_memory
from tests.helpers.laptop import make_laptop
from tests.helpers.stores import PASSPHRASE
from ui.lock import fresh


def _copies(pid: int, word: str) -> int:
    memory = _writable_memory(pid)
    return memory.count(word.encode("ascii")) + memory.count(word.encode("utf-16-le"))


def _left_running(session: int) -> list[int]:
    """Every process that this one and its children have begun, itself included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Behind the name, which may hold anything: state, parent, group, session.
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_after_the_long_lock_no_word_and_no_secret_is_in_the_memory_of_the_new_process(
    tmp_path: Path,
) -> None:
    make_laptop(tmp_path, origin=ORIGIN_DEMO)
    word = f"Marker{secrets.token_hex(8)}"
    (tmp_path / "word").write_text(word, encoding="ascii")
    command = [sys.executable, "-m", "tests.helpers.lock_child", str(tmp_path)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "typed\n"
        assert _copies(child.pid, word) > 0
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "fresh\n"
        assert _copies(child.pid, word) == 0  # the same number, another memory
        left = _left_running(child.pid)
        assert child.pid in left
        assert {pid: _copies(pid, word) for pid in left} == dict.fromkeys(left, 0)
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.wait(timeout=60) == 0
    assert not [
        file
        for file in tmp_path.rglob("*")
        if file.is_file() and word.encode() in file.read_bytes()
    ]


def test_the_fresh_process_is_begun_with_the_words_of_this_one() -> None:
    words = fresh.command()
    assert words[0] == sys.executable
    assert words[1:] == sys.orig_argv[1:]
    assert PASSPHRASE not in words
