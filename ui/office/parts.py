"""Building blocks of the office's pages: facts in a card, and two sides beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.office.state import Fact
from ui.office.values import Difference, typed
from ui.widgets import Text, clear

translate = QCoreApplication.translate

_WRONG = QT_TRANSLATE_NOOP("office", "Feltet «{0}» kan ikke leses slik. Ingenting er sendt.")


class Facts(QWidget):
    """Label and value on each line, read and not chosen."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(1, 3)

    def set_facts(self, facts: Sequence[Fact]) -> None:
        """Show other facts."""
        clear(self._grid)
        top = Qt.AlignmentFlag.AlignTop
        for number, fact in enumerate(facts):
            self._grid.addWidget(Text(fact.label, "muted", self), number, 0, top)
            self._grid.addWidget(Text(fact.value, fact.tone or "strong", self), number, 1, top)


class Comparison(QWidget):
    """Two columns with only the fields that differ; the left one can be turned into editors."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._heads = ("", "")
        self._rows: tuple[Difference, ...] = ()
        self._two = True
        self._editors: dict[str, QLineEdit | QPlainTextEdit] = {}

    @property
    def editing(self) -> bool:
        return bool(self._editors)

    @property
    def can_edit(self) -> bool:
        """True when a person can type at least one of the fields."""
        return any(row.editable for row in self._rows)

    def show_sides(
        self, left: str, right: str, rows: Sequence[Difference], *, two: bool = True
    ) -> None:
        """Show the fields; `two` False: the right side has no such record."""
        self._heads, self._rows, self._two = (left, right), tuple(rows), two
        self._fill(edit=False)

    def edit(self) -> None:
        """Let the left side be typed, and put the focus there."""
        self._fill(edit=True)
        for editor in self._editors.values():
            editor.setFocus()
            break

    def stop_editing(self) -> None:
        """Show what came, as it came."""
        self._fill(edit=False)

    def changes(self) -> dict[str, object]:
        """What was typed, by field. Raises ValueError with a sentence for what cannot be read."""
        found: dict[str, object] = {}
        for row in self._rows:
            editor = self._editors.get(row.field)
            if editor is None:
                continue
            text = editor.text() if isinstance(editor, QLineEdit) else editor.toPlainText()
            try:
                value = typed(row, text)
            except ValueError:
                raise ValueError(translate("office", str(_WRONG)).format(row.label)) from None
            if value != row.value:
                found[row.field] = value
        return found

    def _fill(self, *, edit: bool) -> None:
        clear(self._grid)
        self._editors = {}
        sides = (0, 1) if self._two else (0,)
        for side in (0, 1):
            self._grid.setColumnStretch(side, 1 if side in sides else 0)
        for side in sides:
            self._grid.addWidget(Text(self._heads[side], "label", self), 0, side)
        for number, row in enumerate(self._rows):
            at = 1 + 2 * number
            span = len(sides)
            self._grid.addWidget(Text(row.label, "strong", self), at, 0, 1, span)
            left = self._editor(row) if edit and row.editable else self._box(row.mine)
            self._grid.addWidget(left, at + 1, 0)
            if self._two:
                self._grid.addWidget(self._box(row.theirs), at + 1, 1)

    def _box(self, words: str) -> QWidget:
        box = QFrame(self)
        box.setObjectName("sunken")
        box.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(box)
        column.setContentsMargins(12, 9, 12, 9)
        column.addWidget(Text(words, "", box))
        column.addStretch(1)
        return box

    def _editor(self, row: Difference) -> QLineEdit | QPlainTextEdit:
        text = row.mine if row.value not in (None, "") else ""
        editor: QLineEdit | QPlainTextEdit
        if row.long:
            editor = QPlainTextEdit(text, self)
            editor.setTabChangesFocus(True)  # else Tab never leaves it
            editor.setMinimumHeight(theme.current().pixels(120))
        else:
            editor = QLineEdit(text, self)
        editor.setObjectName(f"edit_{row.field}")
        editor.setAccessibleName(row.label)
        self._editors[row.field] = editor
        return editor
