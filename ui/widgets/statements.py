"""Rows that are read and not chosen: icon, words and a tag, wrapping instead of being cut."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.widgets.basics import TOKEN_OF_TONE, Divider, IconLabel, Tag, Text, clear
from ui.widgets.lists import Row


class Statements(QWidget):
    """Shows `Row` values as words in a layout. Takes no focus: there is nothing to open."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(9)
        self._rows: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; the same ones again are left as they are."""
        if tuple(rows) == self._rows:
            return
        self._rows = tuple(rows)
        clear(self._column)
        for number, row in enumerate(rows):
            if number:
                self._column.addWidget(Divider(self))
            self._column.addWidget(_Statement(row, self))


class _Statement(QWidget):
    def __init__(self, row: Row, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(row.spoken)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        top = Qt.AlignmentFlag.AlignTop
        if row.icon:
            line.addWidget(IconLabel(row.icon, _token(row), 20, self), 0, top)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Text(row.title, "strong", self))
        if row.detail:
            words.addWidget(Text(row.detail, "small", self))
        line.addLayout(words, 1)
        for tag in row.tags:
            line.addWidget(Tag(tag.text, tag.tone, self), 0, top)


def _token(row: Row) -> str:
    return "muted" if row.icon_tone == "neutral" else TOKEN_OF_TONE[row.icon_tone]
