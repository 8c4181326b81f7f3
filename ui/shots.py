"""Pictures of widgets as a person sees them, at twice the size, in any running application."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QSize
from PySide6.QtGui import QFontMetrics, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

SCALE = 2
NEEDED_GLYPHS = "æøåÆØÅ–≥½µ°"

_QUICK = 85
"""Qt's PNG "quality": how little is packed."""


class PictureError(RuntimeError):
    """A picture came out blank, or the font lacks letters that are on screen."""


def settle(rounds: int = 6) -> None:
    """Let layouts, queued signals and deferred deletes happen."""
    for _ in range(rounds):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def picture(widget: QWidget, size: QSize | None = None) -> QPixmap:
    """Render a widget at twice its size, whatever the screen. Raises PictureError when blank."""
    missing = [c for c in NEEDED_GLYPHS if not QFontMetrics(widget.font()).inFontUcs4(ord(c))]
    if missing:
        raise PictureError(f"the font lacks {len(missing)} letters")
    if size is not None:
        widget.resize(size)
    if not widget.isVisible():
        widget.show()
    settle()
    pixels = QPixmap(widget.size() * SCALE)
    pixels.setDevicePixelRatio(SCALE)
    pixels.fill(widget.palette().window().color())
    widget.render(pixels, QPoint(0, 0))
    if _is_blank(pixels.toImage()):
        raise PictureError(f"blank picture of {type(widget).__name__}")
    return pixels


def shoot(widget: QWidget, file: Path, size: QSize | None = None, *, quickly: bool = False) -> Path:
    """Write the picture of a widget as PNG and return the file. `quickly`: a larger file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not picture(widget, size).save(str(file), "PNG", _QUICK if quickly else -1):
        raise PictureError(f"cannot write {file.name}")
    return file


def _is_blank(image: QImage) -> bool:
    colours = set()
    for x in range(0, image.width(), 7):
        for y in range(0, image.height(), 7):
            colours.add(image.pixel(x, y))
            if len(colours) > 2:
                return False
    return True
