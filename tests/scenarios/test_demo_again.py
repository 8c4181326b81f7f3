"""A demo that is started again goes on, and `--fresh` deletes nothing but a demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldapp.clock import SystemClock
from fieldapp.domain.readiness import Light
from fieldapp.domain.rights import Right, may
from fieldapp.domain.supply import item_of
from fieldapp.services import medication, notes, patients, people, reference, register_view
from fieldapp.services.session import Session
from ui.demo.colleagues import LOCUM_NAME, LOCUM_PHONE, locum_was_here
from ui.demo.stage import PASSPHRASE, DemoError, Stage, alone, first_sync, forget, set_stage
from ui.handout.force_state import holder_of
from ui.sync.connection import HttpConnection

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, "-m", "ui.demo"]


def sync(stage: Stage, session: Session) -> None:
    connection = HttpConnection(session, stage.line)
    try:
        assert connection.run(lambda _: None, lambda: False).complete
    finally:
        connection.close()


def assert_prepared_for_the_day(session: Session) -> None:
    """One day is a colleague's, whom one can ring; the cupboard holds what the round needs."""
    round_slots = [
        slot
        for row in medication.round_for(session, medication.service_day(session))
        for slot in row.slots
    ]
    (red,) = [slot for slot in round_slots if slot.verdict and slot.verdict.light is Light.RED]
    assert red.verdict is not None
    holder = people.everyone(session)[holder_of(red.verdict)]
    assert (holder.name, holder.phone) == (LOCUM_NAME, LOCUM_PHONE)
    (cupboard,) = register_view.overview(session).stores
    held = {balance.item.key for balance in cupboard.items if balance.balance > 0}
    groups = reference.substances()
    controlled = [s.slot.request for s in round_slots if groups.group_of(s.slot.request).controlled]
    assert {item_of(request).key for request in controlled} <= held
    assert may(session.user.role, Right.FORCE_HANDOUT)
    assert may(session.user.role, Right.CARRY_BAG)


def test_a_demo_started_again_goes_on_where_it_stood(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    said: list[str] = []
    with set_stage(folder, SystemClock(), said.append) as stage:
        assert first_sync(stage, said.append) is not None
        locum_was_here(stage, said.append)
        stage.door.unlock(PASSPHRASE)
        session = stage.door.session()
        sync(stage, session)
        assert_prepared_for_the_day(session)
        rows = patients.rows(session)
        draft = notes.new_draft(session, rows[0].patient.id, "note", None, {"text": "påbegynt"})
        device_id = session.device_id
        stage.door.lock()
    assert len(rows) == 25
    assert any("synthetic team" in line for line in said)
    assert any("A colleague" in line for line in said)

    said.clear()
    with set_stage(folder, SystemClock(), said.append) as stage:
        assert first_sync(stage, said.append) is None
        locum_was_here(stage, said.append)
        stage.door.unlock(PASSPHRASE)
        session = stage.door.session()
        kept = notes.draft(session, draft.id)
        assert kept is not None
        assert kept.body == draft.body
        assert session.device_id == device_id
        stage.door.lock()
    assert not any("synthetic team" in line or "A colleague" in line for line in said)

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
