"""Small building blocks: words, cards, buttons, pills, banners."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme

Tone = Literal["neutral", "ok", "warn", "danger", "accent"]
TOKEN_OF_TONE = {
    "neutral": "ink",
    "ok": "ok",
    "warn": "warn",
    "danger": "danger",
    "accent": "accent",
}


def set_role(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects on, and let the style see it."""
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Text(QLabel):
    """Words in a role of the style sheet: title, heading, label, strong, muted, small, error, ok.

    Wraps by itself, so that 200 % text never runs out of its card. The text is plain.
    """

    def __init__(
        self, text: str = "", role: str = "", parent: QWidget | None = None, *, wrap: bool = True
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if role:
            set_role(self, "role", role)


class Prose(Text):
    """What somebody wrote, in lines that the eye can follow however wide the screen is."""

    WIDEST = 780

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "", parent)
        theme.current().changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setMaximumWidth(theme.current().pixels(self.WIDEST))


class IconLabel(QLabel):
    """An icon beside words. Silent to screen readers: the words say it."""

    def __init__(
        self, name: str, token: str = "muted", size: int = 20, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._token, self._size = name, token, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self._render)
        self._render()

    def show_icon(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._render()

    def _render(self) -> None:
        self.setPixmap(icons.pixmap(self._name, self._token, self._size))


class Card(QFrame):
    """A white surface with a hairline, optionally headed. Add content to `body`."""

    def __init__(self, heading: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 16, 20, 18)
        outer.setSpacing(10)
        self.head = QHBoxLayout()
        self.head.setSpacing(10)
        self.heading = Text(heading, "heading", self)
        self.heading.setVisible(bool(heading))
        self.head.addWidget(self.heading, 1)
        outer.addLayout(self.head)
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        outer.addLayout(self.body)


class Button(QPushButton):
    """A button of at least 44 px with optional icon. tone: "", "primary", "danger", "quiet"."""

    tone = ""

    def __init__(
        self, text: str, parent: QWidget | None = None, *, icon: str = "", name: str = ""
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self.say(text)
        if self.tone:
            self.setProperty("tone", self.tone)
        if name:
            self.setObjectName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        theme.current().changed.connect(self._render)
        self._render()

    def say(self, text: str) -> None:
        """Change the words."""
        # WORKAROUND Qt puts no space between icon and words; a no-break space is the smallest fix.
        self.setText(f"\u00a0{text}" if self._icon else text)
        self.setAccessibleName(text)

    def _render(self) -> None:
        if self._icon:
            side = theme.current().pixels(18)
            self.setIconSize(QSize(side, side))
            icon = icons.icon(self._icon, self._icon_token(), 18)
            # Qt's own grey of a white icon cannot be seen on the ground of a button at rest.
            icon.addPixmap(icons.pixmap(self._icon, "muted", 18), QIcon.Mode.Disabled)
            self.setIcon(icon)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.tone == "primary" and self.hasFocus():
            # The blue ring alone is hard to tell from the accent, so a light line parts them.
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().color("on_accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 8, 8)

    def _icon_token(self) -> str:
        return {"primary": "on_accent", "danger": "danger", "quiet": "accent"}.get(self.tone, "ink")


class PrimaryButton(Button):
    """The one thing to do here."""

    tone = "primary"


class SecondaryButton(Button):
    """Something else that can be done."""


class DangerButton(Button):
    """Takes something back or away."""

    tone = "danger"


class QuietButton(Button):
    """A link-like action in a list or a head."""

    tone = "quiet"


class Tag(QLabel):
    """A small word in a tone: a state, a level, a kind."""

    def __init__(self, text: str, tone: Tone = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setObjectName("tag")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        set_role(self, "tone", tone)

    def say(self, text: str, tone: Tone) -> None:
        self.setText(text)
        set_role(self, "tone", tone)


class Chip(Tag):
    """A calm fact about a person ("Tolk: somali")."""


class Pill(QPushButton):
    """Icon and words in a tone; clickable. The sync pill is one."""

    def __init__(
        self, icon: str, text: str, tone: Tone = "neutral", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("pill")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icon = ""
        self._tone: Tone = tone
        theme.current().changed.connect(self._render)
        self.say(icon, text, tone)

    def say(self, icon: str, text: str, tone: Tone) -> None:
        self._icon, self._tone = icon, tone
        self.setText(f"\u00a0{text}")  # WORKAROUND as in Button.say
        self.setAccessibleName(text)
        set_role(self, "tone", tone)
        self._render()

    def _render(self) -> None:
        side = theme.current().pixels(17)
        self.setIconSize(QSize(side, side))
        self.setIcon(icons.icon(self._icon, TOKEN_OF_TONE[self._tone], 17))


_BANNER_ICON = {
    "neutral": "info",
    "accent": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "danger": "circle-alert",
}


class Banner(QFrame):
    """A line across the page: quiet information, a warning or a danger, with optional action."""

    def __init__(
        self, text: str = "", tone: Tone = "neutral", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("surface", "banner")  # a page may give it another name
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(10)
        self._icon = IconLabel("info", parent=self)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self.text = Text(parent=self)
        row.addWidget(self.text, 1)
        self._row = row
        self.say(text, tone)

    def say(self, text: str, tone: Tone = "neutral") -> None:
        """Show `text`, or hide the line when it is empty."""
        self.text.setText(text)
        self.setAccessibleName(text)
        set_role(self, "tone", tone)
        self._icon.show_icon(_BANNER_ICON[tone], TOKEN_OF_TONE[tone])
        self.setVisible(bool(text))

    def add_button(self, button: QAbstractButton) -> None:
        self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)


class EmptyState(QWidget):
    """Says what is empty and why, with one button where something can be done about it."""

    def __init__(
        self, icon: str, title: str, detail: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 28, 24, 28)
        self._column.setSpacing(8)
        centre = Qt.AlignmentFlag.AlignHCenter
        self._column.addWidget(IconLabel(icon, "muted", 30, self), 0, centre)
        for text, role in ((title, "heading"), (detail, "muted")):
            label = Text(text, role, self)
            label.setAlignment(centre)
            label.setVisible(bool(text))
            self._column.addWidget(label)

    def add_button(self, button: QAbstractButton) -> None:
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)


class PageHeader(QWidget):
    """Title and one line under it, with room for the page's actions at the right."""

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.title = Text(title, "title", self)
        self.subtitle = Text(subtitle, "muted", self)
        self.subtitle.setVisible(bool(subtitle))
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        row.addLayout(words, 1)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        row.addLayout(self.buttons)

    def say(self, title: str, subtitle: str = "") -> None:
        self.title.setText(title)
        self.subtitle.setText(subtitle)
        self.subtitle.setVisible(bool(subtitle))


class FormField(QWidget):
    """Label, editor, a quiet help line and an error line that says what is wrong."""

    def __init__(
        self, label: str, editor: QWidget, help_text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.editor = editor
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.label = Text(label, "label", self)
        self.label.setBuddy(editor)
        if not editor.accessibleName():
            editor.setAccessibleName(label)
        column.addWidget(self.label)
        column.addWidget(editor)
        self._help = Text(help_text, "small", self)
        self._help.setVisible(bool(help_text))
        column.addWidget(self._help)
        self._error = Text("", "error", self)
        self._error.hide()
        column.addWidget(self._error)

    @property
    def problem(self) -> str:
        return self._error.text()

    def say_problem(self, text: str) -> None:
        """Show what is wrong with the value, or take the line away with an empty text."""
        self._error.setText(text)
        self._error.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)
        set_role(self.editor, "problem", bool(text))


class SearchField(QLineEdit):
    """Search as you type. `searched(str)` comes 80 ms after the last key; Enter comes at once.

    Signals:
        searched(str): the text to search for.
        down_pressed(): the user wants to go into the list below.
    """

    searched = Signal(str)
    down_pressed = Signal()

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("search")
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        # WORKAROUND icons that Qt itself puts into a line stay 16 px at any text size, and its
        # clear button has no picture on Linux; so both are ours.
        self._icon = IconLabel("search", "muted", 18, self)
        self.clear_button = QToolButton(self)
        self.clear_button.setAccessibleName(self.tr("Tøm søket"))
        self.clear_button.setToolTip(self.tr("Tøm søket"))
        self.clear_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Esc or Ctrl+A does it by key
        self.clear_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clear_button.clicked.connect(self._on_clear)
        self.clear_button.hide()
        self.debounce = QTimer(self)
        self.debounce.setSingleShot(True)
        self.debounce.setInterval(80)
        self.debounce.timeout.connect(self._announce)
        self.textChanged.connect(self._restart)
        self.returnPressed.connect(self._announce)
        theme.current().changed.connect(self._render)
        self._render()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _restart(self, text: str) -> None:
        self.clear_button.setVisible(bool(text))
        self.debounce.start()

    def _on_clear(self) -> None:
        self.clear()
        self.setFocus()
        self._announce()

    def _announce(self) -> None:
        self.debounce.stop()
        self.searched.emit(self.text())

    def _render(self) -> None:
        look = theme.current()
        side = look.pixels(18)
        self.clear_button.setIcon(icons.icon("x", "muted", 18))
        self.clear_button.setIconSize(QSize(side, side))
        # The style sheet pads the text by 12; the icons stand inside these margins.
        self.setTextMargins(side + 8, 0, side + 14, 0)
        self._place()

    def _place(self) -> None:
        gap = theme.current().pixels(12)
        self._icon.adjustSize()
        self._icon.move(gap, (self.height() - self._icon.height()) // 2)
        side = max(0, self.height() - 8)
        self.clear_button.setGeometry(self.width() - side - 4, 4, side, side)


class Avatar(QWidget):
    """Initials in a circle; decoration only, the name stands beside it."""

    def __init__(self, initials: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._initials = initials
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    def say(self, initials: str) -> None:
        self._initials = initials
        self.update()

    def sizeHint(self) -> QSize:
        side = theme.current().pixels(48)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent_soft"))
        painter.drawEllipse(self.rect())
        painter.setPen(look.color("accent"))
        painter.setFont(look.font(17, look.font().Weight.DemiBold))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._initials)


class Snackbar(QFrame):
    """Says what was just done, for ten seconds, with an undo where there is one.

    It lies over the bottom of its parent; a `docked` one is put into a layout instead, where it
    covers nothing that somebody is about to press.

    Signals:
        undo_asked(): the user took the last act back.
    """

    undo_asked = Signal()
    SHOWN_MILLISECONDS = 10_000

    def __init__(self, parent: QWidget, *, docked: bool = False) -> None:
        super().__init__(parent)
        self._docked = docked
        self.setObjectName("snackbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(18, 8, 18, 8)
        row.setSpacing(12)
        self.text = Text(parent=self)
        row.addWidget(self.text, 1)
        self.undo = QPushButton(self.tr("Angre"), self)
        self.undo.clicked.connect(self._on_undo)
        row.addWidget(self.undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self._over = parent
        parent.installEventFilter(self)
        theme.current().changed.connect(self._place_later)
        self.hide()

    def say(self, text: str, *, undo: bool = False) -> None:
        self.text.setText(text)
        self.setAccessibleName(text)
        self.undo.setVisible(undo)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(self.SHOWN_MILLISECONDS)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show) and not self.isHidden():
            self._place()
        return False

    def _on_undo(self) -> None:
        self.hide()
        self.undo_asked.emit()

    def _place_later(self) -> None:
        """Sizes of the new look are known when the event loop has been round."""
        if not self.isHidden():
            QTimer.singleShot(0, self, self._place)

    def _place(self) -> None:
        """At the bottom, as wide as the words want and the window allows, as high as that needs."""
        if self._docked:
            return
        room = self._over.width() - 32
        words = self.text.fontMetrics().horizontalAdvance(self.text.text())
        margins = self._row.contentsMargins()
        width = words + margins.left() + margins.right() + 8
        if not self.undo.isHidden():
            width += self._row.spacing() + self.undo.sizeHint().width()
        width = min(width, room)
        self._row.invalidate()
        height = max(self._row.totalHeightForWidth(width), self._row.totalMinimumSize().height())
        self.resize(width, height)
        self.move((self._over.width() - width) // 2, self._over.height() - height - 20)


class Divider(QWidget):
    """A hairline between rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme.current().color("line"))


class ProgressLine(QWidget):
    """Records done of a known or unknown total, with the words under it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done, self._total = 0, 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 0)
        self.text = Text("", "muted", self)
        column.addWidget(self.text)

    def say(self, done: int, total: int, text: str) -> None:
        """`total` 0 means that it is not known yet."""
        self._done, self._total = done, total
        self.text.setText(text)
        self.setAccessibleName(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(0, 0, self.width(), 8)
        painter.setBrush(look.color("sunken"))
        painter.drawRoundedRect(track, 4, 4)
        share = self._done / self._total if self._total else 0.0
        painter.setBrush(look.color("accent"))
        painter.drawRoundedRect(QRectF(0, 0, track.width() * min(1.0, share), 8), 4, 4)


class Clickable(QFrame):
    """A card or row that acts as one big button: click, Enter or Space.

    Signals:
        clicked(): the row was chosen.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            draw_focus_ring(self)


def draw_focus_ring(widget: QWidget) -> None:
    """Paint the focus ring of a widget that Qt does not ring by itself."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = painter.pen()
    pen.setColor(QColor(theme.current().color("focus")))
    pen.setWidth(2)
    painter.setPen(pen)
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(1, 1, -1, -1), 10, 10)


def row_of(*widgets: QWidget | None, spacing: int = 8) -> QHBoxLayout:
    """Return a row of widgets; None becomes a stretch."""
    layout = QHBoxLayout()
    _fill(layout, widgets, spacing)
    return layout


def column_of(*widgets: QWidget | None, spacing: int = 8) -> QVBoxLayout:
    """Return a column of widgets; None becomes a stretch."""
    layout = QVBoxLayout()
    _fill(layout, widgets, spacing)
    return layout


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete its widgets.

    The focus stays at this place. Qt would hand it on to whatever comes next, and a scroll area
    would follow it there: the page would jump whenever its rows are made anew.
    """
    focused, holder = QApplication.focusWidget(), layout.parentWidget()
    if focused is not None and holder is not None and _holds(layout, focused):
        holder.setFocus()
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


def _holds(layout: QLayout, widget: QWidget) -> bool:
    for number in range(layout.count()):
        item = layout.itemAt(number)
        found, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if found is not None and (found is widget or found.isAncestorOf(widget)):
            return True
        if inner is not None and _holds(inner, widget):
            return True
    return False


def _fill(layout: QBoxLayout, widgets: tuple[QWidget | None, ...], spacing: int) -> None:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget)
