"""Dialogs in the window's look. They are opened, never executed: the event loop stays one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.widgets.basics import Banner, DangerButton, FormField, PrimaryButton, SecondaryButton, Text
from ui.widgets.fitted import Fitted, settle_layouts


class Dialog(QDialog):
    """A titled sheet with content in `body` and its buttons at the bottom right.

    Ctrl+Enter accepts, Esc cancels; Enter alone sends nothing half filled in, and a dialog that
    ends with a secret connects it itself. The content scrolls when large text leaves no room.
    `confirm` names the act ("Signer og lås"), never just "OK".
    """

    WIDTH = 560
    """Width at 100 % text, where the window has the room."""

    def __init__(
        self,
        title: str,
        confirm: str,
        parent: QWidget | None = None,
        *,
        dangerous: bool = False,
        cancel: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(14)
        self.title = Text(title, "heading", self)
        outer.addWidget(self.title)
        self.problem = Banner("", "danger", self)
        outer.addWidget(self.problem)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._content = content = Fitted(self._scroll)
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(0, 2, 0, 2)
        self.body.setSpacing(12)
        self._scroll.setWidget(content)
        outer.addWidget(self._scroll, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        self.cancel_button = SecondaryButton(cancel or self.tr("Avbryt"), self, name="dialogCancel")
        self.confirm_button = (DangerButton if dangerous else PrimaryButton)(
            confirm, self, name="dialogConfirm"
        )
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.confirm_button)
        outer.addLayout(buttons)
        self._outer = outer
        self.cancel_button.clicked.connect(self.reject)
        self.confirm_button.clicked.connect(self.try_accept)
        for sequence in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(sequence), self).activated.connect(self.confirm_button.click)

    def check(self) -> str:
        """Return what is wrong as a sentence, or an empty text. Overridden by each dialog."""
        return ""

    def leave(self) -> None:
        """The window is about to lock or close: store what is being written here."""

    def holds_unsaved(self) -> bool:
        """True while something typed here could not be stored, so that only the dialog has it."""
        return False

    def half_typed(self) -> list[tuple[str, str]]:
        """What somebody has typed here and not sent, as (label, text); never a secret.

        Asked for when the window locks, after `leave`: it is sealed, and shown at the return.
        """
        fields: list[QLineEdit | QPlainTextEdit | QTextEdit] = [
            *self.findChildren(QLineEdit),
            *self.findChildren(QPlainTextEdit),
            *self.findChildren(QTextEdit),
        ]
        return [(_label_of(field), text) for field in fields if (text := _typed_in(field))]

    def try_accept(self) -> None:
        """Accept when `check` finds nothing wrong; otherwise say it and stay open."""
        problem = self.check()
        # A field that tells its own problem tells it where it is; it is not said twice.
        told = any(field.problem for field in self.findChildren(FormField))
        self.problem.say("" if told else problem, "danger")
        if not problem:
            self.accept()
        elif self.isVisible():
            self._fit()
            self._reveal_soon()

    def showEvent(self, event: QShowEvent) -> None:
        self._fit()
        super().showEvent(event)

    def _fit_soon(self) -> None:
        """Fit once new words have been given the look, after this event: then they know their
        size."""
        QTimer.singleShot(0, self, self._fit)

    def _reveal_soon(self) -> None:
        """Bring what is wrong under the eyes once it has its place: it may lie below the fold."""
        QTimer.singleShot(0, self, self._reveal)

    def _reveal(self) -> None:
        settle_layouts()
        inside = self._content
        wrong = [
            field
            for field in self.findChildren(FormField)
            if field.problem and field.isVisible() and inside.isAncestorOf(field)
        ]
        top = min(wrong, key=lambda field: field.mapTo(inside, QPoint()).y(), default=None)
        shown = top or self.focusWidget()
        if shown is not None and inside.isAncestorOf(shown):
            self._scroll.ensureWidgetVisible(shown, 0, 12)

    def _fit(self) -> None:
        """Be as large as the content needs, but never larger than the window below."""
        look = theme.current()
        parent = self.parentWidget()
        room = parent.window().size() if parent is not None else self.screen().availableSize()
        width = min(look.pixels(self.WIDTH), room.width() - 24)
        content, sides = self._content, self._outer.contentsMargins()
        inside = width - sides.left() - sides.right()
        content.setFixedWidth(inside)
        self.body.activate()
        # As beside a scroll bar: one that was there for a moment takes its width, words wrap once
        # more, and then it would stay.
        beside_bar = inside - self._scroll.verticalScrollBar().sizeHint().width()
        needed = self.body.heightForWidth(beside_bar) if self.body.hasHeightForWidth() else 0
        needed = needed if needed > 0 else self.body.sizeHint().height()
        # Everything round the content: margins, title, problem and buttons.
        self._outer.invalidate()
        around = self._outer.totalHeightForWidth(width) - self._scroll.sizeHint().height()
        height = needed + around + 4
        content.setMinimumWidth(0)
        content.setMaximumWidth(16777215)
        self.resize(width, min(height, room.height() - 24))


def _typed_in(field: QLineEdit | QPlainTextEdit | QTextEdit) -> str:
    """The text that a person has put into a field; "" for one left as the dialog filled it."""
    if field.isReadOnly():
        return ""
    if isinstance(field, QLineEdit):
        secret = field.echoMode() is not QLineEdit.EchoMode.Normal
        return "" if secret or not field.isModified() else field.text().strip()
    return field.toPlainText().strip() if field.document().isModified() else ""


def _label_of(field: QWidget) -> str:
    """What the field is called; one inside a date or a list goes by that one's name."""
    parent = field.parentWidget()
    return field.accessibleName() or (parent.accessibleName() if parent is not None else "")


class ConfirmDialog(Dialog):
    """One question, with what follows from yes."""

    def __init__(
        self,
        title: str,
        text: str,
        confirm: str,
        parent: QWidget | None = None,
        *,
        dangerous: bool = False,
    ) -> None:
        super().__init__(title, confirm, parent, dangerous=dangerous)
        self.body.addWidget(Text(text, parent=self))
        self.body.addStretch(1)
