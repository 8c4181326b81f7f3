from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door
from fieldapp.clock import FixedClock
from fieldapp.ids import new_id
from fieldapp.security.vault import Vault
from fieldapp.services.session import Session
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.helpers.ward import NILS, NOW, Ward, make_ward
from tests.helpers.windows import LOOKS, no_sync, problems_in, show_active
from ui.main_window import MainWindow
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.today.page import TodayPage
from ui.unlock.page import UnlockPage


class WardDoor(Door):
    """The way into the ward's own vault; notes on which thread the key was turned."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(USERNAME, vault, FixedClock(NOW), synthetic=True)
        self.threads: list[threading.Thread] = []

    def unlock(self, passphrase: str) -> None:
        self.threads.append(threading.current_thread())
        super().unlock(passphrase)

    def session(self) -> Session:
        assert self.vault.store is not None
        return Session(self.vault.store, NILS, "d-1", FixedClock(NOW), new_id)


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory) -> WardDoor:
    ward: Ward = make_ward(tmp_path_factory.mktemp("ward") / "store")
    ward.vault.lock()
    return WardDoor(ward.vault)


@pytest.fixture
def window(qtbot: QtBot, door: WardDoor, tasks: TaskRunner, theme: Theme) -> Iterator[MainWindow]:
    shown = MainWindow(door, tasks, theme, no_sync)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    yield shown
    door.lock()


def _type(qtbot: QtBot, window: MainWindow, passphrase: str, until: Callable[[], bool]) -> None:
    page = window.unlock_page
    assert page is not None
    field = page.findChild(QLineEdit)
    assert field is not None
    field.clear()
    qtbot.keyClicks(field, passphrase)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(until)


def _refused(window: MainWindow) -> Callable[[], bool]:
    page = window.unlock_page
    assert page is not None
    return lambda: page.state.code is not None


def test_the_field_has_the_focus_and_enter_opens_the_day(
    qtbot: QtBot, window: MainWindow, door: WardDoor
) -> None:
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    _type(qtbot, window, PASSPHRASE, lambda: window.workspace is not None)
    assert window.workspace is not None
    assert isinstance(window.workspace.page, TodayPage)
    assert door.threads[0] is not threading.main_thread()


def test_a_wrong_passphrase_is_told_as_such_and_the_right_one_works_then(
    qtbot: QtBot, window: MainWindow
) -> None:
    page = window.unlock_page
    assert page is not None
    _type(qtbot, window, "feil passfrase her", _refused(window))
    assert page.message_text.startswith("Passfrasen stemmer ikke")
    _type(qtbot, window, PASSPHRASE, lambda: window.workspace is not None)


def test_three_wrong_ones_start_a_countdown(qtbot: QtBot, window: MainWindow) -> None:
    page = window.unlock_page
    assert page is not None
    for _ in range(4):
        _type(
            qtbot,
            window,
            "feil passfrase her",
            lambda: page.state.may_submit or page.state.seconds > 0,
        )
        if page.state.seconds:
            break
    assert "Du kan prøve igjen om" in page.message_text
    seconds = page.state.seconds
    page.seconds.timeout.emit()
    assert page.state.seconds == seconds - 1


def test_a_store_opened_elsewhere_has_its_own_sentence(
    qtbot: QtBot, window: MainWindow, door: WardDoor
) -> None:
    other = Vault(door.vault.folder, door.vault._secrets, FixedClock(NOW))
    other.unlock(USERNAME, PASSPHRASE)
    page = window.unlock_page
    assert page is not None
    _type(qtbot, window, PASSPHRASE, _refused(window))
    assert "allerede åpent" in page.message_text
    other.lock()


def test_locking_takes_every_page_away_and_closes_the_store(
    qtbot: QtBot, window: MainWindow, door: WardDoor
) -> None:
    _type(qtbot, window, PASSPHRASE, lambda: window.workspace is not None)
    window.lock()
    assert window.workspace is None
    assert isinstance(window.centralWidget(), UnlockPage)
    assert door.vault.store is None
    _type(qtbot, window, PASSPHRASE, lambda: window.workspace is not None)


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_the_lock_page_is_named_and_nothing_is_cut_off(
    qtbot: QtBot, window: MainWindow, theme: Theme, scheme: Scheme, scale: int
) -> None:
    _type(qtbot, window, "feil passfrase her", _refused(window))
    assert problems_in(window, theme, scheme, scale) == []
