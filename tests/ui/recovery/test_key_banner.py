"""A key that is due is asked for calmly after unlocking; a new way in is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door, KeyDue
from fieldapp.security import escrow
from fieldapp.store import state
from fieldapp.store.state import CourierKeys
from tests.helpers.laptop import make_door, make_laptop
from tests.helpers.stores import PASSPHRASE
from tests.helpers.windows import LOOKS, no_sync, problems_in, show_active
from ui.main_window import MainWindow
from ui.recovery.key_banner import KeyBanner
from ui.settings.keys import RecoveryDialog
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Theme

Open = Callable[[], tuple[MainWindow, KeyBanner]]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    make_laptop(tmp_path)
    return make_door(tmp_path)


@pytest.fixture
def open_window(qtbot: QtBot, door: Door, tasks: TaskRunner, theme: Theme) -> Iterator[Open]:
    """Unlocks into the real window."""
    windows: list[MainWindow] = []

    def begin() -> tuple[MainWindow, KeyBanner]:
        window = MainWindow(door, tasks, theme, no_sync)
        qtbot.addWidget(window)
        show_active(qtbot, window)
        door.unlock(PASSPHRASE)
        window.enter()
        windows.append(window)
        settle()
        assert window.workspace is not None
        return window, window.workspace.key_banner

    yield begin
    for window in windows:
        window.close()


def _press(button: QPushButton) -> None:
    settle()
    assert button.isVisible()
    button.click()


def test_on_an_ordinary_day_nothing_is_said(open_window: Open) -> None:
    _, banner = open_window()
    assert not banner.isVisible()


def test_a_key_that_was_never_proved_is_asked_about_until_a_new_one_is_in_place(
    qtbot: QtBot, door: Door, open_window: Open, theme: Theme
) -> None:
    door.rescue.mark_key_due(KeyDue.UNPROVED)
    window, banner = open_window()
    assert "står på papir" in banner.text.text()
    found = {look: problems_in(window, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    _press(banner.renew)
    (dialog,) = window.findChildren(RecoveryDialog)
    dialog.reject()
    assert banner.isVisible()  # nothing is closed, and nothing is forgotten
    _press(banner.renew)
    dialog = window.findChildren(RecoveryDialog)[-1]
    dialog.paper.proved.emit()
    (old,) = dialog.findChildren(QLineEdit, "keysOld")
    old.setText(PASSPHRASE)
    dialog.try_accept()
    qtbot.waitUntil(lambda: not banner.isVisible(), timeout=20_000)
    assert door.rescue.key_due() is None


def test_that_the_organisation_can_open_an_older_store_is_told_until_it_was_read(
    door: Door, open_window: Open
) -> None:
    _, public = escrow.new_private_key()
    door.unlock(PASSPHRASE)
    database = door.database
    assert database is not None
    enrolment = state.load_enrolment(database)
    assert enrolment is not None
    keys = CourierKeys("", "", "", server_escrow=public.hex)
    state.remember_enrolment(database, replace(enrolment, courier=keys))
    door.lock()
    window, banner = open_window()
    assert "to betrodde" in banner.text.text()
    _press(banner.seen)
    assert not banner.isVisible()
    window.lock()
    door.unlock(PASSPHRASE)
    window.enter()
    assert window.workspace is not None
    settle()
    assert not window.workspace.key_banner.isVisible()
