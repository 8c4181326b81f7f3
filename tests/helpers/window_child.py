"""The program's window as a process of its own: FOLDER PASSPHRASE. Prints what it says."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from tests.helpers.laptop import make_door
from tests.helpers.windows import no_sync
from ui.app import set_up
from ui.main_window import MainWindow


def main(folder: str, passphrase: str) -> None:
    desk = set_up()
    window = MainWindow(make_door(Path(folder)), desk.tasks, desk.theme, no_sync)
    window.show()
    page = window.unlock_page
    assert page is not None
    field = page.findChild(QLineEdit)
    assert field is not None

    def look() -> None:
        assert page is not None
        if window.workspace is not None:
            _end("open")
        elif page.state.code is not None:
            _end(page.message_text)

    def _end(words: str) -> None:
        sys.stdout.write(words + "\n")
        looking.stop()
        desk.app.quit()

    looking = QTimer()
    looking.setInterval(10)
    looking.timeout.connect(look)
    looking.start()
    QTest.keyClicks(field, passphrase)
    QTest.keyClick(field, Qt.Key.Key_Return)
    desk.app.exec()
    window.close()
    desk.close()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main(*sys.argv[1:])
