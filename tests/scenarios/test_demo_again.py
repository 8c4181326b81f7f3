"""A demo that is started again goes on, and `--fresh` deletes nothing but a demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldapp.clock import SystemClock
from fieldapp.services import notes, patients
from ui.demo.stage import PASSPHRASE, DemoError, alone, first_sync, forget, set_stage

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, "-m", "ui.demo"]


def test_a_demo_started_again_goes_on_where_it_stood(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    said: list[str] = []
    with set_stage(folder, SystemClock(), said.append) as stage:
        assert first_sync(stage, said.append) is not None
        stage.door.unlock(PASSPHRASE)
        session = stage.door.session()
        people = patients.rows(session)
        draft = notes.new_draft(session, people[0].patient.id, "note", None, {"text": "påbegynt"})
        device_id = session.device_id
        stage.door.lock()
    assert len(people) == 25
    assert any("synthetic team" in line for line in said)

    said.clear()
    with set_stage(folder, SystemClock(), said.append) as stage:
        assert first_sync(stage, said.append) is None
        stage.door.unlock(PASSPHRASE)
        session = stage.door.session()
        kept = notes.draft(session, draft.id)
        assert kept is not None
        assert kept.body == draft.body
        assert session.device_id == device_id
        stage.door.lock()
    assert not any("synthetic team" in line for line in said)

    forget(folder)
    assert not folder.exists()


def test_a_folder_that_no_demo_made_is_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("somebody's")
    with pytest.raises(DemoError):
        forget(tmp_path)
    assert (tmp_path / "something").exists()


def test_a_second_demo_in_the_same_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [*DEMO, "--headless", "--out", str(tmp_path / "out"), "--data", str(folder)]
    with alone(folder):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr.startswith("The demo is open already.")
    assert "Traceback" not in done.stderr
    assert not folder.exists()
    with alone(folder):
        pass


@pytest.mark.skipif(os.name != "posix", reason="Windows has no signal for this")
def test_a_demo_stopped_at_the_terminal_says_so_and_leaves_no_process(tmp_path: Path) -> None:
    command = [*DEMO, "--headless", "--out", str(tmp_path)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Enrolling" in line:
                break
        os.killpg(demo.pid, signal.SIGINT)
        _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "Stopped. The next start goes on" in errors
    assert "Traceback" not in errors
    # A server that still ran would keep its journal beside the database.
    assert not (tmp_path / "data" / "server" / "server.db-wal").exists()
