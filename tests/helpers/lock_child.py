"""The program as a process of its own: FOLDER. Types a word into a note, locks and ends.

The word is that of FOLDER/word, which the second process never reads. It says "typed" while the
word is on the screen, and "fresh" from the process that began in its place.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

import fieldapp.bootstrap
import ui.app
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import ODD
from ui.main_window import MainWindow


def _window() -> MainWindow:
    (found,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
    return found


def _say_and_wait(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _work(word: Path) -> None:
    window = _window()
    window._unlock(PASSPHRASE)
    window.enter()
    assert window.workspace is not None
    window.workspace.navigate("visit", patient_id=ODD)
    editor = window.workspace.findChild(QPlainTextEdit, "noteEditor")
    assert editor is not None
    QTest.keyClicks(editor, word.read_text(encoding="ascii"))
    word.unlink()
    _say_and_wait("typed")
    window.end()


def _be_fresh() -> None:
    assert _window().unlock_page is not None
    _say_and_wait("fresh")
    QApplication.quit()


def main(folder: Path) -> int:
    # The test reads the memory that the program would keep to itself.
    fieldapp.bootstrap.harden_process = lambda: False
    word = folder / "word"
    return ui.app.main(folder, (lambda: _work(word)) if word.exists() else _be_fresh, trial=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
