"""A column of events joined by a line: icon, title, quiet words, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import icons, theme
from ui.widgets.basics import TOKEN_OF_TONE, Clickable, Text, Tone, clear


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One event. `id` is what `chosen` announces; an empty id cannot be chosen."""

    id: str
    icon: str
    title: str
    detail: str
    when: str
    tone: Tone = "accent"
    struck: bool = False
    """Taken back by a counter-entry: still shown, struck through and said in words."""


class _Mark(QWidget):
    def __init__(self, item: TimelineItem, *, last: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._item, self._last = item, last
        self.setFixedWidth(theme.current().pixels(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = look.pixels(15)
        centre = QPointF(self.width() / 2, radius + 4)
        if not self._last:
            painter.setPen(QPen(look.color("line"), 2))
            painter.drawLine(centre, QPointF(centre.x(), self.height()))
        tone = self._item.tone
        painter.setPen(look.color("line" if tone == "neutral" else f"{tone}_line"))
        painter.setBrush(look.color("sunken" if tone == "neutral" else f"{tone}_soft"))
        painter.drawEllipse(centre, radius, radius)
        picture = icons.pixmap(self._item.icon, TOKEN_OF_TONE[tone], 16)
        side = look.pixels(16)
        painter.drawPixmap(QPointF(centre.x() - side / 2, centre.y() - side / 2), picture)


class _Entry(Clickable):
    def __init__(self, item: TimelineItem, *, last: bool, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(10)
        row.addWidget(_Mark(item, last=last, parent=self))
        words = QVBoxLayout()
        words.setContentsMargins(0, 4, 0, 12)
        words.setSpacing(1)
        title = Text(item.title, "strong", self)
        if item.struck:
            font = title.font()
            font.setStrikeOut(True)
            title.setFont(font)
        words.addWidget(title)
        if item.detail:
            words.addWidget(Text(item.detail, "muted", self))
        row.addLayout(words, 1)
        time = Text(item.when, "small", self, wrap=False)
        row.addWidget(time, 0, Qt.AlignmentFlag.AlignTop)
        time.setContentsMargins(0, 5, 0, 0)
        self.setAccessibleName(", ".join(filter(None, (item.title, item.detail, item.when))))
        if not item.id:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setCursor(Qt.CursorShape.ArrowCursor)


class Timeline(QWidget):
    """Events, newest first.

    Signals:
        chosen(str): the id of the event that the user opened.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_items(self, items: Sequence[TimelineItem]) -> None:
        clear(self._column)
        for number, item in enumerate(items, start=1):
            entry = _Entry(item, last=number == len(items), parent=self)
            if item.id:
                entry.clicked.connect(lambda chosen=item.id: self.chosen.emit(chosen))
            self._column.addWidget(entry)
