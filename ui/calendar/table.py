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
from PySide6.QtGui import QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from fieldapp.services.calendar import Mark
from ui import theme
from ui.calendar.picture import paint_mark
from ui.calendar.state import Line

translate = QCoreApplication.translate
Index = QModelIndex | QPersistentModelIndex

_ROOT = QModelIndex()
_STATUS = 1
MARK_PIXELS = 22


class DayTable(QTableView):
    """One row for each day and group with a mark. Signal: `day_chosen(object)` a date."""

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
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        self.selectionModel().currentRowChanged.connect(self._on_row)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show other rows; nothing is chosen."""
        blocked = self.blockSignals(True)
        self._lines.set_lines(lines)
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
        room = self.viewport().width()
        shares = (0.34, 0.30, 0.36)
        for column, share in enumerate(shares):
            self.setColumnWidth(column, round(room * share))
        self.resizeRowsToContents()

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

    def set_lines(self, lines: Sequence[Line]) -> None:
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            translate("calendar", "Døgn"),
            translate("calendar", "Status"),
            translate("calendar", "Mer"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            more = "\n".join(part for part in (line.group, line.detail) if part)
            return (line.when, line.status, more)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return line.spoken
        if role == Qt.ItemDataRole.DecorationRole and index.column() == _STATUS:
            return mark_icon(line.mark)
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
