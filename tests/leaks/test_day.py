"""The leak tests: a whole day in a child process, then every file, descriptor and byte of it."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator

import pytest

from tests.leaks import words
from tests.leaks.look import Child, copies, keys_of, leaks, memory_of, names_of_files, open_files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """The day is played and the window still open, with a draft in it and the log unemptied."""
    child = Child(tmp_path_factory.mktemp("day"))
    try:
        child.do("play")
        yield child
    finally:
        child.close()


# The order of these tests is the order of the day: the child goes on from one to the next.


def test_while_the_window_is_open_no_file_and_no_descriptor_holds_a_word_of_the_day(
    played: Child,
) -> None:
    assert leaks(played) == []
    names = names_of_files(played)
    assert any(name.endswith("journal.db-wal") for name in names), "the log is hot while we look"
    assert any(name.endswith("fieldapp.log") for name in names)
    assert [name for name in names if words.found_in(name.encode())] == []


def test_no_temporary_file_of_the_database_is_open(played: Child) -> None:
    names = [name for name, _ in open_files(played.pid)]
    assert [name for name in names if "etilqs" in name] == []
    assert any(name.endswith("journal.db") for name in names), "the look sees what is open"


def test_only_the_owner_may_read_what_the_day_left(played: Child) -> None:
    open_to_others = [
        str(path.relative_to(played.data))
        for path in played.data.rglob("*")
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_the_error_of_the_day_is_in_the_log_without_its_words(played: Child) -> None:
    log = (played.data / "fieldapp.log").read_text(encoding="utf-8")
    assert "ValueError" in log


def test_the_look_at_memory_sees_the_open_store(played: Child) -> None:
    """The proof that zero below means something."""
    memory = memory_of(played.pid)
    keys = keys_of(played.data)
    assert copies(memory, keys["root"]) == 1, "needed to wrap new slots; one buffer"
    assert copies(memory, keys["database"]) == 0, "SQLCipher hides its own copy"
    assert words.found_in(memory)


def test_after_a_short_lock_neither_root_nor_database_key_is_in_memory(played: Child) -> None:
    played.do("lock")
    memory = memory_of(played.pid)
    counted = {name: copies(memory, key) for name, key in keys_of(played.data).items()}
    assert counted == {"root": 0, "database": 0}
    assert leaks(played) == []


def test_after_the_day_no_file_holds_a_word_of_it(played: Child) -> None:
    played.do("lock")  # harmless when it is locked already
    played.do("unlock")
    played.do("end")
    assert played.process.wait(20) == 0
    found = [
        f"{path.relative_to(played.root)}: {name}"
        for path in played.root.rglob("*")
        if path.is_file()
        for name in words.found_in(path.read_bytes())
    ]
    assert found == []
