"""What stands inside a scroll area: as high as its contents need at the present width."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


def settle_layouts() -> None:
    """Let layouts find their new heights now, before something is scrolled into view."""
    for _ in range(3):  # words wrap, then their card grows, then the scroll area hears of it
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)


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
