"""Lists of two-line rows: a model that keeps its selection by id, and the delegate that paints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui import icons, theme
from ui.widgets.basics import TOKEN_OF_TONE, Tone

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True, slots=True)
class RowTag:
    """A small word at the right of a row."""

    text: str
    tone: Tone = "neutral"
    icon: str = ""
    spoken: str = ""
    """Read instead of `text`, for a mark that is an icon alone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: icon, title, a quiet second line and tags. `spoken` is read by a screen reader."""

    id: str
    title: str
    detail: str = ""
    icon: str = ""
    icon_tone: Tone = "neutral"
    tags: tuple[RowTag, ...] = ()
    lead: str = ""
    """Shown before the title in a column of its own, such as a time."""

    @property
    def spoken(self) -> str:
        parts = [self.lead, self.title, self.detail, *(tag.spoken or tag.text for tag in self.tags)]
        return ", ".join(part for part in parts if part)


class ListModel(QAbstractListModel):
    """Rows of a list; `set_rows` replaces all of them at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken
        return row if role == ROW_ROLE else None

    def set_rows(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, number: int) -> Row:
        return self._rows[number]

    def number_of(self, row_id: str) -> int | None:
        return next((n for n, row in enumerate(self._rows) if row.id == row_id), None)


class RowDelegate(QStyledItemDelegate):
    """Paints rows from metrics alone, so that they grow with the text."""

    PADDING = 12

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        title, detail, _ = self._fonts()
        height = QFontMetrics(title).height() + QFontMetrics(detail).height() + 2 * 9 + 3
        return QSize(100, max(52, height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        look = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area: QRect = option.rect
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("accent_soft"))
            painter.drawRoundedRect(QRectF(area).adjusted(4, 2, -4, -2), 8, 8)
        painter.setPen(look.color("line"))
        painter.drawLine(area.left() + 12, area.bottom(), area.right() - 12, area.bottom())
        inner = area.adjusted(self.PADDING + 4, 0, -self.PADDING - 4, 0)
        inner.setLeft(self._paint_icon(painter, row, inner))
        inner.setLeft(self._paint_lead(painter, row, inner))
        inner.setRight(self._paint_tags(painter, row, inner))
        self._paint_words(painter, row, inner)
        painter.restore()

    def _fonts(self) -> tuple[QFont, QFont, QFont]:
        look = theme.current()
        strong = look.font().Weight.DemiBold
        return look.font(15, strong), look.font(13.5), look.font(13, strong)

    def _paint_icon(self, painter: QPainter, row: Row, area: QRect) -> int:
        if not row.icon:
            return area.left()
        side = theme.current().pixels(20)
        picture = icons.pixmap(row.icon, _token(row.icon_tone), 20)
        painter.drawPixmap(area.left(), area.center().y() - side // 2, picture)
        return area.left() + side + 12

    def _paint_lead(self, painter: QPainter, row: Row, area: QRect) -> int:
        if not row.lead:
            return area.left()
        look = theme.current()
        font = look.font(15, look.font().Weight.DemiBold)
        width = QFontMetrics(font).horizontalAdvance("00:00") + 8
        width = max(width, QFontMetrics(font).horizontalAdvance(row.lead) + 8)
        painter.setFont(font)
        painter.setPen(look.color("muted"))
        spot = QRect(area.left(), area.top(), width, area.height())
        painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, row.lead)
        return area.left() + width + 6

    def _paint_tags(self, painter: QPainter, row: Row, area: QRect) -> int:
        tags = self._fitting(row.tags, round(area.width() * 0.65))
        right = area.right()
        for tag in reversed(tags):
            width = self._tag_width(tag)
            self._paint_tag(painter, tag, QRect(right - width, area.top(), width, area.height()))
            right -= width + 8
        return right

    def _fitting(self, tags: Sequence[RowTag], room: int) -> list[RowTag]:
        """The first tags that fit; what is left out is counted in a last one, never silent."""
        for shown in range(len(tags), -1, -1):
            left_out = len(tags) - shown
            kept = list(tags[:shown])
            if left_out:
                kept.append(RowTag(f"+{left_out}", tags[shown].tone))
            if sum(self._tag_width(tag) + 8 for tag in kept) <= room:
                return kept
        return []

    def _tag_width(self, tag: RowTag) -> int:
        _, _, font = self._fonts()
        side = theme.current().pixels(15) + 5 if tag.icon else 0
        return QFontMetrics(font).horizontalAdvance(tag.text) + 20 + side

    def _paint_tag(self, painter: QPainter, tag: RowTag, area: QRect) -> None:
        look = theme.current()
        _, _, font = self._fonts()
        height = QFontMetrics(font).height() + 8
        box = QRectF(area.left(), area.center().y() - height / 2, area.width(), height)
        neutral = tag.tone == "neutral"
        painter.setPen(look.color("line" if neutral else f"{tag.tone}_line"))
        painter.setBrush(look.color("sunken" if neutral else f"{tag.tone}_soft"))
        painter.drawRoundedRect(box, height / 2, height / 2)
        left = box.left() + 10
        if tag.icon:
            side = look.pixels(15)
            picture = icons.pixmap(tag.icon, _token(tag.tone), 15)
            painter.drawPixmap(round(left), round(box.center().y() - side / 2), picture)
            left += side + 5
        painter.setFont(font)
        painter.setPen(look.color(TOKEN_OF_TONE[tag.tone]))
        words = QRectF(left, box.top(), box.right() - left, height)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, tag.text)

    def _paint_words(self, painter: QPainter, row: Row, area: QRect) -> None:
        look = theme.current()
        strong, quiet = look.font(15, look.font().Weight.DemiBold), look.font(13.5)
        above, below = QFontMetrics(strong), QFontMetrics(quiet)
        total = above.height() + (below.height() + 3 if row.detail else 0)
        top = area.center().y() - total // 2 + 1
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(strong)
        painter.setPen(look.color("ink"))
        line = QRect(area.left(), top, area.width(), above.height())
        painter.drawText(line, 0, above.elidedText(row.title, elide, area.width()))
        if row.detail:
            painter.setFont(quiet)
            painter.setPen(look.color("muted"))
            line = QRect(area.left(), top + above.height() + 3, area.width(), below.height())
            painter.drawText(line, 0, below.elidedText(row.detail, elide, area.width()))


def _token(tone: Tone) -> str:
    return "muted" if tone == "neutral" else tone


class RowList(QListView):
    """A list worked by arrows and Enter, by click or by touch.

    Signals:
        activated_id(str): a row was chosen by Enter or click.
        current_id_changed(str): another row is current.
    """

    activated_id = Signal(str)
    current_id_changed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.rows = ListModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(RowDelegate(self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.clicked.connect(lambda index: self._announce(index.row()))
        self.selectionModel().currentChanged.connect(self._on_current)
        theme.current().changed.connect(self.doItemsLayout)

    @property
    def current_id(self) -> str | None:
        index = self.currentIndex()
        return self.rows.row(index.row()).id if index.isValid() else None

    def set_rows(self, rows: Sequence[Row], *, select_first: bool = False) -> None:
        """Show other rows; the current one stays current where it is still there."""
        kept = self.current_id
        blocked = self.selectionModel().blockSignals(True)
        self.rows.set_rows(rows)
        number = self.rows.number_of(kept) if kept is not None else None
        if number is None and select_first and rows:
            number = 0
        if number is not None:
            self.setCurrentIndex(self.rows.index(number))
        self.selectionModel().blockSignals(blocked)
        self.viewport().update()

    def select_id(self, row_id: str) -> None:
        number = self.rows.number_of(row_id)
        if number is not None:
            self.setCurrentIndex(self.rows.index(number))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            index = self.currentIndex()
            if not index.isValid() and self.rows.rowCount():
                index = self.rows.index(0)
            if index.isValid():
                self._announce(index.row())
                return
        super().keyPressEvent(event)

    def fit_height(self, most: int = 12) -> None:
        """Be just as high as the rows need, for a list inside a scrolling page."""
        count = min(most, max(1, self.rows.rowCount()))
        row = self.itemDelegate().sizeHint(QStyleOptionViewItem(), QModelIndex()).height()
        self.setFixedHeight(count * row + 6)

    def _announce(self, number: int) -> None:
        self.activated_id.emit(self.rows.row(number).id)

    def _on_current(self, current: QModelIndex, previous: QModelIndex) -> None:
        del previous
        if current.isValid():
            self.current_id_changed.emit(self.rows.row(current.row()).id)
