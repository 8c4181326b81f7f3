"""One start of a window: `_start_side ours FOLDER` or `_start_side bare`.

Prints the monotonic clock of the moment after the window's first paint, and ends.
"""

from __future__ import annotations

import sys
import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow


def _tell_and_quit() -> None:
    print(time.monotonic(), flush=True)
    QApplication.quit()


def _watch_paint(window_type: type[QMainWindow]) -> None:
    """Let windows of this type tell when they have been painted for the first time."""
    plain = window_type.paintEvent
    told = False

    def paint(self: QMainWindow, event: QPaintEvent) -> None:
        nonlocal told
        plain(self, event)
        if not told:
            told = True
            # The window comes first and its children after it, all before the loop goes on.
            QTimer.singleShot(0, _tell_and_quit)

    setattr(window_type, "paintEvent", paint)  # noqa: B010 (no typed way to replace a method)


def _ours() -> None:
    from ui.main_window import MainWindow

    _watch_paint(MainWindow)
    from ui.__main__ import main

    main()


def _bare() -> None:
    class Window(QMainWindow):
        pass

    _watch_paint(Window)
    app = QApplication([])
    window = Window()
    window.resize(1366, 768)
    window.show()
    app.exec()


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        sys.argv[1:] = ["--data", sys.argv[2]]
        _ours()
    else:
        _bare()
