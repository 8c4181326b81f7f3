"""The painted weeks: one column for each weekday, one lane for each substance group."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.services.calendar import Mark, MedicineDays
from ui import theme
from ui.calendar.state import LOOKS, Look, Shape, day_of, day_text, has_alarm, summary

_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -7,
    Qt.Key.Key_Down: 7,
}


class CalendarPicture(QWidget):
    """Arrows move from day to day, Home and End within the week, Page Up and Down the period.

    Signals: `day_chosen(object)` a date; `turned(int)` -1 for earlier, 1 for later.
    """

    day_chosen = Signal(object)
    turned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("calendarPicture")
        self._days: MedicineDays | None = None
        self.day: date | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self._resize)

    def show_days(self, days: MedicineDays, day: date) -> None:
        """Show other days, `day` among them chosen."""
        self._days = days
        self.choose(day)
        self._resize()

    def choose(self, day: date) -> None:
        """Choose a day without telling anybody."""
        self.day = day
        if self._days is not None:
            self.setAccessibleName(summary(self._days))
            self.setAccessibleDescription(day_text(self._days, day))
        self.update()

    # --- sizes

    def sizeHint(self) -> QSize:
        return QSize(theme.current().pixels(470), round(self._height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().pixels(250), round(self._height()))

    def _resize(self) -> None:
        self.setFixedHeight(round(self._height()))
        self.updateGeometry()
        self.update()

    def _weeks(self) -> int:
        if self._days is None:
            return 1
        return max(1, ((self._days.last - self._days.first).days + 1) // 7)

    def _lanes(self) -> int:
        return max(1, len(self._days.groups)) if self._days is not None else 1

    def _lane(self) -> float:
        return theme.current().touch(32)

    def _line(self) -> float:
        return QFontMetricsF(theme.current().font(12)).height()

    def _head(self) -> float:
        return self._line() + 8

    def _row(self) -> float:
        """A week is high enough for a thumb."""
        return max(self._line() + 6 + self._lanes() * self._lane() + 6, theme.current().touch(46))

    def _height(self) -> float:
        return self._head() + self._weeks() * self._row() + 4

    def _left(self) -> float:
        """Room for the lanes' numbers, where there is more than one."""
        if self._lanes() == 1:
            return 2
        return QFontMetricsF(theme.current().font(12)).horizontalAdvance("0") + 10

    def _cell(self, index: int) -> QRectF:
        width = (self.width() - self._left() - 2) / 7
        row, column = divmod(index, 7)
        return QRectF(
            self._left() + column * width, self._head() + row * self._row(), width, self._row()
        )

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._days is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_weekdays(painter)
        count = (self._days.last - self._days.first).days + 1
        for index in range(count):
            self._paint_cell(painter, index, self._days.first + timedelta(days=index))

    def _paint_weekdays(self, painter: QPainter) -> None:
        look = theme.current()
        painter.setFont(look.font(12, look.font().Weight.DemiBold))
        painter.setPen(look.color("muted"))
        for column in range(7):
            cell = self._cell(column)
            spot = QRectF(cell.left(), 0, cell.width(), self._head())
            name = QLocale().dayName(column + 1, QLocale.FormatType.ShortFormat).rstrip(".")
            painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_cell(self, painter: QPainter, index: int, day: date) -> None:
        assert self._days is not None
        look = theme.current()
        cell = self._cell(index).adjusted(1.5, 1.5, -1.5, -1.5)
        today = day == self._days.today
        painter.setPen(QPen(look.color("accent" if today else "line"), 2 if today else 1))
        painter.setBrush(look.color("accent_soft" if today else "surface"))
        painter.drawRoundedRect(cell, 6, 6)
        weight = look.font().Weight.Bold if today else look.font().Weight.Normal
        painter.setFont(look.font(12, weight))
        painter.setPen(look.color("ink" if today else "muted"))
        number = f"{day.day}.{day.month}." if day.day == 1 or index == 0 else f"{day.day}"
        box = QRectF(cell.left() + 5, cell.top() + 2, cell.width() - 8, self._line())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, number)
        for lane, group in enumerate(self._days.groups):
            top = cell.top() + 3 + self._line() + lane * self._lane()
            room = QRectF(cell.left() + 3, top, cell.width() - 6, self._lane())
            if len(self._days.groups) > 1 and index % 7 == 0:
                self._paint_lane_number(painter, room, lane + 1)
            found = day_of(group, day)
            if found is not None:
                paint_mark(painter, room, found.mark)
                if has_alarm(found):
                    _paint_alarm(painter, room)
        if day == self.day:
            self._paint_choice(painter, cell)

    def _paint_lane_number(self, painter: QPainter, room: QRectF, number: int) -> None:
        look = theme.current()
        painter.setFont(look.font(12, look.font().Weight.DemiBold))
        painter.setPen(look.color("muted"))
        spot = QRectF(0, room.top(), self._left(), room.height())
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, str(number))

    def _paint_choice(self, painter: QPainter, cell: QRectF) -> None:
        look = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 3 if self.hasFocus() else 2
        painter.setPen(QPen(look.color("focus" if self.hasFocus() else "outline"), width))
        painter.drawRoundedRect(cell.adjusted(-0.5, -0.5, 0.5, 0.5), 7, 7)

    # --- the hand

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._days is None or self.day is None:
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._go(self.day + timedelta(days=_STEPS[key]))
        elif key == Qt.Key.Key_Home:
            self._go(self.day - timedelta(days=self.day.isoweekday() - 1))
        elif key == Qt.Key.Key_End:
            self._go(self.day + timedelta(days=7 - self.day.isoweekday()))
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.turned.emit(-1 if key == Qt.Key.Key_PageUp else 1)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._days is None:
            return
        for index in range((self._days.last - self._days.first).days + 1):
            if self._cell(index).contains(event.position()):
                self._go(self._days.first + timedelta(days=index))

    def _go(self, day: date) -> None:
        assert self._days is not None
        if self._days.first <= day <= self._days.last:
            self.choose(day)
            self.day_chosen.emit(day)


# --- marks


def paint_mark(painter: QPainter, room: QRectF, mark: Mark) -> None:
    """Draw a mark in the middle of `room`; nothing for a day without medicine."""
    drawn = LOOKS.get(mark)
    if drawn is None:
        return
    look = theme.current()
    ink = look.color(drawn.tone)
    size = min(room.height() - 4, room.width() - 2)
    box = QRectF(0, 0, size, size)
    box.moveCenter(room.center())
    filled = drawn.shape in (Shape.DISC, Shape.SQUARE, Shape.DIAMOND)
    _paint_shape(painter, drawn, box, room)
    if drawn.letter:
        painter.setPen(look.color("surface") if filled else ink)
        font = look.font(13, look.font().Weight.Bold)
        font.setPixelSize(max(8, round(size * 0.56)))
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, drawn.letter)


def _paint_shape(painter: QPainter, drawn: Look, box: QRectF, room: QRectF) -> None:
    look, shape = theme.current(), drawn.shape
    ink = look.color(drawn.tone)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(ink))
    if shape is Shape.DISC:
        painter.drawEllipse(box)
    elif shape is Shape.SQUARE:
        painter.drawRoundedRect(box, 4, 4)
    elif shape is Shape.DIAMOND:
        center, half = box.center(), box.width() / 2 + 1
        corners = [QPointF(0, -half), QPointF(half, 0), QPointF(0, half), QPointF(-half, 0)]
        painter.drawPolygon(QPolygonF([center + corner for corner in corners]))
    elif shape is Shape.BAR:
        height = max(4.0, box.height() * 0.2)
        bar = QRectF(room.left(), room.center().y() - height / 2, room.width(), height)
        painter.drawRoundedRect(bar, height / 2, height / 2)
    elif shape is Shape.HALF:
        painter.drawPath(_half(box))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, 2))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    elif shape is Shape.DOT:
        size = box.width() * 0.26
        painter.setPen(QPen(ink, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.center(), size, size)
    else:
        dashed = shape is Shape.DASHED
        painter.setBrush(look.color(f"{drawn.tone}_soft"))
        painter.setPen(QPen(ink, 2, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))


def _half(box: QRectF) -> QPainterPath:
    path = QPainterPath(QPointF(box.center().x(), box.top()))
    path.arcTo(box, 90, 180)
    path.closeSubpath()
    return path


def _paint_alarm(painter: QPainter, room: QRectF) -> None:
    """A triangle with an exclamation mark, in the corner of a day that somebody must look at."""
    look = theme.current()
    size = room.height() * 0.5
    center = QPointF(room.right() - size / 2, room.top() + size / 2 - 2)
    painter.setPen(QPen(look.color("surface"), 1.5))
    painter.setBrush(look.color("danger"))
    painter.drawPolygon(
        QPolygonF(
            [
                center + QPointF(0, -size / 2),
                center + QPointF(size / 2, size / 2),
                center + QPointF(-size / 2, size / 2),
            ]
        )
    )
    font = look.font(11, look.font().Weight.Bold)
    font.setPixelSize(max(7, round(size * 0.66)))
    painter.setFont(font)
    painter.setPen(look.color("on_danger"))
    box = QRectF(center.x() - size / 2, center.y() - size / 2 + size * 0.12, size, size)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "!")
