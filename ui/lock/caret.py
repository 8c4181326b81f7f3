"""Where the caret stands, told in ids, so that it is found again on a page that was built anew."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget


@dataclass(frozen=True, slots=True)
class Caret:
    """`name`: the field's object name, "" for one without; then it is the `number`th of its
    `kind` on the page. `position` and `anchor` are letters from the field's beginning."""

    name: str
    kind: str
    number: int
    position: int = 0
    anchor: int = 0


def find(page: QWidget) -> Caret | None:
    """Where the focus is on `page`; None when it is elsewhere."""
    focus = QApplication.focusWidget()
    if focus is None or not page.isAncestorOf(focus):
        return None
    name, kind = focus.objectName(), type(focus).__name__
    number = _alike(page, name, kind).index(focus)
    position, anchor = 0, 0
    if isinstance(focus, (QPlainTextEdit, QTextEdit)):
        cursor = focus.textCursor()
        position, anchor = cursor.position(), cursor.anchor()
    elif isinstance(focus, QLineEdit):
        position = anchor = focus.cursorPosition()
    return Caret(name, kind, number, position, anchor)


def put_back(page: QWidget, caret: Caret) -> bool:
    """Put the focus where it was; False when there is no such field now."""
    found = _alike(page, caret.name, caret.kind)
    if caret.number >= len(found):
        return False
    field = found[caret.number]
    if not field.isVisible() or not field.isEnabled():
        return False
    field.setFocus(Qt.FocusReason.OtherFocusReason)
    if isinstance(field, (QPlainTextEdit, QTextEdit)):
        length = len(field.toPlainText())
        cursor = field.textCursor()
        cursor.setPosition(min(caret.anchor, length))
        cursor.setPosition(min(caret.position, length), QTextCursor.MoveMode.KeepAnchor)
        field.setTextCursor(cursor)
        field.ensureCursorVisible()
    elif isinstance(field, QLineEdit):
        field.setCursorPosition(min(caret.position, len(field.text())))
    return True


def _alike(page: QWidget, name: str, kind: str) -> list[QWidget]:
    found = page.findChildren(QWidget, name) if name else page.findChildren(QWidget)
    return [widget for widget in found if type(widget).__name__ == kind]
