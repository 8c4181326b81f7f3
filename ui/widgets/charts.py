"""Painted pictures: a trend with its bands. Margins come from the metrics of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.basics import Tone


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One value; `label` is what stands under it on the axis."""

    day: date
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class TrendBand:
    """A range of values with its meaning, both ends included."""

    lowest: float
    highest: float
    label: str
    tone: Tone = "neutral"


class TrendChart(QWidget):
    """Values over time above their bands; the last one is written out.

    The accessible name says what the picture shows; a page puts a table beside it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: Sequence[TrendPoint] = ()
        self._bands: Sequence[TrendBand] = ()
        self._highest = 1.0
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_trend(
        self,
        points: Sequence[TrendPoint],
        bands: Sequence[TrendBand],
        highest: float,
        spoken: str,
    ) -> None:
        """Show `points` (oldest first) on a scale from 0 to `highest`; `spoken` is the name."""
        self._points, self._bands, self._highest = points, bands, highest
        self.setAccessibleName(spoken)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.pixels(420), look.pixels(230))

    def minimumSizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.pixels(240), look.pixels(190))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.current().font(12.5)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        left = metrics.horizontalAdvance(f"{self._highest:g}") + 10
        right = metrics.horizontalAdvance("000") + 14
        area = QRectF(
            left,
            metrics.height() / 2 + 2,
            self.width() - left - right,
            self.height() - metrics.height() * 2 - 8,
        )
        self._paint_bands(painter, area, metrics)
        self._paint_scale(painter, area, metrics)
        self._paint_line(painter, area, metrics)

    def _y(self, area: QRectF, value: float) -> float:
        return area.bottom() - area.height() * value / self._highest

    def _paint_bands(self, painter: QPainter, area: QRectF, metrics: QFontMetricsF) -> None:
        look = theme.current()
        for band in self._bands:
            top = self._y(area, min(self._highest, band.highest + 1))
            box = QRectF(area.left(), top, area.width(), self._y(area, band.lowest) - top)
            soft = "sunken" if band.tone == "neutral" else f"{band.tone}_soft"
            painter.fillRect(box, look.color(soft))
            painter.setPen(QPen(look.color("line"), 1))
            painter.drawLine(box.topLeft(), box.topRight())
            painter.setPen(look.color("muted"))
            if box.height() >= metrics.height() + 2:
                words = box.adjusted(8, 3, -8, 0)
                elided = metrics.elidedText(band.label, Qt.TextElideMode.ElideRight, words.width())
                painter.drawText(words, Qt.AlignmentFlag.AlignTop, elided)

    def _paint_scale(self, painter: QPainter, area: QRectF, metrics: QFontMetricsF) -> None:
        """Numbers where bands begin, from the top down; one that would touch another is left out,
        so that a threshold just above 0 is kept and the 0 goes."""
        painter.setPen(theme.current().color("muted"))
        begins = {self._highest, 0.0, *(band.lowest for band in self._bands)}
        free_from = float("-inf")
        for value in sorted(begins, reverse=True):
            y = self._y(area, value)
            if y < free_from:
                continue
            spot = QRectF(0, y - metrics.height() / 2, area.left() - 6, metrics.height())
            painter.drawText(spot, Qt.AlignmentFlag.AlignRight, f"{value:g}")
            free_from = y + metrics.height()

    def _paint_line(self, painter: QPainter, area: QRectF, metrics: QFontMetricsF) -> None:
        if not self._points:
            return
        look = theme.current()
        spots = self._spots(area)
        painter.setPen(QPen(look.color("accent"), 2.5))
        painter.drawPolyline(QPolygonF(spots))
        painter.setBrush(look.color("surface"))
        for spot in spots:
            painter.drawEllipse(spot, 4.5, 4.5)
        painter.setPen(look.color("ink"))
        last = self._points[-1]
        painter.setFont(look.font(15, look.font().Weight.Bold))
        painter.drawText(spots[-1] + QPointF(10, 5), f"{last.value:g}")
        painter.setFont(look.font(12.5))
        painter.setPen(look.color("muted"))
        free_from = -1.0
        for spot, point in zip(spots, self._points, strict=True):
            width = metrics.horizontalAdvance(point.label)
            x = max(0.0, min(spot.x() - width / 2, self.width() - width))
            if x >= free_from:
                painter.drawText(QPointF(x, area.bottom() + metrics.height() + 4), point.label)
                free_from = x + width + 14

    def _spots(self, area: QRectF) -> list[QPointF]:
        first, last = self._points[0].day, self._points[-1].day
        span = max(1, (last - first).days)
        inset = area.adjusted(10, 0, -10, 0)
        if len(self._points) == 1:
            return [QPointF(inset.center().x(), self._y(area, self._points[0].value))]
        return [
            QPointF(
                inset.left() + inset.width() * (point.day - first).days / span,
                self._y(area, point.value),
            )
            for point in self._points
        ]
