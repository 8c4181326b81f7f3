"""Choose one of a few by touch, by arrow keys or by digit."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.widgets.flow import FlowLayout


class ChoiceButton(QPushButton):
    """A button whose words go on in a second line where there is no room for one."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        one_line = self.sizeHint()
        if width >= one_line.width():
            return one_line.height()
        words = self._words(width, 10_000)
        return max(one_line.height(), words.height() + self._padding())

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), 8 * self._padding()), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.width() >= self.sizeHint().width():
            super().paintEvent(event)
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        look = theme.current()
        token = "accent" if self.isChecked() else "ink"
        painter.setPen(look.color(token if self.isEnabled() else "muted"))
        box = self.rect().adjusted(self._padding(), 0, -self._padding(), 0)
        painter.drawText(box, _WRAPPED, self.text())

    def _words(self, width: int, height: int) -> QRect:
        box = QRect(0, 0, max(1, width - 2 * self._padding()), height)
        return self.fontMetrics().boundingRect(box, _WRAPPED, self.text())

    def _padding(self) -> int:
        return theme.current().pixels(14)


_WRAPPED = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft) | int(
    Qt.TextFlag.TextWordWrap
)


class ChoiceRow(QWidget):
    """Exclusive buttons of at least 44 px; nothing is chosen beforehand.

    `options` are (value, words) pairs. Digits 1 to 9 choose while the focus is inside. Buttons
    are named `<name>_<value>` for those who drive the window.

    Signals:
        chosen(object): the value that the user chose.
    """

    chosen = Signal(object)

    def __init__(
        self,
        label: str,
        options: Sequence[tuple[object, str]] = (),
        parent: QWidget | None = None,
        *,
        name: str = "choice",
        vertical: bool = False,
        numbered: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(label)
        self._name, self._label, self._numbered = name, label, numbered
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonClicked.connect(self._on_clicked)
        self._values: dict[QPushButton, object] = {}
        self._vertical = vertical
        self._place: FlowLayout | QVBoxLayout
        if vertical:
            self._place = QVBoxLayout(self)
            self._place.setContentsMargins(0, 0, 0, 0)
            self._place.setSpacing(6)
        else:
            self._place = FlowLayout(self, 8)
            policy = self.sizePolicy()
            policy.setHeightForWidth(True)
            policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
            self.setSizePolicy(policy)
        self.set_options(options)

    @property
    def value(self) -> object | None:
        button = self._group.checkedButton()
        return self._values[button] if isinstance(button, QPushButton) else None

    def buttons(self) -> list[QPushButton]:
        return list(self._values)

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        """Offer other options; the choice made before is forgotten."""
        for old in self._values:
            self._group.removeButton(old)
            self._place.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._values = {}
        for number, (value, words) in enumerate(options, start=1):
            shown = f"{number}  {words}" if self._numbered and number <= 9 else words
            button = ChoiceButton(shown, self)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setProperty("tone", "choice")
            button.setObjectName(f"{self._name}_{value}")
            button.setAccessibleName(f"{self._label}: {words}")
            if self._vertical:
                button.setStyleSheet("text-align: left;")
            self._group.addButton(button)
            self._place.addWidget(button)
            self._values[button] = value
        # The row itself shows no focus: who is sent here is sent to its first button.
        first = next(iter(self._values), None)
        if first is not None:
            self.setFocusProxy(first)

    def choose(self, value: object | None) -> None:
        """Show a choice without announcing it; None shows that nothing is chosen."""
        self._group.setExclusive(False)
        for button, candidate in self._values.items():
            button.setChecked(value is not None and candidate == value)
        self._group.setExclusive(True)

    def press(self, number: int) -> bool:
        """Choose the option with this number (1 = first), as its digit key does."""
        buttons = self.buttons()
        if not 1 <= number <= len(buttons) or not buttons[number - 1].isEnabled():
            return False
        buttons[number - 1].setFocus(Qt.FocusReason.ShortcutFocusReason)
        buttons[number - 1].click()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = event.key() - Qt.Key.Key_0
        if event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ) and self.press(digit):
            return
        super().keyPressEvent(event)

    def _on_clicked(self, button: QPushButton) -> None:
        self.chosen.emit(self._values[button])
