"""Nothing but a genuine order destroys a store, and an ended one loses no word: real parts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytestqt.qtbot import QtBot

from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind, signed_bytes
from fieldapp.security import orders_file
from fieldapp.security.orders_file import OrdersFile
from fieldapp.services import notes
from sync.client import leaving
from tests.helpers.server_process import ServerProcess
from tests.ui.leaving.test_watch import SLOW, Stage
from ui.leaving.gone_page import GonePage
from ui.lock.leftovers import Question
from ui.tasks import TaskRunner
from ui.theme import Theme


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path / "server")
    made.start()
    yield made
    made.close()


@pytest.fixture
def stage(
    server: ServerProcess, tmp_path: Path, tasks: TaskRunner, theme: Theme, qtbot: QtBot
) -> Iterator[Stage]:
    made = Stage(server, tmp_path, tasks, theme, qtbot)
    yield made
    made.window.close()
    qtbot.waitUntil(lambda: made.window.is_free, timeout=SLOW)
    for line in made.lines:
        line.close()


def test_an_orders_file_of_somebody_else_destroys_no_store_that_is_open(
    stage: Stage, qtbot: QtBot
) -> None:
    """Whoever can write into the folder names a server and a key of their own in the file."""
    session = stage.unlock()
    notes.sign(
        session, notes.new_draft(session, stage.patient.id, "note", None, {"text": "Usendt"}).id
    )
    thief = Ed25519PrivateKey.generate()
    known = stage.machine.known
    forged = replace(known, order_key=thief.public_key().public_bytes_raw().hex())
    orders_file.write(stage.machine.folder, forged)
    order = DeviceOrder(
        "forged", known.device_id, DeviceOrderKind.LOST, stage.server.office.clock.now()
    )
    order = replace(order, signature=thief.sign(signed_bytes(order)).hex())
    asked: list[OrdersFile] = []

    def answered_by_the_thief(file: OrdersFile) -> DeviceOrder:
        asked.append(file)
        return order

    stage.watch._ask = answered_by_the_thief
    stage.ask()
    qtbot.waitUntil(lambda: bool(asked) and not stage.watch._asking, timeout=SLOW)
    assert set(asked) == {known}  # what the store says, not the file
    assert stage.window.workspace is not None
    assert stage.machine.folder.exists()
    stage.window.lock()
    qtbot.waitUntil(lambda: stage.window.is_free, timeout=SLOW)
    stage.watch._ask = lambda known: None
    stage.unlock()
    assert orders_file.read(stage.machine.folder) == known  # put right at the unlocking


def test_an_answer_to_a_forged_file_that_comes_after_the_unlocking_is_not_obeyed(
    stage: Stage,
) -> None:
    from ui.leaving.watch import Heard

    stage.unlock()
    forged = replace(stage.machine.known, order_key="ab" * 32)
    order = DeviceOrder(
        "forged",
        forged.device_id,
        DeviceOrderKind.LOST,
        stage.server.office.clock.now(),
    )
    stage.watch._on_heard([Heard("kari", forged, order)])
    assert stage.window.workspace is not None
    assert stage.machine.folder.exists()


def test_an_ended_laptop_whose_user_went_back_to_write_is_not_destroyed_under_their_hands(
    stage: Stage, qtbot: QtBot, tasks: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = stage.unlock()
    go_on, ended = threading.Event(), threading.Event()
    real = leaving.hand_over

    def slow(*args: Any, **named: Any) -> leaving.Handed:
        go_on.wait(20)
        try:
            return real(*args, **named)
        finally:
            ended.set()

    monkeypatch.setattr(leaving, "hand_over", slow)
    stage.desk.order(stage.machine, DeviceOrderKind.ENDED)
    stage.ask()
    dialog = stage.dialog()
    assert dialog is not None
    heard: list[bool] = []
    dialog.handed_over.connect(lambda: heard.append(True))
    # Not offered again meanwhile, as the next sync would.
    monkeypatch.setattr(stage.watch, "_end", lambda heard: None)
    dialog.reject()
    go_on.set()
    qtbot.waitUntil(ended.is_set, timeout=SLOW)
    later: list[None] = []
    tasks.run(lambda: None, later.append)  # what the sending has to say was posted before this
    qtbot.waitUntil(lambda: bool(later), timeout=SLOW)
    assert heard == []
    assert stage.window.workspace is not None
    assert stage.machine.folder.exists()
    assert session.database.connection.execute("SELECT 1").fetchone() is not None


def test_an_ended_laptop_waits_while_text_stands_in_no_draft(stage: Stage, qtbot: QtBot) -> None:
    """Half a question from before a lock is sealed beside the store, and no sync sends it."""
    stage.unlock()
    stage.window._half_typed = (Question("Foreslå endring", (("Hvorfor?", "Søvnløs"),)),)
    stage.desk.order(stage.machine, DeviceOrderKind.ENDED)
    stage.ask()
    dialog = stage.dialog()
    assert dialog is not None
    qtbot.waitUntil(lambda: "ikke er lagret" in dialog.state.text(), timeout=SLOW)
    assert "Ingenting er slettet" in dialog.state.text()
    assert stage.machine.folder.exists()
    stage.window._half_typed = ()
    with qtbot.waitSignal(stage.watch.destroyed, timeout=SLOW):
        dialog.begin()
    assert isinstance(stage.window.centralWidget(), GonePage)
    assert stage.gone()
