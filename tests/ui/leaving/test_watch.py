"""The window on a laptop that leaves or is lost: a real server, a real store, real widgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fieldapp import paths
from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind
from fieldapp.services import notes
from fieldapp.services.session import Session
from fieldapp.store import state
from tests.helpers.leaving import Desk, Machine
from tests.helpers.server_process import ServerProcess
from tests.helpers.stores import PASSPHRASE
from ui.changes import ChangeBus
from ui.leaving.gone_page import GonePage
from ui.leaving.leaving_dialog import LeavingDialog
from ui.leaving.watch import OrderWatch
from ui.main_window import MainWindow
from ui.sync.connection import HttpConnection
from ui.sync.coordinator import SyncCoordinator
from ui.tasks import TaskRunner
from ui.theme import Theme

SLOW = 20_000


class Stage:
    """A window before the door of a machine, with the watch beside it."""

    def __init__(
        self, server: ServerProcess, tmp_path: Path, tasks: TaskRunner, theme: Theme, qtbot: QtBot
    ) -> None:
        who = server.new_user("kari")
        self.server = server
        self.patient = server.office.add_patient(who)
        self.desk = Desk(server)
        self.machine = Machine(server, tmp_path / "data")
        assert self.machine.sync().complete
        self.machine.close()
        self.qtbot = qtbot
        self.door = self.machine.new_door()
        self.lines: list[HttpConnection] = []
        self.window = MainWindow(self.door, tasks, theme, self.make_sync)
        qtbot.addWidget(self.window)
        self.watch = OrderWatch(
            self.window, self.machine.data, lambda _: self.machine.new_door(), tasks
        )
        self.window.show()

    def make_sync(self, session: Session, tasks: TaskRunner, changes: ChangeBus) -> SyncCoordinator:
        self.lines.append(HttpConnection(session))
        return SyncCoordinator(session, self.lines[-1], tasks, changes)

    def unlock(self) -> Session:
        with self.qtbot.waitSignal(self.window.unlocked, timeout=SLOW):
            self.door.unlock(PASSPHRASE)
            self.window.enter()
        workspace = self.window.workspace
        assert workspace is not None
        return workspace.context.session

    def ask(self) -> None:
        with self.qtbot.waitSignal(self.watch.asked, timeout=SLOW):
            self.watch.ask_now()

    def dialog(self) -> LeavingDialog | None:
        found = self.window.findChildren(LeavingDialog)
        return found[0] if found else None

    def gone(self) -> bool:
        return not self.machine.folder.exists() and self.machine.keyring.entries == {}


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


def test_a_lost_laptop_destroys_itself_while_it_is_locked(stage: Stage, qtbot: QtBot) -> None:
    stage.desk.order(stage.machine, DeviceOrderKind.LOST)
    with qtbot.waitSignal(stage.watch.destroyed, timeout=SLOW):
        stage.watch.start()
    page = stage.window.centralWidget()
    assert isinstance(page, GonePage)
    assert "tapt" in page.title.text()
    assert page.state.text() == "Slettet."
    assert stage.gone()
    assert paths.usernames(stage.machine.data) == []


def test_files_that_are_in_use_are_not_said_to_be_gone(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldapp.bootstrap.Door.destroy_files", lambda _: False)
    stage.desk.order(stage.machine, DeviceOrderKind.LOST)
    with qtbot.waitSignal(stage.watch.destroyed, timeout=SLOW):
        stage.watch.start()
    page = stage.window.centralWidget()
    assert isinstance(page, GonePage)
    assert "Resten slettes neste gang" in page.state.text()


def test_a_lost_laptop_destroys_itself_while_it_is_open(stage: Stage, qtbot: QtBot) -> None:
    stage.unlock()
    stage.door.set_pin("483920")
    stage.desk.order(stage.machine, DeviceOrderKind.LOST)
    with qtbot.waitSignal(stage.watch.destroyed, timeout=SLOW):
        stage.watch.ask_now()
    assert stage.window.workspace is None
    assert not stage.door.has_pin  # it would keep the key in memory
    assert isinstance(stage.window.centralWidget(), GonePage)
    assert stage.gone()


def test_a_laptop_that_is_shut_out_while_it_syncs_asks_at_once(stage: Stage, qtbot: QtBot) -> None:
    stage.unlock()
    workspace = stage.window.workspace
    assert workspace is not None
    qtbot.waitUntil(lambda: not workspace.context.sync.state.running, timeout=SLOW)
    stage.desk.order(stage.machine, DeviceOrderKind.LOST)
    with qtbot.waitSignal(stage.watch.destroyed, timeout=SLOW):
        workspace.context.sync.sync_now()
    assert stage.gone()


def test_an_ended_laptop_sends_first_and_is_destroyed_after_the_receipt(
    stage: Stage, qtbot: QtBot
) -> None:
    stage.desk.order(stage.machine, DeviceOrderKind.ENDED)
    stage.ask()
    page = stage.window.unlock_page
    assert page is not None
    assert not stage.gone()
    note_ids = []

    def write(session: Session) -> None:
        draft = notes.new_draft(session, stage.patient.id, "note", None, {"text": "Siste besøk"})
        note_ids.append(notes.sign(session, draft.id).created_id)

    with qtbot.waitSignal(stage.watch.destroyed, timeout=SLOW):
        write(stage.unlock())
    assert stage.server.office.body("note", str(note_ids[0])) is not None
    assert stage.gone()
    gone = stage.window.centralWidget()
    assert isinstance(gone, GonePage)
    assert "avsluttet" in gone.title.text()


def test_without_a_line_an_ended_laptop_keeps_everything_and_says_so(
    stage: Stage, qtbot: QtBot
) -> None:
    session = stage.unlock()
    notes.new_draft(session, stage.patient.id, "note", None, {"text": "halvferdig"})
    stage.desk.order(stage.machine, DeviceOrderKind.ENDED)
    order = stage.machine.ask()
    assert order is not None
    stage.watch._ask = lambda known: order
    stage.server.kill()
    stage.ask()
    qtbot.waitUntil(lambda: stage.dialog() is not None, timeout=SLOW)
    dialog = stage.dialog()
    assert dialog is not None
    qtbot.waitUntil(lambda: "Ingenting er slettet" in dialog.state.text(), timeout=SLOW)
    assert stage.machine.folder.exists()
    assert state.load_enrolment(session.database) is not None
    stage.window.lock()


def test_a_forged_order_does_nothing(stage: Stage) -> None:
    forged = DeviceOrder(
        "made-up",
        stage.machine.known.device_id,
        DeviceOrderKind.LOST,
        stage.server.office.clock.now(),
    )
    stage.watch._ask = lambda known: forged
    page = stage.window.unlock_page
    assert page is not None
    stage.ask()
    assert stage.window.unlock_page is page
    assert stage.machine.folder.exists()
    stage.unlock()
