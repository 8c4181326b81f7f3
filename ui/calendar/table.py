"""The same days as rows: what the picture shows, for those who read or listen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from fieldapp.services.calendar import Mark
from ui import theme
from ui.calendar.picture import paint_mark
from ui.calendar.state import Line

translate = QCoreApplication.translate
Index = QModelIndex | QPersistentModelIndex

_ROOT = QModelIndex()
MARK_PIXELS = 22


class DayTable(QTableView):
    """One row for each day, one column for each group. Signal: `day_chosen(object)` a date."""

    day_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("calendarTable")
        self.setAccessibleName(translate("calendar", "Medisindager som tabell"))
        self._lines = _Lines(self)
        self.setModel(self._lines)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(True)
        self.setAlternatingRowColors(True)
        self.setWordWrap(True)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.selectionModel().currentRowChanged.connect(self._on_row)

    def set_lines(self, lines: Sequence[Line], groups: Sequence[str]) -> None:
        """Show other rows, with the names of the groups above; nothing is chosen."""
        blocked = self.blockSignals(True)
        self._lines.set_lines(lines, groups)
        self.blockSignals(blocked)
        self._fit()

    def choose(self, day: date) -> None:
        """Go to the first row of a day without telling anybody; a day without a row: nowhere."""
        row = next((n for n, line in enumerate(self._lines.lines) if line.day == day), None)
        blocked = self.blockSignals(True)
        if row is None:
            self.clearSelection()
        elif self._day_at(self.currentIndex().row()) != day:
            self.selectRow(row)
        if row is not None:
            self.scrollTo(self._lines.index(row, 0))
        self.blockSignals(blocked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """Columns share the room; rows grow with words that wrap."""
        look = theme.current()
        self.setIconSize(QSize(look.pixels(MARK_PIXELS), look.pixels(MARK_PIXELS)))
        days = QFontMetrics(look.font()).horizontalAdvance("man 30. mmm") + look.pixels(18)
        room = self.viewport().width() - days
        self.setColumnWidth(0, days)
        count = max(1, self._lines.columnCount() - 1)
        for column in range(1, count + 1):
            self.setColumnWidth(column, room // count)
        self.resizeRowsToContents()
        for row in range(self._lines.rowCount()):
            self.setRowHeight(row, self.rowHeight(row) + look.pixels(8))

    def _day_at(self, row: int) -> date | None:
        return self._lines.lines[row].day if 0 <= row < len(self._lines.lines) else None

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, index: QModelIndex, before: QModelIndex) -> None:
        del before
        day = self._day_at(index.row())
        if day is not None:
            self.day_chosen.emit(day)


class _Lines(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: Sequence[Line] = ()
        self._groups: Sequence[str] = ()

    def set_lines(self, lines: Sequence[Line], groups: Sequence[str]) -> None:
        self.beginResetModel()
        self.lines, self._groups = lines, groups
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 1 + len(self._groups)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (translate("calendar", "Døgn"), *self._groups)[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line, column = self.lines[index.row()], index.column()
        cell = line.cells[column - 1] if column else None
        if role == Qt.ItemDataRole.DisplayRole:
            return line.when if cell is None else cell.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return line.when if cell is None else cell.text.replace("\n", ", ")
        if role == Qt.ItemDataRole.DecorationRole and cell is not None:
            return mark_icon(cell.mark)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


def mark_icon(mark: Mark) -> QIcon:
    """Return a mark as an icon, as the picture draws it."""
    return QIcon(mark_picture(mark, theme.current().pixels(MARK_PIXELS)))


def mark_picture(mark: Mark, size: int) -> QPixmap:
    """Return a mark as a picture of `size` logical pixels."""
    picture = QPixmap(size * 2, size * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_mark(painter, QRectF(0, 0, size, size), mark)
    painter.end()
    return picture
