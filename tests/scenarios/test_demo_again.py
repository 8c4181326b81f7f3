"""A demo that is started again goes on, and `--fresh` deletes nothing but a demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp.clock import SystemClock
from fieldapp.services import notes, patients
from ui.demo.stage import PASSPHRASE, DemoError, first_sync, forget, set_stage


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
