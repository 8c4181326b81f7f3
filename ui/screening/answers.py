"""The answers to one question as big buttons with their digit."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from fieldapp.domain.screening.instruments import Item
from ui import theme

PRESS_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class AnswerButton(QPushButton):
    """One answer: digit in a circle, words that wrap. Chosen by click, Enter or Space."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._digit = ""
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.current().changed.connect(self.updateGeometry)

    def say(self, digit: str, words: str) -> None:
        self._digit = digit
        self.setText(words)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(theme.current().pixels(260), self.heightForWidth(theme.current().pixels(620)))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().pixels(140), theme.current().pixels(44))

    def heightForWidth(self, width: int) -> int:
        look = theme.current()
        room = QRect(0, 0, max(1, width - self._indent() - look.pixels(16)), 10_000)
        needed = QFontMetrics(self._font()).boundingRect(room, self._flags(), self.text()).height()
        return max(round(46 * (1 + (look.scale - 100) / 250)), needed + look.pixels(16))

    def nextCheckState(self) -> None:
        """What is chosen is shown by the page once it is stored, never by the click itself."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if plain and event.key() in PRESS_KEYS:
            # A key held down must not answer the questions that follow.
            if not event.isAutoRepeat():
                self.click()
            return
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second press of a double click would answer the next question."""
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, focused = self.isChecked(), self.hasFocus()
        border = "focus" if focused else "accent" if chosen else "outline"
        painter.setPen(QPen(look.color(border), 2 if chosen or focused else 1))
        fill = "accent_soft" if chosen else "sunken" if self.underMouse() else "surface"
        painter.setBrush(look.color(fill))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)
        self._paint_digit(painter, chosen)
        painter.setFont(self._font())
        painter.setPen(look.color("accent" if chosen else "ink"))
        painter.drawText(
            self.rect().adjusted(self._indent(), 0, -look.pixels(16), 0), self._flags(), self.text()
        )

    def _paint_digit(self, painter: QPainter, chosen: bool) -> None:
        look = theme.current()
        side = look.pixels(28)
        circle = QRectF(look.pixels(14), (self.height() - side) / 2, side, side)
        painter.setPen(QPen(look.color("accent" if chosen else "outline"), 1))
        painter.setBrush(look.color("accent" if chosen else "sunken"))
        painter.drawEllipse(circle)
        painter.setFont(look.font(14, look.font().Weight.DemiBold))
        painter.setPen(look.color("on_accent" if chosen else "muted"))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, self._digit)

    def _font(self) -> QFont:
        weight = theme.current().font().Weight
        return theme.current().font(16, weight.DemiBold if self.isChecked() else weight.Medium)

    def _indent(self) -> int:
        return theme.current().pixels(14 + 28 + 14)

    def _flags(self) -> int:
        return int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignVCenter.value)


class AnswerList(QWidget):
    """The answers to one item, under each other; named `option_<value>`.

    Signals:
        chosen(int): the value of the answer.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._buttons: list[AnswerButton] = []
        self._values: tuple[int, ...] = ()

    @property
    def buttons(self) -> list[AnswerButton]:
        """The buttons on screen, in order."""
        return self._buttons[: len(self._values)]

    def show_item(self, item: Item, chosen: int | None) -> None:
        """Offer the answers to `item`. Buttons are used again, so that a double click on one is
        seen as such also when the question has changed in between."""
        self._values = tuple(option.value for option in item.options)
        while len(self._buttons) < len(item.options):
            self._add()
        for number, button in enumerate(self._buttons):
            button.setVisible(number < len(item.options))
            if number >= len(item.options):
                button.setObjectName("")
                continue
            option = item.options[number]
            button.setObjectName(f"option_{option.value}")
            button.say(str(number + 1), option.label)
            button.setChecked(option.value == chosen)
            button.setAccessibleName(f"{item.text}: {option.label}")

    def press(self, number: int) -> bool:
        """Choose the answer with this number (1 = first), as its digit key does."""
        if not 1 <= number <= len(self._values):
            return False
        self.buttons[number - 1].click()
        return True

    def move_focus(self, step: int) -> None:
        """Put the focus on the answer above or below, without choosing it."""
        buttons = self.buttons
        focused = next((n for n, button in enumerate(buttons) if button.hasFocus()), None)
        target = 0 if focused is None else max(0, min(focused + step, len(buttons) - 1))
        buttons[target].setFocus(Qt.FocusReason.TabFocusReason)

    def focus_start(self) -> None:
        """Put the focus on the answer given, or on the first one."""
        buttons = self.buttons
        chosen = next((button for button in buttons if button.isChecked()), buttons[0])
        chosen.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self) -> None:
        number = len(self._buttons)
        button = AnswerButton(self)
        button.clicked.connect(lambda: self._on_clicked(number))
        self._column.addWidget(button)
        self._buttons.append(button)

    def _on_clicked(self, number: int) -> None:
        if number < len(self._values):
            self.chosen.emit(self._values[number])
