"""Puts a document of the register on a page: a printer, or a file in a folder that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)

from ui.register.documents import LABELS_ACROSS, LABELS_DOWN, STYLE

_RESOLUTION = 300
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class FolderError(OSError):
    """The file could not be written into the chosen folder."""

    code = "folder_not_written"


def draw(html: str, device: QPagedPaintDevice) -> None:
    """Print a document of flowing text; Qt adds margins of 2 cm and page numbers."""
    document = QTextDocument()
    font = QFont(QGuiApplication.font().family())
    font.setPointSizeF(9)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(STYLE)
    document.setHtml(html)
    document.print_(device)


def draw_labels(words: Sequence[Sequence[str]], device: QPagedPaintDevice) -> None:
    """Print labels on sheets of 3 by 8. A line that is too long for its label is set smaller."""
    device.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)
    painter = QPainter(device)
    try:
        page = QRectF(painter.viewport())
        width, height = page.width() / LABELS_ACROSS, page.height() / LABELS_DOWN
        for number, lines in enumerate(words):
            place = number % (LABELS_ACROSS * LABELS_DOWN)
            if number and place == 0:
                device.newPage()
            left = (place % LABELS_ACROSS) * width
            top = (place // LABELS_ACROSS) * height
            edge = height * 0.12
            box = QRectF(left + edge, top + edge, width - 2 * edge, height - 2 * edge)
            _draw_label(painter, box, lines)
    finally:
        painter.end()


def _draw_label(painter: QPainter, box: QRectF, lines: Sequence[str]) -> None:
    step = box.height() / max(4, len(lines))
    for number, text in enumerate(lines):
        font = QFont(painter.font())
        font.setBold(number == 0)
        font.setPixelSize(max(1, int(step * 0.62)))
        painter.setFont(font)
        while painter.fontMetrics().horizontalAdvance(text) > box.width() and font.pixelSize() > 8:
            font.setPixelSize(font.pixelSize() - 1)
            painter.setFont(font)
        line = QRectF(box.left(), box.top() + number * step, box.width(), step)
        painter.drawText(line, _LEFT, text)
        painter.setFont(QFont())


def pdf_writer(file: Path, title: str) -> QPdfWriter:
    """A4 for a file; the documents have their own margins.

    Raises FolderError where nothing can be written.
    """
    try:
        with file.open("xb"):
            pass  # a file that is there already is never written over
    except OSError as error:
        raise FolderError(str(error.errno)) from None
    writer = QPdfWriter(str(file))
    writer.setResolution(_RESOLUTION)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)
    writer.setTitle(title)
    return writer
