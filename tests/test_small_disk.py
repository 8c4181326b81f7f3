"""The disk that is pretended where nobody may mount one is as full as a real one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.helpers import pretended_disk, small_disk

ROOT = Path(__file__).parents[1]
ROOM = 10 * 4096
WRITER = """
import os, sqlite3, sys
from pathlib import Path
disk, beside = Path(sys.argv[1]), Path(sys.argv[2])
database = sqlite3.connect(disk / "some.db")
try:
    database.execute("CREATE TABLE word (text)")
    while True:
        with database:
            database.execute("INSERT INTO word VALUES (?)", ("x" * 3000,))
except sqlite3.OperationalError as error:
    print(error)
try:
    with (disk / "more").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1000))
except OSError as error:
    print(error.strerror)
(beside / "elsewhere").write_bytes(bytes(100_000))
os.remove(disk / "more")
(disk / "again").write_bytes(bytes(4096))
print("room again")
"""


def test_a_pretended_disk_is_full_for_every_writer_and_only_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    pretended_disk.size_file(disk).write_text(str(ROOM))
    command = [sys.executable, "-c", WRITER, str(disk), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.pretended_disk", *command],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == pretended_disk.NOT_POSSIBLE:
        # A machine whose kernel does not ask us: then one of the real ways must be there.
        assert not small_disk.must_go_elsewhere(["small_disk"]) or small_disk.way()
        return
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "database or disk is full",
        "No space left on device",
        "room again",
    ]
    assert sum(file.stat().st_size for file in disk.iterdir()) <= ROOM
