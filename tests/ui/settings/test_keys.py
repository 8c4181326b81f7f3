"""Settings, «Nøkler», on a real laptop: another passphrase, a new recovery key, the escrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import by_recovery_key
from fieldapp.security import escrow
from fieldapp.security.errors import WrongSecretError
from fieldapp.services import setup
from fieldapp.store.state import CourierKeys
from tests.helpers.laptop import make_door, make_laptop
from tests.helpers.stores import PASSPHRASE
from tests.helpers.windows import LOOKS, no_sync, problems_in, show_active
from ui.main_window import MainWindow
from ui.settings.keys import KeysCard, PassphraseDialog, RecoveryDialog
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.widgets import ConfirmDialog

NEW = "en helt annen frase her"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, tasks: TaskRunner, theme: Theme) -> Iterator[MainWindow]:
    make_laptop(tmp_path)
    door = make_door(tmp_path)
    shown = MainWindow(door, tasks, theme, no_sync)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    door.unlock(PASSPHRASE)
    shown.enter()
    assert shown.workspace is not None
    shown.workspace.navigate("settings")
    yield shown
    shown.close()


def _card(window: MainWindow) -> KeysCard:
    (card,) = window.findChildren(KeysCard)
    return card


def _press(place: QWidget, name: str) -> None:
    (button,) = place.findChildren(QPushButton, name)
    button.click()


def _type(place: QWidget, name: str, text: str) -> None:
    (field,) = place.findChildren(QLineEdit, name)
    field.setText(text)


def test_the_passphrase_is_changed_with_the_old_one_and_only_then(
    qtbot: QtBot, window: MainWindow, theme: Theme, tmp_path: Path
) -> None:
    _press(_card(window), "keysPassphrase")
    (dialog,) = window.findChildren(PassphraseDialog)
    for look in LOOKS:
        assert problems_in(dialog, theme, *look) == []
    dialog.try_accept()
    assert dialog.old.problem
    assert dialog.new.problem
    _type(dialog, "keysOld", "feil hest batteri stift")
    _type(dialog, "keysNew", NEW)
    _type(dialog, "keysAgain", NEW)
    dialog.try_accept()
    qtbot.waitUntil(lambda: "stemmer ikke" in dialog.old.problem)
    _type(dialog, "keysOld", PASSPHRASE)
    with qtbot.waitSignal(dialog.accepted):
        dialog.try_accept()
    assert "Den gamle virker ikke mer" in _card(window).said.text()
    window.close()
    door = make_door(tmp_path)
    with pytest.raises(WrongSecretError):
        door.unlock(PASSPHRASE)
    door.unlock(NEW)
    door.lock()


def test_a_new_recovery_key_counts_only_when_it_stands_on_paper(
    qtbot: QtBot, window: MainWindow, theme: Theme, tmp_path: Path
) -> None:
    before = (make_door(tmp_path).vault.folder / "journal.hvkey").read_bytes()
    _press(_card(window), "keysRecovery")
    (dialog,) = window.findChildren(RecoveryDialog)
    for look in LOOKS:
        assert problems_in(dialog, theme, *look) == []
    dialog.try_accept()  # Enter before the paper was proved does nothing
    assert (make_door(tmp_path).vault.folder / "journal.hvkey").read_bytes() == before
    key = dialog.paper.shown.text()
    dialog.paper.written.click()
    for place, number in enumerate(dialog.paper.numbers):
        _type(dialog, f"recoveryGroup{place}", key.split()[number - 1])
    dialog.paper.check.click()
    _type(dialog, "keysOld", PASSPHRASE)
    with qtbot.waitSignal(dialog.accepted):
        dialog.try_accept()
    window.close()
    make_door(tmp_path).rescue.prove(by_recovery_key(key))


def test_the_card_says_whether_the_organisation_can_open(window: MainWindow) -> None:
    card = _card(window)
    assert "ingen nødnøkkel" in card.escrow.text()
    _, public = escrow.new_private_key()
    door = window.door
    assert door is not None
    door.rescue.take_escrow(public)  # type: ignore[attr-defined]
    card.show_now()
    assert public.key_id in card.escrow.text()
    assert card.isVisible()
    assert any(label.text() == "Nøkler" for label in card.findChildren(QLabel))


def test_another_key_of_the_organisation_waits_for_a_person(window: MainWindow) -> None:
    card = _card(window)
    assert card.accept.isHidden()
    _, old = escrow.new_private_key()
    _, new = escrow.new_private_key()
    door = window.door
    assert door is not None
    door.rescue.take_escrow(old)  # type: ignore[attr-defined]
    database = door.vault.store  # type: ignore[attr-defined]
    present = setup.load_enrolment(database)
    assert present is not None
    keys = CourierKeys("00", "00", "00", server_escrow=new.hex)
    setup.remember_enrolment(database, replace(present, courier=keys))
    card.show_now()
    assert new.fingerprint in card.told.text.text()
    assert old.key_id in card.escrow.text()
    card.accept.click()
    (dialog,) = window.findChildren(ConfirmDialog, "escrowDialog")
    dialog.try_accept()
    assert new.fingerprint in card.escrow.text()
    assert card.accept.isHidden()
