"""The states of the handout page for `run.py screenshots`; nothing of it is stored."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QDialog, QWidget

from ui import shots
from ui.demo.hand import is_there, press

Shoot = Callable[[QWidget | None, str], None]
"""Takes a picture of a widget, or of the window where it is None."""


def take_handout(shoot: Shoot) -> None:
    """Go through the page that is open: said, in an emergency, not given, of the past, witness."""
    for name in ("identityKnown", "stateUnaffected", "otherNo"):
        if is_there(name):
            press(name)
    shots.settle()
    shoot(None, "handout-said")
    for button, name in (("forceAsk", "handout-force"), ("witnessAsk", "handout-witness")):
        if is_there(button):
            press(button)
            _dialog(shoot, name)
    for button, name in (("notMet", "handout-not-given"), ("past", "handout-past")):
        if is_there(button):
            press(button)
            shots.settle()
            shoot(None, name)
            press("cancelReason")
            shots.settle()


def _dialog(shoot: Shoot, name: str) -> None:
    shots.settle()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog) and widget.isVisible():
            shoot(widget, name)
            widget.reject()
    shots.settle()
