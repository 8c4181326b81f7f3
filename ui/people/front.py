"""What every page in front of a store is: one card in the middle of the window, nothing behind."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui import theme
from ui.widgets import Fitted, IconLabel, Text, row_of


def press_by_enter(root: QWidget) -> None:
    """Let Enter press the button with the focus, as Space does.

    In front of a store only: on pages with patients Enter alone must not record anything.
    """
    for button in root.findChildren(QPushButton):
        button.setAutoDefault(True)


class FrontPage(QWidget):
    """A card that scrolls where it does not fit. `column` is the inside of the card.

    Enter presses the button with the focus, Esc the one that leads back.
    """

    BACK = ("helpBack", "help_retry", "peopleBack", "sendClose")
    """The buttons that lead back, by object name."""

    def __init__(self, icon: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer.addWidget(scroll)
        ground = Fitted(scroll)
        scroll.setWidget(ground)
        around = QVBoxLayout(ground)
        around.setContentsMargins(24, 24, 24, 24)
        self.card = QFrame(ground)
        self.card.setObjectName("card")
        around.addStretch(2)
        # Not by alignment: that would ask the card's height for the width of the whole window.
        around.addLayout(row_of(None, self.card, None))
        around.addStretch(3)
        self.column = QVBoxLayout(self.card)
        self.column.setContentsMargins(32, 26, 32, 28)
        self.column.setSpacing(12)
        self.title = Text(title, "title", self.card)
        head = row_of(IconLabel(icon, "accent", 40, self.card), spacing=14)
        head.addWidget(self.title, 1)
        self.column.addLayout(head)
        theme.current().changed.connect(self._fit)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        press_by_enter(self)
        super().showEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            for name in self.BACK:
                for button in self.findChildren(QPushButton, name):
                    if button.isVisible() and button.isEnabled():
                        button.click()
                        return
        super().keyPressEvent(event)

    @Slot()
    def _fit(self) -> None:
        self.card.setFixedWidth(min(theme.current().pixels(620), 1200))
