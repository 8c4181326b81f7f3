"""A person who writes a visit note in the real window until killed: FOLDER DICE MILLISECONDS.

Says a line of JSON for all that the screen promised: {"saved": text} while it says that the draft
is stored, {"signed": text} once a note is locked. MILLISECONDS is the longest time between two
saves while typing goes on.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from fieldapp.clock import SystemClock
from tests.helpers.laptop import make_door
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import ODD
from tests.helpers.windows import no_sync
from ui.app import set_up
from ui.main_window import MainWindow
from ui.visit.page import VisitPage

SIGN_EVERY = 60
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def main(folder: str, dice: str, milliseconds: str) -> None:
    chance = random.Random(int(dice))
    desk = set_up()
    door = make_door(Path(folder), SystemClock())
    window = MainWindow(door, desk.tasks, desk.theme, no_sync)
    window.show()
    door.unlock(PASSPHRASE)
    window.enter()
    assert window.workspace is not None
    window.workspace.navigate("visit", patient_id=ODD)
    page = window.workspace.page
    assert isinstance(page, VisitPage)
    page.presenter.autosave.ceiling.setInterval(int(milliseconds))
    _tell(ready=True)
    typed = 0
    while True:
        QTest.keyClicks(page.note_card.editor, chance.choice(LETTERS))
        typed += 1
        QApplication.processEvents()
        _tell_if_saved(page)
        if typed % SIGN_EVERY == 0:
            _sign(page)


def _tell_if_saved(page: VisitPage) -> None:
    line = page.findChild(QLabel, "noteLine")
    assert line is not None
    if line.text().startswith("Utkast lagret kl."):
        _tell(saved=page.note_card.editor.toPlainText())


def _sign(page: VisitPage) -> None:
    text = page.note_card.editor.toPlainText()
    for name in ("noteSign", "noteSignConfirm"):
        _press(page, name)
    if page.note_card.editor.toPlainText() == "":
        _tell(signed=text)
        _press(page, "noteNew")


def _press(page: VisitPage, name: str) -> None:
    QApplication.processEvents()
    for button in page.findChildren(QPushButton, name):
        if button.isVisible():
            button.click()
            return


def _tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
