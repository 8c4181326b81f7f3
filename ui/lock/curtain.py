"""Takes everything readable off the screen that is not the window itself."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMainWindow, QToolTip, QWidget


def close_all_but(window: QMainWindow) -> bool:
    """Take away dialogs, file choosers, menus, pictures of a print and tool tips, at once.

    They are hidden before they are deleted, and without a signal: what waits for their answer must
    not act on a store that is about to close. What was typed in them has been kept before. True
    when one of them had the keys.
    """
    active = QApplication.activeWindow()
    had_keys = active is not None and active is not window and _belongs(active, window)
    QToolTip.hideText()
    for _ in range(100):  # a popup that goes may bring the one below it to the front
        popup = QApplication.activePopupWidget()
        if popup is None:
            break
        _take_away(popup)
    for widget in QApplication.topLevelWidgets():
        # The window's own, and any that stands before it; not another window of the program.
        if (
            widget is not window
            and not isinstance(widget, QMainWindow)
            and _belongs(widget, window)
        ):
            _take_away(widget)
    return had_keys


def _belongs(widget: QWidget, window: QMainWindow) -> bool:
    # Not `isAncestorOf`: to Qt a dialog has no ancestor beyond itself.
    top = widget
    while (parent := top.parentWidget()) is not None:
        top = parent
    return top is window or (not isinstance(top, QMainWindow) and widget.isVisible())


def _take_away(widget: QWidget) -> None:
    widget.blockSignals(True)
    widget.hide()
    widget.deleteLater()
