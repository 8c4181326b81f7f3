"""Icons from the bundled SVG files, in a token's colour, sharp on every screen."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fieldapp.paths import resources_dir
from ui import theme


def icon(name: str, token: str = "ink", size: int = 20) -> QIcon:
    """Return the icon called `name` (a file of resources/icons) in the colour of `token`."""
    return QIcon(pixmap(name, token, size))


def pixmap(name: str, token: str = "ink", size: int = 20) -> QPixmap:
    """Return the same as a picture of `size` logical pixels at 100 % text."""
    look = theme.current()
    ratio = max(2.0, QGuiApplication.primaryScreen().devicePixelRatio())
    return _render(name, look.tokens[token], look.pixels(size), ratio)


@lru_cache(maxsize=512)
def _source(name: str) -> bytes:
    return (resources_dir() / "icons" / f"{name}.svg").read_bytes()


@lru_cache(maxsize=512)
def _render(name: str, color: str, size: int, ratio: float) -> QPixmap:
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    data = QByteArray(_source(name).replace(b"currentColor", color.encode()))
    QSvgRenderer(data).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture
