"""Layouts that give way to large text: a scrolling column, and two columns that become one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui import theme
from ui.widgets.fitted import Fitted


class ScrollColumn(QScrollArea):
    """A page's content: add to `body`. Scrolls down only, never sideways.

    Cards end at the same line with and without the scroll bar, which stands in the margin.
    """

    SIDE = 24

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self._content = Fitted(self)
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(self.SIDE, 18, self.SIDE, 24)
        self.body.setSpacing(14)
        self.setWidget(self._content)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        margins = self.body.contentsMargins()
        margins.setRight(max(0, self.SIDE - (self.width() - self.viewport().width())))
        self.body.setContentsMargins(margins)


class Columns(QWidget):
    """Two columns beside each other, or under each other where the text leaves too little room.

    Attributes: `left`, `right`, to which content is added.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        shares: tuple[int, int] = (3, 2),
        narrowest: int = 860,
    ) -> None:
        """`narrowest` is the width, at 100 % text, below which the columns are stacked."""
        super().__init__(parent)
        self._narrowest = narrowest
        self.left, self.right = QVBoxLayout(), QVBoxLayout()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(14)
        for column, share in ((self.left, shares[0]), (self.right, shares[1])):
            column.setSpacing(14)
            self._box.addLayout(column, share)
        theme.current().changed.connect(self._arrange)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        narrow = self.width() < theme.current().pixels(self._narrowest)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._box.direction() is not direction:
            self._box.setDirection(direction)
