"""Small parts of the handout page."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from ui import theme
from ui.widgets import ChoiceRow, Text

LABEL_BESIDE_PIXELS = 560
"""Least width, at 100 % text, at which a label stands beside its choices."""

Option = tuple[object, str, str, str]
"""Value, key, words and name of a choice; the key may be empty."""


class LabelledRow(QWidget):
    """A label beside its choices, or above them where large text leaves no room."""

    def __init__(self, label: str, row: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = Text(label, "label", self)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        self._box.addWidget(self._label)
        self._box.addWidget(row, 1)
        theme.current().changed.connect(self._turn)
        self._turn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._turn()
        super().resizeEvent(event)

    def _turn(self) -> None:
        look = theme.current()
        beside = self.width() >= look.pixels(LABEL_BESIDE_PIXELS)
        if beside:
            self._label.setFixedWidth(look.pixels(112))
        else:
            self._label.setMinimumWidth(0)
            self._label.setMaximumWidth(16777215)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._box.direction() != direction:
            self._box.setDirection(direction)


def choices(label: str, options: list[Option], parent: QWidget) -> ChoiceRow:
    """A row whose buttons show their key and are named for those who drive the window."""
    row = ChoiceRow(label, parent=parent)
    offer(row, options)
    return row


def offer(row: ChoiceRow, options: list[Option]) -> None:
    """Put other options into a row."""
    row.set_options([(value, words) for value, _, words, _ in options])
    for button, (_, key, words, name) in zip(row.buttons(), options, strict=True):
        button.setText(f"{words}  {key}" if key else words)
        button.setObjectName(name)


def grow_with_width(widget: QWidget) -> None:
    """Let a widget with a flow of buttons take the height that its width asks for."""
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)
