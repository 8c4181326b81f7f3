"""The navigation at the left: icon and word, Alt+1 and on, with badges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ui import icons, theme


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A place to go: `name` is the page, or the command for entries at the bottom."""

    name: str
    icon: str
    words: str
    shortcut: str = ""
    is_page: bool = True


class RailButton(QToolButton):
    """One entry; a badge counts what wants attention there."""

    def __init__(self, entry: RailEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self._badge = 0
        self.setObjectName(f"rail_{entry.name}")
        self.setText(entry.words)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setCheckable(entry.is_page)
        self.setAutoExclusive(entry.is_page)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if entry.shortcut:
            # Not the button's own: that one waits a tenth of a second to look pressed, and the lock
            # must not.
            QShortcut(QKeySequence(entry.shortcut), self).activated.connect(self.click)
            shown = QKeySequence(entry.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            self.setToolTip(f"{entry.words} ({shown})")
        self.set_badge(0)
        theme.current().changed.connect(self.render_icon)
        self.toggled.connect(self.render_icon)
        self.render_icon()

    def set_badge(self, count: int) -> None:
        self._badge = count
        words = self.entry.words
        self.setAccessibleName(f"{words}, {count}" if count else words)
        self.update()

    @property
    def icon_room(self) -> int:
        """The height that the icon takes above the words."""
        return theme.current().touch(22) + 4

    def render_icon(self) -> None:
        side = theme.current().touch(22)
        token = "rail_selected_ink" if self.isChecked() else "rail_ink"
        self.setIconSize(QSize(side, side))
        self.setIcon(icons.icon(self.entry.icon, token, 22))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._badge:
            return
        look = theme.current()
        text = str(min(self._badge, 99))
        font = look.font(11, look.font().Weight.Bold)
        height = QFontMetrics(font).height() + 4
        width = max(height, QFontMetrics(font).horizontalAdvance(text) + 10)
        spot = QRectF(self.width() / 2 + look.pixels(6), 5, width, height)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("warn_soft"))
        painter.drawRoundedRect(spot, height / 2, height / 2)
        painter.setPen(look.color("warn"))
        painter.setFont(font)
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)


class Rail(QWidget):
    """Pages from the top, commands from the bottom.

    Signals:
        chosen(str): the name of the entry.
    """

    chosen = Signal(str)

    def __init__(
        self, top: Sequence[RailEntry], bottom: Sequence[RailEntry], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 14, 8, 14)
        column.setSpacing(6)
        self._buttons: dict[str, RailButton] = {}
        self._words_only = False
        for entry in top:
            column.addWidget(self._add(entry))
        column.addStretch(1)
        for entry in bottom:
            column.addWidget(self._add(entry))
        theme.current().changed.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit_height()
        return handled

    def button(self, name: str) -> RailButton:
        return self._buttons[name]

    def has(self, name: str) -> bool:
        """True when there is an entry of this name."""
        return name in self._buttons

    def select(self, name: str | None) -> None:
        """Light the entry of the page shown, or none."""
        for entry_name, button in self._buttons.items():
            if button.entry.is_page:
                button.setAutoExclusive(False)
                button.setChecked(entry_name == name)
                button.setAutoExclusive(True)

    def _add(self, entry: RailEntry) -> RailButton:
        button = RailButton(entry, self)
        button.clicked.connect(lambda: self.chosen.emit(entry.name))
        self._buttons[entry.name] = button
        return button

    def _fit(self) -> None:
        """As wide as its longest word: measured, since a fixed width clips large text."""
        look = theme.current()
        metrics = QFontMetrics(look.font(13, look.font().Weight.Bold))
        widest = max(metrics.horizontalAdvance(b.entry.words) for b in self._buttons.values())
        self.setFixedWidth(max(look.pixels(88), widest + 48))

    def minimumSizeHint(self) -> QSize:
        """Without the icons, so that the window may be lower than the icons need."""
        spare = sum(button.icon_room for button in self._buttons.values())
        hint = super().minimumSizeHint()
        return hint if self._words_only else QSize(hint.width(), max(0, hint.height() - spare))

    def _fit_height(self) -> None:
        """On a low screen with large text the words stay whole and the icons go."""
        needed = super().minimumSizeHint().height()
        if self._words_only:
            needed += sum(button.icon_room for button in self._buttons.values())
        if self._words_only != (needed > self.height()):
            self._words_only = not self._words_only
            style = Qt.ToolButtonStyle
            for button in self._buttons.values():
                button.setToolButtonStyle(
                    style.ToolButtonTextOnly if self._words_only else style.ToolButtonTextUnderIcon
                )
