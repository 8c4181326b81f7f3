"""What stands inside a scroll area: as high as its contents need at the present width."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class Fitted(QWidget):
    """Content of a resizable scroll area.

    Qt counts wrapping words at their narrowest when it asks for the least height, which leaves
    empty room under the last line. Here the height is asked for the width that is really there.
    """

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        if self.width() <= 0 or not self.hasHeightForWidth():
            return hint
        return QSize(hint.width(), self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
