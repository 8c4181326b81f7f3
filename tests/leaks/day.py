"""A case manager's day in the real window as a process of its own: FOLDER [PLANTED BUG].

The parent says what is next by a line on the child's input, and hears a line of JSON when it is
done: `play`, `lock`, `unlock`, `end`. The planted bugs are the careless things that the tests must
see.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from fieldapp import logs
from fieldapp.security import keyfile
from fieldapp.store import db
from tests.helpers.laptop import make_door
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import AASE, MARET, ODD
from tests.helpers.windows import no_sync
from tests.leaks import words
from ui import pages
from ui.app import report_errors, set_up
from ui.demo.hand import find, press, wait_until
from ui.main_window import MainWindow
from ui.shots import settle
from ui.visit.page import VisitPage

PLANTS: dict[str, str] = {
    "log": "what is written is logged",
    "temporary file": "a deleted file that is still open",
    "export": "a file in the folder for temporary files",
    "settings": "the last search is remembered in clear",
    "sorting on the disk": "the database may use temporary files",
    "root key": "a copy of the root key that nobody wipes",
    "database key": "a copy of the database key that nobody wipes",
}

_kept: list[object] = []


class Day:
    """The parts of the day, each called by its name."""

    def __init__(self, folder: Path, plant: str) -> None:
        self._plant = plant
        if plant == "sorting on the disk":
            db._SETTINGS_BEFORE_FIRST_READ = tuple(
                "temp_store = FILE" if "temp_store" in one else one
                for one in db._SETTINGS_BEFORE_FIRST_READ
            )
        if plant == "database key":
            _keep_what_is_made(keyfile)
        logs.set_up(folder)
        self._desk = set_up()
        self._door = make_door(folder)
        self._window = MainWindow(self._door, self._desk.tasks, self._desk.theme, no_sync)
        report_errors(self._window)
        self._window.show()

    def play(self) -> None:
        """Unlock and do a day's work, with a draft left open at its end."""
        self._type(words.WRONG_PASSPHRASE)
        page = self._window.unlock_page
        assert page is not None
        wait_until(lambda: page.state.code is not None, "the refusal")
        self.unlock()
        self._door.vault.set_pin(words.PIN)
        self._search()
        self._sign_and_draft()
        self._look_at_everything()
        self._fail()
        if self._plant:
            self._be_careless()
        self._visit(AASE, words.DRAFT)
        QGuiApplication.clipboard().setText(words.COPIED)

    def unlock(self) -> None:
        """With the PIN once there is one."""
        self._type(words.PIN if self._door.vault.has_pin else PASSPHRASE)
        wait_until(lambda: self._window.workspace is not None, "the day page")

    def lock(self) -> None:
        """The short lock."""
        if self._plant == "root key":
            assert self._door.vault._unlocked is not None
            _kept.append(bytes(self._door.vault._unlocked.root))
        self._window.lock()
        settle()

    def end(self) -> None:
        self._window.close()
        self._desk.close()

    def _type(self, secret: str) -> None:
        page = self._window.unlock_page
        assert page is not None
        field = page.findChild(QLineEdit)
        assert field is not None
        wait_until(field.isEnabled, "the field")
        field.clear()
        QTest.keyClicks(field, secret)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def _go(self, page: str, **arguments: object) -> None:
        assert self._window.workspace is not None
        self._window.workspace.navigate(page, **arguments)
        settle()

    def _search(self) -> None:
        settle()
        field = next(w for w in self._window.findChildren(QLineEdit) if w.isVisible())
        QTest.keyClicks(field, words.SEARCH)
        settle()
        field.clear()
        QTest.keyClicks(field, "Ødeg")
        settle()
        field.clear()

    def _sign_and_draft(self) -> None:
        self._visit(ODD, words.NOTE)
        press("noteSign")
        press("noteSignConfirm")

    def _visit(self, patient_id: str, text: str) -> None:
        self._go("visit", patient_id=patient_id)
        assert self._window.workspace is not None
        page = self._window.workspace.page
        assert isinstance(page, VisitPage)
        QTest.keyClicks(find(QPlainTextEdit, "noteEditor"), text)
        page.presenter.autosave.quiet.timeout.emit()

    def _look_at_everything(self) -> None:
        for name in pages.PAGES:
            if name not in ("office", "sheets", "visit"):
                self._go(name, **({"patient_id": MARET} if _is_of_a_patient(name) else {}))
        for tab in ("overview", "medication", "screening", "notes", "contacts"):
            self._go("patient", patient_id=AASE, tab=tab)

    def _fail(self) -> None:
        """An error that the program does not know, with a name in its text."""
        QTimer.singleShot(0, self._close_boxes)
        try:
            raise ValueError(words.FAILURE)
        except ValueError as error:
            sys.excepthook(type(error), error, error.__traceback__)
        self._close_boxes()

    def _close_boxes(self) -> None:
        for box in QApplication.topLevelWidgets():
            if box.isModal():
                box.close()

    def _be_careless(self) -> None:
        if self._plant == "log":
            logging.getLogger("ui.visit").warning("saved %s", words.DRAFT)
        if self._plant == "temporary file":
            file = tempfile.TemporaryFile()  # noqa: SIM115 (left open on purpose)
            file.write(words.NOTE.encode())
            file.flush()
            _kept.append(file)
        if self._plant == "export":
            Path(tempfile.gettempdir(), "liste.csv").write_text(words.NOTE, encoding="utf-8")
        if self._plant == "settings":
            QSettings("fieldapp", "fieldapp").setValue("last_search", words.SEARCH)
        if self._plant == "sorting on the disk":
            assert self._door.database is not None
            self._door.database.connection.execute("PRAGMA cache_size = -1000")  # sooner full
            rows = self._door.database.connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
                f" SELECT '{words.NOTE}' || i AS text FROM n ORDER BY 1 DESC"
            )
            rows.fetchone()
            _kept.append(rows)


def _is_of_a_patient(page: str) -> bool:
    return page in ("patient", "screening", "rapid_test", "handout")


def _keep_what_is_made(module: object) -> None:
    make: Callable[..., bytearray] = keyfile.cipher_key_text

    def careless(key: bytearray, salt: bytes) -> bytearray:
        _kept.append(bytes(key))
        return make(key, salt)

    setattr(module, "cipher_key_text", careless)  # noqa: B010


def main(folder: str, plant: str = "") -> None:
    day = Day(Path(folder), plant)
    _tell("ready")
    for line in sys.stdin:
        part = line.strip()
        try:
            getattr(day, part)()
        except Exception:
            traceback.print_exc()  # the program's own way with errors hides what they say
            sys.exit(1)
        _tell(part)
        if part == "end":
            return


def _tell(done: str) -> None:
    sys.stdout.write(json.dumps({"done": done}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
