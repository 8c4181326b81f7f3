"""A hand that works the real window by the names of its widgets, as a person does by sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QElapsedTimer, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QWidget

from ui.demo.stage import DemoError

PATIENCE_MILLISECONDS = 60_000
_MARGIN = 24
"""Pixels that stay in sight above and below what one scrolled to."""

W = TypeVar("W", bound=QWidget)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Let the window live until something holds. Raises DemoError after a minute."""
    clock = QElapsedTimer()
    clock.start()
    while not holds():
        if clock.hasExpired(PATIENCE_MILLISECONDS):
            raise DemoError(f"Waited in vain for: {what}.")
        QTest.qWait(10)


def visible(kind: type[W], name: str) -> W | None:
    """The widget of this name that is on screen, if there is one."""
    for widget in QApplication.allWidgets():
        if isinstance(widget, kind) and widget.objectName() == name and widget.isVisible():
            return widget
    return None


def find(kind: type[W], name: str) -> W:
    """The same, waiting for it. Raises DemoError when it does not come."""
    wait_until(lambda: visible(kind, name) is not None, name)
    found = visible(kind, name)
    assert found is not None
    return found


def first_named(prefix: str) -> QAbstractButton:
    """The first button on screen whose name begins so, in reading order."""
    wait_until(lambda: bool(_named(prefix)), f"{prefix}…")
    return _named(prefix)[0]


def is_there(name: str) -> bool:
    return visible(QWidget, name) is not None


def see(widget: QWidget) -> None:
    """Scroll until a widget is in sight; of a tall one, until its top is."""
    QApplication.processEvents()
    above = widget.parentWidget()
    while above is not None:
        content = above.widget() if isinstance(above, QScrollArea) else None
        if isinstance(above, QScrollArea) and content is not None and content.isAncestorOf(widget):
            inside = widget.mapTo(content, QPoint(0, 0))
            room = above.viewport().height()
            bottom = inside.y() + min(widget.height(), room - 2 * _MARGIN)
            above.ensureVisible(0, bottom, 0, _MARGIN)
            above.ensureVisible(0, inside.y(), 0, _MARGIN)
        above = above.parentWidget()
    QApplication.processEvents()


def bring_up(widget: QWidget) -> None:
    """Scroll until a widget stands at the top, as far as there is something below it."""
    see(widget)
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    content = above.widget() if above is not None else None
    if above is not None and content is not None:
        top = widget.mapTo(content, QPoint(0, 0)).y()
        above.verticalScrollBar().setValue(top - _MARGIN)
    QApplication.processEvents()


def press(target: str | QAbstractButton) -> None:
    """Click a button that is on screen and enabled, scrolling to it first."""
    button = find(QAbstractButton, target) if isinstance(target, str) else target
    wait_until(button.isEnabled, f"{button.objectName()} enabled")
    see(button)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def type_into(name: str, text: str) -> None:
    """Put the focus into an editor and type."""
    fill(find(QWidget, name), text)


def fill(editor: QWidget, text: str) -> None:
    """The same for an editor that one has found."""
    see(editor)
    editor.setFocus()
    QTest.keyClicks(editor, text)
    QApplication.processEvents()


def _named(prefix: str) -> list[QAbstractButton]:
    found = [
        widget
        for widget in QApplication.allWidgets()
        if isinstance(widget, QAbstractButton)
        and widget.objectName().startswith(prefix)
        and widget.isVisible()
    ]
    origin = [widget.mapToGlobal(widget.rect().topLeft()) for widget in found]
    order = sorted(range(len(found)), key=lambda n: (origin[n].y(), origin[n].x()))
    return [found[n] for n in order]
