"""Hands and eyes of these tests: what is typed, what is read on the screen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.stores import PASSPHRASE
from ui.main_window import MainWindow
from ui.shots import settle
from ui.workspace import Workspace


def said(widget: QWidget) -> str:
    """All words that somebody can see."""
    settle()
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def button(widget: QWidget, name: str) -> QPushButton:
    """The one visible button of that name."""
    settle()
    found = [item for item in widget.findChildren(QPushButton, name) if item.isVisible()]
    assert found, f"no visible button {name}"
    return found[0]


def try_passphrase(qtbot: QtBot, window: MainWindow, passphrase: str) -> str:
    """Type it and press Enter; return what the page says, or nothing when the store is open."""
    page = window.unlock_page
    assert page is not None
    field = page.findChild(QLineEdit)
    assert field is not None
    field.clear()
    QTest.keyClicks(field, passphrase)
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace is not None or page.state.code is not None)
    return "" if window.workspace is not None else page.message_text


def unlock(qtbot: QtBot, window: MainWindow) -> Workspace:
    """Open the store with the right passphrase."""
    assert try_passphrase(qtbot, window, PASSPHRASE) == ""
    assert window.workspace is not None
    return window.workspace
